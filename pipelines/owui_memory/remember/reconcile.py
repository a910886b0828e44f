"""Add, replace or remove: what new exchanges mean for what is known about their user.

One call of the LLM decides for a batch. What it decides is checked, written to the journal, and only
then made, each change once: a crash anywhere is mended by going through the journal again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..backends.base import EditableBackend, Memory
from ..errors import Retry
from ..settings import Valves
from .journal import Change, Journal
from .operations import Operation, UnreadableAnswerError, read_operations
from .outbox import Batch
from .prompt import reconcile_prompt

_SHOWN = 12  # memories in the prompt
_NEAREST = 6  # of each message
_MOST_OPERATIONS = 20  # of one batch; more is not somebody talking about themselves

_HOLDS_SECRET = "it holds a secret"  # noqa: S105 - a reason in words
_SECRET = re.compile(
    r"\b(?:sk|pk|ghp|gho|xox[abp]|AKIA)[-_]?[A-Za-z0-9_-]{16,}"  # API keys by their prefix
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|(?:\d[ -]?){13,19}"  # card numbers
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"  # IBAN
)


class Reconciler:
    """Decides and makes the changes of a batch."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def remember(self, backend: EditableBackend, batch: Batch, settings: Valves) -> int:
        """How many changes were made. Safe to call again for the same batch.

        Raises:
            Retry: the LLM's answer could not be read, twice.
            MemoryFault: what the backend raises.
        """
        if not self._journal.of_batch(batch.name):
            self._journal.intend(list(_decide(backend, batch, settings)))
        made = 0
        for change in self._journal.of_batch(batch.name):
            if not change.refused and not change.made:
                self._journal.made(change, _make(backend, change))
                made += 1
        return made

    def undo(self, backend: EditableBackend, change: Change) -> None:
        """Bring back what was before a change; a change of its own in the journal. Once at most."""
        later = [other for other in self._journal.of_user(change.user_id) if other.id > change.id]
        if any(other.undoes == change.id for other in later):
            return
        back = Change(
            batch=f"undo-{change.id}",
            position=0,
            user_id=change.user_id,
            op={"add": "remove", "replace": "replace", "remove": "add"}[change.op],
            memory_id=change.memory_id,
            before=change.after,
            after=change.before,
            kind=change.kind,
            expires=change.expires,
            source=change.source,
            undoes=change.id,
        )
        self._journal.intend([back])
        for intended in self._journal.of_batch(back.batch):
            self._journal.made(intended, _make(backend, intended))


def _decide(backend: EditableBackend, batch: Batch, settings: Valves) -> Iterator[Change]:
    known = _concerned(backend, batch)
    prompt = reconcile_prompt(batch.exchanges, known, _now(batch), settings.extraction_rules)
    operations = _ask(backend, prompt)
    source = " ".join(exchange.key.rpartition("\n")[2] for exchange in batch.exchanges)
    for position, operation in enumerate(operations):
        shown = known[operation.number - 1] if 0 < operation.number <= len(known) else None
        refused = _refusal(operation, position, operations, known)
        yield Change(
            batch=batch.name,
            position=position,
            user_id=batch.user_id,
            op=operation.op,
            memory_id=shown.id if shown else "",
            before=shown.text if shown else "",
            after="" if refused == _HOLDS_SECRET else operation.text,  # nor kept in the journal
            kind=operation.kind,
            expires=operation.expires.isoformat() if operation.expires else "",
            source=source,
            model=settings.llm_model,
            refused=refused,
        )


def _concerned(backend: EditableBackend, batch: Batch) -> list[Memory]:
    """The memories nearest to what the user said, nearest first."""
    best: dict[str, tuple[float, Memory]] = {}
    for exchange in batch.exchanges:
        for found in backend.search(batch.user_id, exchange.user_text, _NEAREST):
            score = max(found.meaning, best[found.memory.id][0] if found.memory.id in best else 0.0)
            best[found.memory.id] = (score, found.memory)
    ranked = sorted(best.values(), key=lambda item: (-item[0], item[1].id))
    return [memory for _, memory in ranked[:_SHOWN]]


def _ask(backend: EditableBackend, prompt: list[dict[str, str]]) -> list[Operation]:
    answer = backend.ask(prompt)
    try:
        return read_operations(answer)
    except UnreadableAnswerError as problem:
        told = f"That could not be read: {problem} Answer once more, with the JSON object only."
        again = [*prompt, {"role": "assistant", "content": answer}, {"role": "user", "content": told}]
    try:
        return read_operations(backend.ask(again))
    except UnreadableAnswerError as problem:
        hint = "It is asked again later; a larger model, or one with JSON mode, may be needed."
        raise Retry(f"The LLM's answer could not be read: {problem}", hint=hint) from None


def _refusal(
    operation: Operation, position: int, operations: Sequence[Operation], known: Sequence[Memory]
) -> str:
    removals = sum(1 for other in operations if other.op == "remove")
    if position >= _MOST_OPERATIONS:
        return "more operations than one conversation calls for"
    if operation.op != "add" and not 0 < operation.number <= len(known):
        return "it names no memory that was shown"
    if operation.op == "remove" and removals > max(1, len(known) / 2):
        return "it would remove more than half of what was shown"
    if _SECRET.search(operation.text):
        return _HOLDS_SECRET
    return ""


def _make(backend: EditableBackend, change: Change) -> str:
    """Make a change that may have been made before a crash; the id of its memory."""
    if change.op == "add":
        if change.after in backend.added_by(change.user_id, change.batch):
            return ""
        return backend.store(
            change.user_id, change.after, batch=change.batch, kind=change.kind, expires=change.expires
        )
    current = backend.get(change.memory_id)
    if current is not None and change.op == "remove":
        backend.remove(change.memory_id)
    elif current is not None and current.text != change.after:
        backend.replace(change.memory_id, change.after)
    return change.memory_id


def _now(batch: Batch) -> datetime:
    """When the last message was said, on the user's clock."""
    last = batch.exchanges[-1]
    try:
        zone = ZoneInfo(last.timezone) if last.timezone else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = UTC
    return datetime.fromtimestamp(last.said_at, zone)
