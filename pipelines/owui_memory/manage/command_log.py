"""Commands that were given, each carried out once, and the lists that their numbers mean.

The inlet gives a command; whoever has the turn's outlet carries it out and keeps its answer. Another answer
to the same message, a second model beside the first or another server get the answer that is kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, and_, select, update

from ..core.errors import ClaimLost
from ..core.turn import Turn
from ..language.secrets import masked
from ..state import command_turns, commands, insert_new, put_row, reading, shown
from ..state.clock import is_over

_HELD_S = 15.0

EXPIRED = "\0"  # in place of an answer that is not kept any more; no answer is this


@dataclass(frozen=True, slots=True)
class LoggedCommand:
    """A command: who gave it, where, in which words. `asked_at`: Unix time in seconds.

    attempts: this one counted. teams: those that the user is in. name: the user's, if it is known.
    here: what held where it was given: see commands/circumstances.py.
    text: "" if it waited for more than a day.
    """

    key: str
    user_id: str
    chat_id: str
    message_id: str
    timezone: str
    text: str
    asked_at: float
    attempts: int = 0
    teams: tuple[str, ...] = ()
    name: str = ""
    here: str = ""


class CommandLog:
    """Kept in the state database. Threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def give(self, turn: Turn, teams: Sequence[str] = (), here: str = "") -> None:
        """Keeps the command of this turn, unless the same message has given it before.

        teams: those that its user is in. here: what holds there.
        """
        now = time.time()
        row = {
            "key": turn.exchange_key,
            "user_id": turn.user_id,
            "chat_id": turn.chat_id,
            "message_id": turn.user_message_id or turn.exchange_key,
            "timezone": turn.timezone,
            "teams": " ".join(teams),
            "here": here,
            "text": masked(turn.text)[0],  # it may never be carried out, and stay for a day
            "asked_at": now,
        }
        of_turn = {"user_id": turn.user_id, "key": turn.key, "command": turn.exchange_key, "asked_at": now}
        with self._engine.begin() as connection:
            insert_new(connection, commands, [row])
            insert_new(connection, command_turns, [of_turn])

    def of_turn(self, user_id: str, keys: Iterable[str]) -> str:
        """The key of the command that a turn of this user gave; "" if it gave none."""
        turns = command_turns.c
        same = and_(turns.user_id == commands.c.user_id, turns.command == commands.c.key)
        mine = turns.key.in_([key for key in keys if key]), commands.c.user_id == user_id
        wanted = select(commands.c.key).join(command_turns, same).where(*mine)
        with self._reading.connect() as connection:
            return connection.scalar(wanted) or ""

    def answer_to(self, user_id: str, key: str) -> str:
        """The answer that is kept, or `EXPIRED`; "" if the command is not carried out yet."""
        wanted = select(commands.c.answer, commands.c.answered_at).where(_is(user_id, key))
        with self._reading.connect() as connection:
            row = connection.execute(wanted).first()
        if row is None or not row.answered_at:
            return ""
        return row.answer or EXPIRED

    def take(self, user_id: str, key: str) -> LoggedCommand | None:
        """The command of a user, to be carried out; None if that is done, or somebody else is about it."""
        now = time.time()
        free = (_is(user_id, key), commands.c.answered_at == 0, is_over(commands.c.held_until, now, _HELD_S))
        taken = {"held_until": now + _HELD_S, "attempts": commands.c.attempts + 1}
        with self._engine.begin() as connection:
            if not connection.execute(update(commands).where(*free).values(taken)).rowcount:
                return None
            row = connection.execute(select(commands).where(_is(user_id, key))).one()
        return LoggedCommand(
            row.key,
            row.user_id,
            row.chat_id,
            row.message_id,
            row.timezone,
            row.text,
            row.asked_at,
            row.attempts,
            tuple(row.teams.split()),
            here=row.here,
        )

    def renew(self, order: LoggedCommand) -> None:
        """Extends the claim on a command.

        Raises:
            ClaimLost: somebody else is about it by now.
        """
        if not self._set(order, held_until=time.time() + _HELD_S):
            raise ClaimLost("Another server carries this command out.")

    def answered(self, order: LoggedCommand, answer: str) -> None:
        """Notes that a command was carried out, and its answer."""
        self._set(order, text="", answer=answer, answered_at=time.time())

    def erase_answers(self, user_id: str) -> int:
        """Erases a user's commands and their answers; returns how many answers there were."""
        theirs = (commands.c.user_id == user_id, commands.c.answered_at > 0, commands.c.answer != "")
        with self._engine.begin() as connection:
            return connection.execute(update(commands).where(*theirs).values(text="", answer="")).rowcount

    def released(self, order: LoggedCommand) -> None:
        """Notes that a command could not be carried out, so that it may be tried again at once."""
        self._set(order, held_until=0.0)

    def _set(self, order: LoggedCommand, **values: object) -> bool:
        taken = commands.c.attempts == order.attempts
        mine = _is(order.user_id, order.key), taken, commands.c.answered_at == 0
        with self._engine.begin() as connection:
            return connection.execute(update(commands).where(*mine).values(**values)).rowcount > 0

    def show(
        self, user_id: str, chat_id: str, memory_ids: Sequence[str], *, first: int = 1, anew: bool = True
    ) -> None:
        """Notes that the user sees these memories, numbered from `first`. `anew`: others are void."""
        numbers = {str(first + at): memory_id for at, memory_id in enumerate(memory_ids)}
        if not anew:
            numbers = {**self.shown(user_id, chat_id), **numbers}
        row = {"user_id": user_id, "chat_id": chat_id, "ids": json.dumps(numbers), "at": time.time()}
        with self._engine.begin() as connection:
            put_row(connection, shown, row)

    def shown(self, user_id: str, chat_id: str) -> Mapping[str, str]:
        """The ids of the memories that the user saw last in this chat, by their numbers."""
        wanted = select(shown.c.ids).where(shown.c.user_id == user_id, shown.c.chat_id == chat_id)
        with self._reading.connect() as connection:
            row = connection.scalar(wanted)
        return dict(json.loads(row)) if row else {}


def _is(user_id: str, key: str) -> ColumnElement[bool]:
    return and_(commands.c.user_id == user_id, commands.c.key == key)
