"""Where memories live, and where they are moved to."""

SQL = """
CREATE TABLE places (
    id {id},
    collection VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    ours BOOLEAN NOT NULL,
    pending BOOLEAN NOT NULL,
    place TEXT NOT NULL,
    copied INTEGER NOT NULL,
    total INTEGER NOT NULL,
    left_at FLOAT NOT NULL,
    holder VARCHAR NOT NULL,
    held_until FLOAT NOT NULL,
    UNIQUE (collection, "key")
);
"""
