"""A state database that cannot be opened at the start: chats go on, and memory comes to life by itself."""

import copy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from owui_memory.app import Application
from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.interfaces.start import Start
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import with_embedder
from tests.harness.places import Place
from tests.harness.postgres import Postgres
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running, remember


@pytest.fixture
def late(
    stoppable: Place, own_postgres: Postgres, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """A filter whose PostgreSQL is not there when it starts."""
    for name, value in with_embedder(scripted_llm).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "10000")
    stoppable.set_in(monkeypatch)
    own_postgres.stop()
    running = Running()
    yield running
    running.close()


def test_chats_go_on_and_the_status_tells_why(late: Running) -> None:
    turn = Chat("ada").say("My dog is called Rex.")
    assert late.inlet(copy.deepcopy(turn.inlet), turn.user) == turn.inlet
    answered = turn.outlet("I see.")
    assert late.outlet(copy.deepcopy(answered), turn.user) == answered
    part = late.part("filter")
    assert not part["ok"]
    assert "cannot be reached" in part["detail"]
    assert "MEMORY_STATE_URL" in part["hint"]
    assert "tried again automatically" in part["hint"]


def test_it_comes_to_life_with_the_settings_of_then(late: Running, own_postgres: Postgres) -> None:
    late.pipeline.valves = late.pipeline.valves.model_copy(update={"collection": "of_then"})
    late.run(late.pipeline.on_valves_updated())
    own_postgres.start()
    wait_until(lambda: late.part("filter")["ok"], within=60, what="it has found its database")
    wait_until(lambda: late.part("backend")["ok"], what="the backend is ready")
    remember(late, "My dog is called Rex.")
    turn = Chat("ada").say("What is my dog called?")
    assert "Rex" in late.inlet(turn.inlet, turn.user)["messages"][0]["content"]
    assert "of_then" in late.part("store")["detail"]


def test_a_stop_while_it_waits(late: Running, own_postgres: Postgres) -> None:
    late.run(late.pipeline.on_shutdown())
    assert "stopped" in late.part("filter")["detail"]
    own_postgres.start()
    wait_until(lambda: not starting(), what="it has given up")
    assert "stopped" in late.part("filter")["detail"]
    turn = Chat("ada").say("My dog is called Rex.")
    assert late.inlet(copy.deepcopy(turn.inlet), turn.user) == turn.inlet


def starting() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "memory-start"]


# The tries themselves -----------------------------------------------------------------------------


class Gate:
    """Makes a real runtime, once it is let."""

    def __init__(self, settings: Callable[[], Valves], folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self.made: list[Application] = []
        self.has_read, self.go = threading.Event(), threading.Event()

    def make(self) -> Application:
        runtime = Application(Environment.read({"MEMORY_DATA_DIR": str(self._folder)}), self._settings, [])
        self.made.append(runtime)
        self.has_read.set()
        assert self.go.wait(60)
        return runtime


def test_settings_that_are_saved_while_it_starts_are_used(own_data_folder: Path) -> None:
    """The runtime has read the old ones, and is not there yet to be told of the new ones."""
    valves = [Valves(collection="old", llm_provider="none")]
    gate = Gate(lambda: valves[-1], own_data_folder)
    start = Start(gate.make, lambda: valves[-1])
    start.begin(0.0)
    assert gate.has_read.wait(60)
    assert "old" in wanted(gate.made[0])
    valves.append(Valves(collection="new"))
    start.use_settings()
    gate.go.set()
    wait_until(lambda: start.runtime, what="it has started")
    assert start.runtime is gate.made[0]
    wait_until(lambda: "new" in wanted(gate.made[0]), what="it uses the new settings")
    start.stop()
    assert start.runtime is None


def wanted(runtime: Application) -> tuple[object, ...]:
    return runtime.live._wanted or ()


def test_what_comes_after_the_stop_is_closed(own_data_folder: Path) -> None:
    gate = Gate(Valves, own_data_folder)
    start = Start(gate.make, Valves)
    start.begin(0.0)
    assert gate.has_read.wait(60)
    start.stop()
    gate.go.set()
    wait_until(lambda: not starting(), what="the try is over")
    assert start.runtime is None
    assert wanted(gate.made[0]) == ()
    with pytest.raises(RuntimeError, match="shutdown"):
        gate.made[0].state_pool.submit(int)


class Pauses(threading.Event):
    """Stops after some, each of which it passes by."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.seen: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seen.append(timeout)
        if len(self.seen) == self._most:
            self.set()
        return self.is_set()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Retry("PostgreSQL cannot be reached.", hint="Start it."), "PostgreSQL cannot be reached."),
        (OperationalError("SELECT", {}, Exception("gone")), "Memory cannot start (OperationalError)."),
    ],
)
def test_pauses_grow_to_a_minute_and_a_fault_is_logged_once(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Application:
        raise error

    start = Start(fail, Valves)
    pauses = start._stopped = Pauses(8)
    start.begin(30.0)
    wait_until(lambda: not starting(), what="it has given up")
    assert pauses.seen == [1, 2, 4, 8, 16, 32, 60, 60]
    assert str(start.fault) == told
    assert start.fault.hint.endswith("It is tried again automatically.")
    assert [record.message.startswith(told) for record in caplog.records] == [True]
