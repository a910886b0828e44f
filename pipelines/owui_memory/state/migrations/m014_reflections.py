"""When each user's memories were gone through last, and their profiles: see state/reflections_table.py."""

SQL = """
CREATE TABLE reflections (
    user_id VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    seen INTEGER NOT NULL,
    due_at FLOAT NOT NULL,
    answered_by VARCHAR NOT NULL,
    profile TEXT NOT NULL,
    PRIMARY KEY (user_id, scope)
)
"""
