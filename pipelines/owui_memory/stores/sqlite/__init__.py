"""The embedded store: one SQLite file, searched with NumPy and FTS5."""
