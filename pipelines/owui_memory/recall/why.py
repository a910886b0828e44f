"""Why a turn was told what it was told: kept for some days, for whoever asks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, bindparam, select

from ..core.turn import Turn
from ..language.secrets import masked
from ..state import reading, recalls
from ..state.prepared import Prepared
from .rank import Ranked
from .select import INJECTED, INJECTED_BEFORE, Selection

_QUERY_CHARS = 200
_LOOKED_CHARS = 1000  # of a query, for secrets
MOST = 20  # candidates that are told of

_COLUMNS = ("user_id", "chat_id", "explanation", "at")
_INSERT = Prepared(
    recalls.insert().values({name: bindparam(name, type_=recalls.c[name].type) for name in _COLUMNS})
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate: how near in meaning (cosine, 0 to 1) and in words (share of the best), and its outcome."""

    memory_id: str
    meaning: float
    keyword: float
    score: float
    outcome: str

    @classmethod
    def of(cls, item: Ranked, outcome: str) -> Weighed:
        return cls(item.memory.id, item.meaning, item.keyword, item.score, outcome)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was weighed for one message. quoted: passages of past chats, those that are told first.

    evidence: what the gate saw, and `threshold`, at which it opens. more: candidates left out of `weighed`.
    profile: ids of what is told always. corrected, forgotten: ids of memories that were told before and
    changed since. standing: ids of what was told earlier and is still in the prompt, each with the number of
    the user's message in the chat that it was told with, from 1. took_ms: milliseconds. left_alone: why the
    message was not told anything, or is not remembered; where nothing was `looked` for, that is all.
    searched: else only the profile was told, for `memories_per_turn` is 0. language: the code of the user's.
    """

    query: str
    evidence: float
    threshold: float
    weighed: tuple[Weighed, ...] = ()
    more: int = 0
    profile: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    took_ms: float = 0.0
    at: float = 0.0
    left_alone: str = ""
    looked: bool = True
    standing: tuple[tuple[str, int], ...] = ()
    searched: bool = True
    language: str = ""
    quoted: tuple[Weighed, ...] = ()

    @property
    def memory_ids(self) -> list[str]:
        """The ids of all memories that it tells of, each once."""
        standing = (memory_id for memory_id, _ in self.standing)
        weighed = (one.memory_id for one in (*self.weighed, *self.quoted))
        return list(dict.fromkeys((*self.profile, *standing, *weighed, *self.corrected, *self.forgotten)))

    @property
    def used_ids(self) -> list[str]:
        """The ids of the facts that the model has for this message, each once."""
        told = (one.memory_id for one in self.weighed if one.outcome in (INJECTED, INJECTED_BEFORE))
        return list(dict.fromkeys((*self.profile, *told)))

    @property
    def quoted_ids(self) -> list[str]:
        """The ids of the passages that were told with this message."""
        return [one.memory_id for one in self.quoted if one.outcome == INJECTED]

    @classmethod
    def of_left_alone(cls, reason: str) -> Explanation:
        """Of a message for which nothing was looked for. It holds nothing of what was said."""
        return cls(query="", evidence=0.0, threshold=0.0, left_alone=reason, looked=False)


_KEPT = TypeAdapter(Explanation)


def most_telling(*selections: Selection) -> tuple[Weighed, ...]:
    """The passages that are told, and some others, with what became of them."""
    outcomes = (one for selection in selections for one in selection.outcomes)
    in_order = sorted(outcomes, key=lambda one: one[1] != INJECTED)
    return tuple(Weighed.of(item, outcome) for item, outcome in in_order[:MOST])


class Explanations:
    """Kept in the state database, by chat."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)

    def row(self, turn: Turn, explanation: Explanation) -> dict[str, object]:
        """One as it is kept. Takes a while: before the transaction, for which others wait."""
        now = time.time()
        query, _ = masked(explanation.query[:_LOOKED_CHARS])
        shown = replace(explanation, query=query[:_QUERY_CHARS], at=now)
        return {
            "user_id": turn.user_id,
            "chat_id": turn.chat_id or turn.exchange_key,
            "explanation": _KEPT.dump_json(shown).decode(),
            "at": now,
        }

    def keep(self, connection: Connection, row: dict[str, object]) -> None:
        """Keep what `row` gave."""
        _INSERT.change(connection, row)

    def of_chat(self, chat_id: str, user_id: str = "") -> Sequence[Explanation]:
        """All that is kept of a chat, oldest first; `user_id`: only this user's."""
        wanted = select(recalls.c.explanation).where(recalls.c.chat_id == chat_id).order_by(recalls.c.id)
        if user_id:
            wanted = wanted.where(recalls.c.user_id == user_id)
        with self._reading.connect() as connection:
            return [_KEPT.validate_json(row) for row in connection.scalars(wanted)]

    def newest(self, user_id: str, most: int, before: int = 0) -> list[tuple[int, str, Explanation]]:
        """A user's last messages, newest first: number, chat and explanation; before: that number."""
        wanted = select(recalls.c.id, recalls.c.chat_id, recalls.c.explanation)
        wanted = wanted.where(recalls.c.user_id == user_id).order_by(recalls.c.id.desc()).limit(most)
        if before:
            wanted = wanted.where(recalls.c.id < before)
        with self._reading.connect() as connection:
            rows = connection.execute(wanted).all()
        return [(row.id, row.chat_id, _KEPT.validate_json(row.explanation)) for row in rows]
