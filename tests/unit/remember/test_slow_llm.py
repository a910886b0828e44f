"""A model that never gets through what is long gets through smaller parts; nothing is lost."""

import json
from pathlib import Path

import pytest

from owui_memory.config.settings import Valves
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.unit.remember.mind import is_ours
from tests.unit.remember.workbench import OpenBench, impatient

LOCKERS = [f"My locker number {number} is green." for number in range(1, 5)]
KEPT = [text.replace("My", "The user's") for text in LOCKERS]
MEM0 = [text.replace("My", "User's") for text in LOCKERS]


def is_for_mem0(request: Request) -> bool:
    return "You are a Memory Extractor" in request.text


def lockers_in(request: Request) -> list[str]:
    new = request.last_user_text.partition("## New Messages" if is_for_mem0(request) else "New messages:")[2]
    return [text for text in LOCKERS if text in new]


def keep(request: Request) -> str:
    found = lockers_in(request)
    if is_for_mem0(request):
        return json.dumps({"memory": [{"text": text.replace("My", "User's")} for text in found]})
    operations = [{"op": "add", "text": text.replace("My", "The user's")} for text in found]
    return json.dumps({"operations": operations})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("extraction", ["reconcile", "mem0"])
def test_a_batch_that_takes_too_long_is_read_in_smaller_parts(
    with_llm: Valves, open_bench: OpenBench, scripted_llm: ScriptedLLM, extraction: str
) -> None:
    settings = with_llm.model_copy(update={"extraction": extraction, "advanced": "batch_max_exchanges=4"})
    bench = open_bench(settings)
    impatient(bench.backend, settings, timeout_s=0.7)
    scripted_llm.when(lambda request: is_ours(request) or is_for_mem0(request), keep)
    for number, text in enumerate(LOCKERS):
        bench.say(text, key=f"ada\nc\n{number}")
    with scripted_llm.hold("chat", when=lambda request: len(lockers_in(request)) > 1):
        bench.fails(1)
        impatient(bench.backend, settings, timeout_s=60)
        bench.drain()
    assert bench.texts() == (KEPT if extraction == "reconcile" else MEM0)
    assert bench.outbox.counts().dead == 0
    assert bench.metrics.counts()["failed remembering"] >= 1


def test_the_time_out_is_a_setting(with_llm: Valves, tmp_path: Path) -> None:
    assert Valves().llm_timeout_s == 120
    settings = with_llm.model_copy(
        update={
            "llm_timeout_s": 777,
            "fallback_llm_provider": "ollama",
            "fallback_llm_base_url": "http://127.0.0.1:9",
            "fallback_llm_model": "m",
        }
    )
    backend = library(settings, tmp_path)
    try:
        first, second = (llm.model.client for llm in backend.models.llms)
        assert first.timeout == 777
        assert second._client.timeout.read == 777
        assert [llm._timeout_s for llm in backend.models.llms] == [777, 777]
    finally:
        backend.close()
