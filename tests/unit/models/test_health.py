"""A provider's calls are counted and clocked, and its last error is told without what it quotes."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.models.embedder import Embedder
from owui_memory.models.health import Health
from owui_memory.models.llms import Llms
from owui_memory.observe.metrics import Metrics
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

ASKED = [{"role": "user", "content": "What is there to remember?"}]


def slow_failure(now: list[float]) -> Retry:
    now[0] += 60
    return Retry("The LLM took too long.")


def test_the_median_is_of_the_last_hundred_answered_calls() -> None:
    now = [0.0]
    health = Health(clock=lambda: now[0])
    assert health.median_ms is None
    for seconds in (*[9.0] * 50, *[0.02] * 49, 0.04, *[0.06] * 50):
        with health.call():
            now[0] += seconds
    assert health.median_ms == pytest.approx(50.0)  # the 9 s are forgotten
    began = now[0]
    with pytest.raises(Retry), health.call():
        raise slow_failure(now)
    assert now[0] == began + 60
    assert health.median_ms == pytest.approx(50.0), "a call that failed is no measure of speed"


def test_the_line_of_the_status() -> None:
    now = [0.0]
    health = Health(clock=lambda: now[0])
    assert health.described() == "0 calls, none answered, 0 under way, no error"
    with health.call():
        now[0] += 0.0384
        assert "1 under way" in health.described()
    assert health.described() == "1 calls, 38 ms (median of the last 100), 0 under way, no error"
    with pytest.raises(Retry), health.call():
        raise Retry("The LLM took too long.")
    assert re.fullmatch(
        r"2 calls, 38 ms \(median of the last 100\), 0 under way, "
        r"last error \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: The LLM took too long\.",
        health.described(),
    )


def test_a_foreign_error_is_told_without_its_text() -> None:
    health = Health()
    with pytest.raises(ValueError, match="dog"), health.call():
        raise ValueError("My dog is called Rex.")
    assert health.described().endswith("failed (ValueError)")
    assert "Rex" not in health.described()


def test_calls_under_way_are_those_of_all_threads() -> None:
    health, leave = Health(), threading.Event()

    def call() -> None:
        with health.call():
            assert leave.wait(60)

    with ThreadPoolExecutor(5) as threads:
        calls = [threads.submit(call) for _ in range(5)]
        wait_until(lambda: "5 under way" in health.described(), what="five calls are under way")
        leave.set()
        for done in calls:
            done.result()
    assert "5 calls" in health.described()
    assert "0 under way" in health.described()


def test_the_llms_are_watched_each(scripted_llm: ScriptedLLM) -> None:
    with ScriptedLLM() as second:
        settings = Valves(
            llm_provider="openai",
            llm_base_url=scripted_llm.base_url,
            fallback_llm_provider="openai",
            fallback_llm_base_url=second.base_url,
        )
        llms = Llms.open(settings, Metrics())
        llms.ask(ASKED)
        with scripted_llm.fault("chat", status=503):
            llms.ask(ASKED)
    first, other = (llm.health.described() for llm in llms.llms)
    assert first.startswith("2 calls, ")
    assert first.endswith(
        "UTC: The LLM at " + scripted_llm.url.removeprefix("http://") + " answered HTTP 503."
    )
    assert other.startswith("1 calls, ")
    assert other.endswith("no error")


def test_an_llm_without_json_mode_has_no_error(scripted_llm: ScriptedLLM) -> None:
    llms = Llms.open(Valves(llm_provider="openai", llm_base_url=scripted_llm.base_url), Metrics())
    with scripted_llm.fault("chat", when=lambda request: "response_format" in request.body, status=400):
        llms.ask(ASKED)
    assert llms.llms[0].health.described().startswith("1 calls, ")
    assert llms.llms[0].health.described().endswith("no error")


class Model:
    """A model in this process."""

    config = None

    def embed_batch(self, texts: list[str], _action: str) -> list[list[float]]:
        if "poison" in texts:
            raise RuntimeError("poison")
        return [[1.0] for _ in texts]


def test_the_embedder_is_watched() -> None:
    embedder = Embedder(Model, "", local=True)
    for _ in range(3):
        embedder.embed("tea")
    embedder.embed_batch(["tea", "coffee"])
    assert embedder.health.described().startswith("2 calls, "), "what is kept is not asked for again"
    with pytest.raises(Retry):
        embedder.embed("poison")
    assert embedder.health.described().endswith("UTC: The embedder failed (RuntimeError).")
