"""Digests that are made every week: see state/digests_table.py."""

SQL = """
CREATE TABLE digests (
    user_id VARCHAR NOT NULL,
    template VARCHAR NOT NULL,
    about TEXT NOT NULL,
    language VARCHAR NOT NULL,
    due_at FLOAT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (user_id, template)
)
"""
