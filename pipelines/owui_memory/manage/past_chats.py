"""What is kept of a user's past chats: found, listed by chat, switched off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..core.memory import Memory
from ..core.scope import View, past_owner
from ..recall.rank import Ranked
from ..remember.episodes import TOPICS
from ..remember.passages import USER
from ..state.episodes_table import EpisodesTable, Kept
from .fitting import found

_CANDIDATES = 100  # of a search, by meaning and by words
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PastChat:
    """A chat, "" for those without an id. shown: the passages that fit, or what it begins with.

    count: of its passages, where that was asked for; at: when the last of it was said.
    """

    chat: str
    title: str
    shown: tuple[Memory, ...]
    count: int
    at: datetime | None


class PastChats:
    """For all users. Methods block, and raise the errors of `core/errors.py`."""

    def __init__(self, engine: Engine, live: BackendHolder) -> None:
        self._table, self._live = EpisodesTable(engine), live

    def kept(self, user_id: str) -> Kept:
        """How many passages there are of a user, and of how many chats."""
        return self._table.kept(user_id)

    def all(self, user_id: str) -> list[PastChat]:
        """All chats of which something is kept, newest first."""
        chats = _by_chat(self._passages(user_id))
        listed = [_whole(chat, passages) for chat, passages in chats.items()]
        return sorted(listed, key=lambda one: one.at or _BEFORE_ALL, reverse=True)

    def found(self, user_id: str, query: str, view: View | None = None) -> list[Ranked]:
        """The passages that fit some words or a sentence, best first. view: those that it sees; None: all."""
        return found(self._live.get(), [past_owner(user_id)], query, _CANDIDATES, view)

    def found_by_chat(self, user_id: str, query: str) -> list[PastChat]:
        """The same by chats, that of the best first."""
        chats = _by_chat(one.memory for one in self.found(user_id, query))
        return [
            PastChat(chat, _title(passages), tuple(passages), 0, _last(passages))
            for chat, passages in chats.items()
        ]

    def of_chat(self, user_id: str, chat: str) -> list[Memory]:
        """The passages of a chat, in order."""
        return sorted(
            (one for one in self._passages(user_id) if one.chat == chat), key=lambda one: one.ordinal
        )

    def newest(self, user_id: str) -> list[Memory]:
        """What the user said in all chats, and what these were about, newest first."""
        own = (one for one in self._passages(user_id) if one.role in (USER, TOPICS))
        return sorted(own, key=lambda one: one.created_at or _BEFORE_ALL, reverse=True)

    def wants(self, user_id: str) -> bool:
        """Whether a user wants it kept, as far as they have said."""
        return self._table.wants(user_id)

    def switch(self, user_id: str, on: bool) -> None:
        """A user's own switch. What is kept stays."""
        self._table.switch(user_id, on)

    def _passages(self, user_id: str) -> list[Memory]:
        return self._live.get().list_all(past_owner(user_id))


def _by_chat(passages: Iterable[Memory]) -> dict[str, list[Memory]]:
    chats: dict[str, list[Memory]] = {}
    for passage in passages:
        chats.setdefault(passage.chat, []).append(passage)
    return chats


def _whole(chat: str, passages: list[Memory]) -> PastChat:
    own = [one for one in passages if one.role == USER] or passages
    first = min(own, key=lambda one: one.ordinal)
    return PastChat(chat, _title(passages), (first,), len(passages), _last(passages))


def _title(passages: Iterable[Memory]) -> str:
    return next((one.title for one in passages if one.title), "")


def _last(passages: Iterable[Memory]) -> datetime | None:
    return max((one.created_at for one in passages if one.created_at), default=None)
