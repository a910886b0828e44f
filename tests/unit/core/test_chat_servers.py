"""Where the chats are answered, read from Open WebUI's own variables; who answered, read from its bodies."""

import copy
from typing import Any

import pytest

from owui_memory.config.environment import Environment
from owui_memory.config.settings import Valves
from owui_memory.core.chat_servers import NOBODY, AnsweredBy, ChatServer, read_servers
from owui_memory.interfaces.body import read_inlet
from tests.harness.bodies import inlet_body

A, B = ChatServer("openai", "http://a:1/v1", "one"), ChatServer("openai", "http://b:2/v1", "two")
OLLAMA = ChatServer("ollama", "http://o:11434")
OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("environ", "servers"),
    [
        ({}, ()),
        ({"OPENAI_API_BASE_URL": "http://a:1/v1/ ", "OPENAI_API_KEY": " one"}, (A,)),
        ({"OPENAI_API_BASE_URLS": "http://a:1/v1;http://b:2/v1", "OPENAI_API_KEYS": "one;two"}, (A, B)),
        (
            {"OPENAI_API_BASE_URLS": "http://a:1/v1; http://b:2/v1", "OPENAI_API_KEY": "one"},
            (A, ChatServer("openai", B.url)),
        ),
        (
            {"OPENAI_API_BASE_URL": "http://x/v1", "OPENAI_API_BASE_URLS": A.url, "OPENAI_API_KEYS": "one"},
            (A,),
        ),
        (
            {"OPENAI_API_BASE_URLS": f";{A.url}", "OPENAI_API_KEYS": "sk;one"},
            (ChatServer("openai", OPENAI, "sk"), A),
        ),
        ({"OPENAI_API_KEY": "sk"}, ()),  # it may be another pipeline's
        ({"OPENAI_API_BASE_URL": OPENAI}, ()),  # without a key it answers nobody
        ({"OLLAMA_BASE_URL": "http://o:11434/"}, (OLLAMA,)),
        ({"OLLAMA_BASE_URL": "/ollama"}, ()),
        ({"OLLAMA_BASE_URLS": "http://o:11434;http://o:11434;"}, (OLLAMA,)),
        ({"OPENAI_API_BASE_URL": A.url, "OPENAI_API_KEY": "one", "OLLAMA_BASE_URL": OLLAMA.url}, (A, OLLAMA)),
        ({"OPENAI_API_BASE_URLS": ";".join(f"http://h:{n}/v1" for n in range(1, 500))}, None),
    ],
)
def test_servers_are_named_as_in_open_webui(
    environ: dict[str, str], servers: tuple[ChatServer, ...] | None
) -> None:
    found = read_servers(environ)
    assert found == servers if servers is not None else len(found) == 20


def test_keys_are_in_no_text_and_no_settings() -> None:
    environ = {"OPENAI_API_BASE_URL": A.url, "OPENAI_API_KEY": "top-secret"}
    environment = Environment.read(environ)
    valves = environment.settings(stored=lambda: None)()
    assert valves.has_llm
    assert valves.mode == "reconcile"
    assert "top-secret" not in f"{environment!r}{valves!r}{valves.model_dump()}{valves.model_dump_json()}"


def test_without_servers_all_is_as_with_none() -> None:
    assert (Valves().llm_provider, Valves().has_llm, Valves().mode) == ("auto", False, "verbatim")
    remote = Valves(backend="server", backend_url="http://m:8000")
    assert (remote.mode, remote.mode_without_llm) == ("mem0", "mem0")
    bound = Environment.read({"OLLAMA_BASE_URL": OLLAMA.url}).settings(stored=lambda: None)
    assert bound(llm_provider="none").mode == "verbatim"
    assert bound(backend="server", backend_url="http://m:8000").mode == "reconcile"
    assert bound(extraction="mem0").mode == "mem0"


@pytest.mark.parametrize("saved", [{}, {"llm_provider": ""}, {"llm_provider": None}])
def test_saved_settings_keep_what_they_said(saved: dict[str, Any]) -> None:
    bound = Environment.read({}).settings(stored=lambda: None)
    assert bound(**saved).llm_provider == "auto"
    kept = bound(llm_provider="none").model_dump()
    assert kept == {"llm_provider": "none"}
    assert bound(**kept).llm_provider == "none"
    ours = {"llm_provider": "ollama", "llm_model": "qwen3:8b"}
    assert bound(**ours).model_dump() == ours


@pytest.mark.parametrize(
    "answered",
    [
        NOBODY,
        AnsweredBy("gpt-4.1", "external", "openai"),
        AnsweredBy("llama3:latest", "local", "ollama"),
        AnsweredBy("odd name  with blanks", "unknown"),
        AnsweredBy("", "local"),
    ],
)
def test_who_answered_is_kept_in_a_line(answered: AnsweredBy) -> None:
    assert AnsweredBy.read(answered.written()) == answered


def test_of_several_the_last_is_taken_as_near_as_any() -> None:
    far, near = AnsweredBy("gpt", "external", "openai"), AnsweredBy("llama3", "local", "ollama")
    assert AnsweredBy.of_all([far]) == far
    assert AnsweredBy.of_all([near, far]) == AnsweredBy("gpt", "local", "openai")
    assert AnsweredBy.of_all([NOBODY, far]).local == "unknown"


@pytest.mark.parametrize("line", ["", "-", "what is this", "\x00", "ollama  ", " " * 100, "a" * 100_000])
def test_any_other_line_says_that_nothing_is_known_of_the_connection(line: str) -> None:
    read = AnsweredBy.read(line)
    assert read.local == "unknown"
    assert len(read.model) <= 200


def answered(**changes: Any) -> AnsweredBy:
    body = copy.deepcopy(inlet_body("I live in Lisbon.", model="tiny-chat"))
    meta = body["metadata"]
    meta["model"].update(changes.pop("described", {}))
    meta.update(changes)
    return read_inlet(body, {"id": "ada"}).answered_by


def test_who_answers_is_read_from_the_inlet() -> None:
    local = answered()
    assert (local.model, local.owner) == ("tiny-chat", "openai")
    base = {"info": {"base_model_id": "llama3:latest"}, "owned_by": "ollama", "connection_type": "local"}
    assert answered(described=base) == AnsweredBy("llama3:latest", "local", "ollama")
    for unknown in (
        {"described": {"pipe": {"type": "pipe"}}},
        {"described": {"pipeline": {"type": "manifold"}}},
        {"direct": True},
    ):
        assert answered(**unknown).model == ""
    other = answered(described={"id": "the first of two side by side"})
    assert other == AnsweredBy("tiny-chat", "unknown", "")
    assert answered(described={"owned_by": {"a": 1}}).owner == ""
