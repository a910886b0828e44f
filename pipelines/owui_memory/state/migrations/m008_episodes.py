"""Which passages of past chats are kept, and whether their users want them: see state/episodes_table.py."""

SQL = """
CREATE TABLE episodes (
    user_id VARCHAR NOT NULL,
    exchange VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    first INTEGER NOT NULL,
    said INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    topics INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    said_at FLOAT NOT NULL,
    PRIMARY KEY (user_id, exchange)
);
CREATE INDEX episodes_chat ON episodes (user_id, chat_id);
CREATE INDEX episodes_age ON episodes (said_at);
CREATE TABLE episode_switches (
    user_id VARCHAR NOT NULL,
    is_on BOOLEAN NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (user_id)
);
"""
