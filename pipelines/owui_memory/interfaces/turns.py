"""Open WebUI's own two calls around an answer, `inlet` and `outlet`, for the filter and for the function.

Whatever happens in here, the chat goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..commands.parse import is_command, may_be_command, repeated, with_task
from ..core.events import Job
from ..core.latest import Latest
from ..core.turn import Answered, Turn
from .body import read_inlet, with_answer
from .chats import Body, Chats
from .intake import read_asked, read_finished

_SEEN = 5_000  # turns


class Turns:
    """For one event loop."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        # By user and key: whether somebody else wrote the message.
        self._of_filter = Latest[tuple[str, str], bool](_SEEN)

    async def inlet(
        self,
        body: Body,
        user: Body | None,
        *,
        second: bool = False,
        only_recall: bool = False,
        notes: bool = True,
    ) -> tuple[Body, Turn | None]:
        """A request on its way to the model: with a block of memories, or as it came; and the turn it begins.

        Commands and their answers never go on, nor what the server cannot answer with: whatever fails later.
        second: a filter may have seen to it before; then it goes on as it came, and there is no turn.
        only_recall: its user wants nothing learned from it. notes: they want to be shown what is used.
        """
        deadline = self._chats.deadline()
        try:
            seen, turn = await self._chats.intake.read(read_asked, body, user)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self._chats.failed(Job.INLET, error)
            return body, None
        turn = replace(turn, is_shown=notes, only_recall=only_recall)
        if second and self._is_seen(turn.user_id, [turn.key]):
            return body, None
        if not second:
            self._see(turn)
        if is_command(turn):
            told = with_task(seen, await self._chats.give(turn))
            if not second:
                self._see(read_inlet(told, user))
            return told, turn
        return await self._chats.told(seen, turn, deadline), turn

    async def outlet(
        self, body: Body, user: Body | None, *, second: bool = False, notes: bool = True
    ) -> tuple[Body, Answered | None]:
        """A finished answer: stored for the writer. One to a command becomes what was asked for."""
        try:
            seen, answered = await self._chats.intake.read(read_finished, body, user)
        except Exception as error:  # noqa: BLE001 - the chat must go on
            self._chats.failed(Job.OUTLET, error)
            return body, None
        if answered is None:
            return seen, None
        if second and self._is_seen(answered.user_id, answered.keys):
            return body, None
        body = seen
        if answer := repeated(answered):
            return with_answer(body, answer), None
        if any(self._of_filter.get((answered.user_id, key)) for key in answered.keys):
            return body, None  # another user's message, and no command of this one's
        if may_be_command(answered):
            answer = await self._chats.answer(answered)
            return (with_answer(body, answer) if answer else body), None
        chat_id = await self._chats.keep(answered)
        if chat_id and notes and self._chats.settings().show_memory_notes:
            note = await self._chats.note(answered, chat_id)
            body = with_answer(body, note, below=True) if note else body
        self._chats.finished(answered)
        return body, answered

    def _see(self, turn: Turn) -> None:
        self._of_filter[turn.user_id, turn.key] = turn.is_others

    def _is_seen(self, user_id: str, keys: Sequence[str]) -> bool:
        return any((user_id, key) in self._of_filter for key in keys)
