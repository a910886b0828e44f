"""`/memory ...`: read in the inlet, carried out and answered in the outlet, whatever the model says.

The model gets a task of one word instead. In API chats, which get no changed answer, the inlet carries the
command out and asks the model to repeat the answer.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Engine

from ..backends.base import Memory
from ..backends.live import LiveBackend
from ..control.erase import Eraser
from ..control.memories import Control
from ..control.orders import Order, Orders
from ..control.outcomes import Asked, Forgotten
from ..control.switches import Switches
from ..errors import Drop, MemoryFault, TakenOver
from ..recall.why import Explanations
from ..redact import masked
from ..remember.outbox import Outbox
from ..scopes import is_of_another_team, teams_of, teller
from ..settings import Valves
from . import texts
from .answers import Answers
from .body import Turn
from .circumstances import Here
from .imported import rows_in
from .markup import code, counted
from .numbers import a_number, numbers_in
from .policy import decide
from .slash import DID_YOU_MEAN, STILL_AT_IT, meant_by, read_command

_QUOTED = re.compile(r"\"(.+)\"|“(.+)”|«(.+)»|„(.+)[“”]|'(.+)'", re.DOTALL)
_TEAM_MOST = 100  # memories of teams in one answer
_WAIT_S, _LOOK_S = 60.0, 0.2  # for somebody else's answer

_EVERYTHING = ("everything", "all")

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
            self._orders.give(turn, teams, Here.of(turn, settings).written())
            return ""
        if not decide(turn, settings).may_show:
            return texts.NOT_THIS_MODEL
        # Without ids, the same text once more is another request.
        own = replace(turn, exchange_key=f"{turn.exchange_key}:{uuid.uuid4().hex}")
        here = Here.of(turn, settings).written()
        self._orders.give(replace(own, key=own.exchange_key), teams, here)
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
        kept = None  # the same
        try:
            answer, kept = self._do(order)
        except TakenOver:
            return self._answer(order.user_id, order.key, order.name)
        except Drop as refusal:
            answer = f"{refusal} {refusal.hint}".strip()
        except MemoryFault as fault:  # it may work when the answer is asked for again
            self._failed("command", fault)
            self._orders.released(order)
            return texts.NOT_DONE_NOW.format(fault=_told_to(Here.read(order.here), fault))
        except Exception as error:  # noqa: BLE001 - the chat must go on, and say so
            self._failed("command", error)
            self._orders.released(order)
            return texts.BROKEN.format(error=type(error).__name__)
        # An answer may list what was stored when less was known of secrets.
        self._orders.answered(order, masked(answer if kept is None else kept)[0])
        return answer

    def _do(self, order: Order) -> tuple[str, str | None]:
        """The answer, and what of it is kept for who asks again; None: all of it."""
        command = read_command(order.text)
        if command is None:
            return texts.WAITED, None
        if command.verb == DID_YOU_MEAN:
            return texts.DID_YOU_MEAN.format(command=code(command.rest)), None
        work = _Work(self, order, command.rest)
        if (verb := _VERBS.get(command.verb)) is not None:
            return verb(work), work.kept
        if meant := meant_by(command.verb, command.rest):
            offered = code(f"/memory {meant}")
            return texts.UNKNOWN_VERB_NEAR.format(verb=code(command.verb), command=offered), None
        return texts.UNKNOWN_VERB.format(verb=code(command.verb)), None


def _told_to(here: Here, fault: MemoryFault) -> str:
    """A fault in words: where stores and models are, and what to set, is for admins."""
    if here.admin:
        return f"{fault} {fault.hint}".strip()
    return f"{texts.without_addresses(str(fault))} {texts.TRY_AGAIN}"


class _Work:
    """One command being carried out."""

    kept: str | None = None  # of the answer, for who asks again; None: all of it

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
        self._here = Here.read(order.here)
        self._confirm = partial(self._orders.renew, order)
        self._answers = Answers(order.timezone, order.chat_id, order.user_id, admin=self._here.admin)

    # Looking

    def list(self) -> str:
        if self._rest and not a_number(self._rest):
            command = code(f"/memory search {self._rest}")
            return texts.DID_YOU_MEAN.format(command=command)
        return self._page(a_number(self._rest) or 1)

    def page(self) -> str:
        number = a_number(self._rest)
        return self._page(number) if number else texts.SAY_PAGE

    def _page(self, number: int) -> str:
        page = self._control.page(self._user_id, number)
        ids = [memory.id for memory in page.memories]
        if ids:
            self._orders.show(self._user_id, self._chat_id, ids, first=page.first, anew=number == 1)
        return self._answers.page(page)

    def search(self) -> str:
        if not self._rest:
            return texts.SAY_SEARCH
        items = self._control.search(self._user_id, self._rest)
        self._show([one.memory.id for one in items])
        return self._answers.found(items, self._rest)

    def why(self) -> str:
        kept = self._explanations.of_chat(self._chat_id, self._user_id) if self._chat_id else ()
        one = kept[-1] if kept else None
        ids = one.memory_ids if one else ()
        now = dict(zip(ids, self._control.now_called(ids), strict=True))
        there = self._control.of_ids(list(now.values()))
        return self._answers.why(one, {id_: self._told(there[now[id_]]) for id_ in ids if now[id_] in there})

    def _told(self, memory: Memory) -> str:
        """What a memory says, and who says it where that is another."""
        if is_of_another_team(memory.scope, self._order.teams):
            return texts.OF_ANOTHER_TEAM
        told_by = teller(memory, self._user_id)
        return f"{told_by}: {memory.text}" if told_by else memory.text

    def help(self) -> str:
        return texts.HELP

    def status(self) -> str:
        lines = [self._switched(), *self._here.described()]
        try:
            lines.append(texts.KNOWN_OF_YOU.format(memories=counted(self._total(), "memory", "memories")))
            fault = self._live.fault
        except MemoryFault as failed:
            fault = failed
        waiting = self._outbox.waiting_of(self._user_id)
        lines.append(texts.WAITING.format(messages=counted(waiting, "message waits", "messages wait")))
        lines += [self._why_ill(fault)] if fault else []
        return "\n".join(f"- {line}" for line in lines)

    def _why_ill(self, fault: MemoryFault) -> str:
        if self._live.current is None:
            return _told_to(self._here, fault)
        if self._here.admin:
            return texts.EARLIER_IN_USE.format(fault=_told_to(self._here, fault))
        return texts.ADMINS_EARLIER_IN_USE

    def _total(self) -> int:
        return len(self._control.all(self._user_id))

    def _switched(self) -> str:
        if self._switches.is_on(self._user_id, self._chat_id):
            holds = self._here.told and self._here.learned
            return texts.IS_ON if holds else texts.YOURS_IS_ON
        if self._switches.is_on(self._user_id, ""):
            return texts.IS_OFF_HERE
        return texts.IS_OFF_ALWAYS

    # Changing

    def remember(self) -> str:
        if not self._rest:
            return texts.SAY_REMEMBER
        return self._answers.remembered(self._control.remember(self._asked, self._rest, self._confirm))

    def edit(self) -> str:
        which, text = [*self._rest.split(None, 1), "", ""][:2]
        number = a_number(which)
        if not number or not text:
            return texts.SAY_EDIT
        (memory_id,) = self._ids([number])
        return self._answers.edited(self._control.edit(self._asked, memory_id, text, self._confirm))

    def forget(self) -> str:
        said = self._rest.lower().split()
        if not said:
            return texts.SAY_FORGET
        if said[0].strip(".!?,\"'") in _EVERYTHING and len(said) <= 2:
            sure = len(said) > 1 and said[1].strip(".!?,") == "yes"
            if sure:
                self._orders.erase_answers(self._user_id)  # they may hold what is forgotten
                return self._forgotten(self._control.forget_all(self._asked, self._confirm))
            if len(said) == 1:
                return self._ask_for_all()
        if numbers := numbers_in(self._rest):
            return self._forget(self._ids(numbers))
        if self._control.begun(self._asked):
            return self._forget([])  # an earlier try knew which
        quoted = _QUOTED.fullmatch(self._rest)
        query = next(filter(None, quoted.groups())) if quoted else self._rest
        memories, exact = self._control.holding(self._user_id, query)
        if exact and len(memories) == 1:
            return self._forget([memories[0].id])
        self._show([memory.id for memory in memories])
        return self._answers.which(memories, query, exact=exact)

    def _ask_for_all(self) -> str:
        memories, waiting = len(self._control.all(self._user_id)), self._outbox.waiting_of(self._user_id)
        return self._answers.ask_for_all(memories, waiting)

    def _forget(self, memory_ids: Sequence[str]) -> str:
        self._orders.erase_answers(self._user_id)  # they may hold what is forgotten
        return self._forgotten(self._control.forget(self._asked, memory_ids, self._confirm))

    def _forgotten(self, done: Forgotten) -> str:
        if not done.undo_minutes:
            self.kept = self._answers.forgotten(replace(done, texts=()))
        return self._answers.forgotten(done)

    def undo(self) -> str:
        return self._answers.undone(self._control.undo(self._asked, self._confirm))

    # Teams

    def team(self) -> str:
        memories = self._control.of_teams(self._order.teams)[:_TEAM_MOST]
        self._show([memory.id for memory in memories])
        return self._answers.of_teams(memories, self._order.teams)

    def share(self) -> str:
        which, team = [*self._rest.split(), "", ""][:2]
        teams = self._order.teams
        if not teams:
            return texts.NO_TEAM
        team = team or (teams[0] if len(teams) == 1 else "")
        number = a_number(which)
        if team not in teams or not number:
            return texts.SAY_SHARE.format(teams=", ".join(teams))
        (memory_id,) = self._ids([number])
        text = self._control.share(self._asked, memory_id, team, self._confirm)
        return self._answers.shared(text, team)

    def withdraw(self) -> str:
        if not self._order.teams:
            return texts.NO_TEAM
        number = a_number(self._rest)
        if not number:
            return texts.SAY_WITHDRAW
        (memory_id,) = self._ids([number])
        text = self._control.withdraw(self._asked, memory_id, self._confirm)
        self.kept = texts.WITHDRAWN_BEFORE
        return self._answers.withdrawn(text)

    # In and out

    def export(self) -> str:
        part = a_number(self._rest) if self._rest else 1
        if not part:
            return texts.SAY_EXPORT
        rows = self._control.export(self._user_id)
        numbered = bool(rows) and self._numbers_of_export([str(row["id"]) for row in rows])
        return self._answers.exported(rows, part, self._user_id, numbered=numbered)

    def _numbers_of_export(self, ids: Sequence[str]) -> bool:
        """Whether the numbers of this chat mean its lines: where no list was shown."""
        seen = self._orders.shown(self._user_id, self._chat_id)
        if not seen:
            self._show(ids)
        return not seen or list(seen.values()) == list(ids)

    def import_(self) -> str:
        rows = rows_in(self._rest)
        if not rows:
            return texts.SAY_IMPORT
        return self._answers.imported(self._control.import_(self._asked, rows, self._confirm), len(rows))

    # Switches

    def off(self) -> str:
        return self._switch(on=False)

    def on(self) -> str:
        return self._switch(on=True)

    def _switch(self, *, on: bool) -> str:
        state, verb = ("on", "off") if on else ("off", "on")
        scope = self._rest.lower().strip(".!")
        if scope == "always":
            self._switches.set(self._user_id, "", on)
            return self._but_here(texts.SWITCHED_ALWAYS.format(state=state, verb=verb), on)
        if scope not in ("", "here"):
            return texts.SAY_SWITCH.format(state=state)
        if not self._chat_id:
            return texts.NO_CHAT.format(state=state)
        self._switches.set(self._user_id, self._chat_id, on)
        in_its_way = on and self._here.reason
        said = texts.SWITCHED_ON_BUT if in_its_way else texts.SWITCHED_HERE.format(state=state, verb=verb)
        return self._but_here(said, on)

    def _but_here(self, said: str, on: bool) -> str:
        """With what still does not hold in this chat, where memory was switched on."""
        if not on:
            return said
        off = [] if self._switches.is_on(self._user_id, self._chat_id) else [texts.IS_OFF_HERE]
        return "\n\n".join([said, *off, *(self._here.described() if self._here.reason else [])])

    # Numbers

    def _show(self, memory_ids: Sequence[str]) -> None:
        """Number what was listed; the numbers before hold where nothing was."""
        if memory_ids:
            self._orders.show(self._user_id, self._chat_id, memory_ids)

    def _ids(self, numbers: Sequence[int]) -> Sequence[str]:
        """The memories that the user saw under these numbers.

        Raises:
            Drop: there was no such number.
        """
        seen = self._orders.shown(self._user_id, self._chat_id)
        if not seen:
            raise Drop(texts.NO_LIST, hint=texts.NO_LIST_HINT)
        if missing := [number for number in numbers if str(number) not in seen]:
            first, last = min(map(int, seen)), max(map(int, seen))
            hint = texts.NO_NUMBER_HINT if last > first else texts.NO_NUMBER_HERE
            raise Drop(texts.NO_NUMBER.format(number=missing[0]), hint=hint.format(first=first, last=last))
        return self._control.now_called(seen[str(number)] for number in dict.fromkeys(numbers))


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
