"""Where a request stands in a trace, as the header `traceparent` of W3C's Trace Context tells it."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass, replace

PARENT = "traceparent"
_TRACE_CHARS, _SPAN_CHARS = 32, 16
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Trace:
    """Identifiers in hexadecimal digits.

    span: that below which spans of this request are. above: the one that `span` is below itself, "" for none.
    is_own: `span` is not the client's, but ends here.
    """

    trace: str
    span: str
    flags: str = "01"
    above: str = ""
    is_own: bool = False

    @classmethod
    def read(cls, header: str) -> Trace | None:
        """What a header tells; None for one that tells nothing."""
        version, _, rest = header.strip().partition("-")
        trace, _, rest = rest.partition("-")
        span, _, rest = rest.partition("-")
        flags = rest.partition("-")[0]
        sizes = tuple(map(len, (version, trace, span, flags)))
        is_known = sizes == (2, _TRACE_CHARS, _SPAN_CHARS, 2) and version != "ff"
        is_hex = all(map(_HEX.issuperset, (version, trace, span, flags)))
        return (
            cls(trace, span, flags) if is_known and is_hex and trace.strip("0") and span.strip("0") else None
        )

    @classmethod
    def below(cls, header: str) -> Trace:
        """That of a new span below a client's, or of a new trace."""
        span = secrets.token_hex(_SPAN_CHARS // 2)
        if (client := cls.read(header)) is None:
            return cls(secrets.token_hex(_TRACE_CHARS // 2), span, is_own=True)
        return cls(client.trace, span, client.flags, client.span, is_own=True)

    def again(self) -> Trace:
        """That of another span at the same place."""
        return replace(self, span=secrets.token_hex(_SPAN_CHARS // 2))

    @property
    def header(self) -> str:
        """As it is passed on."""
        return f"00-{self.trace}-{self.span}-{self.flags}"


TRACE: ContextVar[Trace | None] = ContextVar("owui_memory_trace", default=None)  # of the request in hand
