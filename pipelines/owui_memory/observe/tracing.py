"""Spans for OpenTelemetry, made of events: requests to model servers, and what is done with memories.

Names are those of the conventions for generative AI, in one place here. No span holds a text or a user.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from .. import __version__
from ..core.events import Event, EventKind
from ..core.trace import TRACE, Trace

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import SpanContext, Tracer

log = logging.getLogger(__name__)

_INSTALL = "opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2"
_SERVICE = "owui-memory"
_CLOSE_S = 2.0  # that the last spans may take

# As of semantic-conventions-genai 0.1.0, in development there.
OPERATION, MODEL, PROVIDER = "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.provider.name"
TOKENS_IN, TOKENS_OUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
RECORDS = "gen_ai.memory.record.count"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"  # seconds
ERROR = "error.type"
SEARCH, UPSERT, DELETE = "search_memory", "upsert_memory", "delete_memory"
_OURS = "mem0"  # the provider of memories


class _Ids(threading.local):
    """Identifiers of spans: at random, but for the span whose own the request had told before it was made."""

    own: Trace | None = None

    def generate_span_id(self) -> int:
        """As OpenTelemetry's SDK asks for one."""
        return int(self.own.span, 16) if self.own else secrets.randbits(64) or 1

    def generate_trace_id(self) -> int:
        """The same of a trace."""
        return int(self.own.trace, 16) if self.own else secrets.randbits(128) or 1

    def is_trace_id_random(self) -> bool:
        """Whether all of it is random."""
        return self.own is None


class Tracing:
    """Sends spans in a thread of its own. Threads may share it. on: a collector is named."""

    def __init__(self, *, on: bool) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None
        self._ids = _Ids()
        if not on:
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set; to send spans, run: pip install %s", _INSTALL)
            return
        resource = Resource.create({"service.version": __version__, "service.name": _SERVICE})
        self._provider = TracerProvider(
            resource=resource, shutdown_on_exit=False, id_generator=cast(Any, self._ids)
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("owui_memory", __version__)

    def __call__(self, event: Event) -> None:
        if self._tracer is None:
            return
        seconds, request = event.seconds or 0.0, TRACE.get()
        below = [request] if request else []
        if event.kind in (EventKind.RECALLED, EventKind.NOTHING_RELEVANT):
            self._span(SEARCH, seconds, {PROVIDER: _OURS, RECORDS: event.records}, below=below)
        elif event.kind is EventKind.RECALL_MISSED and event.seconds is not None:
            self._span(SEARCH, seconds, {PROVIDER: _OURS, ERROR: event.code}, below=below)
        elif event.kind is EventKind.MEMORIES_CHANGED and event.count:
            operation = DELETE if event.code == "delete" else UPSERT
            below = [trace for one in event.traces if (trace := Trace.read(one))]
            self._span(operation, seconds, {PROVIDER: _OURS, RECORDS: event.count}, below=below)
        if (usage := event.usage) is not None:
            tokens = {TOKENS_IN: usage.tokens_in, TOKENS_OUT: usage.tokens_out}
            self._span("chat", usage.seconds, {MODEL: usage.model, **tokens}, usage.model)
        if (call := event.upstream) is not None and call.operation:
            told: dict[str, Any] = {MODEL: call.model, PROVIDER: "openai"}
            if call.first_s is not None:
                told[FIRST_CHUNK] = call.first_s
            if call.outcome != "2xx":
                told[ERROR] = call.outcome
            self._span(call.operation, call.seconds, told, own=request)

    def _span(
        self,
        operation: str,
        seconds: float,
        told: dict[str, Any],
        model: str = "",
        *,
        below: Sequence[Trace] = (),
        own: Trace | None = None,
    ) -> None:
        """One that ends now. model: in its name; what a client calls one would make names without end.

        below: the requests that it comes from, the last of which is its parent. own: it is that of a request.
        """
        from opentelemetry.trace import Link, SpanKind, StatusCode

        assert self._tracer is not None
        parent, links = None, [Link(_context(one.trace, one.span, one.flags)) for one in below[:-1]]
        if below:
            parent = _context(below[-1].trace, below[-1].span, below[-1].flags)
        elif own and own.above:
            parent = _context(own.trace, own.above, own.flags)
        ended = time.time_ns()
        name = f"{operation} {model}" if model else operation
        began = ended - int(seconds * 1e9)
        attributes = {OPERATION: operation, **told}
        self._ids.own = own if own and own.is_own else None
        span = self._tracer.start_span(
            name, _below(parent), SpanKind.CLIENT, attributes, links, start_time=began
        )
        self._ids.own = None
        if ERROR in told:
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    def close(self) -> None:
        """Send what is left, within a bound: a collector may be away."""
        if self._provider is not None:
            closing = threading.Thread(target=self._provider.shutdown, daemon=True)
            closing.start()
            closing.join(_CLOSE_S)


def _context(trace: str, span: str, flags: str) -> SpanContext:
    """A span of somebody else's, or one that is still to end."""
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _below(parent: SpanContext | None) -> Context:
    """Where a span below it begins; a new trace below none."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context

    return set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
