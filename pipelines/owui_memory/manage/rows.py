"""Memories as rows: what `export` writes, and `import` reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.memory import EPISODE, Memory, aware_time, payload_of
from ..core.scope import own_scope
from ..remember.admission import NotAdmittedError, check
from ..remember.operations import kind_of
from .history.entries import Fact
from .migrate.records import Record, from_json, to_json
from .outcomes import Flaw


def row_of(user_id: str, memory: Memory) -> dict[str, Any]:
    """A memory as mem0's own answers have it, with what is known of it."""
    row = to_json(Record(memory.id, payload_of(user_id, memory)))
    return {**row, "metadata": {name: value for name, value in row["metadata"].items() if value}}


def read_rows(
    user_id: str, rows: Iterable[Mapping[str, Any] | None]
) -> tuple[list[Fact], list[tuple[str, str]], list[Flaw]]:
    """What rows bring; text and reason of those refused; what is wrong with all the others."""
    texts: list[Fact] = []
    refused: list[tuple[str, str]] = []
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
            at = aware_time(record.payload.get("updated_at"))
            texts.append(
                Fact(
                    check(record.text),
                    at.timestamp() if at else 0.0,
                    kind_of(record.payload.get("kind")),
                    expires=str(record.payload.get("expiration_date") or ""),
                    scope=own_scope(record.payload.get("scope")),
                )
            )
        except NotAdmittedError as refusal:
            refused.append((record.text, refusal.reason))
            flaws.append(Flaw(number, refusal.sentence))
        except Refused as flaw:
            flaws.append(Flaw(number, flaw.sentence))
    return texts, refused, flaws
