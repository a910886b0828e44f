"""Spans reach a collector, with the names of the conventions and without texts."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from owui_memory.config.environment import Environment
from owui_memory.core.events import Event, EventKind, UpstreamCall, Usage
from owui_memory.observe.tracing import Tracing
from tests.unit.interfaces.test_filter import Running, filter_, remember

__all__ = ["filter_"]


class Collector:
    def __init__(self) -> None:
        self.spans: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                read = ExportTraceServiceRequest()
                read.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
                for resource in read.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def told(self) -> dict[str, dict[str, Any]]:
        return {
            span.name: {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}
            for span in self.spans
        }


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    one = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", one.url)
    yield one
    one.close()


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
    filter_.pipeline._runtime._tracing.close()  # type: ignore[union-attr]
    told = collector.told()
    assert {"search_memory", "upsert_memory"} <= set(told)
    assert "Rex" not in str(collector.spans)
    assert "ada" not in str(told)


def test_without_a_collector_nothing_is_imported_and_without_the_package_it_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    Tracing(on=Environment.read({}).traces)(Event(EventKind.RECALLED))
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        Tracing(on=Environment.read({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}).traces)
    assert "pip install opentelemetry-sdk==" in caplog.text
