"""Versions of a message, what was told and why, when and where something was said."""

SQL = """
CREATE TABLE told (
    id {id},
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    conversation VARCHAR NOT NULL,
    position VARCHAR NOT NULL,
    memory_id VARCHAR NOT NULL,
    text TEXT NOT NULL,
    line TEXT NOT NULL,
    gone BOOLEAN NOT NULL,
    told_at FLOAT NOT NULL
);
CREATE INDEX told_conversation ON told (conversation);
CREATE INDEX told_chat ON told (user_id, chat_id);
CREATE INDEX told_age ON told (told_at);
CREATE TABLE recalls (
    id {id},
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    explanation TEXT NOT NULL,
    at FLOAT NOT NULL
);
CREATE INDEX recalls_age ON recalls (at);
CREATE INDEX recalls_chat ON recalls (chat_id);
CREATE TABLE versions (
    user_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (user_id)
);
ALTER TABLE outbox ADD follows VARCHAR NOT NULL DEFAULT '';
ALTER TABLE outbox ADD said_at FLOAT NOT NULL DEFAULT 0.0;
ALTER TABLE decisions ADD follows VARCHAR NOT NULL DEFAULT '';
ALTER TABLE journal ADD expired VARCHAR NOT NULL DEFAULT '';
ALTER TABLE journal ADD said_at FLOAT NOT NULL DEFAULT 0.0;
ALTER TABLE journal ADD chat VARCHAR NOT NULL DEFAULT '';
ALTER TABLE journal ADD place INTEGER NOT NULL DEFAULT 0;
CREATE INDEX journal_memory ON journal (memory_id);
CREATE INDEX journal_chat ON journal (user_id, chat);
"""

SQLITE = "CREATE UNIQUE INDEX told_once ON told (position, memory_id, text)"

# PostgreSQL's indexes hold no more than 2,704 bytes of a row.
POSTGRESQL = "CREATE UNIQUE INDEX told_once ON told (position, memory_id, md5(text))"
