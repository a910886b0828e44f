"""A line for each event on standard error, if MEMORY_LOG_EVENTS asks for it; no users, no texts."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal

from ..core.events import Event

Form = Literal["", "json", "text"]

_log = logging.getLogger("owui_memory.events")


class EventLog:
    """Threads may share it. form: "" for no lines."""

    def __init__(self, form: Form) -> None:
        self._form = form
        if form and not _log.handlers:  # whatever the server shows of others
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(logging.Formatter("%(message)s"))
            _log.addHandler(handler)
            _log.propagate = False
            _log.setLevel(logging.INFO)

    def __call__(self, event: Event) -> None:
        if not self._form:
            return
        told = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **_told(event)}
        if self._form == "json":
            _log.info(json.dumps(told, ensure_ascii=False))
        else:
            _log.info(" ".join(f"{name}={value}" for name, value in told.items()))


def _told(event: Event) -> dict[str, Any]:
    """What there is to tell of it."""
    error = type(event.error).__name__ if event.error else ""
    told = {
        "event": event.kind.value,
        "count": event.count,
        "reason": event.code or event.reason,
        "job": event.job.value if event.job else "",
        "error": error,
        "seconds": None if event.seconds is None else round(event.seconds, 4),
        "tokens": event.tokens,
        "memories": event.records,
    }
    if (usage := event.usage) is not None:
        told |= {"model": usage.model, "tokens_in": usage.tokens_in, "tokens_out": usage.tokens_out}
        told["seconds"] = round(usage.seconds, 4)
    if (call := event.upstream) is not None:
        told |= {"upstream": call.name, "outcome": call.outcome, "seconds": round(call.seconds, 4)}
        told["first_byte_seconds"] = None if call.first_s is None else round(call.first_s, 4)
    return {name: value for name, value in told.items() if value not in ("", None, 0)}
