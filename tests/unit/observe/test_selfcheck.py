"""What is set is tried once a backend has been opened, and each LLM is asked once only: that costs money."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends import open_backend
from owui_memory.backends.base import Backend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry, TellAdmin
from owui_memory.core.events import Emit, ignore
from owui_memory.core.memory import Check
from owui_memory.observe import selfcheck as module
from owui_memory.observe.metrics import Metrics
from owui_memory.observe.selfcheck import SelfChecks, health_of, selfcheck
from tests.harness.mem0_server import RestServer
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until

GOOD = {"operations": []}
MS = r"\d[\d.,]* ms"


def settings_of(llm: ScriptedLLM, **changes: str) -> Valves:
    return Valves(**{**llm.reads("scripted-chat"), **llm.embeds("scripted-embed"), **changes})


@contextlib.contextmanager
def opened(settings: Valves, folder: Path, emit: Emit = ignore) -> Iterator[Backend]:
    with contextlib.closing(open_backend(settings, folder, emit)) as backend:
        yield backend


def found(settings: Valves, folder: Path) -> list[Check]:
    with opened(settings, folder) as backend:
        return selfcheck(settings, backend)


def asked(llm: ScriptedLLM) -> list[Request]:
    return [request for request in llm.requests if request.endpoint == "chat"]


def part(parts: list[Check], name: str) -> Check:
    return next(part for part in parts if part.name == name)


def works(part: Check) -> bool:
    return part.ok and bool(re.fullmatch(MS, part.detail))


# One check ----------------------------------------------------------------------------------------


def test_each_part_is_tried_and_clocked(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    metrics = Metrics()
    with ScriptedLLM() as second:
        settings = settings_of(
            scripted_llm,
            fallback_llm_provider="openai",
            fallback_llm_base_url=second.base_url,
            fallback_llm_model="scripted-chat",
        )
        with opened(settings, tmp_path, metrics) as backend:
            parts = selfcheck(settings, backend)
        assert [part.name for part in parts] == ["store", "embedder", "LLM", "second LLM"]
        assert all(map(works, parts)), parts
        assert [len(asked(llm)) for llm in (scripted_llm, second)] == [1, 1]
    assert asked(scripted_llm)[0].body["response_format"] == {"type": "json_object"}
    assert metrics.counts() == {}


def test_an_llm_that_is_not_used_is_not_asked(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    parts = found(settings_of(scripted_llm, extraction="verbatim"), tmp_path)
    assert [part.name for part in parts] == ["store", "embedder"]
    assert asked(scripted_llm) == []


LISTED = "it has: scripted-chat, scripted-embed."


def test_a_model_that_is_not_listed_is_a_fault_only_where_it_is_refused(
    scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    """llama.cpp takes any name."""
    settings = settings_of(scripted_llm, llm_model="any", embedder_model="any")
    with opened(settings, tmp_path) as backend:
        parts = selfcheck(settings, backend)
        with scripted_llm.fault("chat", status=404):
            refused = part(selfcheck(settings, backend), "LLM")
        with scripted_llm.fault("embeddings", dims=7):
            resized = part(selfcheck(settings, backend), "embedder")
        with scripted_llm.fault("chat", status=503):
            assert "answered HTTP 503" in part(selfcheck(settings, backend), "LLM").detail, (
                "nothing is lacking"
            )
    for name in ("embedder", "LLM"):
        assert part(parts, name).ok
        assert f"lists no model 'any'; {LISTED}" in part(parts, name).detail
    assert not refused.ok
    assert refused.detail == f"The server at 127.0.0.1:{scripted_llm.port} lists no model 'any'; {LISTED}"
    assert refused.hint == "Set llm_model to one that is there."
    assert resized.detail == "The embedder made vectors of 256 dimensions, and now makes 7."
    assert "collection" in resized.hint


@pytest.mark.parametrize(
    ("status", "told"), [(503, "answered HTTP 503"), (401, "refused the request (HTTP 401)")]
)
def test_a_server_that_is_down_or_refuses_the_key_is_told_as_that(
    scripted_llm: ScriptedLLM, tmp_path: Path, status: int, told: str
) -> None:
    settings = settings_of(scripted_llm, llm_model="any", embedder_model="any")
    with opened(settings, tmp_path) as backend, scripted_llm.fault("*", status=status):
        parts = selfcheck(settings, backend)
    for name in ("embedder", "LLM"):
        assert not part(parts, name).ok
        assert told in part(parts, name).detail
        assert part(parts, name).hint
    assert works(part(parts, "store"))


def test_a_store_that_fails_is_told_without_the_errors_text(
    scripted_llm: ScriptedLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("My dog is called Rex.")

    settings = settings_of(scripted_llm)
    backend = open_backend(settings, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(backend, "added_by", broken)
        store = part(selfcheck(settings, backend), "store")
        assert (store.ok, store.detail) == (False, "failed (RuntimeError)")
    backend.close()
    store = part(selfcheck(settings, backend), "store")
    assert not store.ok
    assert store.hint


def test_mem0s_server_is_reached_and_has_no_models_of_ours(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    with opened(settings_of(scripted_llm), tmp_path) as behind, RestServer(behind._memory, key="k") as server:
        settings = Valves(backend="server", backend_url=server.url, backend_api_key="k")
        with opened(settings, tmp_path) as backend:
            (told,) = selfcheck(settings, backend)
            assert told.name == "backend"
            assert works(told)
            assert health_of(backend) == []
            with server.fail(401):
                (told,) = selfcheck(settings, backend)
            assert not told.ok
            assert "HTTP 401" in told.detail


# Ollama -------------------------------------------------------------------------------------------


def ollama(server: Ollama, **changes: str) -> Valves:
    given = {"llm_provider": "ollama", "llm_model": "qwen3:8b", "llm_base_url": server.url}
    given |= {"embedder_provider": "ollama", "embedder_model": "nomic-embed-text"}
    return Valves(**{**given, "embedder_base_url": server.url, **changes})


def test_an_llm_that_ollama_has_or_has_not(tmp_path: Path) -> None:
    with Ollama("qwen3:8b", "nomic-embed-text:latest") as server:
        assert all(map(works, found(ollama(server), tmp_path)))
        llm = part(found(ollama(server, llm_model="qwen3:70b"), tmp_path), "LLM")
        assert not llm.ok
        assert "has no model 'qwen3:70b'; it has: nomic-embed-text:latest, qwen3:8b." in llm.detail
        assert llm.hint.startswith("Pull it: ollama pull qwen3:70b")


def test_an_embedder_that_ollama_does_not_have_is_told_and_not_pulled(tmp_path: Path) -> None:
    """mem0 would have it pulled within the opening, which takes minutes or never ends."""
    open_checked = SelfChecks().opening(open_backend)
    with Ollama("qwen3:8b") as server:
        with pytest.raises(TellAdmin, match="has no model 'nomic-embed-text'; it has: qwen3:8b") as raised:
            open_checked(ollama(server), tmp_path)
        assert raised.value.hint.startswith("Pull it: ollama pull nomic-embed-text")
        assert "/api/pull" not in server.asked
        server.models.append("nomic-embed-text:latest")
        open_checked(ollama(server), tmp_path).close()


# When it opens ------------------------------------------------------------------------------------


def test_an_embedder_that_refuses_while_opening_is_told_with_its_models(
    scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    open_checked = SelfChecks().opening(open_backend)
    settings = settings_of(scripted_llm, embedder_model="gone")
    with (
        scripted_llm.fault("embeddings", status=404),
        pytest.raises(TellAdmin, match="lists no model 'gone'"),
    ):
        open_checked(settings, tmp_path)
    with scripted_llm.fault("embeddings", status=503), pytest.raises(Retry, match="answered HTTP 503"):
        open_checked(settings, tmp_path)
    with scripted_llm.fault("embeddings", status=404), pytest.raises(TellAdmin, match="answers under /v1"):
        open_checked(settings_of(scripted_llm, embedder_base_url=scripted_llm.url), tmp_path)


@pytest.fixture
def checks() -> SelfChecks:
    return SelfChecks(again_s=0.0, patience_s=20.0)


@pytest.fixture
def open_checked(checks: SelfChecks, tmp_path: Path) -> Iterator[Callable[[Valves], Backend]]:
    opener = checks.opening(open_backend)
    with contextlib.ExitStack() as backends:

        def open_one(settings: Valves) -> Backend:
            return backends.enter_context(contextlib.closing(opener(settings, tmp_path)))

        yield open_one


def test_a_backend_is_checked_once_it_is_open_and_not_with_each_status(
    scripted_llm: ScriptedLLM, checks: SelfChecks, open_checked: Callable[[Valves], Backend]
) -> None:
    backend = open_checked(settings_of(scripted_llm))
    for _ in range(5):
        (told,) = checks.part(backend)
        assert (told.name, told.ok, told.hint) == ("self-check", True, "")
        assert [piece.split(":")[0] for piece in told.detail.split("; ")] == ["store", "embedder", "LLM"]
    assert len(asked(scripted_llm)) == 1
    again = open_checked(settings_of(scripted_llm))
    assert checks.part(again)[0].ok
    assert len(asked(scripted_llm)) == 2


def test_a_status_does_not_wait_for_an_llm_that_thinks(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    checks = SelfChecks(patience_s=0.0)
    with scripted_llm.hold("chat") as gate:
        backend = checks.opening(open_backend)(settings_of(scripted_llm), tmp_path)
        wait_until(lambda: gate.waiting == 1, what="the LLM is asked")
        assert checks.part(backend) == [Check("self-check", True, "under way")]
    wait_until(lambda: "LLM" in checks.part(backend)[0].detail, what="the check is done")
    backend.close()


def test_what_did_not_work_is_checked_again(
    scripted_llm: ScriptedLLM, checks: SelfChecks, open_checked: Callable[[Valves], Backend]
) -> None:
    with scripted_llm.fault("chat", status=503):
        backend = open_checked(settings_of(scripted_llm))
        assert not checks.part(backend)[0].ok
    wait_until(lambda: checks.part(backend)[0].ok, what="it works")


def test_an_llm_that_has_answered_is_not_asked_again_though_something_is_wrong(
    scripted_llm: ScriptedLLM, checks: SelfChecks, open_checked: Callable[[Valves], Backend]
) -> None:
    scripted_llm.when("self-check", "I cannot do JSON.")
    backend = open_checked(settings_of(scripted_llm))
    for _ in range(4):
        (told,) = checks.part(backend)
        assert not told.ok
        assert told.hint == "Set llm_model to a model that can answer in JSON."
        wait_until(lambda: not checks._checks[backend].busy.locked(), what="no check is under way")
    embedded = len(scripted_llm.embedded_texts())
    checks.part(backend)
    wait_until(lambda: len(scripted_llm.embedded_texts()) > embedded, what="the rest is checked again")
    assert len(asked(scripted_llm)) == 1


def test_the_health_of_all_models(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    with opened(settings_of(scripted_llm), tmp_path) as backend:
        (told,) = health_of(backend)
        assert SelfChecks().part(backend) == [], "of what somebody else has opened"
    embedder, llm = told.detail.split("; ")
    assert embedder.startswith("embedder: 3 calls, ")  # its size and its scale, in two batches
    assert llm == "LLM openai scripted-chat: 0 calls, none answered, 0 under way, no error"


def test_the_question_is_small() -> None:
    assert sum(len(message["content"]) for message in module.QUESTION) < 120
    assert any("JSON" in message["content"] for message in module.QUESTION), (
        "OpenAI's JSON mode wants the word"
    )
