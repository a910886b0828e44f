"""The queue, what each inlet has permitted, and the journal of changes."""

SQL = """
CREATE TABLE outbox (
    id {id},
    "key" VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    exchange TEXT,
    state VARCHAR NOT NULL,
    batch VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    ready_at FLOAT NOT NULL,
    claim_expires FLOAT NOT NULL,
    created_at FLOAT NOT NULL,
    waiting_since FLOAT NOT NULL,
    error TEXT NOT NULL,
    UNIQUE ("key")
);
CREATE INDEX outbox_ready ON outbox (state, ready_at);
CREATE INDEX outbox_owner ON outbox (user_id, chat_id, state);
CREATE TABLE decisions (
    "key" VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    exchange_key VARCHAR NOT NULL,
    timezone VARCHAR NOT NULL,
    created_at FLOAT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE INDEX decisions_age ON decisions (created_at);
CREATE TABLE journal (
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
    source TEXT NOT NULL,
    model VARCHAR NOT NULL,
    refused TEXT NOT NULL,
    made BOOLEAN NOT NULL,
    undoes INTEGER NOT NULL,
    at FLOAT NOT NULL,
    UNIQUE (batch, position)
);
CREATE INDEX ix_journal_user_id ON journal (user_id);
"""
