"""Whose permission an answer has, and whose it has not: by chat, model, user and time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from owui_memory.core.permission import Permission
from owui_memory.interfaces.body import read_inlet
from owui_memory.remember.spill import Spilled
from owui_memory.state import decisions, open_state, outbox
from owui_memory.state.permissions import KEPT_S
from tests.harness.bodies import Chat, inlet_body, outlet_body, user_of
from tests.harness.places import Place
from tests.unit.interfaces.test_filter import Running
from tests.unit.interfaces.test_mixed_paths import USERS, WORDS, Said, api_inlet, api_outlet, no_backend  # noqa: F401


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
