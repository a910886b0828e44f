"""PostgreSQL as the state database: what a wrong address is told, and how a restart is survived."""

import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from owui_memory.core.errors import MemoryFault, Retry, TellAdmin
from owui_memory.core.exchange import Exchange
from owui_memory.core.permission import Permission
from owui_memory.interfaces.body import read_inlet
from owui_memory.remember.outbox import Outbox
from owui_memory.state import engine as engines
from owui_memory.state import open_state
from owui_memory.state.permissions import Permissions
from tests.harness.bodies import Chat
from tests.harness.hang import returns
from tests.harness.pipelines_server import free_port
from tests.harness.places import Place
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.waiting import wait_until

SECRET = "hunter2"


def fault(place: Place, kind: type[MemoryFault]) -> MemoryFault:
    """What is told when this is opened; the password is nowhere in it."""
    with pytest.raises(kind) as told:
        place.open()
    said = "".join([*traceback.format_exception(told.value), told.value.hint])
    assert SECRET not in said
    assert PASSWORD not in said
    return told.value


@pytest.mark.parametrize(
    "url",
    [
        "postgres.internal",
        "mysql://pipelines:hunter2@db/state",
        "sqlite:///state.db",
        "postgresql+psycopg2://pipelines:hunter2@db/state",
        "postgresql://pipelines@db:hunter2/state",
    ],
)
def test_what_is_no_address(tmp_path: Path, url: str) -> None:
    told = fault(Place(tmp_path, url, SECRET), TellAdmin)
    assert "no address" in str(told)
    assert "postgresql://user@host:5432/database" in told.hint


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_addresses_as_they_are_written(shared_place: Place, scheme: str) -> None:
    url = shared_place.url.replace("postgresql", scheme, 1) + "?sslmode=prefer&connect_timeout=3"
    engine = replace(shared_place, url=url).open()
    assert Outbox(engine).put(Exchange("k", "ada", "c", "I live in Lisbon.", "", 1.0))
    assert PASSWORD not in repr(engine)
    engine.dispose()


def test_the_password_may_stand_in_the_address(shared_place: Place) -> None:
    url = shared_place.url.replace("postgres@", "postgres:p%40ss%20word%2F%25@")
    replace(shared_place, url=url, password="").open().dispose()
    told = fault(replace(shared_place, url=url, password=SECRET), TellAdmin)
    assert "refuses the login" in str(told), "MEMORY_STATE_PASSWORD wins"


def test_nobody_answers(tmp_path: Path) -> None:
    place = Place(tmp_path, f"postgresql://ada@127.0.0.1:{free_port()}/state", SECRET)
    told = fault(place, Retry)
    assert "cannot be reached" in str(told)
    assert "MEMORY_STATE_URL" in told.hint


@pytest.mark.parametrize("password", ["", SECRET])
def test_a_wrong_password(shared_place: Place, password: str) -> None:
    told = fault(replace(shared_place, password=password), TellAdmin)
    assert "refuses the login" in str(told)
    assert "MEMORY_STATE_PASSWORD" in told.hint


def test_no_such_database(shared_place: Place, postgres: Postgres) -> None:
    told = fault(replace(shared_place, url=postgres.url_of("nowhere")), TellAdmin)
    assert "database in MEMORY_STATE_URL" in told.hint


def test_a_wrong_option(shared_place: Place) -> None:
    told = fault(replace(shared_place, url=shared_place.url + "?colour=red"), TellAdmin)
    assert "behind the ?" in told.hint


def test_a_user_without_rights(shared_place: Place, postgres: Postgres) -> None:
    postgres.execute(f"CREATE ROLE visitor LOGIN PASSWORD '{SECRET}'")
    url = postgres.url_of(shared_place.url.rpartition("/")[2], user="visitor")
    try:
        told = fault(Place(shared_place.folder, url, SECRET), TellAdmin)
    finally:
        postgres.execute("DROP ROLE visitor")
    assert "does not let this user" in str(told)
    assert "GRANT CREATE" in told.hint


def test_a_database_that_can_only_be_read(shared_place: Place) -> None:
    url = shared_place.url + "?options=-c%20default_transaction_read_only%3Don"
    told = fault(replace(shared_place, url=url), TellAdmin)
    assert "primary" in told.hint


def test_a_frozen_servers_transaction_ends_by_itself(shared_place: Place) -> None:
    engine = shared_place.open()
    with engine.connect() as connection:
        limit = connection.scalar(text("show idle_in_transaction_session_timeout"))
        assert (limit, connection.scalar(text("show lock_timeout"))) == ("30s", "10s")
        connection.rollback()
    engine.dispose()


def test_a_restart_loses_nothing(stoppable: Place, own_postgres: Postgres) -> None:
    engine = stoppable.open()
    queue, decisions = Outbox(engine), Permissions(engine)
    said = Chat("ada").say("I live in Lisbon.")
    turn = read_inlet(said.inlet, said.user)
    queue.put(Exchange("before", "ada", "c", "My dog is called Rex.", "", 1.0))
    batch = queue.claim()
    assert batch is not None
    own_postgres.stop()
    with ThreadPoolExecutor(3) as pool:
        exchange = Exchange("meanwhile", "bob", "c", "I live in Porto.", "", 1.0)
        put = pool.submit(queue.put, exchange)
        allowed = pool.submit(decisions.allow, turn.user_id, Permission.of(turn, ""))
        found = pool.submit(decisions.allowed, "nobody", ["key"])
        wait_until(
            lambda: queue._patience._failing_since and decisions._giving._failing_since, what="they wait"
        )
        own_postgres.start()
        assert put.result(60) is True
        assert (allowed.result(60), found.result(30)) == (True, None)
    queue.done(batch)
    again = queue.claim()
    assert [one.key for one in again.exchanges] == ["meanwhile"]
    assert Permissions(engine).allowed("ada", [turn.key]) is not None
    engine.dispose()


def test_nobody_waits_in_a_long_outage(
    stoppable: Place, own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_PATIENCE_S", 0.5)
    engine = stoppable.open()
    queue = Outbox(engine)
    exchange = Exchange("k", "ada", "c", "I live in Lisbon.", "", 1.0)
    own_postgres.stop()
    with pytest.raises(OperationalError):
        queue.put(exchange)
    monkeypatch.setattr(engines.time, "sleep", lambda _: pytest.fail("it waits"))
    with pytest.raises(OperationalError):
        queue.put(exchange)
    monkeypatch.undo()
    own_postgres.start()
    assert queue.put(exchange)
    engine.dispose()


def test_a_file_that_somebody_holds_is_not_waited_for_twice(tmp_path: Path) -> None:
    engine = open_state(tmp_path)
    tries = []

    def work(_: object) -> None:
        tries.append(1)
        raise OperationalError("", {}, Exception("database is locked"))

    with pytest.raises(OperationalError):
        engines.Patience(engine).run(work)
    assert len(tries) == 1
    engine.dispose()


def test_threads_that_write_never_meet_in_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one begins after the one before has committed, not while it does."""
    monkeypatch.setattr(engines, "_TURN_S", 60.0)
    engine = open_state(tmp_path)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 0"))
    engine.dispose()  # connections from before had patience
    queue = Outbox(engine)

    def write(number: int) -> int:
        return sum(
            queue.put(Exchange(f"{number} {one}", f"user-{number}", "c", "I live in Lisbon.", "", 1.0))
            for one in range(25)
        )

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write, range(8))) == [25] * 8
    engine.dispose()


def test_a_commit_that_fails_lets_the_next_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_state(tmp_path)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE one (id INTEGER PRIMARY KEY)")
        many = "CREATE TABLE many (one INTEGER REFERENCES one DEFERRABLE INITIALLY DEFERRED)"
        connection.exec_driver_sql(many)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    engine.dispose()
    for _ in range(3):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO many VALUES (1)")
    monkeypatch.setattr(engines, "_TURN_S", 3600)
    with returns("nobody has kept the turn"):
        assert Outbox(engine).put(Exchange("k", "ada", "c", "I live in Lisbon.", "", 1.0))
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from many")) == 0
    engine.dispose()
