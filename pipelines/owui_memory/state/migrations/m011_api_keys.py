"""Keys of users for the proxy: see state/api_keys_table.py."""

SQL = """
CREATE TABLE api_keys (
    hash VARCHAR NOT NULL PRIMARY KEY,
    user_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    made_at FLOAT NOT NULL
);
CREATE INDEX api_keys_user ON api_keys (user_id)
"""
