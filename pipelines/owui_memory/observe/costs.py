"""What the LLMs cost since the start: calls and tokens of each model, and of the digests of each template."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from ..core.events import Event, EventKind, Usage

_MOST_TEMPLATES = 20  # what comes after them is "other"


class Costs:
    """Counts answered calls. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_models: dict[str, Counter[str]] = {}
        self._of_exchanges = Counter[str]()  # not of digests, channels, reflections and the like
        self._of_digests: dict[str, Counter[str]] = {}

    def __call__(self, event: Event) -> None:
        if (usage := event.usage) is not None:
            with self._lock:
                self._of_models.setdefault(usage.model, Counter()).update(_counted(usage))
                if usage.for_exchanges:
                    self._of_exchanges.update(_counted(usage))
        if event.kind is EventKind.DIGEST_MADE:
            with self._lock:
                is_known = event.reason in self._of_digests or len(self._of_digests) < _MOST_TEMPLATES
                counts = self._of_digests.setdefault(event.reason if is_known else "other", Counter())
                counts.update({"made": 1, "tokens": event.tokens})

    def described(self, exchanges: int) -> str:
        """Calls and tokens since the start: of each exchange on average, of each model and template."""
        with self._lock:
            read = Counter(self._of_exchanges)
            digests = {name: Counter(counts) for name, counts in sorted(self._of_digests.items())}
            models = {model: Counter(counts) for model, counts in sorted(self._of_models.items())}
        if not models:
            return "no LLM has been called since the start"
        details = [f"{model}: {_of_model(counts)}" for model, counts in models.items()]
        if exchanges:
            details.insert(0, f"{_each(read, exchanges)} per exchange")
        if digests:
            each = (f"{name} {one['made']:,} ({one['tokens']:,} tokens)" for name, one in digests.items())
            details.append(f"of them digests: {', '.join(each)}")
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
