"""Keys begin with the user: two users with the same ids never meet. The ledger's table is made here, too."""

SQL = """
DROP INDEX IF EXISTS recalls_chat;
CREATE INDEX recalls_chat ON recalls (user_id, chat_id);
CREATE TABLE IF NOT EXISTS llm_days (
    day VARCHAR(10) NOT NULL,
    model VARCHAR(200) NOT NULL,
    calls INTEGER NOT NULL,
    tokens_in BIGINT NOT NULL,
    tokens_out BIGINT NOT NULL,
    PRIMARY KEY (day, model)
);
"""

# Its constraints cannot be changed: each table is made anew.
SQLITE = """
CREATE TABLE new_outbox (
    id {id},
    "key" VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    follows VARCHAR NOT NULL,
    said_at FLOAT NOT NULL,
    scope VARCHAR NOT NULL,
    exchange TEXT,
    state VARCHAR NOT NULL,
    batch VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    ready_at FLOAT NOT NULL,
    claim_expires FLOAT NOT NULL,
    created_at FLOAT NOT NULL,
    waiting_since FLOAT NOT NULL,
    error TEXT NOT NULL,
    UNIQUE (user_id, "key")
);
INSERT INTO new_outbox (
    id, "key", user_id, chat_id, follows, said_at, scope, exchange, state, batch, attempts,
    ready_at, claim_expires, created_at, waiting_since, error
) SELECT
    id, "key", user_id, chat_id, follows, said_at, scope, exchange, state, batch, attempts,
    ready_at, claim_expires, created_at, waiting_since, error
FROM outbox;
DROP TABLE outbox;
ALTER TABLE new_outbox RENAME TO outbox;
CREATE INDEX outbox_owner ON outbox (user_id, chat_id, state);
CREATE INDEX outbox_ready ON outbox (state, ready_at);
CREATE TABLE new_decisions (
    user_id VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    exchange_key VARCHAR NOT NULL,
    follows VARCHAR NOT NULL,
    timezone VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    created_at FLOAT NOT NULL,
    PRIMARY KEY (user_id, "key")
);
INSERT INTO new_decisions (
    user_id, "key", chat_id, exchange_key, follows, timezone, scope, created_at
) SELECT
    user_id, "key", chat_id, exchange_key, follows, timezone, scope, created_at
FROM decisions;
DROP TABLE decisions;
ALTER TABLE new_decisions RENAME TO decisions;
CREATE INDEX decisions_age ON decisions (created_at);
CREATE TABLE new_told (
    id {id},
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    conversation VARCHAR NOT NULL,
    position VARCHAR NOT NULL,
    memory_id VARCHAR NOT NULL,
    text TEXT NOT NULL,
    line TEXT NOT NULL,
    gone BOOLEAN NOT NULL,
    told_at FLOAT NOT NULL,
    UNIQUE (user_id, position, memory_id, text)
);
INSERT INTO new_told (
    id, user_id, chat_id, conversation, position, memory_id, text, line, gone, told_at
) SELECT
    id, user_id, chat_id, conversation, position, memory_id, text, line, gone, told_at
FROM told;
DROP TABLE told;
ALTER TABLE new_told RENAME TO told;
CREATE INDEX told_chat ON told (user_id, chat_id);
CREATE INDEX told_conversation ON told (user_id, conversation);
CREATE INDEX told_age ON told (told_at);
CREATE TABLE new_journal (
    id {id},
    batch VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    user_id VARCHAR NOT NULL,
    op VARCHAR NOT NULL,
    memory_id VARCHAR NOT NULL,
    "before" TEXT NOT NULL,
    "after" TEXT NOT NULL,
    kind VARCHAR NOT NULL,
    expires VARCHAR NOT NULL,
    expired VARCHAR NOT NULL,
    source TEXT NOT NULL,
    said_at FLOAT NOT NULL,
    chat VARCHAR NOT NULL,
    place INTEGER NOT NULL,
    scope VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    refused TEXT NOT NULL,
    made BOOLEAN NOT NULL,
    undoes INTEGER NOT NULL,
    at FLOAT NOT NULL,
    UNIQUE (user_id, batch, position)
);
INSERT INTO new_journal (
    id, batch, position, user_id, op, memory_id, "before", "after", kind, expires, expired,
    source, said_at, chat, place, scope, model, refused, made, undoes, at
) SELECT
    id, batch, position, user_id, op, memory_id, "before", "after", kind, expires, expired,
    source, said_at, chat, place, scope, model, refused, made, undoes, at
FROM journal;
DROP TABLE journal;
ALTER TABLE new_journal RENAME TO journal;
CREATE INDEX journal_chat ON journal (user_id, chat);
CREATE INDEX ix_journal_user_id ON journal (user_id);
CREATE INDEX journal_memory ON journal (memory_id);
CREATE TABLE new_commands (
    user_id VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
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
    PRIMARY KEY (user_id, "key")
);
INSERT INTO new_commands (
    user_id, "key", chat_id, message_id, timezone, teams, text, answer, asked_at, answered_at,
    attempts, held_until
) SELECT
    user_id, "key", chat_id, message_id, timezone, teams, text, answer, asked_at, answered_at,
    attempts, held_until
FROM commands;
DROP TABLE commands;
ALTER TABLE new_commands RENAME TO commands;
CREATE INDEX commands_age ON commands (asked_at);
CREATE TABLE new_command_turns (
    user_id VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    command VARCHAR NOT NULL,
    asked_at FLOAT NOT NULL,
    PRIMARY KEY (user_id, "key")
);
INSERT INTO new_command_turns (user_id, "key", command, asked_at)
    SELECT commands.user_id, command_turns."key", command, command_turns.asked_at
    FROM command_turns JOIN commands ON commands."key" = command;
DROP TABLE command_turns;
ALTER TABLE new_command_turns RENAME TO command_turns;
CREATE INDEX command_turns_age ON command_turns (asked_at);
"""

POSTGRESQL = """
ALTER TABLE outbox DROP CONSTRAINT outbox_key_key, ADD UNIQUE (user_id, "key");
ALTER TABLE outbox ALTER follows DROP DEFAULT, ALTER said_at DROP DEFAULT, ALTER scope DROP DEFAULT;
ALTER TABLE decisions DROP CONSTRAINT decisions_pkey, ADD PRIMARY KEY (user_id, "key");
ALTER TABLE decisions ALTER follows DROP DEFAULT, ALTER scope DROP DEFAULT;
ALTER TABLE journal DROP CONSTRAINT journal_batch_position_key, ADD UNIQUE (user_id, batch, position);
ALTER TABLE journal ALTER expired DROP DEFAULT, ALTER said_at DROP DEFAULT, ALTER chat DROP DEFAULT,
    ALTER place DROP DEFAULT, ALTER scope DROP DEFAULT;
DROP INDEX told_once;
CREATE UNIQUE INDEX told_once ON told (user_id, position, memory_id, md5(text));
DROP INDEX told_conversation;
CREATE INDEX told_conversation ON told (user_id, conversation);
ALTER TABLE command_turns ADD user_id VARCHAR;
UPDATE command_turns SET user_id = commands.user_id FROM commands WHERE commands."key" = command;
DELETE FROM command_turns WHERE user_id IS NULL;
ALTER TABLE command_turns DROP CONSTRAINT command_turns_pkey, ADD PRIMARY KEY (user_id, "key");
ALTER TABLE commands DROP CONSTRAINT commands_pkey, ADD PRIMARY KEY (user_id, "key");
DROP INDEX commands_user
"""
