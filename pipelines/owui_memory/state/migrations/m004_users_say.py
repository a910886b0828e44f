"""Among which memories something is kept; commands, a user's switches, and what is to be erased."""

SQL = """
ALTER TABLE outbox ADD scope VARCHAR NOT NULL DEFAULT '';
ALTER TABLE decisions ADD scope VARCHAR NOT NULL DEFAULT '';
ALTER TABLE journal ADD scope VARCHAR NOT NULL DEFAULT '';
CREATE TABLE commands (
    "key" VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    message_id VARCHAR NOT NULL,
    timezone VARCHAR NOT NULL,
    teams VARCHAR NOT NULL,
    text TEXT NOT NULL,
    answer TEXT NOT NULL,
    asked_at FLOAT NOT NULL,
    answered_at FLOAT NOT NULL,
    attempts INTEGER NOT NULL,
    held_until FLOAT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE INDEX commands_user ON commands (user_id);
CREATE INDEX commands_age ON commands (asked_at);
CREATE TABLE command_turns (
    "key" VARCHAR NOT NULL,
    command VARCHAR NOT NULL,
    asked_at FLOAT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE INDEX command_turns_age ON command_turns (asked_at);
CREATE TABLE shown (
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    ids TEXT NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (user_id, chat_id)
);
CREATE INDEX shown_age ON shown (at);
CREATE TABLE noted (
    user_id VARCHAR NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (user_id)
);
CREATE TABLE switches (
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    is_on BOOLEAN NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (user_id, chat_id)
);
CREATE TABLE erasures (
    id {id},
    user_id VARCHAR NOT NULL,
    whole BOOLEAN NOT NULL,
    memory_ids TEXT NOT NULL,
    batches TEXT NOT NULL,
    places TEXT NOT NULL,
    passes INTEGER NOT NULL,
    asked_at FLOAT NOT NULL
);
CREATE INDEX erasures_open ON erasures (passes);
"""
