"""A second LLM answers where the first does not, and every call's tokens are counted."""

import gc
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Drop, Retry, RetryFew, TellAdmin
from owui_memory.core.events import Event, EventKind, Usage
from owui_memory.models.llms import Llms
from owui_memory.models.tokens import estimated_tokens
from owui_memory.observe.costs import Costs
from owui_memory.observe.metrics import Metrics
from owui_memory.observe.prometheus import Levels, Prometheus
from tests.harness.hostile_server import HostileServer
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM

ASKED = [{"role": "user", "content": "What is there to remember?"}]


@pytest.fixture
def first(scripted_llm: ScriptedLLM) -> ScriptedLLM:
    scripted_llm.when("remember", "from the first")
    return scripted_llm


@pytest.fixture(scope="module")
def _another() -> Iterator[ScriptedLLM]:
    with ScriptedLLM() as llm:
        yield llm


@pytest.fixture
def second(_another: ScriptedLLM) -> ScriptedLLM:
    _another.clear()
    _another.when("remember", "from the second one")
    return _another


@pytest.fixture
def settings(first: ScriptedLLM, second: ScriptedLLM) -> Valves:
    return Valves(
        **first.reads("one"),
        fallback_llm_provider="vllm",
        fallback_llm_base_url=second.base_url,
        fallback_llm_model="two",
    )


def test_the_second_is_not_asked_while_the_first_answers(
    settings: Valves, first: ScriptedLLM, second: ScriptedLLM
) -> None:
    llms = Llms.open(settings, Metrics())

    assert llms.ask(ASKED).text == "from the first"
    assert first.chats()[0].body["response_format"] == {"type": "json_object"}
    assert second.chats() == []
    assert (llms.part().ok, llms.part().detail) == (True, "openai one, then vllm two")


def test_the_second_answers_where_the_first_says_nothing(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics())

    for answer in ("", " \n ", "", "", ""):
        first.when("remember", answer)
        assert llms.ask(ASKED).text == "from the second one"
    assert "answered nothing" in llms.part().detail
    assert len(first.chats()) == 5, "it may be the input's fault: it is not left alone"
    first.when("remember", "from the first")
    assert llms.ask(ASKED).text == "from the first"


@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": True}, {"broken_json": True}])
def test_the_second_answers_while_the_first_is_down(
    settings: Valves, first: ScriptedLLM, fault: dict[str, Any]
) -> None:
    llms = Llms.open(settings, Metrics())

    with first.fault("chat", **fault):
        assert llms.ask(ASKED).text == "from the second one"
    assert not llms.part().ok
    assert llms.part().detail.endswith("vllm two answers instead.")

    assert llms.ask(ASKED).text == "from the first"
    assert llms.part().ok


def test_a_slow_first_is_not_waited_for(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics())
    llms.llms[0]._timeout_s = 0.2

    with first.hold("chat"):
        assert llms.ask(ASKED).text == "from the second one"
    assert "took too long" in llms.part().detail


def test_the_deadline_is_for_the_whole_answer(settings: Valves) -> None:
    with HostileServer("drops") as server:  # as some servers do while they think
        slow = settings.model_copy(update={"llm_base_url": f"{server.url}/v1"})
        llms = Llms.open(slow, Metrics())
        llms.llms[0]._timeout_s = 0.3
        assert llms.ask(ASKED).text == "from the second one"
        assert "took too long" in llms.part().detail


def test_the_status_tells_that_the_first_refuses_its_key(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics())

    with first.fault("chat", status=401):
        assert llms.ask(ASKED).text == "from the second one"
    part = llms.part()
    assert not part.ok
    assert part.detail.startswith("openai one: The LLM at 127.0.0.1")
    assert "refused the request (HTTP 401)" in part.detail
    assert "key" in part.hint


def test_both_down_raises_the_faults_of_the_first(
    settings: Valves, first: ScriptedLLM, second: ScriptedLLM
) -> None:
    llms = Llms.open(settings, Metrics())

    with (
        first.fault("chat", status=503),
        second.fault("chat", status=401),
        pytest.raises(Retry, match=r"^The LLM at .* HTTP 503"),
    ):
        llms.ask(ASKED)
    assert "The LLM at" in llms.part().detail
    assert "The second LLM at" in llms.part().detail


def test_what_the_first_cannot_take_is_not_sent_on(
    settings: Valves, first: ScriptedLLM, second: ScriptedLLM
) -> None:
    llms = Llms.open(settings, Metrics())

    with first.fault("chat", status=413), pytest.raises(Drop):
        llms.ask(ASKED)
    assert second.chats() == []
    assert "instead" not in llms.part().detail


def test_a_first_that_fails_again_and_again_is_left_alone(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics(), pause_s=3600)

    with first.fault("chat", status=503):
        for _ in range(5):
            assert llms.ask(ASKED).text == "from the second one"
    assert len(first.chats()) == 3
    assert llms.ask(ASKED).text == "from the second one"


def test_a_first_that_was_left_alone_is_tried_again(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics(), pause_s=0)

    with first.fault("chat", status=503):
        for _ in range(5):
            llms.ask(ASKED)
    assert llms.ask(ASKED).text == "from the first"


def test_a_single_llm_that_is_left_alone_tells_why(first: ScriptedLLM) -> None:
    settings = Valves(llm_provider="openai", llm_base_url=first.base_url)
    llms = Llms.open(settings, Metrics(), pause_s=3600)

    with first.fault("chat", status=503):
        for _ in range(4):
            with pytest.raises(Retry, match="HTTP 503"):
                llms.ask(ASKED)
    assert len(first.chats()) == 3


def test_json_mode_that_is_refused_is_not_tried_again(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics())

    with first.fault("chat", when=lambda request: "response_format" in request.body, status=400):
        assert [llms.ask(ASKED).text for _ in range(2)] == ["from the first"] * 2
    assert ["response_format" in chat.body for chat in first.chats()] == [True, False, False]


def test_without_an_llm() -> None:
    llms = Llms.open(Valves(), Metrics())

    with pytest.raises(TellAdmin, match="no LLM"):
        llms.ask(ASKED)
    assert llms.part().ok


def test_a_second_without_a_key_is_refused_by_its_name(settings: Valves) -> None:
    wrong = settings.model_copy(update={"fallback_llm_provider": "openai", "fallback_llm_base_url": ""})

    with pytest.raises(
        TellAdmin, match="fallback_llm_api_key must be set when fallback_llm_provider is openai"
    ):
        Llms.open(wrong, Metrics())


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_its_connections_are_closed_when_nobody_uses_it_any_more(provider: str, first: ScriptedLLM) -> None:
    with Ollama("one:latest") as ollama:
        url = ollama.url if provider == "ollama" else first.base_url
        llms = Llms.open(Valves(llm_provider=provider, llm_base_url=url, llm_model="one"), Metrics())
        llms.ask(ASKED)
        with first.fault("chat", status=503), suppress(Retry):
            llms.ask(ASKED)
        http = llms.llms[0].model.client._client
        assert not http.is_closed
        del llms
        gc.collect()
        assert http.is_closed


# Costs --------------------------------------------------------------------------------------------


def test_tokens_are_counted_for_the_model_that_answers(settings: Valves, first: ScriptedLLM) -> None:
    costs = Costs()
    llms = Llms.open(settings, costs)

    llms.ask(ASKED, for_exchanges=True)
    with first.fault("chat", status=503):
        llms.ask(ASKED, for_exchanges=True)

    # As the scripted server tells: its tokens are words.
    assert costs.described(exchanges=4) == (
        "since the start 0.50 calls and 4 tokens (2 in, 2 out) per exchange; "
        "one: 1 calls, 5 tokens in, 3 out; two: 1 calls, 5 tokens in, 4 out"
    )


def test_tokens_are_estimated_where_nobody_tells(settings: Valves, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = Costs()
    monkeypatch.setattr("tests.harness.scripted_http._usage", lambda *_: None)

    Llms.open(settings, costs).ask(ASKED)

    tokens_in, tokens_out = estimated_tokens(ASKED[0]["content"]), estimated_tokens("from the first")
    assert costs.described(exchanges=1).endswith(
        f"one: 1 calls, {tokens_in} tokens in, {tokens_out} out (of 1 calls estimated)"
    )


def test_digests_are_counted_by_template_some_of_them() -> None:
    costs, numbers = Costs(), Prometheus()
    costs(Event(EventKind.LLM_CALLED, usage=Usage("one", 100, 10, False)))
    for at in (*range(30), 0):
        made = Event(EventKind.DIGEST_MADE, reason=f"t{at:02}", code="llm", tokens=50)
        costs(made)
        numbers(made)
    told = costs.described(exchanges=0)
    assert "digests: other 10 (500 tokens), t00 2 (100 tokens), t01 1 (50 tokens)," in told
    assert "t19" in told
    assert "t20" not in told
    text = numbers.text(Levels).decode()
    assert 'owui_memory_digests_total{by="llm",template="t00"} 2.0' in text
    assert 'owui_memory_digest_tokens_total{template="t00"} 100.0' in text


def test_no_call_costs_nothing() -> None:
    assert Costs().described(exchanges=3) == "no LLM has been called since the start"


# In mem0 ------------------------------------------------------------------------------------------


TEA = [{"text": "tea"}]
MANY = json.dumps({"memory": [{"text": f"cat {number}"} for number in range(9999)]})
READ: dict[str, list[Any] | None] = {
    '<think>{"memory": []}</think>{"memory": [{"id": "0", "text": "tea"}]}': [{"id": "0", "text": "tea"}],
    'First {"memory": []}, then: ```json\n{"memory": [{"text": "tea"},]}\n```': TEA,
    '{"memory": [{"text": "tea"}, 7, "x", {"text": "..."}, {"text": ["a"]}, {}]}': TEA,
    '{"memory": [{"text": "a </think> tag"}]}': [{"text": "a </think> tag"}],
    '{"memory": [{"text": "half \\ud83d"}]}': [{"text": "half \N{REPLACEMENT CHARACTER}"}],
    MANY: [{"text": f"cat {number}"} for number in range(20)],
    '{"memory": []}': [],
    "{}": None,
}


def test_what_mem0_reads_is_what_was_meant_or_a_fault(settings: Valves, first: ScriptedLLM) -> None:
    llms = Llms.open(settings, Metrics())
    for answer, read in READ.items():
        first.when("remember", answer)
        told = json.loads(llms.generate_response(ASKED))
        assert told == ({} if read is None else {"memory": read})
    for answer in ("I am sorry.", '<think>{"memory": []}</think>', '{"memory": [', "[[[[" * 9999):
        first.when("remember", answer)
        with pytest.raises(RetryFew, match="no JSON object"):
            llms.generate_response(ASKED)


def test_mem0s_own_extraction_is_answered_by_the_second_and_counted(
    settings: Valves, first: ScriptedLLM, second: ScriptedLLM, tmp_path: Path
) -> None:
    second.clear()  # back to answering as mem0's prompt wants
    embedder = {"embedder_provider": "openai", "embedder_base_url": second.base_url}
    costs = Costs()
    backend = LibraryBackend.open(settings.model_copy(update=embedder), tmp_path, costs)
    try:
        with first.fault("chat", status=503):
            said = [{"role": "user", "content": "My dog is called Rex."}]
            assert len(backend.extract("ada", said, batch="b")) == 1
        assert "since the start 1.00 calls" in costs.described(exchanges=1)
        assert "two: 1 calls" in costs.described(exchanges=1)
        assert next(part.detail for part in backend.check() if part.name == "LLM").endswith(
            "vllm two answers instead."
        )
    finally:
        backend.close()
