"""`queue`: what waits to be remembered, what was given up, and how that is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..inert import one_line
from ..recall.block import quoted
from ..remember.outbox import Batch, Outbox

_SHOWN_NAME = 8  # characters; `retry` takes any beginning that fits one batch only


def show(queue: Outbox, *, show_text: bool) -> None:
    """Print the queue; `show_text`: also what was said."""
    found = {"pending": queue.pending_batches(), "dead": queue.dead_batches()}
    if not any(found.values()):
        print("Nothing waits, and nothing was given up.")
        return
    row = "{:8}  {:8}  {:>6}  {:>9}  {:>8}  {:20}  {}"
    print(row.format("batch", "state", "age", "exchanges", "attempts", "user", "last error").rstrip())
    for state, batches in found.items():
        for batch in batches:
            name, waited = batch.name[:_SHOWN_NAME] or "-", age(time.time() - batch.waiting_since)
            cells = (name, state, waited, len(batch.exchanges), batch.attempts, batch.user_id, batch.error)
            print(row.format(*cells[:5], *map(one_line, cells[5:])).rstrip())
            if show_text:
                print("\n".join(_said(batch)))


def _said(batch: Batch) -> Iterator[str]:
    for exchange in batch.exchanges:
        yield f"    user: {quoted(exchange.user_text)}"
        if exchange.assistant_text:
            yield f"    assistant: {quoted(exchange.assistant_text)}"


def retry(queue: Outbox, wanted: str) -> int:
    """Try a batch again, or "all"; the exit code."""
    names = [batch.name for batch in queue.dead_batches()]
    chosen = names if wanted == "all" else [name for name in names if name.startswith(wanted)]
    if wanted != "all" and len(chosen) != 1:
        problem = "is the beginning of several names" if chosen else "is not among what was given up"
        print(f"{wanted} {problem}: see `queue list`.")
        return 1
    revived = sum(queue.revive(name) for name in chosen)
    print(f"{revived} batch{'' if revived == 1 else 'es'} will be tried again.")
    return 0


def age(seconds: float) -> str:
    """In the largest unit that fits."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
