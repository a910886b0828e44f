"""What is observed in channels, and keys for who observes: see channels/queue.py."""

SQL = """
ALTER TABLE api_keys ADD COLUMN kind VARCHAR DEFAULT 'user' NOT NULL;
CREATE TABLE channels (
    user_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    first_at FLOAT NOT NULL,
    read_at FLOAT NOT NULL,
    paused BOOLEAN NOT NULL,
    announced_at FLOAT NOT NULL,
    held_until FLOAT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (user_id)
);
CREATE TABLE channel_messages (
    user_id VARCHAR NOT NULL,
    message_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    author VARCHAR NOT NULL,
    author_name VARCHAR NOT NULL,
    text TEXT NOT NULL,
    at FLOAT NOT NULL,
    reply_to VARCHAR NOT NULL,
    put_at FLOAT NOT NULL,
    state VARCHAR NOT NULL,
    batch VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (user_id, message_id)
);
CREATE INDEX channel_messages_state ON channel_messages (state, user_id, put_at);
CREATE INDEX channel_messages_author ON channel_messages (source, author);
CREATE INDEX channel_messages_age ON channel_messages (put_at);
CREATE TABLE channel_memories (
    user_id VARCHAR NOT NULL,
    memory_id VARCHAR NOT NULL,
    channel_id VARCHAR NOT NULL,
    message_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    author VARCHAR NOT NULL,
    at FLOAT NOT NULL,
    gone BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, memory_id, channel_id, message_id)
);
CREATE INDEX channel_memories_message ON channel_memories (channel_id, message_id);
CREATE INDEX channel_memories_author ON channel_memories (source, author);
CREATE INDEX channel_memories_gone ON channel_memories (gone);
CREATE TABLE channel_days (
    user_id VARCHAR NOT NULL,
    day VARCHAR(10) NOT NULL,
    messages INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    learned INTEGER NOT NULL,
    PRIMARY KEY (user_id, day)
);
CREATE TABLE channel_authors (
    source VARCHAR NOT NULL,
    author VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    agreed_at FLOAT NOT NULL,
    silent BOOLEAN NOT NULL,
    PRIMARY KEY (source, author)
);
CREATE INDEX channel_authors_user ON channel_authors (user_id)
"""
