"""`/memory ...`: read in the inlet, carried out and answered in the outlet, whatever the model says.

The model gets a task of one word instead. In API chats, which get no changed answer, the inlet carries the
command out and asks the model to repeat the answer.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..config.policy import decide
from ..config.scoping import teams_of
from ..config.settings import Valves
from ..core import events
from ..core.errors import ClaimLost, Drop, MemoryFault
from ..core.locales import ENGLISH, Locale
from ..core.memory import Check
from ..core.turn import Turn
from ..language.secrets import masked
from ..manage.command_log import EXPIRED, LoggedCommand
from ..manage.erasure.erase import Eraser
from .circumstances import Here
from .faults import failed, refused
from .markup import code
from .parse import DID_YOU_MEAN, meant_by, read_command
from .tools import Tools
from .work import CARRIED_OUT, Work

_ANYWHERE = ("off", "on", "help")  # what tells nothing of its user, in chats that others read
_WAIT_S, _LOOK_S = 60.0, 0.2  # for somebody else's answer


class Commander:
    """Carries commands out, for all users. Threads may share it. Methods block."""

    def __init__(
        self,
        engine: Engine,
        live: BackendHolder,
        settings: Callable[[], Valves],
        emit: events.Emit,
        eraser: Eraser,
        webui: Callable[[], Check | None] = lambda: None,
        documents: Callable[[], Path | None] = lambda: None,
        templates: Path = Path("templates"),
        is_others: Callable[[str, str], bool] = lambda *_: False,
    ) -> None:
        """webui: whether running chats show what they are to show, for admins; None where they are not.

        documents: where documents lie, None where none are read. templates: the folder of the admin's own, of
        digests. is_others: see `Notes`.
        """
        self.tools = Tools(engine, live, settings, emit, eraser, webui, documents, templates)
        self._orders, self._settings, self._emit = self.tools.orders, settings, emit
        self._is_others = is_others

    def give(self, turn: Turn) -> str:
        """Keep a turn's command for its outlet; the answer where it cannot be shown there, else ""."""
        settings = self._settings()
        teams = teams_of(turn, settings)
        if turn.chat_kind != "api":
            self._orders.give(turn, teams, Here.of(turn, settings).written())
            return ""
        here = Here.of(turn, settings)
        if not decide(turn, settings).may_show:
            return here.words.say("not this model")
        # Without ids, the same text once more is another request.
        own = replace(turn, exchange_key=f"{turn.exchange_key}:{uuid.uuid4().hex}")
        self._orders.give(replace(own, key=own.exchange_key), teams, here.written())
        return self._answer(own.user_id, own.exchange_key, turn.name, here.words)

    def answer(self, user_id: str, keys: Sequence[str], name: str = "", words: Locale = ENGLISH) -> str:
        """The answer to the command that a turn gave, carried out now if need be; "" if it gave none.

        name: the user's, for whom they share something with. words: where it has no answer of its own.
        """
        key = self._orders.of_turn(user_id, keys)
        return self._answer(user_id, key, name, words) if key else ""

    def _answer(self, user_id: str, key: str, name: str, words: Locale) -> str:
        give_up = time.monotonic() + _WAIT_S
        while time.monotonic() < give_up:
            if answer := self._orders.answer_to(user_id, key):
                return words.say("answer expired") if answer == EXPIRED else answer
            if order := self._orders.take(user_id, key):
                return self._carried_out(replace(order, name=name))
            time.sleep(_LOOK_S)
        return words.say("still at it")

    def _carried_out(self, order: LoggedCommand) -> str:
        kept, here = None, Here.read(order.here)  # None: the same
        try:
            answer, kept = self._do(order, here.words)
        except ClaimLost:
            return self._answer(order.user_id, order.key, order.name, here.words)
        except Drop as refusal:
            answer = refused(refusal, here.words)
        except MemoryFault as fault:  # it may work when the answer is asked for again
            self._emit(events.failed(events.Job.COMMAND, fault))
            self._orders.released(order)
            return here.words.say("not done now", fault=failed(fault, here.words, admin=here.admin))
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            self._emit(events.failed(events.Job.COMMAND, error))
            self._orders.released(order)
            return here.words.say("broken")
        # An answer may list what was stored when less was known of secrets.
        self._orders.answered(order, masked(answer if kept is None else kept)[0])
        return answer

    def _do(self, order: LoggedCommand, words: Locale) -> tuple[str, str | None]:
        """The answer, and what of it is kept for who asks again; None: all of it."""
        command = read_command(order.text, words.code)
        if command is None:
            return words.say("waited"), None
        if command.verb == DID_YOU_MEAN:
            return words.say("did you mean", command=code(command.rest)), None
        if command.verb not in _ANYWHERE and self._is_others(order.user_id, order.chat_id):
            return words.say("others chat"), None
        work = Work(self.tools, order, command.rest)
        if (carried_out := CARRIED_OUT.get(command.verb)) is not None:
            return carried_out(work), work.kept
        verb_said = code(command.verb)
        if meant := meant_by(command.verb, command.rest, words.code):
            return words.say("unknown verb, near", verb=verb_said, command=code(f"/memory {meant}")), None
        return words.say("unknown verb", verb=verb_said), None
