"""Spans reach a collector, with the names of the conventions and without texts."""

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from owui_memory.config.environment import Environment
from owui_memory.core.events import Event, EventKind, UpstreamCall, Usage
from owui_memory.core.trace import TRACE, Trace
from owui_memory.interfaces.pipelines.guard import Guard
from owui_memory.observe.tracing import Tracing
from tests.harness.upstream import Upstream
from tests.unit.interfaces.proxy.desk import desk
from tests.unit.interfaces.test_filter import Running, filter_, remember

__all__ = ["filter_"]


class Collector(ThreadingHTTPServer):
    """Takes spans at `url`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.spans: list[Any] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def told(self) -> dict[str, dict[str, Any]]:
        return {
            span.name: {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}
            for span in self.spans
        }


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        read = ExportTraceServiceRequest()
        read.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        scopes = (scope for resource in read.resource_spans for scope in resource.scope_spans)
        self.server.spans += [span for scope in scopes for span in scope.spans]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", one.url)
        yield one
        one.shutdown()
        thread.join(60)


def test_what_happens_is_told_by_the_names_of_the_conventions(collector: Collector) -> None:
    tracing = Tracing(on=True)
    call = UpstreamCall("main", "5xx", 1.5, 0.25, "chat", "llama3")
    for event in (
        Event(EventKind.RECALLED, seconds=0.5, records=2),
        Event(EventKind.MEMORIES_CHANGED, 3, code="upsert", seconds=2.0),
        Event(EventKind.MEMORIES_CHANGED, 0, code="delete", seconds=2.0),
        Event(EventKind.LLM_CALLED, usage=Usage("qwen", 10, 20, False, seconds=1.0)),
        Event(EventKind.UPSTREAM_ANSWERED, upstream=call),
        Event(EventKind.COMMAND),
    ):
        tracing(event)
    tracing.close()

    told = collector.told()
    assert set(told) == {"search_memory", "upsert_memory", "chat qwen", "chat"}, (
        "what a client calls a model is in no name"
    )
    assert told["search_memory"]["gen_ai.memory.record.count"] == 2
    assert told["upsert_memory"]["gen_ai.operation.name"] == "upsert_memory"
    assert told["chat qwen"]["gen_ai.usage.output_tokens"] == 20
    assert told["chat"]["error.type"] == "5xx"
    assert told["chat"]["gen_ai.response.time_to_first_chunk"] == 0.25
    (search,) = (span for span in collector.spans if span.name == "search_memory")
    assert search.end_time_unix_nano - search.start_time_unix_nano == 500_000_000


def test_a_chat_with_the_filter_is_told_without_what_was_said(collector: Collector, filter_: Running) -> None:
    remember(filter_, "My dog is called Rex.")
    remember(filter_, "What is my dog called?")
    filter_.pipeline._runtime._tracing.close()
    told = collector.told()
    assert {"search_memory", "upsert_memory"} <= set(told)
    assert "Rex" not in str(collector.spans)
    assert "ada" not in str(told)


def test_what_a_request_leads_to_stands_below_its_span_and_that_below_the_clients(
    collector: Collector, tmp_path: Path
) -> None:
    def ids(span: Any) -> tuple[str, str, str]:
        return span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()

    client = f"00-{'a' * 32}-{'b' * 16}-01"
    with Upstream() as upstream, desk(tmp_path, upstream, traces=True) as at:
        at.remember("My dog is called Rex.", headers={"traceparent": client, "tracestate": "a=b"})
        passed = Trace.read(upstream.asked[-1].header("traceparent") or "")
        assert passed.trace == "a" * 32
        assert passed.span != "b" * 16
        assert upstream.asked[-1].header("tracestate") == "a=b"
        at.chat("Hello", model="agent/llama3", headers={"traceparent": "nonsense"})
        root = Trace.read(upstream.asked[-1].header("traceparent") or "")
        assert root is not None
    first = {span.name: ids(span) for span in collector.spans if span.trace_id.hex() == "a" * 32}
    assert first["chat"] == ("a" * 32, passed.span, "b" * 16)
    assert {first[name][2] for name in ("search_memory", "upsert_memory")} == {passed.span}
    second = {span.name: ids(span) for span in collector.spans if span.trace_id.hex() == root.trace}
    assert second["chat"] == (root.trace, root.span, "")
    assert "agent/" not in str(collector.told()), "it is one model, however it was asked"
    assert second["search_memory"][2] == root.span


def test_the_filter_is_told_where_a_request_stands() -> None:
    seen = []

    async def app(*_: Any) -> None:
        seen.append(TRACE.get())

    client = f"00-{'a' * 32}-{'b' * 16}-01"
    headers = [(b"traceparent", client.encode()), (b"authorization", b"Bearer k")]
    scope = {"type": "http", "path": "/x/filter/inlet", "method": "POST", "headers": headers}
    unused: Any = None
    asyncio.run(Guard(app, "k", active=True)(scope, unused, unused))
    assert seen == [Trace.read(client)]


@pytest.mark.parametrize(
    "header", ["", "00", f"00-{'0' * 32}-{'b' * 16}-01", f"ff-{'a' * 32}-{'b' * 16}-01", "00-x-y-z", "é" * 55]
)
def test_a_header_that_tells_nothing(header: str) -> None:
    assert Trace.read(header) is None
    assert Trace.below(header).above == ""


def test_without_a_collector_nothing_is_imported_and_without_the_package_it_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    Tracing(on=Environment.read({}).traces)(Event(EventKind.RECALLED))
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        Tracing(on=Environment.read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}).traces)
    assert "pip install opentelemetry-sdk==" in caplog.text
