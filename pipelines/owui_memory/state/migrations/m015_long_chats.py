"""Where prompts of long chats were cut, with what is said in place of the rest: see state/cuts_table.py."""

SQL = """
CREATE TABLE cuts (
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    position VARCHAR NOT NULL,
    context_tokens INTEGER NOT NULL,
    abstract TEXT NOT NULL,
    used BOOLEAN NOT NULL,
    told BOOLEAN NOT NULL,
    read_at FLOAT NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (user_id, chat_id, position, context_tokens)
);
CREATE INDEX cuts_age ON cuts (at);
CREATE TABLE token_ratios (
    model VARCHAR NOT NULL PRIMARY KEY,
    ratio FLOAT NOT NULL,
    at FLOAT NOT NULL
)
"""
