"""What mem0's REST server and its hosted platform answer -> our own values."""

from __future__ import annotations

from typing import Any

import httpx

from ..core.memory import Candidate, Memory, aware_time, remembered
from ..models.model_text import unbroken

Answer = dict[str, Any]


def object_in(response: httpx.Response) -> Answer | None:
    """The answer as an object; None if it is anything else."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _object(value: Any) -> Answer:
    return value if isinstance(value, dict) else {}


def says_missing(response: httpx.Response) -> bool:
    """Whether an answer about one memory says that there is none.

    A 404 may also be that of an address where there is no mem0. The server answers a GET with null.
    """
    if response.status_code == 200:
        return response.content.strip() == b"null"
    if response.status_code != 404:
        return False
    answer = object_in(response) or {}
    detail = str(answer.get("detail") or answer.get("error") or "").lower()
    return "memory" in detail and "not found" in detail


def results_of(answer: Answer) -> list[Answer]:
    """The objects that an answer lists; none if it lists nothing."""
    rows = answer.get("results")
    return [row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)]


def rows_of(answer: Answer, user_id: str) -> list[Answer]:
    """The memories of an answer that have a text. A server that overlooks filters shows nobody else's."""
    return [row for row in results_of(answer) if row.get("memory") and row.get("user_id") in (None, user_id)]


def found_of(row: Answer, owner_id: str) -> Candidate:
    """A search's result, among the memories that lie under this id."""
    details = _object(row.get("score_details"))
    keyword = details.get("bm25_score")
    return Candidate(
        memory_of(row, owner_id),
        meaning=min(max(_number(details.get("semantic_score", row.get("score"))), 0.0), 1.0),
        keyword=None if keyword is None else max(_number(keyword), 0.0),
    )


def memory_of(row: Answer, owner_id: str = "") -> Memory:
    """A memory with what was stored beside its text. owner_id: whose it is, where the row does not say."""
    metadata = _object(row.get("metadata"))
    return remembered(
        metadata,
        str(row.get("user_id") or owner_id),
        id=str(row.get("id") or ""),
        text=unbroken(str(row["memory"])),
        created_at=aware_time(metadata.get("made") or row.get("created_at")),
        updated_at=aware_time(row.get("updated_at")),
        expires=str(row.get("expiration_date") or "")[:10],
        origin=str(metadata.get("origin") or ""),
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def added_of(row: Answer, batch: str, scope: str) -> Memory:
    """What an `add` made; without an id where the answer does not tell enough of it."""
    within = row.get("data")
    text = row.get("memory") or (within.get("memory") if isinstance(within, dict) else None)
    known = isinstance(text, str) and bool(text)
    return Memory(str(row.get("id") or "") if known else "", str(text or ""), batch=batch, scope=scope)
