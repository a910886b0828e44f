"""`llm_provider` auto in the writer: one reader a batch, the user's own sentences where there is none."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from owui_memory.backends import open_backend
from owui_memory.config.settings import Valves
from owui_memory.core.chat_servers import AnsweredBy, ChatServer
from owui_memory.core.errors import TellAdmin
from owui_memory.core.exchange import Exchange
from owui_memory.remember import writer as writer_module
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.backends.contract import KEY, stand_in
from tests.unit.remember.mind import is_ours
from tests.unit.remember.workbench import Bench, OpenBench

DOG = json.dumps({"operations": [{"op": "add", "text": "The user has a dog."}]})


def external(model: str) -> str:
    return AnsweredBy(model, "external", "openai").written()


def settings_of(llm: ScriptedLLM, *servers: ChatServer, **settings: object) -> Valves:
    class Bound(Valves):
        chat_servers = servers

    return Bound(**{**llm.embeds(), "advanced": "batch_idle_seconds=0", **settings})


def said(text: str, number: int, answered_by: str = "", user: str = "ada") -> Exchange:
    return Exchange(f"{user}\nc\n{number}", user, "c", text, "ok", float(number), answered_by=answered_by)


@pytest.fixture
def bench(open_bench: OpenBench, scripted_llm: ScriptedLLM) -> Bench:
    scripted_llm.when(is_ours, DOG)
    return open_bench(settings_of(scripted_llm, ChatServer("openai", scripted_llm.base_url, "k")))


def readers(llm: ScriptedLLM) -> list[str]:
    return [request.body["model"] for request in llm.chats() if is_ours(request)]


def test_the_model_that_answered_reads_and_the_journal_says_so(
    bench: Bench, scripted_llm: ScriptedLLM
) -> None:
    bench.outbox.put(said("I have a dog.", 1, external("scripted-chat")))
    bench.drain()
    assert bench.texts() == ["The user has a dog."]
    assert readers(scripted_llm) == ["scripted-chat"]
    (change,) = bench.journal.of_user("ada")
    assert change.model == "scripted-chat"


@pytest.mark.parametrize("answered_by", ["", external("a-pipe"), "ollama local gone:1b", "rubbish"])
def test_what_nobody_can_read_is_kept_word_for_word(
    bench: Bench, scripted_llm: ScriptedLLM, answered_by: str
) -> None:
    bench.outbox.put(said("I have a dog.", 1, answered_by))
    bench.drain()
    assert bench.texts() == ["I have a dog."]
    assert readers(scripted_llm) == []
    assert bench.metrics.counts()["exchanges that no LLM could read"] == 1
    part = next(part for part in bench.backend.check() if part.name == "LLM")
    assert part.ok
    assert "kept without an LLM: what was answered by " in part.detail


def test_a_batch_has_one_reader(bench: Bench, scripted_llm: ScriptedLLM) -> None:
    models = ["scripted-chat", "scripted-chat", "scripted-embed", "scripted-chat", "a-pipe"]
    for number, model in enumerate(models):
        bench.outbox.put(said(f"My locker number {number} is green.", number, external(model)))
    bench.drain()
    assert readers(scripted_llm) == ["scripted-chat", "scripted-embed", "scripted-chat"]
    first = next(request for request in scripted_llm.chats() if is_ours(request)).last_user_text
    assert "number 0" in first
    assert "number 1" in first
    assert "number 2" not in first
    assert "My locker number 4 is green." in bench.texts()


def test_a_queue_is_claimed_by_model_only_where_that_matters(tmp_path: Path) -> None:
    engine = open_state(tmp_path)
    outbox = Outbox(engine)
    try:
        for number, model in enumerate(("a", "a", "b")):
            outbox.put(said("hello", number, external(model)))
            outbox.put(said("hello", number, external(model), user="bob"))
        alike = [outbox.claim(by_model=True) for _ in range(2)]
        assert sorted(len(batch.exchanges) for batch in alike if batch) == [2, 2]
        for batch in alike:
            assert batch is not None
            outbox.done(batch)
        assert [len(batch.exchanges) for batch in (outbox.claim(), outbox.claim()) if batch] == [1, 1]
    finally:
        engine.dispose()


@pytest.mark.usefixtures("quick")
def test_a_server_that_is_not_up_yet_is_waited_for(
    bench: Bench, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("owui_memory.models.catalogue._PAUSE_FIRST_S", 0.01)
    monkeypatch.setattr("owui_memory.models.catalogue._PAUSE_MOST_S", 0.02)
    monkeypatch.setattr(writer_module, "_PATIENT_TRIES", 1000)
    with scripted_llm.fault("models", status=503):
        bench.outbox.put(said("I have a dog.", 1, external("scripted-chat")))
        bench.fails(3)
        assert bench.texts() == []
    bench.drain()
    assert bench.texts() == ["The user has a dog."]


@pytest.mark.usefixtures("quick")
def test_a_server_that_never_comes_up_keeps_nothing_from_being_remembered(
    scripted_llm: ScriptedLLM, open_bench: OpenBench
) -> None:
    settings = settings_of(scripted_llm, ChatServer("ollama", "http://127.0.0.1:9"))
    bench = open_bench(settings)
    bench.outbox.put(said("I have a dog.", 1, "ollama local qwen3:8b"))
    bench.drain()
    assert bench.texts() == ["I have a dog."]
    assert bench.metrics.counts()["failed remembering"] == writer_module._PATIENT_TRIES - 1


def test_mem0s_extraction_asks_the_model_that_answered(
    scripted_llm: ScriptedLLM, open_bench: OpenBench
) -> None:
    server = ChatServer("openai", scripted_llm.base_url, "k")
    settings = settings_of(scripted_llm, server, extraction="mem0")
    bench = open_bench(settings)
    bench.outbox.put(said("I live in Lisbon.", 1, external("scripted-chat")))
    bench.outbox.put(said("I have a dog.", 2, external("a-pipe")))
    bench.drain()
    assert bench.texts() == ["I have a dog.", "User live in Lisbon."]
    assert {request.body["model"] for request in scripted_llm.chats()} == {"scripted-chat"}


def test_a_chat_of_ollama_is_read_by_ollama(scripted_llm: ScriptedLLM, open_bench: OpenBench) -> None:
    with Ollama("llama3:latest") as ollama:
        both = ChatServer("openai", scripted_llm.base_url, "k"), ChatServer("ollama", ollama.url)
        settings = settings_of(scripted_llm, *both)
        bench = open_bench(settings)
        bench.outbox.put(said("I have a dog.", 1, "ollama local llama3"))
        bench.drain()
        assert "/api/chat" in ollama.asked
        assert readers(scripted_llm) == []


def test_with_local_only_nothing_is_read_elsewhere(
    bench: Bench, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = bench.backend._llms.readers
    for listing in reading._catalogue.listings:
        listing.is_local = False
    bench.settings = bench.settings.model_copy(update={"local_only": True})
    bench.outbox.put(said("I have a dog.", 1, external("scripted-chat")))
    bench.drain()
    assert bench.texts() == ["I have a dog."]
    assert readers(scripted_llm) == []


@pytest.mark.parametrize("kind", ["server", "platform"])
def test_beside_mem0s_server_and_platform_too(kind: str, tmp_path: Path, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.when(is_ours, DOG)
    server = ChatServer("openai", scripted_llm.base_url, "k")
    with stand_in(kind, scripted_llm, tmp_path / "mem0") as mem0:
        remote = {"backend": kind, "backend_url": mem0.url, "backend_api_key": KEY}
        settings = settings_of(scripted_llm, server, **remote)
        assert settings.mode == "reconcile"
        bench = Bench(tmp_path / "state", settings, open_backend(settings, tmp_path / "data"))
        try:
            bench.outbox.put(said("I have a dog.", 1, external("scripted-chat")))
            bench.drain()
            with closing(open_backend(settings, tmp_path / "anew")) as anew:
                assert [one.text for one in anew.list_all("ada")] == ["The user has a dog."]
            mine = readers(scripted_llm)
            bench.outbox.put(said("I live in Lisbon.", 2, external("a-pipe")))
            bench.drain()
            assert readers(scripted_llm) == mine, "mem0's own extraction has read it"
            wait_until(lambda: len(texts(settings, tmp_path)) == 2, what="it is stored")
        finally:
            bench.close()


def test_packages_that_are_missing_are_no_fault_beside_mem0(
    tmp_path: Path, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ChatServer("openai", scripted_llm.base_url, "k")

    def missing(_: Path) -> None:
        raise TellAdmin("mem0 cannot be imported: mem0 is missing.", hint="Install it.")

    with stand_in("server", scripted_llm, tmp_path / "mem0") as mem0:
        monkeypatch.setattr("owui_memory.backends.assemble.import_mem0", missing)
        remote = {"backend": "server", "backend_url": mem0.url, "backend_api_key": KEY}
        settings = settings_of(scripted_llm, server, **remote)
        bench = Bench(tmp_path / "state", settings, open_backend(settings, tmp_path / "data"))
        try:
            bench.outbox.put(said("I live in Lisbon.", 1, external("scripted-chat")))
            bench.drain()
            part = next(part for part in bench.backend.check() if part.name == "LLM")
            assert part.ok
            assert part.detail.startswith("mem0's own reads: mem0 cannot be imported")
            assert [one.text for one in bench.backend.list_all("ada")] == ["User live in Lisbon."]
        finally:
            bench.close()


def texts(settings: Valves, folder: Path) -> list[str]:
    with closing(open_backend(settings, folder / "anew")) as anew:
        return [one.text for one in anew.list_all("ada")]
