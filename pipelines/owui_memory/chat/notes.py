"""A folded line under an answer: which memories were used for it, and what was learned since the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine, func, select

from ..backends.base import EditableBackend, Memory
from ..backends.live import LiveBackend
from ..recall.select import TOLD, TOLD_BEFORE
from ..recall.why import Explanations
from ..remember.journal import Change, Journal
from ..scopes import teller
from ..state import journal, noted, put_row, reading
from .asides import NOTES
from .markup import counted, shown

_MOST = 10  # memories of each kind that are named
_SAYS = {"add": "new", "replace": "changed", "remove": "forgotten"}


class Notes:
    """For all users. Threads may share it."""

    def __init__(self, engine: Engine, live: LiveBackend) -> None:
        self._engine, self._reading, self._live = engine, reading(engine), live
        self._explanations, self._journal = Explanations(engine), Journal(engine)

    def under(self, user_id: str, chat_id: str, asked: str) -> str:
        """The note for the answer to a message; "" where there is nothing to tell. Blocks."""
        used = self._used(user_id, chat_id, asked)
        learned = self._learned(user_id)
        if not used and not learned:
            return ""
        counts = [f"{len(used)} used"] if used else []
        counts += [f"{len(learned)} learned"] if learned else []
        lines = [NOTES, f"<summary>Memory: {', '.join(counts)}</summary>", ""]
        lines += _listed("Used for this answer", used)
        lines += _listed("Learned since the last answer", [_told(change) for change in learned])
        return "\n".join([*lines, "</details>"])

    def _used(self, user_id: str, chat_id: str, asked: str) -> list[str]:
        """The memories that the model had for this message."""
        kept = self._explanations.of_chat(chat_id, user_id)
        backend = self._live.get()
        if not kept or not asked.startswith(kept[-1].query) or not isinstance(backend, EditableBackend):
            return []
        told = [one.memory_id for one in kept[-1].weighed if one.outcome in (TOLD, TOLD_BEFORE)]
        ids = list(dict.fromkeys([*kept[-1].profile, *told]))
        there = {memory.id: memory for memory in backend.get_all(ids)} if ids else {}
        return [_said(there[memory_id], user_id) for memory_id in ids if memory_id in there]

    def _learned(self, user_id: str) -> list[Change]:
        """What was changed since it was last told; nothing the first time."""
        last = select(noted.c.change).where(noted.c.user_id == user_id)
        newest = select(func.max(journal.c.id)).where(journal.c.user_id == user_id)
        with self._reading.connect() as connection:
            before, now = connection.scalar(last), connection.scalar(newest) or 0
        if before == now:
            return []
        with self._engine.begin() as connection:
            put_row(connection, noted, {"user_id": user_id, "change": now})
        return self._journal.learned(user_id, before, now) if before is not None else []


def _said(memory: Memory, user_id: str) -> str:
    """What a memory says, and who says it where that is another."""
    told_by = teller(memory, user_id)
    return f"{shown(told_by)}: “{shown(memory.text)}”" if told_by else f"“{shown(memory.text)}”"


def _told(change: Change) -> str:
    if change.op == "replace":
        return f"changed: “{shown(change.before)}” → “{shown(change.after)}”"
    return f"{_SAYS[change.op]}: “{shown(change.after or change.before)}”"


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from (f"**{title}**", "", *(f"- {item}" for item in items[:_MOST]))
        if len(items) > _MOST:
            yield f"- and {counted(len(items) - _MOST, 'other', 'others')}"
        yield ""
