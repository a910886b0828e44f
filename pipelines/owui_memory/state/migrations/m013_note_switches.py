"""Who wants nothing shown of what was used and learned: see state/switches_table.py."""

SQL = """
CREATE TABLE note_switches (
    user_id VARCHAR NOT NULL,
    is_on BOOLEAN NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (user_id)
)
"""
