"""Tables and columns have the names that the code has for them."""

SQL = """
ALTER TABLE told RENAME TO injected;
ALTER TABLE injected RENAME COLUMN told_at TO injected_at;
ALTER TABLE places RENAME TO locations;
ALTER TABLE locations RENAME COLUMN place TO location;
ALTER TABLE erasures RENAME COLUMN places TO locations;
ALTER TABLE journal RENAME COLUMN place TO ordinal
"""
