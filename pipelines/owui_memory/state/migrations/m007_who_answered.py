"""The model that answers: see chat_servers.AnsweredBy."""

SQL = "ALTER TABLE decisions ADD answered_by VARCHAR NOT NULL DEFAULT ''"
