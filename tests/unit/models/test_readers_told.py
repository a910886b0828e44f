"""What the status says of the LLM that reads."""

from typing import Any

import pytest

from owui_memory.core.chat_servers import ChatServer
from owui_memory.core.errors import MemoryFault
from owui_memory.models import catalogue
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.models.reading import external, llms, local, openai, reader


def test_the_status_says_who_reads_and_what_was_reached(scripted_llm: ScriptedLLM) -> None:
    ours = llms(openai(scripted_llm.base_url))
    host = scripted_llm.base_url.split("/")[2]
    assert f"{host} lists 2 models (" in ours.readers.check().detail
    reader(ours, external("scripted-chat"))
    assert "auto: the model that answered reads; last openai scripted-chat; " in ours.part().detail
    with scripted_llm.fault("chat", status=500):
        reading = ours.reading(external("scripted-chat"), local_only=False, patient=True)
        with reading, pytest.raises(MemoryFault):
            ours.ask([{"role": "user", "content": "hello"}])
        assert not ours.part().ok
        assert "HTTP 500" in ours.part().detail
    none = llms()
    assert none.part().ok
    assert none.part().detail.startswith("auto, none: ")
    assert "OPENAI_API_BASE_URL" in none.part().hint


def test_settings_without_effect_are_told(scripted_llm: ScriptedLLM) -> None:
    server = openai(scripted_llm.base_url)
    for ours in (llms(server, llm_base_url="http://x:1/v1"), llms(llm_base_url="http://x:1/v1")):
        assert "llm_base_url is not used" in ours.part().hint
    assert "not asked" in llms(server, extraction="verbatim").part().detail


def test_a_model_that_nobody_lists_is_told(scripted_llm: ScriptedLLM) -> None:
    ours = llms(openai(scripted_llm.base_url), llm_model="typo-model")
    assert reader(ours, external("scripted-chat")) == ("", "")
    assert not ours.part().ok
    assert "No server of the chats lists typo-model" in ours.part().hint
    assert "leave it unset" in ours.part().hint
    right = llms(openai(scripted_llm.base_url), llm_model="box.scripted-chat")
    assert reader(right, external("any"))[0] == "scripted-chat"
    assert right.part().ok


def test_local_only_asks_no_other_server(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    far = openai("http://127.0.0.2:1/v1")
    monkeypatch.setattr(catalogue, "is_local", lambda url: url != far.url)
    monkeypatch.setattr(catalogue, "_asked", asked := Asked())
    ours = llms(far, openai(scripted_llm.base_url), local_only=True)
    assert "127.0.0.2:1 is not asked, as local_only is on" in ours.readers.check().detail
    assert ours.part().ok
    assert asked.urls == {scripted_llm.base_url}


class Asked:
    """The real question for models, and who was asked it."""

    def __init__(self) -> None:
        self.urls: set[str] = set()
        self._asked = catalogue._asked

    def __call__(self, server: ChatServer) -> Any:
        self.urls.add(server.url)
        return self._asked(server)


def test_a_status_mends_itself(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_PAUSE_FIRST_S", 0.01)
    ours = llms(openai(scripted_llm.base_url))
    with scripted_llm.fault("models", status=503):
        assert not ours.part().ok
    wait_until(lambda: ours.part().ok, what="it is asked again")


def test_no_more_readers_stay_open_than_are_of_use() -> None:
    with Ollama(*(f"m{number}:1b" for number in range(40))) as ollama:
        ours = llms(ChatServer("ollama", ollama.url))
        for number in range(40):
            assert reader(ours, local(f"m{number}:1b"))[0] == f"m{number}:1b"
        assert len(ours.llms) == 16
