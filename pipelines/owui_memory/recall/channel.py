"""What is told of a channel in that channel: what is known of it alone, with who said it and when.

Nothing of any user is looked for: what is searched are the memories that lie under the channel's own id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, and_, func, select

from ..backends.base import Backend
from ..config.scoping import is_read_channel
from ..config.settings import Valves
from ..core.locales import Locale, locale
from ..core.memory import Memory
from ..core.scope import WEBUI, View, channel_owner
from ..core.turn import Turn
from ..language.guess import language_for
from ..language.names import name_of
from ..models.tokens import estimated_tokens
from ..state import channel_authors, channel_memories, channel_messages, channels, reading
from .block import Blocks, channel_line, render_channel
from .episodes import apart, gate_of, ranked_passages
from .rank import Ranked, ranked
from .recall import Recalled
from .search import POOL, query_of
from .select import Gate
from .select import select as selected
from .times import zone_of
from .why import Explanation

_OF_SELF = 0.5  # what a channel has decided answers questions about anything, so less speaks against these
_NAMED = 3  # authors


@dataclass(frozen=True, slots=True)
class Note:
    """What is told of a channel. messages: the ids of those that say it; authors: what who said it is called.

    at: when the last of them was said, aware.
    """

    messages: tuple[str, ...]
    authors: tuple[str, ...]
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChannelNotes:
    """Those for one message, what is said first at first, and the block of them for a prompt, "" for none."""

    chosen: tuple[Note, ...] = ()
    block: str = ""


class ChannelRecaller:
    """For all channels. Threads may share it; methods block, and raise the backend's errors."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)

    def recall(self, backend: Backend, turn: Turn, settings: Valves, now: datetime) -> Recalled:
        """The block for a turn in a channel of Open WebUI, which its user may read: the caller knows that."""
        text = turn.text.removeprefix(f"{turn.name}: ")  # as Open WebUI begins it
        words = locale(language_for(turn.language, text))
        owner, now = channel_owner(WEBUI, turn.channel), now.astimezone(zone_of(turn.timezone))
        notes = ChannelNotes()
        if is_read_channel(turn.channel, self._name(owner), settings):
            notes = self.notes(backend, owner, text, settings, now, words)
        why = Explanation.of_left_alone("")
        return Recalled(Blocks(system=notes.block), (), (), why, tokens=estimated_tokens(notes.block))

    def notes(
        self, backend: Backend, owner: str, text: str, settings: Valves, now: datetime, words: Locale
    ) -> ChannelNotes:
        """What of a channel is relevant to a text. owner: the id that its memories lie under."""
        query = query_of(text)
        found = backend.search(owner, query, POOL, View(), asked=True)
        sources = self._sources(owner, [item.memory.id for item in found])
        facts, passages, _ = apart(item for item in found if item.memory.id in sources)
        of_self, trust = backend.of_self(query)
        about = _OF_SELF * of_self, trust
        items = ranked(facts, query, now)
        gate = Gate.of(items, settings.relevance_threshold, about, query)
        spoken = ranked_passages(passages, query, now)
        passages_gate = Gate.of(spoken, settings.relevance_threshold, about, query, short=False)
        keywords = [item.keyword for item in passages]
        passages_gate = gate_of(spoken, passages_gate, keywords, self._many(owner) if spoken else 0)

        def line(note: Note) -> str:
            return channel_line(note.text, note.authors, note.at, now, words)

        def note(memory: Memory) -> Note:
            return replace(sources[memory.id], text=memory.text)

        def told(these: Sequence[Ranked], least: float | None, room: int) -> list[Note]:
            room -= estimated_tokens(render_channel(["-"], words))
            chosen = selected(
                these,
                least_worth=least,
                most=settings.memories_per_turn,
                room=room,
                cost=lambda memory: estimated_tokens(line(note(memory))) + 1,
            ).chosen
            return list(map(note, chosen))

        chosen = told(items, gate.least, settings.memory_token_budget)
        chosen += told(spoken, passages_gate.least, settings.advanced_numbers.episode_token_budget)
        chosen.sort(key=lambda one: one.at)
        return ChannelNotes(tuple(chosen), render_channel([line(one) for one in chosen], words))

    def _sources(self, owner: str, memory_ids: Sequence[str]) -> dict[str, Note]:
        """Who said what these memories say, and when; without those that are to be erased, or nobody said."""
        of, said, known = channel_memories.c, channel_messages.c, channel_authors.c
        is_said = and_(said.user_id == of.channel_id, said.message_id == of.message_id)
        is_known = and_(known.source == of.source, known.author == of.author)
        there = channel_memories.outerjoin(channel_messages, is_said).outerjoin(channel_authors, is_known)
        name = func.coalesce(func.nullif(said.author_name, ""), known.name, "").label("name")
        wanted = select(of.memory_id, of.message_id, of.at, of.gone, name).select_from(there)
        wanted = wanted.where(of.user_id == owner, of.memory_id.in_(memory_ids)).order_by(of.at)
        rows: dict[str, list[Any]] = defaultdict(list)
        with self._reading.connect() as connection:
            for row in connection.execute(wanted) if memory_ids else ():
                rows[row.memory_id].append(row)
        return {
            memory_id: Note(
                messages=tuple(row.message_id for row in told),
                authors=_named(row.name for row in told),
                at=datetime.fromtimestamp(told[-1].at, UTC),
            )
            for memory_id, told in rows.items()
            if not any(row.gone for row in told)
        }

    def _name(self, owner: str) -> str:
        """What a channel is called; "" where nothing is known of it."""
        with self._reading.connect() as connection:
            return connection.scalar(select(channels.c.name).where(channels.c.user_id == owner)) or ""

    def _many(self, owner: str) -> int:
        """How many memories there are of a channel."""
        wanted = select(func.count(channel_memories.c.memory_id.distinct()))
        with self._reading.connect() as connection:
            return connection.scalar(wanted.where(channel_memories.c.user_id == owner)) or 0


def _named(names: Iterable[str | None]) -> tuple[str, ...]:
    """What some authors are called, each once, as far as that can be told."""
    told = filter(None, (name_of(name or "") for name in names))
    return tuple(dict.fromkeys(told))[:_NAMED]
