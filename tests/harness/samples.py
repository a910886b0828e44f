"""Values that several tests need."""

from datetime import UTC, datetime, timedelta

from owui_memory.core.memory import Candidate, Memory

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def memory(text: str, *, days: float = 0, name: str = "") -> Memory:
    """A memory learned so many days ago."""
    return Memory(id=name or text, text=text, created_at=NOW - timedelta(days=days))


def found(text: str, meaning: float, keyword: float | None = 0.0, *, days: float = 0) -> Candidate:
    return Candidate(memory(text, days=days), meaning=meaning, keyword=keyword)
