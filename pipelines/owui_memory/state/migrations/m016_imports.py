"""What an import has brought, to be taken back as a whole: see manage/history/imports.py."""

SQL = """
ALTER TABLE outbox ADD imported VARCHAR NOT NULL DEFAULT '';
CREATE TABLE imports (
    user_id VARCHAR NOT NULL,
    import_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    begun_at FLOAT NOT NULL,
    PRIMARY KEY (user_id, import_id)
)
"""
