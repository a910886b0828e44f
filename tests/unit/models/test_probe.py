"""A model that the server does not have is named with what it has and what to do; else nothing is said."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from owui_memory.config.settings import Valves
from owui_memory.core.errors import MemoryFault
from owui_memory.models.probe import lacking
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.web import WebServer

ROLES = ("llm", "fallback_llm", "embedder")


def settings_of(role: str, provider: str, url: str, model: str, key: str = "") -> Valves:
    given = {"provider": provider, "base_url": url, "model": model, "api_key": key}
    first = {"llm_provider": "openai", "llm_api_key": "k"} if role == "fallback_llm" else {}
    return Valves(**first, **{f"{role}_{name}": value for name, value in given.items()})


def told(fault: MemoryFault | None) -> tuple[str, str]:
    return str(fault), fault.hint


@pytest.mark.parametrize("role", ROLES)
def test_ollama_lacks_a_model(role: str) -> None:
    with Ollama("qwen3:8b", "nomic-embed-text:latest") as server:
        host = server.url.removeprefix("http://")
        assert told(lacking(settings_of(role, "ollama", server.url, "qwen3:14b"), role)) == (
            f"Ollama at {host} has no model 'qwen3:14b'; it has: nomic-embed-text:latest, qwen3:8b.",
            f"Pull it: ollama pull qwen3:14b - or set {role}_model to one that is there.",
        )
        assert server.asked == ["/api/tags"]


@pytest.mark.parametrize(
    "name",
    ["qwen3:8b", "Qwen3:8B", "nomic-embed-text", "hf.co/ada/model", "gpt-oss:120b-cloud", "kimi-k2:cloud"],
)
def test_ollama_has_a_model(name: str) -> None:
    with Ollama("qwen3:8b", "nomic-embed-text:latest", "hf.co/ada/model:latest") as server:
        assert lacking(settings_of("llm", "ollama", f"{server.url}/", name), "llm") is None


def test_an_empty_ollama() -> None:
    with Ollama() as server:
        sentence, hint = told(lacking(settings_of("llm", "ollama", server.url, "qwen3"), "llm"))
    assert sentence.endswith("has no model 'qwen3'; it has none.")
    assert "ollama pull qwen3" in hint


def test_ollama_without_an_address_is_where_its_client_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ollama("qwen3:8b") as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        sentence, _ = told(lacking(settings_of("llm", "ollama", "", "small"), "llm"))
    assert sentence.endswith("has no model 'small'; it has: qwen3:8b.")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("provider", ["openai", "lmstudio"])
def test_an_openai_compatible_server_lacks_a_model(
    role: str, provider: str, scripted_llm: ScriptedLLM
) -> None:
    settings = settings_of(role, provider, scripted_llm.base_url, "gpt-9", key="k-1")
    assert told(lacking(settings, role)) == (
        f"The server at 127.0.0.1:{scripted_llm.port} lists no model 'gpt-9'; "
        "it has: scripted-chat, scripted-embed.",
        f"Set {role}_model to one that is there.",
    )
    assert [(r.path, r.headers["authorization"]) for r in scripted_llm.requests] == [
        ("/v1/models", "Bearer k-1")
    ]
    assert lacking(settings_of(role, provider, scripted_llm.base_url, "scripted-chat"), role) is None
    assert "authorization" not in scripted_llm.requests[-1].headers


def test_an_address_without_v1(scripted_llm: ScriptedLLM) -> None:
    settings = settings_of("embedder", "openai", scripted_llm.url, "scripted-embed")
    assert told(lacking(settings, "embedder")) == (
        f"The server at 127.0.0.1:{scripted_llm.port} answers under /v1, "
        "which embedder_base_url does not end in.",
        "Set embedder_base_url to its address with /v1 at the end.",
    )


def test_of_a_long_list_the_likely_ones_are_shown() -> None:
    names = [f"model-{number}" for number in range(300)] + ["gpt-4.1-mini", "gpt-4.1-nano"]
    with listing(lambda _: {"data": [{"id": name} for name in names]}) as url:
        sentence, _ = told(lacking(settings_of("llm", "openai", url, "gpt-4.1-mimi"), "llm"))
        assert "it has: gpt-4.1-mini, gpt-4.1-nano, " in sentence
        assert sentence.endswith("and 294 more.")
        assert len(sentence) < 250


def test_a_name_without_ollamas_tag_is_known_under_v1() -> None:
    with listing(lambda _: {"data": [{"id": "qwen3:latest"}]}) as url:
        assert lacking(settings_of("llm", "openai", url, "qwen3"), "llm") is None


@pytest.mark.parametrize("name", ["Qwen/Qwen3-8B", "qwen/qwen3-8b", "foo", "foo:latest"])
def test_names_that_differ_little_are_all_known(name: str) -> None:
    names = ["Qwen/Qwen3-8B", "qwen/qwen3-8b", "foo:latest", "foo"]
    with listing(lambda _: {"data": [{"id": name} for name in names]}) as url:
        assert lacking(settings_of("llm", "openai", url, name), "llm") is None


def test_no_model_set_nothing_to_say(scripted_llm: ScriptedLLM) -> None:
    assert lacking(settings_of("llm", "openai", scripted_llm.base_url, ""), "llm") is None
    assert lacking(Valves(), "embedder") is None
    assert scripted_llm.requests == []


@pytest.mark.parametrize("fault", [{"status": 401}, {"status": 503}, {"broken_json": True}, {"cut": True}])
def test_a_list_that_cannot_be_had_says_nothing(scripted_llm: ScriptedLLM, fault: dict[str, Any]) -> None:
    with scripted_llm.fault("*", **fault):
        assert lacking(settings_of("llm", "openai", scripted_llm.base_url, "gpt-9"), "llm") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"object": "list"},
        {"data": "many"},
        ["a"],
        Response(b"<html>", media_type="text/html"),
        {"data": [{"id": "m" * 3_000_000}]},
    ],
    ids=("no list", "text", "array", "page", "endless"),
)
def test_what_is_no_list_says_nothing(answer: Any) -> None:
    with listing(lambda _: answer) as url:
        assert lacking(settings_of("llm", "openai", url, "gpt-9"), "llm") is None


def test_nobody_there_says_nothing() -> None:
    with ScriptedLLM() as gone:
        url = gone.base_url
    assert lacking(settings_of("llm", "openai", url, "gpt-9"), "llm") is None


def test_the_key_goes_to_the_configured_host_only(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = []

    def redirect(request: Request) -> Response:
        keys.append(request.headers["authorization"])
        return RedirectResponse(f"{scripted_llm.base_url}/models")

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, scripted_llm.url)
    with listing(redirect) as url:
        assert lacking(settings_of("llm", "openai", url, "gpt-9", key="k-1"), "llm") is None
    assert keys == ["Bearer k-1"]
    assert scripted_llm.requests == []


@contextlib.contextmanager
def listing(answer: Callable[[Request], Any]) -> Iterator[str]:
    """The address of a server whose list of models is this."""
    app = FastAPI()

    @app.get("/v1/models")
    def models(request: Request) -> Any:
        answered = answer(request)
        return answered if isinstance(answered, Response) else JSONResponse(answered)

    with WebServer(app) as server:
        yield f"{server.url}/v1"
