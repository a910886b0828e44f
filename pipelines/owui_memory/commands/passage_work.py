"""One command being carried out: what all of them need, and those about past chats and documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.now_and_then import kept_up
from ..core.text import first_word
from ..manage.command_log import LoggedCommand
from ..manage.outcomes import PAGE, Asked, Page
from ..state.digests_table import Scheduled
from .answers import Answers
from .circumstances import Here
from .numbers import a_number
from .tools import Tools
from .verbs import on_or_off

ENDS = " .!?,\"'\u3002\uff01"  # behind a word
_CONFIRM_S = 5.0
CHAT, DOCUMENT = "chat:", "document:"  # begins what stands for one among what was shown


class PassageWork:
    """Commands about passages: of past chats and of documents."""

    kept: str | None = None  # of the answer, for who asks again; None: all of it

    def __init__(self, tools: Tools, order: LoggedCommand, rest: str) -> None:
        self._tools, self._orders, self._control = tools, tools.orders, tools.control
        self._switches, self._past, self._documents = tools.switches, tools.past, tools.documents
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
        self._words, self._say = self._here.words, self._here.words.say
        self._answers = Answers(
            order.timezone, order.chat_id, order.user_id, self._words, admin=self._here.admin
        )

    def chats(self) -> str:
        if on_or_off(self._rest.strip(ENDS)):
            return self.episodes()
        number = a_number(self._rest)
        if self._rest and not number:
            found = self._past.found_by_chat(self._user_id, self._rest)[:PAGE]
            self._show([CHAT + one.chat for one in found])
            return self._answers.found_chats(found, self._rest)
        page = Page.of(self._past.all(self._user_id), number or 1)
        if page.items:
            ids = [CHAT + one.chat for one in page.items]
            self._orders.show(self._user_id, self._chat_id, ids, first=page.first, anew=page.number == 1)
        return self._answers.chats(page, self._not_kept())

    def episodes(self) -> str:
        if not (state := on_or_off(self._rest.strip(ENDS))):
            return self._say("say episodes")
        self._past.switch(self._user_id, state == "on")
        lacks = state == "on" and not self._control.settings.keeps_episodes
        return self._say("past, not here" if lacks else f"episodes {state}")

    def documents(self) -> str:
        number = a_number(self._rest)
        if self._rest and not number:
            found = self._documents.found(self._user_id, self._rest)[:PAGE]
            self._show([DOCUMENT + one.entry.document_id for one in found])
            return self._answers.found_documents(found, self._rest)
        page = Page.of(self._documents.all(self._user_id), number or 1)
        ids = [DOCUMENT + one.document_id for one in page.items]
        self._orders.show(self._user_id, self._chat_id, ids, first=page.first, anew=page.number == 1)
        return self._answers.documents(page, are_read=self._documents.are_read)

    def make(self) -> str:
        """A digest now, or every week, or no more; without a name, what digests there are."""
        digests, schedule = self._tools.digests, self._tools.schedule
        name, about = first_word(self._rest)
        if not (name := name.strip(ENDS)):
            return self._answers.digests(digests.templates.all(), schedule.of(self._user_id))
        state = on_or_off(about.strip(ENDS))
        if state == "off" and schedule.remove(self._user_id, digests.templates.named(name)):
            return self._say("digest off", name=name)
        if not state:
            with kept_up("memory-command-kept", self._confirm, _CONFIRM_S):
                return digests.make(self._user_id, name, about, self._words, self._order.name)
        template = digests.templates.get(name, self._words)
        if state == "off":
            return self._say("digest was off", name=template.name_in(self._words))
        if template.about == "needed":
            raise Refused(message("digest, about what", template=template.name_in(self._words)))
        if not self._documents.are_read:
            return self._say("documents, not here")
        schedule.put(Scheduled(self._user_id, template.name, "", self._words.code))
        return self._say("digest on", name=template.name_in(self._words))

    def _kept_of_chats(self) -> str:
        """One line on how much is kept of past chats, and whether it is."""
        kept = self._past.kept(self._user_id)
        if not kept.passages:
            return self._not_kept()
        values = {"passages": kept.passages, "chats": kept.chats}
        return self._say("past, kept", **{name: message(name, n=count) for name, count in values.items()})

    def _not_kept(self) -> str:
        """Why nothing of chats is kept, "" if it is."""
        if not self._control.settings.keeps_episodes:
            return self._say("past, not here")
        return "" if self._past.wants(self._user_id) else self._say("past, off")

    def _forget_chat(self, number: int) -> str:
        """What was said in a chat, by its number in the list of chats."""
        if (chat := self._numbered(number, CHAT)) is None:
            return self._say("say forget chat")
        ids = [passage.id for passage in self._past.of_chat(self._user_id, chat)]
        return self._answers.chat_forgotten(self._control.forget(self._asked, ids, self._confirm))

    def _forget_document(self, number: int) -> str:
        """A document of the user's own, by its number in the list of documents."""
        if (document_id := self._numbered(number, DOCUMENT)) is None:
            return self._say("say forget document")
        return self._answers.document_forgotten(self._documents.forget(self._user_id, {document_id}))

    def _numbered(self, number: int, kind: str) -> str | None:
        """What is to be forgotten, of a kind of list; answers that may tell it are gone. None: no such."""
        shown = self._orders.shown(self._user_id, self._chat_id).get(str(number), "")
        if not shown.startswith(kind):
            return None
        self._orders.erase_answers(self._user_id)
        return shown.removeprefix(kind)

    def _show(self, memory_ids: Sequence[str]) -> None:
        """Number what was listed; the numbers before hold where nothing was."""
        if memory_ids:
            self._orders.show(self._user_id, self._chat_id, memory_ids)
