"""Who is signed in to the page: see state/page_sessions_table.py."""

SQL = """
CREATE TABLE page_sessions (
    hash VARCHAR NOT NULL PRIMARY KEY,
    kind VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    webui VARCHAR NOT NULL,
    checked_at FLOAT NOT NULL,
    until FLOAT NOT NULL
);
CREATE INDEX page_sessions_user ON page_sessions (user_id)
"""
