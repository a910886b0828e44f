"""Memories as rows: what `export` writes, and `import` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args

from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.memory import EPISODE, Memory, aware_time, payload_of
from ..core.scope import own_scope
from ..remember.admission import NotAdmittedError, check
from ..remember.operations import Kind
from .migrate.records import Record, from_json, to_json
from .outcomes import Flaw


def row_of(user_id: str, memory: Memory) -> dict[str, Any]:
    """A memory as mem0's own answers have it."""
    return to_json(Record(memory.id, payload_of(user_id, memory)))


class Row(NamedTuple):
    """What an import brings. `said_at`: Unix time in seconds, 0 if that is not known; `expires`: last day."""

    text: str
    kind: str = "fact"
    said_at: float = 0.0
    expires: str = ""
    scope: str = ""


_Pairs = list[tuple[str, str]]


def read_rows(user_id: str, rows: Iterable[Mapping[str, Any] | None]) -> tuple[list[Row], _Pairs, list[Flaw]]:
    """What rows bring; text and reason of those refused; what is wrong with all the others."""
    texts: list[Row] = []
    refused: _Pairs = []
    flaws: list[Flaw] = []
    for number, row in enumerate(rows, 1):
        try:
            if row is None:
                flaws.append(Flaw(number))
                continue
            record = from_json({**row, "user_id": user_id})
            if record.payload.get("kind") == EPISODE:
                flaws.append(Flaw(number, message("a passage")))
                continue
            kind = record.payload.get("kind")
            said_at = aware_time(record.payload.get("updated_at"))
            texts.append(
                Row(
                    check(record.text),
                    str(kind) if kind in get_args(Kind) else "fact",
                    said_at.timestamp() if said_at else 0.0,
                    str(record.payload.get("expiration_date") or ""),
                    own_scope(record.payload.get("scope")),
                )
            )
        except NotAdmittedError as refusal:
            refused.append((record.text, refusal.reason))
            flaws.append(Flaw(number, refusal.sentence))
        except Refused as flaw:
            flaws.append(Flaw(number, flaw.sentence))
    return texts, refused, flaws
