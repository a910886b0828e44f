"""Where vectors are kept: SQLite, Qdrant and PostgreSQL, behind one protocol."""
