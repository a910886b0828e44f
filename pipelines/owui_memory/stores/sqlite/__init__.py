"""The embedded store: one SQLite file with sqlite-vec and FTS5."""
