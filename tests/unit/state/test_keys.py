"""Whatever is kept of a user has the user in its key: no table that there is, or will be, is left out."""

from typing import Any

from sqlalchemy import Engine, MetaData, Table, func, inspect, select
from sqlalchemy.types import Boolean, Float, Integer

VALUES: dict[type, Any] = {Boolean: True, Integer: 1, Float: 1.0}
WITHOUT_USERS = {"schema_version", "locations", "llm_days", "token_ratios"}
WITHOUT_USERS |= {"channel_authors"}  # of a source, which says who they are; some are users


def tables_of_users(engine: Engine) -> list[Table]:
    there = MetaData()
    there.reflect(engine)
    return [table for table in there.sorted_tables if table.name not in WITHOUT_USERS]


def test_each_key_has_the_user(engine: Engine) -> None:
    for table in tables_of_users(engine):
        there = inspect(engine)
        assert "user_id" in table.c, f"{table.name}: whose?"
        keys = [there.get_pk_constraint(table.name)["constrained_columns"]]
        keys += [one["column_names"] for one in there.get_unique_constraints(table.name)]
        keys += [one["column_names"] for one in there.get_indexes(table.name) if one["unique"]]
        for key in keys:  # a key of the API is random, and nobody chooses its hash
            assert key in (["id"], ["hash"]) or key[0] == "user_id", f"{table.name}: {key}"


def test_what_one_user_has_is_no_hindrance_to_another(engine: Engine) -> None:
    tables = tables_of_users(engine)
    assert len(tables) >= 12
    for table in tables:
        if "hash" in table.c:  # which nobody chooses
            continue
        columns = [one for one in table.columns if one.name not in ("id", "user_id")]
        row = {
            one.name: next((v for kind, v in VALUES.items() if isinstance(one.type, kind)), "same")
            for one in columns
        }
        with engine.begin() as connection:
            for user in ("ada", "bob", ""):
                connection.execute(table.insert().values(**row, user_id=user))
            for user in ("ada", "bob"):
                mine = select(func.count()).select_from(table).where(table.c.user_id == user)
                assert connection.scalar(mine) == 1, table.name
