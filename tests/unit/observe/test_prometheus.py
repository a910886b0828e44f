"""GET /memory/metrics and what feeds it; the dashboard names nothing else."""

import json
import re
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from owui_memory.core.errors import Drop, TellAdmin
from owui_memory.core.events import Event, EventKind, Job, UpstreamCall, Usage, failed
from owui_memory.interfaces.routes import watching
from owui_memory.observe.prometheus import COUNTERS, GAUGES, HISTOGRAMS, Levels, Prometheus
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import ROOT
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running, filter_, remember

__all__ = ["filter_"]


def number(text: str, line: str) -> float:
    found = [float(one.rpartition(" ")[2]) for one in text.splitlines() if one.startswith(f"{line} ")]
    assert found, f"{line} is not in:\n{text}"
    return found[0]


KEY = {"Authorization": "Bearer key"}


def get(running: Running, path: str, headers: dict[str, str] = KEY) -> httpx.Response:
    app = Starlette(routes=[Mount("/memory", routes=watching("key", running.pipeline._chats))])

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers=headers)

    answer: httpx.Response = running.run(asked())
    return answer


def test_what_is_said_and_recalled_is_counted(filter_: Running, scripted_llm: ScriptedLLM) -> None:
    health = get(filter_, "/memory/health", {})
    assert (health.status_code, health.json()) == (200, {"status": "ok"}), (
        "it needs no key, and tells nothing"
    )
    remember(filter_, "My dog is called Rex.")
    remember(filter_, "What is my dog called?")

    assert get(filter_, "/memory/metrics", {}).status_code == 401
    both = (
        'owui_memory_exchanges_gated_total{reason="nothing_stated"} 1',
        "owui_memory_memories_changed_total 1",
    )
    wait_until(
        lambda: all(line in get(filter_, "/memory/metrics").text for line in both),
        what="the writer has told of both",
    )
    answer = get(filter_, "/memory/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")
    told = answer.text
    for line, expected in {
        'exchanges_total{state="stored"}': 2,
        'exchanges_total{state="remembered"}': 1,
        'recall_seconds_count{outcome="memories"}': 1,
        "memories_changed_total": 1,
        'queue_exchanges{state="waiting"}': 0,
        "queue_oldest_seconds": 0,
        "backend_ready": 1,
    }.items():
        assert number(told, f"owui_memory_{line}") == expected, line
    assert number(told, "owui_memory_injected_tokens_sum") > 3
    assert number(told, "owui_memory_embedding_seconds_count") >= 2
    assert number(told, 'owui_memory_store_bytes{store="state"}') > 4096
    assert "Rex" not in told
    assert "ada" not in told, "no users"

    turn = Chat("ada").say("My parrot is called Coco.")
    filter_.pipeline.valves = filter_.pipeline.valves.model_copy(update={"inlet_deadline_ms": 50})
    with scripted_llm.hold("embeddings", when="parrot"):
        filter_.inlet(turn.inlet, turn.user)
        filter_.outlet(turn.outlet("I see."), turn.user)
        told = get(filter_, "/memory/metrics").text
    assert number(told, 'owui_memory_queue_exchanges{state="waiting"}') == 1
    assert 0 < number(told, "owui_memory_queue_oldest_seconds") < 600


def test_without_the_package_the_route_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    numbers = Prometheus()
    numbers(Event(EventKind.COMMAND))
    with pytest.raises(TellAdmin) as told:
        numbers.text(Levels)
    assert "pip install prometheus-client==" in told.value.hint


def test_labels_are_bounded() -> None:
    numbers = Prometheus()
    for at in range(500):
        numbers(Event(EventKind.RECALL_MISSED, reason=f"reason {at}"))
        numbers(Event(EventKind.LLM_CALLED, usage=Usage(f"model-{at}", 1, 2, False)))
    told = numbers.text(Levels).decode()
    assert told.count("owui_memory_recalls_missed_total{") == 51
    assert number(told, 'owui_memory_recalls_missed_total{reason="other"}') == 450
    assert number(told, 'owui_memory_llm_tokens_total{direction="out",model="other"}') == 900


def test_each_metric_of_the_dashboard_is_there() -> None:
    numbers, levels = Prometheus(), Levels()
    for name, (_, labels) in GAUGES.items():
        levels.set(name, 1, *labels)
    for kind in EventKind:
        numbers(Event(kind, reason="a reason", seconds=0.1, code="yes"))
    numbers(failed(Job.RECALL, Drop("no")))
    numbers(Event(EventKind.LLM_CALLED, usage=Usage("model", 1, 2, False)))
    numbers(Event(EventKind.UPSTREAM_ANSWERED, upstream=UpstreamCall("main", "2xx", 1.0, 0.1)))
    there = set(re.findall(r"^owui_memory_\w+", numbers.text(lambda: levels).decode(), re.MULTILINE))

    dashboards = list((ROOT / "deploy" / "grafana").glob("*.json"))
    named = {name for file in dashboards for name in _metrics_in(file)}
    assert named <= there
    known = {f"owui_memory_{name}" for name in (*COUNTERS, *HISTOGRAMS, *GAUGES)}
    shown = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in named}
    assert known == shown, "and it shows all there are"


def _metrics_in(file: Path) -> set[str]:
    panels = json.loads(file.read_text())["panels"]
    told = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    return set(re.findall(r"owui_memory_\w+", told))
