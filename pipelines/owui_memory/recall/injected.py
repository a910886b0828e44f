"""What recall has put into which conversation, and where: so that a prompt grows at its end only.

A model's cache holds for as long as a prompt begins like the one before. So what was told stays where it was,
byte for byte, and new memories are told with the message that brings them up. The exception: what was
forgotten since is not told again, cache or not.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, func, select, update

from ..core.change import REAFFIRMED
from ..core.locales import ENGLISH, locale
from ..core.scope import team_owner
from ..core.turn import Turn
from ..state import injected, insert_new, journal, reading, versions
from ..state.prepared import Prepared
from ..state.switches_table import IS_ON, bound
from .block import Blocks, is_own, render
from .ready import Ready

KEPT_S = 90 * 24 * 3600  # after which a conversation is not expected to go on
KEPT_WITHOUT_CHAT_S = 24 * 3600  # an API call that begins like another one is a conversation of its own
_MOST = 200  # texts of a chat that what is learned there is compared with


@dataclass(frozen=True, slots=True)
class Line:
    """A memory as it stands in a prompt. `position`: of the user message that it was told with.

    language: the code of what is said of it.
    """

    position: str
    memory_id: str
    text: str
    line: str
    id: int = 0
    language: str = ENGLISH.code

    @classmethod
    def read(cls, position: str, memory_id: str, text: str, kept: str, id_: int) -> Line:
        *language, line = kept.split("\t", 1)
        return cls(position, memory_id, text, line, id_, *language)

    @property
    def kept(self) -> str:
        """The line as it is kept, behind its language where that is not English; no line has a tab."""
        return self.line if self.language == ENGLISH.code else f"{self.language}\t{self.line}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a conversation was told so far; `version`: that of its user's memories, see `state.versions`.

    `on`: the user has not switched memory off here. `of_teams`: those of their teams' memories, in sum.
    """

    lines: tuple[Line, ...] = ()
    version: int = 0
    on: bool = True
    of_teams: int = 0

    @property
    def language(self) -> str:
        """The code of the language that it was told in, and goes on in; "" where nothing was told yet."""
        return self.lines[0].language if self.lines else ""

    @property
    def versions(self) -> tuple[int, int]:
        """Another one whenever a memory has changed that these teams or the user have."""
        return self.version, self.of_teams

    def blocks(self, positions: Sequence[str], *, in_system: bool) -> Blocks:
        """The blocks for the conversation's user messages: with the first one, in the system prompt.

        `in_system`: all of them there, in the order in which they were told.
        """
        words = locale(self.language)
        if in_system:
            return Blocks(system=render([line.line for line in self.lines], words=words))
        system, before, more = "", {}, False
        for number, position in enumerate(positions):
            lines = [line.line for line in self.lines if line.position == position]
            if lines and not number:
                system = render(lines, words=words)
            elif lines:
                before[number] = render(lines, more=more, words=words)
            more = more or any(map(is_own, lines))
        return Blocks(system, before)


_LINES = Prepared(
    select(injected.c.position, injected.c.memory_id, injected.c.text, injected.c.line, injected.c.id)
    .where(
        injected.c.user_id == bindparam("user_id"),
        injected.c.conversation == bindparam("conversation"),
        ~injected.c.gone,
        injected.c.injected_at > bindparam("oldest"),
    )
    .order_by(injected.c.id)
)
_VERSION = Prepared(
    select(
        select(versions.c.number).where(versions.c.user_id == bindparam("user_id")).scalar_subquery(), IS_ON
    )
)
_OF_TEAMS = Prepared(
    select(func.sum(versions.c.number)).where(versions.c.user_id.in_(bindparam("owners", expanding=True))),
    "owners",
)
_REAFFIRMED = (
    select(journal.c.memory_id, func.count())
    .where(journal.c.user_id == bindparam("user_id"), journal.c.op == REAFFIRMED)
    .group_by(journal.c.memory_id)
)


class Injected:
    """Kept in the state database."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)
        self._reaffirmed: Ready[dict[str, int]] = Ready()

    def conversation(self, turn: Turn, teams: Sequence[str] = ()) -> Conversation:
        """What this turn's conversation was told up to its last message, oldest first.

        teams: those that its user is in.
        """
        oldest = time.time() - (KEPT_S if turn.chat_id else KEPT_WITHOUT_CHAT_S)
        positions = set(turn.positions)
        with self._reading.connect() as connection:
            asked = {"user_id": turn.user_id, **bound(turn.user_id, turn.chat_id, turn.model)}
            ((version, on),) = _VERSION.rows(connection, asked)
            rows = _LINES.rows(
                connection,
                {"user_id": turn.user_id, "conversation": turn.positions[0], "oldest": oldest},
            )
            lines = _once([Line.read(*row) for row in rows if row.position in positions], turn.positions)
            owners = [team_owner(team) for team in teams]
            of_teams = _OF_TEAMS.rows(connection, {"owners": owners})[0][0] if owners else 0
        return Conversation(lines, version or 0, on, int(of_teams or 0))

    def reaffirmed(self, user_id: str, version: int) -> dict[str, int]:
        """How often a user said again what their memories hold, by id; those of 0 are left out."""
        return self._reaffirmed.of(user_id, version, lambda: self._read_reaffirmed(user_id))

    def drop(self, user_id: str) -> None:
        self._reaffirmed.drop(user_id)

    def _read_reaffirmed(self, user_id: str) -> dict[str, int]:
        with self._reading.connect() as connection:
            rows = connection.execute(_REAFFIRMED, {"user_id": user_id})
            return {memory_id: count for memory_id, count in rows}  # noqa: C416 - rows are not tuples

    def keep(self, connection: Connection, turn: Turn, lines: Iterable[Line], gone: Sequence[int]) -> None:
        """These lines are in the prompt from now on, and those ids no longer."""
        now = time.time()
        if gone:
            connection.execute(
                update(injected)
                .where(injected.c.user_id == turn.user_id, injected.c.id.in_(gone))
                .values(gone=True)
            )
        # A second model's inlet for the same message may have told it.
        rows = [
            {
                "user_id": turn.user_id,
                "chat_id": turn.chat_id or turn.exchange_key,
                "conversation": turn.positions[0],
                "position": line.position,
                "memory_id": line.memory_id,
                "text": line.text,
                "line": line.kept,
                "gone": False,
                "injected_at": now,
            }
            for line in lines
        ]
        insert_new(connection, injected, rows)

    def to_chat(self, user_id: str, chat_id: str) -> list[str]:
        """The texts told to a chat, or with a message where there is no chat (API calls); newest first."""
        wanted = (
            select(injected.c.text)
            .where(injected.c.user_id == user_id, injected.c.chat_id == chat_id)
            .order_by(injected.c.id.desc())
            .limit(_MOST)
        )
        with self._reading.connect() as connection:
            return list(dict.fromkeys(connection.scalars(wanted)))


def _once(lines: Sequence[Line], positions: Sequence[str]) -> tuple[Line, ...]:
    """Without those that another answer to an earlier message was told when they stood further down already.

    lines: in the order in which they were told.
    """
    number_of = {position: number for number, position in enumerate(positions)}
    kept: dict[tuple[str, str], int] = {}
    once = []
    for line in lines:
        there = kept.setdefault((line.memory_id, line.text), number_of[line.position])
        if there <= number_of[line.position]:
            once.append(line)
    return tuple(once)
