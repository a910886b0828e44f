"""`/memory ...`: read in the inlet, carried out and answered in the outlet, whatever the model says.

The model gets a task of one word instead. In API chats, which get no changed answer, the inlet carries the
command out and asks the model to repeat the answer.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Engine

from ..backends.base import Memory
from ..backends.live import LiveBackend
from ..control.erase import Eraser
from ..control.memories import Asked, Control, Forgotten
from ..control.orders import Order, Orders
from ..control.switches import Switches
from ..errors import Drop, MemoryFault, TakenOver
from ..recall.why import Explanations
from ..remember.outbox import Outbox
from ..scopes import is_of_another_team, teams_of, teller
from ..settings import Valves
from .answers import HELP, Answers, counted
from .body import Turn
from .policy import decide
from .slash import STILL_AT_IT, read_command

_NUMBERS = re.compile(r"#?\d{1,6}(?:(?:\s*,\s*|\s+)#?\d{1,6})*")
_QUOTED = re.compile(r"\"(.+)\"|“(.+)”|«(.+)»|„(.+)[“”]|'(.+)'", re.DOTALL)
_FENCE_LINE = re.compile(r"\s*`{3,}\w*\s*")
_TEAM_MOST = 100  # memories of teams in one answer
_WAIT_S, _LOOK_S = 60.0, 0.2  # for somebody else's answer

NOT_THIS_MODEL = "Here the model would read the answer, and it may not know what is remembered."

_OF_ANOTHER_TEAM = "(of a team that you have left)"

Failed = Callable[[str, Exception], None]


class Commander:
    """Carries commands out, for all users. Threads may share it. Methods block."""

    def __init__(
        self,
        engine: Engine,
        live: LiveBackend,
        settings: Callable[[], Valves],
        failed: Failed,
        eraser: Eraser | None = None,
        count: Callable[[str], None] | None = None,
    ) -> None:
        self._orders, self._switches = Orders(engine), Switches(engine)
        self._explanations, self._outbox = Explanations(engine), Outbox(engine)
        self._control = Control(engine, live, settings, eraser, count)
        self._live, self._settings, self._failed = live, settings, failed

    def give(self, turn: Turn) -> str:
        """Keep a turn's command for its outlet; the answer where it cannot be shown there, else ""."""
        settings = self._settings()
        teams = teams_of(turn, settings)
        if turn.place != "api":
            self._orders.give(turn, teams)
            return ""
        if not decide(turn, settings).may_show:
            return NOT_THIS_MODEL
        # Without ids, the same text once more is another request.
        own = replace(turn, exchange_key=f"{turn.exchange_key}:{uuid.uuid4().hex}")
        self._orders.give(replace(own, key=own.exchange_key), teams)
        return self._answer(own.user_id, own.exchange_key, turn.name)

    def answer(self, user_id: str, keys: Sequence[str], name: str = "") -> str:
        """The answer to the command that a turn gave, carried out now if need be; "" where it gave none.

        name: the user's, for whom they share something with.
        """
        key = self._orders.of_turn(user_id, keys)
        return self._answer(user_id, key, name) if key else ""

    def _answer(self, user_id: str, key: str, name: str) -> str:
        give_up = time.monotonic() + _WAIT_S
        while time.monotonic() < give_up:
            if answer := self._orders.answer_to(user_id, key):
                return answer
            if order := self._orders.take(user_id, key):
                return self._carried_out(replace(order, name=name))
            time.sleep(_LOOK_S)
        return STILL_AT_IT

    def _carried_out(self, order: Order) -> str:
        try:
            answer = self._do(order)
        except TakenOver:
            return self._answer(order.user_id, order.key, order.name)
        except Drop as refusal:
            answer = f"{refusal} {refusal.hint}".strip()
        except MemoryFault as fault:  # it may work when the answer is asked for again
            self._failed("command", fault)
            self._orders.released(order)
            return f"This could not be done now. {fault} {fault.hint}".strip()
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            self._failed("command", error)
            self._orders.released(order)
            return f"This could not be done: something is wrong inside the filter ({type(error).__name__})."
        self._orders.answered(order, answer)
        return answer

    def _do(self, order: Order) -> str:
        command = read_command(order.text)
        if command is None:
            return "This command has waited for more than a day. Send it again."
        work = _Work(self, order, command.rest)
        verb = _VERBS.get(command.verb)
        if verb is None:
            return f"I do not know this command.\n\n{HELP}"
        return verb(work)


class _Work:
    """One command being carried out."""

    def __init__(self, commander: Commander, order: Order, rest: str) -> None:
        self._orders, self._switches = commander._orders, commander._switches
        self._explanations, self._outbox = commander._explanations, commander._outbox
        self._control, self._live, self._settings = (
            commander._control,
            commander._live,
            commander._settings,
        )
        self._order, self._rest = order, rest
        self._user_id, self._chat_id = order.user_id, order.chat_id
        self._asked = Asked(
            user_id=order.user_id,
            key=f"command-{order.key}",
            chat_id=order.chat_id,
            message_id=order.message_id,
            at=order.asked_at,
            again=order.attempts > 1,
            name=order.name,
        )
        self._confirm = partial(self._orders.renew, order)
        self._answers = Answers(order.timezone, order.chat_id, order.user_id)

    # Looking

    def list(self) -> str:
        return self._page(1)

    def page(self) -> str:
        return self._page(int(self._rest)) if self._rest.isdecimal() else "Say which: `/memory page 2`."

    def _page(self, number: int) -> str:
        page = self._control.page(self._user_id, number)
        ids = [memory.id for memory in page.memories]
        self._orders.show(self._user_id, self._chat_id, ids, first=page.first, anew=number == 1)
        return self._answers.page(page)

    def search(self) -> str:
        if not self._rest:
            return "Say what for: `/memory search <words>`."
        items = self._control.search(self._user_id, self._rest)
        self._show([one.memory.id for one in items])
        return self._answers.found(items)

    def why(self) -> str:
        kept = self._explanations.of_chat(self._chat_id, self._user_id) if self._chat_id else ()
        one = kept[-1] if kept else None
        there = self._control.of_ids(one.memory_ids) if one else {}
        return self._answers.why(one, {id_: self._told(memory) for id_, memory in there.items()})

    def _told(self, memory: Memory) -> str:
        """What a memory says, and who says it where that is another."""
        if is_of_another_team(memory.scope, self._order.teams):
            return _OF_ANOTHER_TEAM
        told_by = teller(memory, self._user_id)
        return f"{told_by}: {memory.text}" if told_by else memory.text

    def help(self) -> str:
        return HELP

    def status(self) -> str:
        total = len(self._control.all(self._user_id))
        waiting = self._outbox.waiting_of(self._user_id)
        fault = self._live.fault
        return "\n".join(
            [
                self._switched(),
                f"- {counted(total, 'memory', 'memories')} about you.",
                f"- {counted(waiting, 'message waits', 'messages wait')} to be remembered.",
                *([f"- {fault} {fault.hint}"] if fault else []),
            ]
        )

    def _switched(self) -> str:
        if self._switches.is_on(self._user_id, self._chat_id):
            return "- Memory is on."
        if self._switches.is_on(self._user_id, ""):
            return "- Memory is off in this chat: `/memory on` switches it on."
        return "- Memory is off in all chats: `/memory on always` switches it on."

    # Changing

    def remember(self) -> str:
        if not self._rest:
            return "Say what: `/memory remember <text>`."
        return self._answers.remembered(self._control.remember(self._asked, self._rest, self._confirm))

    def edit(self) -> str:
        number, text = [*self._rest.split(None, 1), "", ""][:2]
        number = number.lstrip("#").rstrip(":.,")
        if not re.fullmatch(r"[0-9]{1,6}", number) or not text:
            return "Say which and what: `/memory edit <number> <text>`."
        (memory_id,) = self._ids([number])
        return self._answers.edited(self._control.edit(self._asked, memory_id, text, self._confirm))

    def forget(self) -> str:
        said = " ".join(self._rest.lower().split())
        if not said:
            return "Say what: `/memory forget <number>`, or `<words>`, or `everything`."
        if said == "everything":
            total = len(self._control.all(self._user_id))
            if not total:
                return "There is nothing to forget: I remember nothing about you."
            all_of_it = f"This forgets all **{counted(total, 'memory', 'memories')}** about you."
            return (
                f"{all_of_it} Send `/memory forget everything yes` if you mean it. Nothing is forgotten yet."
            )
        if said == "everything yes":
            return self._told_forgotten(self._control.forget_all(self._asked, self._confirm))
        if _NUMBERS.fullmatch(said):
            return self._forget(self._ids(re.findall(r"\d+", said)))
        if self._control.begun(self._asked):
            return self._forget([])  # an earlier try knew which
        quoted = _QUOTED.fullmatch(self._rest)
        query = next(filter(None, quoted.groups())) if quoted else self._rest
        memories, exact = self._control.holding(self._user_id, query)
        if exact and len(memories) == 1:
            return self._forget([memories[0].id])
        self._show([memory.id for memory in memories])
        return self._answers.which(memories, exact=exact)

    def _forget(self, memory_ids: Sequence[str]) -> str:
        return self._told_forgotten(self._control.forget(self._asked, memory_ids, self._confirm))

    def _told_forgotten(self, done: Forgotten) -> str:
        self._orders.erase_answers(self._user_id)  # earlier ones may hold what is forgotten
        return self._answers.forgotten(done)

    def undo(self) -> str:
        return self._answers.undone(self._control.undo(self._asked, self._confirm))

    # Teams

    def team(self) -> str:
        memories = self._control.of_teams(self._order.teams)[:_TEAM_MOST]
        self._show([memory.id for memory in memories])
        return self._answers.of_teams(memories, self._order.teams)

    def share(self) -> str:
        number, team = [*self._rest.split(), "", ""][:2]
        teams = self._order.teams
        if not teams:
            return "You are in no team: an administrator says who is in which (the setting `teams`)."
        team = team or (teams[0] if len(teams) == 1 else "")
        if team not in teams or not _NUMBERS.fullmatch(number):
            return (
                f"Say which and with whom: `/memory share <number> <team>`. Your teams: {', '.join(teams)}."
            )
        (memory_id,) = self._ids([number.lstrip("#")])
        text = self._control.share(self._asked, memory_id, team, self._confirm)
        return self._answers.shared(text, team)

    def withdraw(self) -> str:
        if not re.fullmatch(r"#?[0-9]{1,6}", self._rest):
            return "Say which of those that `/memory team` shows: `/memory withdraw <number>`."
        (memory_id,) = self._ids([self._rest.lstrip("#")])
        return self._answers.withdrawn(self._control.withdraw(self._asked, memory_id, self._confirm))

    # In and out

    def export(self) -> str:
        part = int(self._rest) if self._rest.isdecimal() else 1
        return self._answers.exported(self._control.export(self._user_id), part, self._user_id)

    def import_(self) -> str:
        lines = [line for line in self._rest.splitlines() if line.strip()]
        lines = [line for line in lines if not _FENCE_LINE.fullmatch(line)]
        if not lines:
            return "Put the lines that `/memory export` gave below `/memory import`, in the same message."
        rows = [_read_line(line) for line in lines]
        return self._answers.imported(self._control.import_(self._asked, rows, self._confirm))

    # Switches

    def off(self) -> str:
        return self._switch(on=False)

    def on(self) -> str:
        return self._switch(on=True)

    def _switch(self, *, on: bool) -> str:
        state, verb = ("on", "off") if on else ("off", "on")
        if self._rest.lower() == "always":
            self._switches.set(self._user_id, "", on)
            back = f"`/memory {verb} always` switches it {verb}."
            return f"Memory is {state} in all chats. {back}"
        if self._rest:
            return f"Say `/memory {state}` for this chat, or `/memory {state} always`."
        if not self._chat_id:
            return f"This is no chat of its own: say `/memory {state} always`."
        self._switches.set(self._user_id, self._chat_id, on)
        return f"Memory is {state} in this chat. `/memory {verb}` switches it {verb}."

    # Numbers

    def _show(self, memory_ids: Sequence[str]) -> None:
        self._orders.show(self._user_id, self._chat_id, memory_ids)

    def _ids(self, numbers: Sequence[str]) -> Sequence[str]:
        """The memories that the user saw under these numbers.

        Raises:
            Drop: there was no such number.
        """
        seen = self._orders.shown(self._user_id, self._chat_id)
        wanted = [str(int(number)) for number in dict.fromkeys(numbers)]
        if not seen:
            raise Drop("No list was shown in this chat yet.", hint="`/memory` shows all, with their numbers.")
        if missing := [number for number in wanted if number not in seen]:
            few, many = min(map(int, seen)), max(map(int, seen))
            hint = f"It goes from {few} to {many}, and nothing was changed. `/memory` shows all."
            raise Drop(f"There is no number {missing[0]} in the list that you saw last.", hint=hint)
        return [seen[number] for number in dict.fromkeys(wanted)]


def _read_line(line: str) -> Mapping[str, Any]:
    """A row, or one that says nothing: `import_` tells what is wrong with it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


_VERBS: Mapping[str, Callable[[_Work], str]] = {
    "list": _Work.list,
    "page": _Work.page,
    "search": _Work.search,
    "why": _Work.why,
    "help": _Work.help,
    "status": _Work.status,
    "remember": _Work.remember,
    "edit": _Work.edit,
    "forget": _Work.forget,
    "undo": _Work.undo,
    "team": _Work.team,
    "share": _Work.share,
    "withdraw": _Work.withdraw,
    "export": _Work.export,
    "import": _Work.import_,
    "off": _Work.off,
    "on": _Work.on,
}
