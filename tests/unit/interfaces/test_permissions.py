"""Whose permission an answer has, and whose it has not: by chat, model, user and time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from owui_memory.core.permission import Permission
from owui_memory.interfaces.body import read_inlet
from owui_memory.remember.spill import Spilled
from owui_memory.state import decisions, open_state, outbox
from owui_memory.state.permissions import KEPT_S
from tests.harness.bodies import Body, Chat, inlet_body, outlet_body, user_of
from tests.harness.places import Place
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running
from tests.unit.interfaces.test_mixed_paths import (
    WITHOUT_BACKEND,
    WORDS,
    Said,
    api_inlet,
    api_outlet,
    not_secretive,
)

TEXT, FORBIDDEN, ALLOWED = WORDS[0], "Not for memory.", "For memory."


class Calls:
    """What a user says through the API and in chats, and the answers that are kept of it."""

    def __init__(self, running: Running, engine: Engine, user: str) -> None:
        self.running, self.engine, self.user = running, engine, user

    def asks(self, model: str = "plain") -> None:
        self.running.inlet(api_inlet(self.user, TEXT, model), user_of(self.user))

    def is_answered(self, answer: str = FORBIDDEN, model: str = "plain", by: str = "") -> Body:
        user = by or self.user
        body = api_outlet(Said(user, "api", TEXT, model, {}, answer, "", False), 1)
        self.running.outlet(body, user_of(user))
        return body

    def commands(self, text: str) -> None:
        turn = Chat(self.user).say(text)
        self.running.outlet(turn.outlet("OK", sent=self.running.inlet(turn.inlet, turn.user)), turn.user)

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """By the admin."""
        self.running.use(enabled=False)
        yield
        self.running.use(enabled=True)

    def kept(self) -> list[str]:
        mine = select(outbox.c.exchange).where(outbox.c.user_id == self.user)
        with self.engine.connect() as connection:
            return [json.loads(one)["assistant_text"] for one in connection.scalars(mine)]

    def keeps(self, answer: str) -> None:
        """This one alone; on a busy machine it is set aside first."""
        wait_until(self.kept, what="it is kept")
        assert self.kept() == [answer]

    def run(self, statement: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Engine]]:
    folder = tmp_path_factory.mktemp("permissions")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**WITHOUT_BACKEND, "MEMORY_DATA_DIR": str(folder)}.items():
            patch.setenv(name, value)
        running = Running()
    not_secretive(running)
    engine = open_state(folder)
    yield running, engine
    engine.dispose()
    running.close()


@pytest.fixture
def calls(_running: tuple[Running, Engine], user: str) -> Calls:
    return Calls(*_running, user)


@pytest.mark.parametrize(
    "where", [{"temporary": True}, {"model": "secretive"}, {"memory": False}, {"chat_id": "channel:c"}]
)
def test_a_permission_of_an_api_call_is_none_for_a_chat(calls: Calls, where: dict[str, Any]) -> None:
    calls.asks()
    user = user_of(calls.user)
    inlet = calls.running.inlet(inlet_body(TEXT, user_id=calls.user, **{"model": "plain", **where}), user)
    calls.running.outlet(outlet_body(TEXT, FORBIDDEN, inlet=inlet), user)
    assert calls.kept() == []


def test_the_last_call_decides(calls: Calls) -> None:
    calls.asks()
    with calls.switched_off():
        calls.asks()
    calls.is_answered()
    calls.asks()
    calls.commands("/memory off always")
    calls.asks()
    calls.commands("/memory on always")
    calls.is_answered()
    assert calls.kept() == []


def test_a_permission_is_for_one_answer_of_its_user_and_model_and_for_a_time(calls: Calls) -> None:
    calls.asks("secretive")
    calls.asks()
    calls.is_answered(model="secretive")
    calls.is_answered(by=f"{calls.user}-other")
    calls.run(update(decisions).values(created_at=decisions.c.created_at - KEPT_S))
    calls.is_answered()
    assert calls.kept() == []
    calls.asks()
    calls.is_answered(ALLOWED)
    calls.keeps(ALLOWED)
    calls.run(outbox.delete())
    calls.is_answered()
    assert calls.kept() == []


def test_one_that_is_still_to_be_stored_is_taken_back(calls: Calls) -> None:
    keeper = calls.running.pipeline._runtime.keeper
    turn = read_inlet(api_inlet(calls.user, TEXT, "plain"), user_of(calls.user))
    keeper._spill.accept(Spilled.decision(calls.user, Permission.of(turn, "")))
    with calls.switched_off():
        calls.asks()
    keeper.take_in()
    calls.is_answered()
    assert calls.kept() == []


def test_what_was_forbidden_before_the_database_was_there_stays_so(calls: Calls) -> None:
    calls.asks()
    start = calls.running.pipeline._chats._start
    runtime, start.runtime = start.runtime, None
    with calls.switched_off():
        calls.asks()
    start.runtime = runtime
    calls.is_answered()
    assert calls.kept() == []
    calls.asks()
    calls.is_answered(ALLOWED)
    calls.keeps(ALLOWED)


def test_an_api_call_in_a_chat_of_its_clients_own_is_heard(calls: Calls) -> None:
    inlet, user = api_inlet(calls.user, TEXT, "plain"), user_of(calls.user)
    inlet["metadata"]["chat_id"] = "mine"
    calls.running.inlet(inlet, user)
    outlet = calls.is_answered(ALLOWED)
    assert calls.kept() == [], "that is another chat"
    calls.running.outlet({**outlet, "chat_id": "mine"}, user)
    calls.keeps(ALLOWED)


def test_two_users_with_the_same_ids_never_meet(calls: Calls) -> None:
    """API clients choose them."""
    running, users = calls.running, (calls.user, f"{calls.user}-other")
    for user in users:
        ids = {"user_id": user, "chat_id": "c", "message_id": "a", "user_message_id": "m"}
        inlet = running.inlet(inlet_body(TEXT, **ids), user_of(user))
        running.outlet(outlet_body(TEXT, f"Answer to {user}.", inlet=inlet), user_of(user))
        Calls(running, calls.engine, user).keeps(f"Answer to {user}.")
    for user, verb in zip(users, ("off", "on"), strict=True):
        ids = {"user_id": user, "chat_id": "c", "message_id": "a2", "user_message_id": "m2"}
        inlet = inlet_body(f"/memory {verb}", **ids)
        sent = running.inlet(inlet, user_of(user))
        answered = running.outlet(outlet_body(f"/memory {verb}", "OK", inlet=inlet), user_of(user))
        assert f"Memory is {verb} in this chat" in answered["messages"][-1]["content"], sent


def test_odd_ids_lose_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.set_in(monkeypatch)
    for name, value in WITHOUT_BACKEND.items():
        monkeypatch.setenv(name, value)
    running = Running()
    odd_ones = ("x" * 10_000, "a\0b", "a\ud83d", "a\nb", "'; DROP TABLE outbox; --")
    for odd in odd_ones:
        ids = {"chat_id": odd, "message_id": odd, "user_message_id": odd, "parent_id": odd}
        inlet = running.inlet(inlet_body(TEXT, **ids), user_of("ada"))
        running.outlet(outlet_body(TEXT, ALLOWED, inlet=inlet), user_of("ada"))
    engine = place.open()

    def kept() -> bool:
        with engine.connect() as connection:
            return len(connection.scalars(select(outbox.c.key)).all()) == len(odd_ones)

    try:
        wait_until(kept, what=lambda: f"all are kept: {running.part('last error')}")
    finally:
        engine.dispose()
        running.close()
