"""The state database: made step by step, or taken from any earlier version to the newest, come what may."""

import ast
import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, inspect, text

from owui_memory.core.errors import TellAdmin
from owui_memory.manage.command_log import CommandLog
from owui_memory.recall.why import Explanations
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import engine as engines
from owui_memory.state import metadata, migrations
from owui_memory.state.permissions import Permissions
from tests.harness.places import Place
from tests.harness.postgres import Postgres
from tests.unit.state.versions import VERSIONS, make

# Since version 9.
TABLES = {"told": "injected", "places": "locations"}
COLUMNS = {
    ("told", "told_at"): "injected_at",
    ("places", "place"): "location",
    ("erasures", "places"): "locations",
    ("journal", "place"): "ordinal",
}


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, own_data_folder: Path) -> Place:
    """Each kind of state database, empty: here it is made."""
    if request.param == "sqlite":
        return Place(own_data_folder)
    place: Place = request.getfixturevalue("shared_place")
    return place


@pytest.fixture
def running(request: pytest.FixtureRequest, place: Place) -> Postgres | None:
    """The PostgreSQL that the place is in, if it is in one."""
    found: Postgres | None = request.getfixturevalue("postgres") if place.url else None
    return found


def schema(engine: Engine) -> dict[str, Any]:
    """All that can be seen of the tables, in an order of its own."""
    there = inspect(engine)
    return {
        name: {
            "columns": sorted(
                (one["name"], str(one["type"]), one["nullable"], _default(one))
                for one in there.get_columns(name)
            ),
            "key": there.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(one["column_names"] for one in there.get_unique_constraints(name)),
            "indexes": sorted(
                (one["name"], one["unique"], one.get("expressions") or one["column_names"])
                for one in there.get_indexes(name)
                if "duplicates_constraint" not in one
            ),
        }
        for name in there.get_table_names()
    }


def _default(column: Any) -> str | None:
    return "counts up" if "nextval" in str(column["default"]) else column["default"]


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but the version's."""
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()]
            for name in inspect(engine).get_table_names()
            if name != "schema_version"
        }


def unopened(place: Place) -> Engine:
    """The database as it is."""
    if place.url:
        return engines.of_server(place.url, place.password)
    place.folder.mkdir(parents=True, exist_ok=True)
    return engines.of_file(place.folder / "state.db")


@pytest.fixture
def beside(place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A second place of the same kind."""
    if not place.url:
        yield Place(tmp_path / "beside")
        return
    with request.getfixturevalue("postgres").database() as url:
        yield Place(tmp_path, url, place.password)


def test_a_new_database_has_the_tables_of_the_code(place: Place, beside: Place) -> None:
    made, expected = place.open(), unopened(beside)
    metadata.create_all(expected)
    found = schema(made)
    del found["schema_version"]
    assert found == schema(expected)
    made.dispose()
    expected.dispose()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_becomes_the_newest_with_all_that_is_in_it(
    place: Place, beside: Place, running: Postgres | None, version: int
) -> None:
    new = beside.open()
    make(place, version, running)
    earlier = unopened(place)
    before = rows(earlier)
    earlier.dispose()
    for _ in range(2):
        engine = place.open()
        assert schema(engine) == schema(new)
        after = rows(engine)
        engine.dispose()
    for name, kept in before.items():
        assert kept
        same = [
            {column: row[COLUMNS.get((name, column), column)] for column in kept[0]}
            for row in after[TABLES.get(name, name)]
        ]
        assert same == kept, name
    new.dispose()


def test_what_the_last_version_held_is_used(place: Place, running: Postgres | None) -> None:
    make(place, 4, running)
    engine = place.open()
    batch = Outbox(engine).claim()
    assert [one.user_text for one in batch.exchanges] == ["I live in Lisbon."]
    assert [change.after for change in Journal(engine).of_user("ada")] == ["The user's dog is called Rex."]
    orders = CommandLog(engine)
    assert orders.answer_to("ada", orders.of_turn("ada", ["answer-3"])) == "Nothing is remembered."
    assert orders.of_turn("bob", ["answer-3"]) == ""
    assert [one.query for one in Explanations(engine).of_chat("c", "ada")] == ["My dog?"]
    assert Permissions(engine).allowed("bob", ["answer-1"]) is None
    engine.dispose()


def test_a_newer_schema_is_refused_and_left_alone(place: Place) -> None:
    engine = place.open()
    newer = migrations.NEWEST + 1
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO schema_version VALUES ({newer})"))
    before = schema(engine)
    with pytest.raises(TellAdmin, match="newer version of the filter") as told:
        place.open()
    assert "Install that version" in told.value.hint
    assert schema(engine) == before
    engine.dispose()


def test_what_was_never_released_is_refused_and_left_alone(place: Place, running: Postgres | None) -> None:
    make(place, 4, running)
    earlier = unopened(place)
    with earlier.begin() as connection:
        connection.execute(text("UPDATE schema_version SET number = 3"))
    before = schema(earlier)
    with pytest.raises(TellAdmin, match="before its first release"):
        place.open()
    assert schema(earlier) == before
    earlier.dispose()


@pytest.mark.slow
def test_whatever_step_it_is_killed_at_the_next_start_has_all_of_it(tmp_path: Path) -> None:
    whole = Place(tmp_path / "new").open()
    expected = schema(whole)
    whole.dispose()
    statements = 0
    while True:
        place = Place(tmp_path / f"killed-{statements}")
        make(place, 4, None)
        if not _killed_at(place, statements):
            break
        engine = place.open()
        assert schema(engine) == expected
        assert [row["user_id"] for row in rows(engine)["outbox"]] == ["ada", "bob"]
        engine.dispose()
        statements += 1
    assert statements > 20, "it was killed at every statement"


def _killed_at(place: Place, statement: int) -> bool:
    """Open it in a process of its own, which dies before that statement; False where there are fewer."""
    child = os.fork()
    if not child:
        seen = 0

        def die(*_: object) -> None:
            nonlocal seen
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

        event.listen(Engine, "before_cursor_execute", die)
        place.open()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_steps_are_texts_and_import_nothing() -> None:
    for step in migrations.STEPS:
        spec = importlib.util.find_spec(step.__name__)
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text())
        assert not [
            node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom | ast.Call)
        ]


def test_a_database_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(TellAdmin, match="damaged or no database"):
        Place(tmp_path).open()
