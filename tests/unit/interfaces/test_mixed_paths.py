"""What memory must not hear never gets into the queue, whatever way it takes through the filter.

And all that it is to hear is there once, and so are its passages.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.permission import Permission
from owui_memory.core.scope import past_owner
from owui_memory.interfaces.body import read_inlet
from owui_memory.remember.episodes import Episodes
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.passages import ASSISTANT
from owui_memory.remember.spill import Spilled
from owui_memory.state import decisions, open_state, outbox
from owui_memory.state.permissions import KEPT_S
from tests.harness.bodies import Body, Chat, inlet_body, outlet_body, user_of
from tests.harness.pipelines_server import free_port
from tests.harness.places import Place
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.test_filter import Running

USERS = ("ada", "bob")
WORDS = ("I live in Lisbon.", "I keep bees.")
MODELS = ("plain", "plain", "secretive")
EMBEDDER = {"url": ""}
MOSTLY = st.sampled_from([True, True, True, False])


@dataclass
class Said:
    """A turn whose outlet has not come yet. `answer` is its own, so that it is known in the queue."""

    user: str
    kind: str
    text: str
    model: str
    inlet: Body
    answer: str
    message: str  # the user's message: several answers may be to the same
    may_be_heard: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What its outlet can be known by, where it has no id."""
        return self.user, self.model, self.text


def api_inlet(user: str, text: str, model: str) -> Body:
    body = inlet_body(text, user_id=user, model=model)
    body["metadata"].update(
        chat_id="", session_id=None, message_id=None, user_message_id=None, user_message=None, features={}
    )
    body.pop("features", None)
    return body


def api_outlet(said: Said, number: int) -> Body:
    """Open WebUI has made an id after the inlet."""
    body = outlet_body(said.text, said.answer, model=said.model)
    for message in body["messages"]:
        message["id"] = None
    body["messages"][-1].pop("output")
    body.update(chat_id="", session_id=None, id=f"msg_{number}")
    return body


class MixedPaths(RuleBasedStateMachine):
    """Two users, whose ids of chats and messages are the same, and one filter, which may be started again."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        os.environ["MEMORY_DATA_DIR"] = self._folder.name
        self.engine = open_state(Path(self._folder.name))
        self.running = self.start()
        self.switched_off: set[str] = set()
        self.without_passages: set[str] = set()
        self.enabled = True
        self.open: list[Said] = []
        self.heard: dict[tuple[str, str], set[str]] = {}  # user and message: answers, of which one is kept
        self.unheard: set[str] = set()
        self.counts = {user: itertools.count() for user in USERS}
        self.number = itertools.count()

    def start(self) -> Running:
        running = Running()
        running.pipeline.valves = running.pipeline.valves.model_copy(
            update=dict.fromkeys(("models_recall", "models_remember"), "!secretive")
        )
        return running

    def teardown(self) -> None:
        self.running.close()
        self.remember()
        self.engine.dispose()
        self._folder.cleanup()

    def remember(self) -> None:
        """As the writer does with what is queued; then no passage is of what nobody may keep."""
        folder = Path(self._folder.name)
        embedder = {
            "embedder_provider": "openai",
            "embedder_base_url": EMBEDDER["url"],
            "embedder_model": "m",
        }
        backend = LibraryBackend.open(Valves(**embedder, embedder_api_key="k"), folder)
        queue, episodes = Outbox(self.engine), Episodes(self.engine)
        queue.hurry()
        while batch := queue.claim():
            episodes.keep(backend, batch, lambda: None)
            queue.done(batch)
        for user in USERS:
            told = [one.text for one in backend.list_all(past_owner(user)) if one.role == ASSISTANT]
            heard = [said for (who, _), said in self.heard.items() if who == user]
            assert not self.unheard.intersection(told)
            if user in self.without_passages:
                assert told == []
            else:
                assert sorted(len(said.intersection(told)) for said in heard) == [1] * len(told)
        backend.close()

    def begin(self, user: str, kind: str, text: str, model: str, inlet: Body, message: str) -> None:
        hears = self.enabled and user not in self.switched_off and model == "plain"
        may_be_heard = hears and kind in ("chat", "api")
        answer = f"Answer {next(self.number)}."
        said = Said(user, kind, text, model, inlet, answer, message, may_be_heard)
        if kind == "api":  # the last inlet of these words decides
            self.open = [one for one in self.open if one.kind != "api" or one.key != said.key]
        self.running.inlet(inlet, user_of(user))
        self.open.append(said)

    @rule(
        user=st.sampled_from(USERS),
        kind=st.sampled_from(["chat", "temporary", "temporary", "channel", "api", "api", "api", "task"]),
        text=st.sampled_from(WORDS),
        model=st.sampled_from(MODELS),
        memory=MOSTLY,
        then=st.sampled_from(["is answered", "is answered", "is never answered", "goes on"]),
    )
    def says(self, user: str, kind: str, text: str, model: str, memory: bool, then: str) -> None:
        self._says(user, kind, text, model, memory)
        if len(self.open) and kind != "task" and then != "goes on":
            self.ends(-1, answered=then == "is answered")

    def _says(self, user: str, kind: str, text: str, model: str, memory: bool) -> None:
        number = next(self.counts[user])
        if kind == "api":
            return self.begin(user, kind, text, model, api_inlet(user, text, model), f"api {text}")
        prefix = {"temporary": "temporary:", "channel": "channel:"}.get(kind, "")
        inlet = inlet_body(
            text,
            user_id=user,
            chat_id=f"{prefix}c{number % 2}",
            message_id=f"a{number}",
            user_message_id=f"m{number}",
            parent_id=f"p{number}",
            model=model,
            memory=memory,
            task="title_generation" if kind == "task" else None,
        )
        if kind == "task":
            self.running.inlet(inlet, user_of(user))
            return None
        return self.begin(user, kind if memory else "switched off", text, model, inlet, f"m{number}")

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 9))
    def asks_again(self, which: int) -> None:
        """Regenerates an answer: the same message, another id to come."""
        said = self.open[which % len(self.open)]
        if said.kind == "chat":
            inlet = json.loads(json.dumps(said.inlet))
            inlet["metadata"]["message_id"] = f"again-{next(self.counts[said.user])}"
            self.begin(said.user, said.kind, said.text, said.model, inlet, said.message)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 9), answered=MOSTLY)
    def ends(self, which: int, answered: bool) -> None:
        """With the outlet of its answer, or never."""
        said = self.open.pop(which % len(self.open))
        if not answered:
            return
        if said.kind == "api":
            body = api_outlet(said, next(self.number))
        else:
            body = outlet_body(said.text, said.answer, inlet=said.inlet, model=said.model)
        self.running.outlet(body, user_of(said.user))
        if said.may_be_heard and self.enabled and said.user not in self.switched_off:
            self.heard.setdefault((said.user, said.message), set()).add(said.answer)
        else:
            self.unheard.add(said.answer)

    @rule(user=st.sampled_from(USERS), on=MOSTLY)
    def switches(self, user: str, on: bool) -> None:
        turn = Chat(user).say(f"/memory {'on' if on else 'off'} always")
        sent = self.running.inlet(turn.inlet, turn.user)
        self.running.outlet(turn.outlet("OK", sent=sent), turn.user)
        if self.enabled:
            (self.switched_off.discard if on else self.switched_off.add)(user)

    @rule(user=st.sampled_from(USERS), on=MOSTLY)
    def wants_passages(self, user: str, on: bool) -> None:
        turn = Chat(user).say(f"/memory episodes {'on' if on else 'off'}")
        sent = self.running.inlet(turn.inlet, turn.user)
        self.running.outlet(turn.outlet("OK", sent=sent), turn.user)
        if self.enabled:
            (self.without_passages.discard if on else self.without_passages.add)(user)

    @rule(on=MOSTLY)
    def admin_switches(self, on: bool) -> None:
        self.running.pipeline.valves = self.running.pipeline.valves.model_copy(update={"enabled": on})
        self.enabled = on

    @rule(really=st.integers(0, 3))
    def is_started_again(self, really: int) -> None:
        if really:
            return
        self.running.close()
        self.running, self.enabled = self.start(), True

    @rule(really=st.integers(0, 3))
    def days_pass(self, really: int) -> None:
        if really:
            return
        with self.engine.begin() as connection:
            older = decisions.c.created_at - KEPT_S - 1
            connection.execute(update(decisions).values(created_at=older))
        self.open = [one for one in self.open if not one.may_be_heard]

    @invariant()
    def only_what_may_be_heard_is_kept(self) -> None:
        with self.engine.connect() as connection:
            kept = connection.execute(select(outbox.c.user_id, outbox.c.exchange)).all()
        exchanges = [(user, json.loads(exchange)) for user, exchange in kept]
        answers = [exchange["assistant_text"] for _, exchange in exchanges]
        assert not self.unheard.intersection(answers)
        assert all(exchange["user_id"] == user for user, exchange in exchanges)
        for (user, _), said in self.heard.items():
            assert len(said.intersection(answers)) == 1, "once, whichever answer came first"
            (exchange,) = [one for who, one in exchanges if one["assistant_text"] in said]
            assert exchange["user_id"] == user
        assert len(answers) == len(self.heard)


@pytest.fixture(autouse=True)
def no_backend(monkeypatch: pytest.MonkeyPatch, scripted_llm: ScriptedLLM) -> None:
    """Nothing is read out of the queue, but past chats are to be kept."""
    EMBEDDER["url"] = scripted_llm.base_url
    monkeypatch.setenv("MEMORY_EPISODES", "on")
    monkeypatch.setenv("MEMORY_BACKEND", "server")
    monkeypatch.setenv("MEMORY_BACKEND_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MEMORY_INLET_DEADLINE_MS", "10000")


@pytest.mark.parametrize("examples", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_mixed_paths(examples: int) -> None:
    patient = settings(
        max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(MixedPaths, settings=patient)  # type: ignore[no-untyped-call]


def never_answered(running: Running, text: str = WORDS[0]) -> None:
    running.inlet(api_inlet("ada", text, "plain"), user_of("ada"))


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    running.pipeline.valves = running.pipeline.valves.model_copy(
        update=dict.fromkeys(("models_recall", "models_remember"), "!secretive")
    )
    yield running
    running.close()


def kept(folder: Path) -> list[str]:
    engine = open_state(folder)
    with engine.connect() as connection:
        found = [json.loads(exchange) for exchange in connection.scalars(select(outbox.c.exchange))]
    engine.dispose()
    return [exchange["assistant_text"] for exchange in found]


@pytest.mark.parametrize(
    "where", [{"temporary": True}, {"model": "secretive"}, {"memory": False}, {"chat_id": "channel:c"}]
)
def test_a_permission_of_an_api_call_is_none_for_a_chat(
    running: Running, own_data_folder: Path, where: dict[str, Any]
) -> None:
    never_answered(running)
    inlet = inlet_body(WORDS[0], **{"model": "plain", **where})
    running.outlet(
        outlet_body(WORDS[0], "Not for memory.", inlet=running.inlet(inlet, user_of("ada"))), user_of("ada")
    )
    assert kept(own_data_folder) == []


@pytest.mark.parametrize("off", ["model", "switch", "enabled", "used", "old", "another user"])
def test_nor_for_an_api_call_that_memory_must_not_hear(
    running: Running, own_data_folder: Path, off: str
) -> None:
    never_answered(running)
    said = Said("ada", "api", WORDS[0], "plain", {}, "Not for memory.", "", False)
    if off == "model":
        said.model = "secretive"
    if off == "switch":
        turn = Chat("ada").say("/memory off always")
        running.outlet(turn.outlet("OK", sent=running.inlet(turn.inlet, turn.user)), turn.user)
    if off == "enabled":
        running.pipeline.valves = running.pipeline.valves.model_copy(update={"enabled": False})
    if off == "another user":
        said.user = "bob"
    if off == "used":
        said.answer = "For memory."
        running.outlet(api_outlet(said, 1), user_of("ada"))
        engine = open_state(own_data_folder)
        with engine.begin() as connection:
            connection.execute(outbox.delete())
        engine.dispose()
    elif off == "old":
        engine = open_state(own_data_folder)
        with engine.begin() as connection:
            connection.execute(update(decisions).values(created_at=decisions.c.created_at - KEPT_S))
        engine.dispose()
    elif off != "another user":
        running.inlet(api_inlet(said.user, said.text, said.model), user_of(said.user))
    running.pipeline.valves = running.pipeline.valves.model_copy(update={"enabled": True})
    if off == "switch":
        turn = Chat("ada").say("/memory on always")
        running.outlet(turn.outlet("OK", sent=running.inlet(turn.inlet, turn.user)), turn.user)
    running.outlet(api_outlet(said, 2), user_of(said.user))
    assert kept(own_data_folder) == []


def test_nor_is_that_of_one_model_for_another(running: Running, own_data_folder: Path) -> None:
    running.inlet(api_inlet("ada", WORDS[0], "secretive"), user_of("ada"))
    never_answered(running)
    said = Said("ada", "api", WORDS[0], "secretive", {}, "Not for memory.", "", False)
    running.outlet(api_outlet(said, 1), user_of("ada"))
    assert kept(own_data_folder) == []


def test_nor_is_one_that_is_still_to_be_stored(running: Running, own_data_folder: Path) -> None:
    keeper = running.pipeline._runtime.keeper  # type: ignore[union-attr]
    turn = read_inlet(api_inlet("ada", WORDS[0], "plain"), user_of("ada"))
    keeper._spill.accept(Spilled.decision("ada", Permission.of(turn, "")))
    forbidden(running)
    keeper.take_in()
    said = Said("ada", "api", WORDS[0], "plain", {}, "Not for memory.", "", False)
    running.outlet(api_outlet(said, 1), user_of("ada"))
    assert kept(own_data_folder) == []


def test_nor_where_it_was_forbidden_before_the_database_was_there(
    running: Running, own_data_folder: Path
) -> None:
    never_answered(running)
    start = running.pipeline._chats._start
    runtime, start._runtime = start._runtime, None
    forbidden(running)
    start._runtime = runtime
    said = Said("ada", "api", WORDS[0], "plain", {}, "Not for memory.", "", False)
    running.outlet(api_outlet(said, 1), user_of("ada"))
    assert kept(own_data_folder) == []
    never_answered(running)
    running.outlet(api_outlet(replace(said, answer="For memory."), 2), user_of("ada"))
    assert kept(own_data_folder) == ["For memory."]


def forbidden(running: Running) -> None:
    """The same call while memory is off."""
    running.pipeline.valves = running.pipeline.valves.model_copy(update={"enabled": False})
    running.inlet(api_inlet("ada", WORDS[0], "plain"), user_of("ada"))
    running.pipeline.valves = running.pipeline.valves.model_copy(update={"enabled": True})


def test_an_api_call_in_a_chat_of_its_clients_own_is_heard(running: Running, own_data_folder: Path) -> None:
    inlet = api_inlet("ada", WORDS[0], "plain")
    inlet["metadata"]["chat_id"] = "mine"
    running.inlet(inlet, user_of("ada"))
    outlet = api_outlet(Said("ada", "api", WORDS[0], "plain", {}, "For memory.", "", True), 1)
    running.outlet(outlet, user_of("ada"))
    assert kept(own_data_folder) == [], "that is another chat"
    running.outlet({**outlet, "chat_id": "mine"}, user_of("ada"))
    assert kept(own_data_folder) == ["For memory."]


def test_two_users_with_the_same_ids_never_meet(running: Running, own_data_folder: Path) -> None:
    """API clients choose them."""
    for user in USERS:
        ids = {"user_id": user, "chat_id": "c", "message_id": "a", "user_message_id": "m"}
        inlet = running.inlet(inlet_body(WORDS[0], **ids), user_of(user))
        running.outlet(outlet_body(WORDS[0], f"Answer to {user}.", inlet=inlet), user_of(user))
    assert kept(own_data_folder) == ["Answer to ada.", "Answer to bob."]
    for user, verb in zip(USERS, ("off", "on"), strict=True):
        ids = {"user_id": user, "chat_id": "c", "message_id": "a2", "user_message_id": "m2"}
        inlet = inlet_body(f"/memory {verb}", **ids)
        sent = running.inlet(inlet, user_of(user))
        answered = running.outlet(outlet_body(f"/memory {verb}", "OK", inlet=inlet), user_of(user))
        assert f"Memory is {verb} in this chat" in answered["messages"][-1]["content"], sent


@pytest.mark.parametrize("odd", ["x" * 10_000, "a\0b", "a\ud83d", "a\nb", "'; DROP TABLE outbox; --"])
def test_odd_ids_lose_nothing(place: Place, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    place.set_in(monkeypatch)
    running = Running()
    ids = {"chat_id": odd, "message_id": odd, "user_message_id": odd, "parent_id": odd}
    inlet = running.inlet(inlet_body(WORDS[0], **ids), user_of("ada"))
    running.outlet(outlet_body(WORDS[0], "For memory.", inlet=inlet), user_of("ada"))
    engine = place.open()
    with engine.connect() as connection:
        assert len(connection.scalars(select(outbox.c.key)).all()) == 1, running.part("last error")
    engine.dispose()
    running.close()
