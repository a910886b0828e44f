"""How many of an exchange's passages were forgotten one by one."""

SQL = "ALTER TABLE episodes ADD gone INTEGER NOT NULL DEFAULT 0"
