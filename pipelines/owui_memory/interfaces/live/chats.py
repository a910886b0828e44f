"""One line above each answer, on what was used for it and learned from it; what was used, as its sources."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Engine

from ...backends.backend_holder import BackendHolder
from ...commands.language import language_of_text
from ...config.settings import Valves
from ...core.change import Change
from ...core.exchange import Batch, message_id_of
from ...core.locales import Locale, locale
from ...core.memory import DOCUMENT, EPISODE, Check, Memory
from ...core.turn import Turn, is_unnamed
from ...language.names import teller
from ...language.sanitize import one_line
from ...language.secrets import masked
from ...recall.recall import Recalled
from ...state.switches_table import NoteSwitches
from .memberships import Memberships
from .poster import Event, Poster
from .titles import Titles

_TURNS = 2_000  # that are known
_LOOKED_CHARS = 500  # of a message, to tell its language
_ID_CHARS = 64
_TOLD, _TOLD_CHARS = 2, 100  # of what was learned: how many, and characters of each
_SOURCES, _SOURCE_CHARS, _NAME_CHARS = 20, 1_000, 60


@dataclass(frozen=True, slots=True)
class _Shown:
    """A turn whose answer may show something. begin: of its text."""

    user_id: str
    chat_id: str
    message_id: str
    exchange: tuple[str, str]
    language: str
    begin: str
    used: tuple[str, ...]

    @property
    def words(self) -> Locale:
        return locale(self.language or language_of_text(self.begin))


class LiveChats:
    """For all users. Threads may share it; only methods that give an event or a check block."""

    def __init__(self, engine: Engine, live: BackendHolder, settings: Callable[[], Valves]) -> None:
        self._live, self._settings = live, settings
        self._switches, self._poster = NoteSwitches(engine), Poster(settings)
        self._titles, self._memberships = Titles(self._poster), Memberships(self._poster)
        self._lock = threading.Lock()
        self._turns: OrderedDict[tuple[str, str], _Shown] = OrderedDict()  # by user and answer
        self._latest: dict[tuple[str, str], _Shown] = {}  # by user and exchange

    def recalled(self, turn: Turn, recalled: Recalled | None) -> None:
        """What a turn was told, which its chat is to show."""
        if not turn.is_shown or turn.chat_kind != "chat" or is_unnamed(turn.key):
            return
        if not (_is_id(turn.chat_id) and _is_id(turn.key)):
            return
        used = (*recalled.why.used_ids, *recalled.why.quoted_ids) if recalled else ()
        exchange = turn.user_id, message_id_of(turn.exchange_key)
        begin = "" if turn.language else turn.text[:_LOOKED_CHARS]
        ids = turn.user_id, turn.chat_id, turn.key
        one = _Shown(*ids, exchange, turn.language, begin, used[:_SOURCES])
        with self._lock:
            self._turns[one.user_id, one.message_id] = self._latest[exchange] = one
            while len(self._turns) > _TURNS:
                _, old = self._turns.popitem(last=False)
                if self._latest.get(old.exchange) is old:
                    del self._latest[old.exchange]
        if used:
            self._post(one, lambda: self._status(one))

    def finished(self, user_id: str, keys: Sequence[str]) -> None:
        """An answer is there, which may have sources."""
        one = self._of(user_id, keys)
        if one is not None and one.used:
            self._post(one, lambda: self._sources(one))

    def learned(self, batch: Batch, made: Sequence[Change]) -> None:
        """What was made of what somebody said."""
        by_turn: dict[str, list[Change]] = {}
        for change in made:
            for message_id in reversed(change.source.split()):
                if change.kind != EPISODE and (batch.user_id, message_id) in self._latest:
                    by_turn.setdefault(message_id, []).append(change)
                    break
        for message_id, changes in by_turn.items():
            if (one := self._latest.get((batch.user_id, message_id))) is not None:
                self._post(one, partial(self._status, one, changes))

    def events(self, user_id: str, keys: Sequence[str], *, finished: bool) -> list[Event]:
        """What whoever shows it by themselves is to show now; nothing where it is posted."""
        one = self._of(user_id, keys)
        if one is None or not one.used or self._poster.is_on or not self._switches.wants(user_id):
            return []
        event = self._sources(one) if finished else self._status(one)
        return [event] if event else []

    def titled(self, batch: Batch) -> Batch:
        """The batch with what its chat is called in Open WebUI. Blocks for some seconds at most."""
        first = batch.exchanges[0]
        if first.title or not first.chat_id or not (title := self._titles.of(batch.user_id, first.chat_id)):
            return batch
        return replace(batch, exchanges=tuple(replace(one, title=title) for one in batch.exchanges))

    def is_others(self, user_id: str, chat_id: str) -> bool:
        """Whether a chat is known to be somebody else's, who reads it. Blocks for some seconds at most."""
        return _is_id(chat_id) and self._titles.owns(user_id, chat_id) is False

    def may_read(self, turn: Turn) -> bool:
        """Whether a turn's user may read the channel that it is in. Blocks for some seconds at most."""
        return self._memberships.holds(turn.user_id, turn.email, turn.channel)

    def check(self) -> Check | None:
        """Whether Open WebUI takes what is posted; None where nothing is."""
        return self._poster.check()

    def drop(self, user_id: str) -> None:
        """Keep nothing of a user's."""
        self._titles.drop(user_id)
        self._memberships.drop(user_id)
        with self._lock:
            for known in (self._turns, self._latest):
                for key in [key for key in known if key[0] == user_id]:
                    del known[key]

    def close(self) -> None:
        self._poster.close()

    def _of(self, user_id: str, keys: Sequence[str]) -> _Shown | None:
        return next((self._turns[user_id, key] for key in keys if (user_id, key) in self._turns), None)

    def _post(self, one: _Shown, make: Callable[[], Event | None]) -> None:
        def wanted() -> Event | None:
            # What is posted stays in the chat: whoever continues another's would leave their memories there.
            own = self._switches.wants(one.user_id) and self._titles.owns(one.user_id, one.chat_id)
            return make() if own else None

        self._poster.post(one.user_id, one.chat_id, one.message_id, wanted)

    def _status(self, one: _Shown, changes: Sequence[Change] = ()) -> Event:
        words = one.words
        said = [words.say("line, used", n=len(one.used))] if one.used else []
        said += _learned(changes, words)
        line = said[0]
        for another in said[1:]:
            line = words.say("line, both", some=line, next=another)
        return {"type": "status", "data": {"description": line, "done": True}}

    def _sources(self, one: _Shown) -> Event | None:
        backend = self._live.get()
        there = {memory.id: memory for memory in backend.get_all(one.used)}
        found = [there[memory_id] for memory_id in one.used if memory_id in there]
        if not found:
            return None
        words, url = one.words, self._settings().page_url
        source = {"name": words.say("source"), **({"url": f"{url}/"} if url else {})}
        texts = [_plain(memory.text)[:_SOURCE_CHARS] for memory in found]
        named = [{"source": f"memory-{memory.id}", "name": _name(memory, one, words)} for memory in found]
        return {"type": "source", "data": {"source": source, "document": texts, "metadata": named}}


def _is_id(value: str) -> bool:
    """Whether it may stand in a path."""
    return len(value) <= _ID_CHARS and value.isascii() and value.replace("-", "").replace("_", "").isalnum()


def _learned(changes: Sequence[Change], words: Locale) -> Iterator[str]:
    learned = (_plain(change.after).rstrip(".\u3002") for change in changes if change.op != "remove")
    texts = [_cut(text, _TOLD_CHARS) for text in learned]
    gone = sum(change.op == "remove" for change in changes)
    if texts:
        more = [words.say("note, others", n=len(texts) - _TOLD)] if len(texts) > _TOLD else []
        yield words.say("line, learned", text="; ".join([*texts[:_TOLD], *more]))
    if gone:
        yield words.say("line, forgotten", n=gone)


def _name(memory: Memory, one: _Shown, words: Locale) -> str:
    if memory.kind == EPISODE:
        return words.say("source, past")
    if memory.kind == DOCUMENT:
        return _cut(_plain(f"{memory.title} {memory.role}").strip(), _NAME_CHARS)
    text, told_by = _cut(_plain(memory.text), _NAME_CHARS), teller(memory, one.user_id, locale=words)
    return words.say("note, told by", who=told_by, text=text) if told_by else text


def _plain(text: str) -> str:
    """As it may be shown: on one line, without secrets."""
    return masked(one_line(text))[0]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
