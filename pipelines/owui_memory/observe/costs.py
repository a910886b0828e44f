"""What the LLMs cost since the start: calls and tokens of each model."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from ..core.events import Event, Usage


class Costs:
    """Counts answered calls that exchanges were read with. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_models: dict[str, Counter[str]] = {}

    def __call__(self, event: Event) -> None:
        """Counts the tokens of an event."""
        if (usage := event.usage) is not None and usage.for_exchanges:
            with self._lock:
                self._of_models.setdefault(usage.model, Counter()).update(_counted(usage))

    def described(self, exchanges: int) -> str:
        """Calls and tokens since the start: of each exchange on average, and of each model."""
        with self._lock:
            models = {model: Counter(counts) for model, counts in sorted(self._of_models.items())}
        if not models:
            return "no LLM has been called since the start"
        details = [f"{model}: {_of_model(counts)}" for model, counts in models.items()]
        if exchanges:
            total = sum(models.values(), Counter[str]())
            details.insert(0, f"{_each(total, exchanges)} per exchange")
        return "since the start " + "; ".join(details)


def _counted(usage: Usage) -> Mapping[str, int]:
    estimated = int(usage.estimated)
    return {"calls": 1, "in": usage.tokens_in, "out": usage.tokens_out, "estimated": estimated}


def _each(total: Mapping[str, int], exchanges: int) -> str:
    calls, tokens_in, tokens_out = (total[name] / exchanges for name in ("calls", "in", "out"))
    return (
        f"{calls:.2f} calls and {tokens_in + tokens_out:.0f} tokens "
        f"({tokens_in:.0f} in, {tokens_out:.0f} out)"
    )


def _of_model(counts: Mapping[str, int]) -> str:
    note = f" (of {counts['estimated']} calls estimated)" if counts["estimated"] else ""
    return f"{counts['calls']} calls, {counts['in']} tokens in, {counts['out']} out{note}"
