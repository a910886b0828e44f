"""What is told of a channel in that channel: what is known of it alone, with who said it and when.

Nothing of any user is looked for: what is searched are the memories that lie under the channel's own id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, and_, func, select

from ..backends.base import Backend
from ..config.settings import Valves
from ..core.locales import Locale, locale
from ..core.memory import Candidate, Memory
from ..core.scope import View, channel_owner
from ..core.turn import Turn
from ..language.guess import language_for
from ..language.names import name_of
from ..models.tokens import estimated_tokens
from ..state import channel_authors, channel_memories, reading
from .block import Blocks, channel_line, render_channel
from .episodes import apart, gate_of, ranked_passages
from .rank import Ranked, ranked
from .recall import Recalled
from .search import POOL, query_of
from .select import Gate
from .select import select as selected
from .times import zone_of
from .why import Explanation

WEBUI = "open-webui"  # the source of Open WebUI's own channels
_OF_SELF = 0.5  # what a channel has decided answers questions about anything, so less speaks against these
_NAMED = 3  # authors


@dataclass(frozen=True, slots=True)
class Note:
    """What is told of a channel. messages: the ids of those that say it; authors: what who said it is called.

    at: when the last of them was said, aware.
    """

    memory: Memory
    messages: tuple[str, ...]
    authors: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Notes:
    """Those for one message, what is said first at first, and the block of them for a prompt, "" for none."""

    chosen: tuple[Note, ...] = ()
    block: str = ""


class ChannelRecaller:
    """For all channels. Threads may share it; methods block, and raise the backend's errors."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)

    def recall(self, backend: Backend, turn: Turn, settings: Valves, now: datetime) -> Recalled:
        """The block for a turn in a channel of Open WebUI. Whether its user may read that, the caller knows."""
        text = turn.text.removeprefix(f"{turn.name}: ")  # as Open WebUI begins it
        words = locale(language_for(turn.language, text))
        owner = channel_owner(WEBUI, turn.channel)
        notes = self.notes(backend, owner, text, settings, now.astimezone(zone_of(turn.timezone)), words)
        why = Explanation.of_left_alone("")
        return Recalled(Blocks(system=notes.block), (), (), why, tokens=estimated_tokens(notes.block))

    def notes(
        self, backend: Backend, owner: str, text: str, settings: Valves, now: datetime, words: Locale
    ) -> Notes:
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
        passages_gate = Gate.of(spoken, settings.relevance_threshold, about, query)
        keywords = [item.keyword for item in passages]
        passages_gate = gate_of(spoken, passages_gate, keywords, self._many(owner) if spoken else 0)

        def line(memory: Memory) -> str:
            note = sources[memory.id]
            return channel_line(memory, note.authors, note.at, now, words)

        def told(these: Sequence[Ranked], least: float | None, room: int) -> list[Note]:
            room -= estimated_tokens(render_channel(["-"], words))
            chosen = selected(
                these,
                least_worth=least,
                most=settings.memories_per_turn,
                room=room,
                cost=lambda memory: estimated_tokens(line(memory)) + 1,
            ).chosen
            return [replace(sources[memory.id], memory=memory) for memory in chosen]

        chosen = told(items, gate.least, settings.memory_token_budget)
        chosen += told(spoken, passages_gate.least, settings.episode_token_budget)
        chosen.sort(key=lambda note: note.at)
        return Notes(tuple(chosen), render_channel([line(note.memory) for note in chosen], words))
