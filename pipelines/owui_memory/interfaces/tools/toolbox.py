"""What the verbs do, for a user whose turn allows it. Blocks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, cast

from ...config.scoping import scope_of
from ...core.change import COMMANDS
from ...core.memory import Memory
from ...core.reason import Reason
from ...core.scope import View, is_of_another_team
from ...manage.command_log import CommandLog
from ...manage.memories import Control
from ...manage.outcomes import Asked
from ...manage.past_chats import PastChats
from ...manage.profile import profile_of
from ...recall.profile import PERSON, WISHES
from ...recall.why import Explanations
from ...remember.journal import Journal
from ...state.switches_table import Switches
from .told import NOTE, UNKNOWN_MODEL, Outcome, change_of, list_of, memory_of, quoted
from .verbs import VERBS, Call, Forget, Remember, Search, Update, Verb, Why

_PROFILE_MOST = 20  # of each kind
_HISTORY_MOST = 20  # changes of a memory
_UNKNOWN = "There is no memory with this id. search_memory and search_chats tell ids."


class Toolbox:
    """For all users. Threads may share it. Raises the errors of `core/errors.py`."""

    def __init__(self, control: Control) -> None:
        self._control, self._live = control, control.live
        self._past = PastChats(control.engine, control.live)
        self._journal, self._switches = Journal(control.engine), Switches(control.engine)
        self._explanations, self._commands = Explanations(control.engine), CommandLog(control.engine)

    def carry_out(self, verb: Verb, call: Call) -> Outcome:
        """What came of it.

        Raises:
            Drop: it cannot be done, in a sentence.
            MemoryFault: what state and backend raise.
        """
        if not self._switches.is_on(call.turn.user_id, call.turn.chat_id, call.turn.model):
            return Outcome.refused(403, f"Memory is not used here: {Reason.USER_SWITCHED_OFF}.")
        return _WORK[verb.name](self, call)

    def search_memory(self, call: Call) -> Outcome:
        given = cast(Search, call.arguments)
        found = self._control.search(call.turn.user_id, given.query, given.limit, view=call.view)
        return Outcome(list_of(memory_of(one.memory, call.turn.user_id) for one in found))

    def search_chats(self, call: Call) -> Outcome:
        given = cast(Search, call.arguments)
        found = self._past.found(call.turn.user_id, given.query, View(call.view.scopes))[: given.limit]
        return Outcome(list_of(memory_of(one.memory, call.turn.user_id) for one in found))

    def remember(self, call: Call) -> Outcome:
        done = self._control.remember(self._asked(call), cast(Remember, call.arguments).text)
        if done.known is None:
            return Outcome({"remembered": quoted(done.text)})
        known = memory_of(done.known, call.turn.user_id) if call.decision.read else True
        return Outcome({"known_already": known})

    def update_memory(self, call: Call) -> Outcome:
        given = cast(Update, call.arguments)
        if (memory := self._named(call, given.id)) is None:
            return Outcome.refused(404, _UNKNOWN)
        done = self._control.edit(self._asked(call), memory.id, given.text)
        if not done.before:
            return Outcome.refused(404, _UNKNOWN)
        return Outcome({"id": memory.id, "before": quoted(done.before), "after": quoted(done.after)})

    def forget_memory(self, call: Call) -> Outcome:
        if (memory := self._named(call, cast(Forget, call.arguments).id)) is None:
            return Outcome.refused(404, _UNKNOWN)
        self._commands.erase_answers(call.turn.user_id)  # they may hold what is forgotten
        done = self._control.forget(self._asked(call), [memory.id])
        if not done.count:
            return Outcome.refused(404, _UNKNOWN)
        undo = f"For {done.undo_minutes} minutes the user can bring it back by /memory undo."
        told = {"forgotten": quoted(memory.text), "passages_too": done.passages}
        told |= {"note": undo} if done.undo_minutes else {}
        return Outcome({name: value for name, value in told.items() if value})

    def get_profile(self, call: Call) -> Outcome:
        user_id, backend = call.turn.user_id, self._live.get()
        known = [
            one for kind in (PERSON, WISHES) for one in backend.of_kind(user_id, kind, 10 * _PROFILE_MOST)
        ]
        seen = [one for one in known if call.view.sees(one.scope)]
        most = [[one for one in seen if one.kind == kind][:_PROFILE_MOST] for kind in (PERSON, WISHES)]
        told: dict[str, Any] = list_of(memory_of(one, user_id) for kind in most for one in kind)
        written = profile_of(self._control, user_id)
        sentences = []
        for text, numbers in written.statements:
            made_of = [written.memories[number - 1] for number in numbers]
            if all(call.view.sees(one.scope) for one in made_of):
                sentences.append({"text": quoted(text), "made_of": [one.id for one in made_of]})
        return Outcome(told | ({"in_short": sentences} if sentences else {}))

    def why(self, call: Call) -> Outcome:
        if not (memory_id := cast(Why, call.arguments).id.strip()):
            return self._why_told(call)
        if (memory := self._named(call, memory_id)) is None:
            return Outcome.refused(404, _UNKNOWN)
        user_id = call.turn.user_id
        history = [one for one in self._journal.of_memory(memory.id) if one.user_id == user_id]
        told = {"note": NOTE, "memory": memory_of(memory, user_id, chat=memory.chat)}
        return Outcome({**told, "history": [change_of(one) for one in history[-_HISTORY_MOST:]]})

    def _why_told(self, call: Call) -> Outcome:
        turn = call.turn
        kept = self._explanations.of_chat(turn.chat_id, turn.user_id) if turn.chat_id else ()
        if not kept:
            return Outcome.refused(404, "Nothing is known of this chat. Give the id of a memory.")
        now = self._control.now_called(kept[-1].memory_ids)
        there = self._control.of_ids(now)
        known = [there[one] for one in now if one in there and call.view.sees(there[one].scope)]
        seen = [one for one in known if not is_of_another_team(one.scope, call.view.teams)]
        told: dict[str, Any] = list_of(memory_of(one, turn.user_id) for one in seen)
        return Outcome(told | ({"left_alone": kept[-1].left_alone} if kept[-1].left_alone else {}))

    def _named(self, call: Call, memory_id: str) -> Memory | None:
        return self._control.named(call.turn.user_id, memory_id, call.view)

    @staticmethod
    def _asked(call: Call) -> Asked:
        turn = call.turn
        return Asked(
            user_id=turn.user_id,
            key=f"{COMMANDS}tool-{uuid.uuid4().hex}",
            chat_id=turn.chat_id,
            message_id=turn.user_message_id,
            at=time.time(),
            name=turn.name,
            model=turn.model or UNKNOWN_MODEL,
            scope=scope_of(turn, call.settings),
        )


_WORK: dict[str, Callable[[Toolbox, Call], Outcome]] = {name: getattr(Toolbox, name) for name in VERBS}
