"""The setting `upstreams`: what it may be, and that its keys are never shown nor sent elsewhere."""

import json
from typing import Any

import pytest

from owui_memory.config.settings import Valves
from owui_memory.config.upstreams import Upstream, of_chat_servers, read_upstreams
from owui_memory.config.valves_codec import MASK, SettingsError
from owui_memory.core.chat_servers import ChatServer

ONE = {"name": "main", "base_url": "http://localhost:8000/v1", "api_key": "hunter-1"}
TWO = {"name": "cloud", "base_url": "https://api.openai.com/v1/"}
TWO |= {"api_key": "hunter-2", "models": ["gpt-*", "o3*"]}


def test_what_it_names() -> None:
    main, cloud = read_upstreams(json.dumps([ONE, TWO]))
    assert main == Upstream("main", "http://localhost:8000/v1", "hunter-1")
    assert (cloud.base_url, cloud.models) == ("https://api.openai.com/v1", "gpt-*,o3*")
    assert (main.is_local, cloud.is_local) == (True, False)
    assert (cloud.is_for("gpt-5"), cloud.is_for("llama3"), main.is_for("llama3")) == (True, False, False)
    assert read_upstreams(json.dumps(ONE)) == (main,)
    assert "hunter-" not in repr(main)


NO_SERVERS = [
    "main=http://host/v1",
    "[1]",
    "7",
    "[" * 100_000,
    json.dumps([ONE, ONE]),
    json.dumps([ONE] * 21),
]
UNFIT: list[dict[str, Any]] = [
    *({"name": name} for name in ("memory", "a/b", "")),
    *({"api_key": key} for key in ("schlüssel", 7)),
    *({"base_url": "localhost:8000"}, {"models": "gpt-["}, {"modles": "gpt-*"}),
]


@pytest.mark.parametrize("text", [*NO_SERVERS, *(json.dumps({**ONE, **change}) for change in UNFIT)])
def test_what_cannot_be_meant_is_told_without_the_key(text: str) -> None:
    with pytest.raises(SettingsError) as told:
        Valves(upstreams=text)
    assert "upstreams must be like" in str(told.value)
    assert "hunter-" not in str(told.value)
    assert "schl" not in str(told.value)


def test_keys_are_masked_inside_and_kept_on_save() -> None:
    before = Valves(upstreams=json.dumps([ONE, TWO]))
    bound = Valves.bound({}, lambda: before)
    shown = before.model_dump(mode="json")["upstreams"]
    assert "hunter-" not in shown + repr(before)
    assert [one["api_key"] for one in json.loads(shown)] == [MASK, MASK]

    assert bound(upstreams=shown).upstreams == before.upstreams
    moved = json.loads(shown)
    moved[0]["models"] = "llama*"
    kept = json.loads(bound(upstreams=json.dumps(moved)).upstreams)
    assert (kept[0]["api_key"], kept[0]["models"]) == ("hunter-1", "llama*")


@pytest.mark.parametrize("change", [{"base_url": "http://elsewhere/v1"}, {"name": "other"}])
def test_a_masked_key_goes_nowhere_else(change: dict[str, str]) -> None:
    before = Valves(upstreams=json.dumps([ONE]))
    bound = Valves.bound({}, lambda: before)
    with pytest.raises(SettingsError, match="give the key of"):
        bound(upstreams=json.dumps([{**ONE, "api_key": MASK, **change}]))


def test_a_preset_that_is_saved_unchanged_stays_out_of_the_file() -> None:
    bound = Valves.bound({"upstreams": json.dumps([ONE])}, lambda: None)
    shown = bound().model_dump(mode="json")["upstreams"]
    saved = bound(upstreams=shown)
    assert saved.upstreams == json.dumps([ONE])
    assert "upstreams" not in saved.model_dump()


def test_unset_it_is_the_servers_of_the_chats() -> None:
    servers = (
        ChatServer("openai", "http://one/v1", "k"),
        ChatServer("openai", "http://two/v1"),
        ChatServer("ollama", "http://three:11434"),
    )
    found = of_chat_servers(servers)
    assert [(one.name, one.base_url) for one in found] == [
        ("openai", "http://one/v1"),
        ("openai-2", "http://two/v1"),
        ("ollama", "http://three:11434/v1"),
    ]
