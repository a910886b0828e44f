"""One command being carried out: looking, changing, teams, in and out, switches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..core.errors import MemoryFault
from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.text import first_word
from ..manage.outcomes import Forgotten, Page
from ..manage.profile import profile_of
from ..state.page_sessions_table import Person
from .channel_work import ChannelWork
from .explained import texts_of
from .faults import failed
from .imported import rows_in
from .markup import code
from .numbers import a_number, numbers_in
from .passage_work import CHAT, DOCUMENT, ENDS
from .verbs import VERBS, on_or_off, says, word_for

_QUOTED = re.compile(r"\"(.+)\"|“(.+)”|«(.+)»|„(.+)[“”]|「(.+)」|『(.+)』|'(.+)'", re.DOTALL)
_TEAM_MOST = 100  # memories of teams in one answer
_PASSAGES_MOST = 10  # in one answer
_WORD_CHARS = 40


class Work(ChannelWork):
    # Looking

    def list(self) -> str:
        if self._rest and not a_number(self._rest):
            command = code(f"/memory {word_for('search', self._words.code)} {self._rest}")
            return self._say("did you mean", command=command)
        return self._page(a_number(self._rest) or 1)

    def page(self) -> str:
        if number := a_number(self._rest):
            return self._page(number)
        return self._say("say page") if self._rest else self._link()

    def _link(self) -> str:
        """A link to the web page of memories, with which this user signs in: never as an admin.

        Nobody would tell the page within its hours that they are so no more.
        """
        if not (url := self._control.settings.page_url):
            return self._say("page, no address")
        token = self._tools.sessions.link(Person(self._user_id, self._order.name, self._here.email))
        self.kept = self._say("page, link shown")
        return self._say("page, link", link=f"{url}/sign-in?link={token}")

    def _page(self, number: int) -> str:
        page = Page.of(self._control.all(self._user_id), number)
        ids = [memory.id for memory in page.items]
        if ids:
            self._orders.show(self._user_id, self._chat_id, ids, first=page.first, anew=number == 1)
        return self._answers.page(page, self._kept_of_chats())

    def search(self) -> str:
        if not self._rest:
            return self._say("say search")
        items = self._control.search(self._user_id, self._rest)
        passages = self._past.found(self._user_id, self._rest)[:_PASSAGES_MOST]
        self._show([one.memory.id for one in (*items, *passages)])
        return self._answers.found(items, self._rest, [one.memory for one in passages])

    def notes(self) -> str:
        if not (state := on_or_off(self._rest.strip(ENDS))):
            return self._say("say notes")
        self._tools.note_switches.set(self._user_id, state == "on")
        return self._say(f"notes {state}")

    def profile(self) -> str:
        told = profile_of(self._control, self._user_id)
        self._show([memory.id for memory in told.memories])
        return self._answers.profile(told)

    def why(self) -> str:
        kept = self._tools.explanations.of_chat(self._chat_id, self._user_id) if self._chat_id else ()
        one = kept[-1] if kept else None
        teams = self._order.teams
        said = texts_of(self._control, one, self._user_id, teams, self._words) if one else {}
        return self._answers.why(one, said)

    def help(self) -> str:
        return self._say("help text")

    def status(self) -> str:
        lines = [self._switched(), *self._here.described()]
        try:
            total = len(self._control.all(self._user_id))
            lines.append(self._say("known of you", memories=message("memories", n=total)))
            lines += filter(None, [self._kept_of_chats()])
            fault = self._tools.live.fault
        except MemoryFault as failed:
            fault = failed
        lines.append(self._say("waiting", n=self._tools.outbox.waiting_of(self._user_id)))
        lines += [self._why_ill(fault)] if fault else []
        if self._here.admin and (webui := self._tools.webui()) is not None and not webui.ok:
            lines.append(self._say("lines not shown", fault=f"{webui.detail}. {webui.hint}"))
        told = "\n".join(f"- {line}" for line in lines)
        if left := self._tools.deletions.only_deleted(self._user_id) if not fault else []:
            self._show([memory.id for memory in left])
            return f"{told}\n\n{self._answers.of_deleted_chats(left)}"
        return told

    def _why_ill(self, fault: MemoryFault) -> str:
        if self._tools.live.current is None:
            return failed(fault, self._words, admin=self._here.admin)
        if self._here.admin:
            return self._say("earlier in use", fault=failed(fault, self._words, admin=True))
        return self._say("admin's earlier in use")

    def _switched(self) -> str:
        if self._switches.is_on(self._user_id, self._chat_id):
            if not self._switches.is_on(self._user_id, self._chat_id, self._here.model):
                return self._say("is off for model")
            holds = self._here.told and self._here.learned
            return self._say("is on" if holds else "yours is on")
        if self._switches.is_on(self._user_id, ""):
            return self._say("is off here")
        return self._say("is off always")

    # Changing

    def remember(self) -> str:
        if not self._rest:
            return self._say("say remember")
        return self._answers.remembered(self._control.remember(self._asked, self._rest, self._confirm))

    def edit(self) -> str:
        which, text = first_word(self._rest)
        number = a_number(which)
        if not number or not text:
            return self._say("say edit")
        (memory_id,) = self._ids([number])
        return self._answers.edited(self._control.edit(self._asked, memory_id, text, self._confirm))

    def forget(self) -> str:
        said = [word.strip(".!?,\"'") for word in self._rest.split(None, 2)]
        if not said:
            return self._say("say forget")
        if says("everything", said[0]) and len(said) <= 2:
            if len(said) > 1 and says("yes", said[1]):
                self._orders.erase_answers(self._user_id)  # they may hold what is forgotten
                self._documents.forget_all(self._user_id)
                return self._forgotten(self._control.forget_all(self._asked, self._confirm))
            if len(said) == 1:
                return self._ask_for_all()
        number = a_number(" ".join(said[1:]))
        if says("chat", said[0]) and (number or len(said) == 1):
            return self._forget_chat(number)
        if says("document", said[0]) and (number or len(said) == 1):
            return self._forget_document(number)
        if numbers := numbers_in(self._rest):
            return self._forget(self._ids(numbers))
        if self._control.begun(self._asked):
            return self._forget([])  # an earlier try knew which
        quoted = _QUOTED.fullmatch(self._rest)
        query = next(filter(None, quoted.groups())) if quoted else self._rest
        memories, exact = self._control.holding(self._user_id, query)
        if exact and len(memories) == 1:
            return self._forget([memories[0].id])
        if not memories:
            memories = [one.memory for one in self._past.found(self._user_id, query)[:_PASSAGES_MOST]]
        self._show([memory.id for memory in memories])
        return self._answers.which(memories, query, exact=exact)

    def _ask_for_all(self) -> str:
        memories = len(self._control.all(self._user_id))
        waiting = self._tools.outbox.waiting_of(self._user_id)
        return self._answers.ask_for_all(memories, waiting, self._past.kept(self._user_id).passages)

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
            return self._say("no team")
        team = team or (teams[0] if len(teams) == 1 else "")
        number = a_number(which)
        if team not in teams or not number:
            return self._say("say share", teams=", ".join(teams))
        (memory_id,) = self._ids([number])
        text = self._control.share(self._asked, memory_id, team, self._confirm)
        return self._answers.shared(text, team)

    def withdraw(self) -> str:
        if not self._order.teams:
            return self._say("no team")
        number = a_number(self._rest)
        if not number:
            return self._say("say withdraw")
        (memory_id,) = self._ids([number])
        text = self._control.withdraw(self._asked, memory_id, self._confirm)
        self.kept = self._say("withdrawn before")
        return self._answers.withdrawn(text)

    # In and out

    def export(self) -> str:
        part = a_number(self._rest) if self._rest else 1
        if not part:
            return self._say("say export")
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
            return self._say("say import")
        return self._answers.imported(self._control.import_(self._asked, rows, self._confirm), len(rows))

    # Switches

    def off(self) -> str:
        return self._switch(on=False)

    def on(self) -> str:
        return self._switch(on=True)

    def _switch(self, *, on: bool) -> str:
        state = "on" if on else "off"
        where = self._rest[:_WORD_CHARS].strip(ENDS)
        if says("always", where):
            self._switches.set(self._user_id, "", on)
            return self._but_here(self._say(f"switched {state} always"), on)
        if where and not says("here", where):
            return self._say(f"say {state}")
        if not self._chat_id:
            return self._say(f"no chat, {state}")
        self._switches.set(self._user_id, self._chat_id, on)
        in_its_way = on and self._here.reason
        return self._but_here(self._say("switched on, but" if in_its_way else f"switched {state} here"), on)

    def _but_here(self, said: str, on: bool) -> str:
        """With what still does not hold in this chat, where memory was switched on."""
        if not on:
            return said
        off = [] if self._switches.is_on(self._user_id, self._chat_id) else [self._say("is off here")]
        return "\n\n".join([said, *off, *(self._here.described() if self._here.reason else [])])

    # Numbers

    def _ids(self, numbers: Sequence[int]) -> Sequence[str]:
        """The memories that the user saw under these numbers.

        Raises:
            Drop: there was no such number.
        """
        seen = self._orders.shown(self._user_id, self._chat_id)
        if not seen:
            raise Refused(message("no list"), message("no list, hint"))
        if missing := [number for number in numbers if str(number) not in seen]:
            first, last = min(map(int, seen)), max(map(int, seen))
            hint = "no number, from to" if last > first else "no number, one only"
            raise Refused(message("no number", number=missing[0]), message(hint, first=first, last=last))
        for number in numbers:
            if seen[str(number)].startswith(DOCUMENT):
                raise Refused(message("say forget document"))
            if seen[str(number)].startswith(CHAT):
                raise Refused(message("number of a chat", number=str(number)))
        return self._control.now_called(seen[str(number)] for number in dict.fromkeys(numbers))


# By what they are called; `import` is a word of Python's.
CARRIED_OUT: Mapping[str, Callable[[Work], str]] = {
    verb: getattr(Work, "import_" if verb == "import" else verb) for verb in VERBS
}
