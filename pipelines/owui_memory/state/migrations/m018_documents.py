"""What is known of documents: see state/documents_table.py."""

SQL = """
CREATE TABLE documents (
    user_id VARCHAR NOT NULL,
    document_id VARCHAR NOT NULL,
    path TEXT NOT NULL,
    size BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    digest VARCHAR NOT NULL,
    title TEXT NOT NULL,
    address TEXT NOT NULL,
    passages INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    detail TEXT NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (user_id, document_id)
)
"""
