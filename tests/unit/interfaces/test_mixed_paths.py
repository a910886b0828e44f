"""What memory must not hear never gets into the queue, whatever way it takes through the filter.

And all that it is to hear is there once, and so are its passages.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

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
from owui_memory.core.scope import past_owner
from owui_memory.remember.episodes import Episodes
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.passages import ASSISTANT
from owui_memory.state import decisions, open_state, outbox
from owui_memory.state.permissions import KEPT_S
from tests.harness.bodies import Body, Chat, inlet_body, outlet_body, user_of
from tests.harness.pipelines_server import free_port
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.test_filter import Running

USERS = ("ada", "bob")
WORDS = ("I live in Lisbon.", "I keep bees.")
MODELS = ("plain", "plain", "secretive")
EMBEDDER = {"url": ""}
MOSTLY = st.sampled_from([True, True, True, False])
# Nothing is read out of the queue.
WITHOUT_BACKEND = {
    "MEMORY_BACKEND": "server",
    "MEMORY_BACKEND_URL": f"http://127.0.0.1:{free_port()}",
    "MEMORY_INLET_DEADLINE_MS": "10000",
}


def not_secretive(running: Running) -> None:
    """One model is neither told nor heard."""
    running.use(**dict.fromkeys(("models_recall", "models_remember"), "!secretive"))


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


def _is_some_open(machine: MixedPaths) -> bool:
    """No lambda: Hypothesis parses a lambda's source, which Python 3.11 may fail at beside other threads."""
    return bool(machine.open)


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
        not_secretive(running)
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

    @precondition(_is_some_open)
    @rule(which=st.integers(0, 9))
    def asks_again(self, which: int) -> None:
        """Regenerates an answer: the same message, another id to come."""
        said = self.open[which % len(self.open)]
        if said.kind == "chat":
            inlet = json.loads(json.dumps(said.inlet))
            inlet["metadata"]["message_id"] = f"again-{next(self.counts[said.user])}"
            self.begin(said.user, said.kind, said.text, said.model, inlet, said.message)

    @precondition(_is_some_open)
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
        self.running.use(enabled=on)
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


@pytest.mark.parametrize("examples", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_mixed_paths(examples: int, monkeypatch: pytest.MonkeyPatch, scripted_llm: ScriptedLLM) -> None:
    EMBEDDER["url"] = scripted_llm.base_url
    for name, value in {**WITHOUT_BACKEND, "MEMORY_EPISODES": "on"}.items():
        monkeypatch.setenv(name, value)
    patient = settings(
        max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(MixedPaths, settings=patient)
