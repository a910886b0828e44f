"""What holds where a command was given: see chat/circumstances.py."""

SQL = "ALTER TABLE commands ADD here TEXT NOT NULL DEFAULT ''"
