"""Whatever is kept of a user has the user in its key: no table that there is, or will be, is left out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, Table, func, inspect, select
from sqlalchemy.types import Boolean, Float, Integer

from owui_memory.state import open_state

WITHOUT_USERS = {"schema_version", "locations", "llm_days", "token_ratios"}


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


@pytest.fixture(scope="module")
def file() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_state(Path(folder))
        yield engine
        engine.dispose()


TEXTS = st.sampled_from(["", "c", "m", "text:1", "a\nb", "command-1", "ada", "bob"]) | st.text(max_size=8)
VALUES: dict[type, st.SearchStrategy[Any]] = {
    Boolean: st.booleans(),
    Integer: st.integers(0, 3),
    Float: st.floats(0, 3),
}


def rows_of(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    """Of anybody."""
    columns = [one for one in table.columns if one.name not in ("id", "user_id")]
    kinds = {one.name: [kind for kind in VALUES if isinstance(one.type, kind)] for one in columns}
    return st.fixed_dictionaries({name: VALUES[kind[0]] if kind else TEXTS for name, kind in kinds.items()})


@given(data=st.data())
def test_what_one_user_has_is_no_hindrance_to_another(file: Engine, data: st.DataObject) -> None:
    tables = tables_of_users(file)
    assert len(tables) >= 12
    for table in tables:
        if "hash" in table.c:  # which nobody chooses
            continue
        row = data.draw(rows_of(table), label=table.name)
        with file.begin() as connection:
            for user in ("ada", "bob", ""):
                connection.execute(table.insert().values(**row, user_id=user))
            for user in ("ada", "bob"):
                mine = select(func.count()).select_from(table).where(table.c.user_id == user)
                assert connection.scalar(mine) == 1
            connection.rollback()
