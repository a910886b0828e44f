"""What commands answer, in Markdown that looks right in Open WebUI.

Memories are untrusted: whatever stands in them is shown as it is, and is never markup, a link or a formula.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .. import COMMAND
from ..core.change import Change
from ..core.locales import ENGLISH, Locale, message
from ..core.memory import EPISODE, Memory, is_over
from ..core.scope import EVERYONE, FOLDER, PERSONA, TEAM
from ..digests.template import Template
from ..language.markdown import shown
from ..language.names import teller
from ..manage.documents import FoundDocument
from ..manage.erasure.sites import DOCUMENTS, PASSAGES
from ..manage.outcomes import NO_JSON, Edited, Forgotten, Imported, Page, Remembered
from ..manage.past_chats import PastChat
from ..manage.profile import Profile
from ..recall.rank import Ranked
from ..recall.times import zone_of
from ..recall.why import Explanation
from ..remember.passages import USER
from ..state.documents_table import Entry
from .explained import Explained
from .faults import why_not_read
from .markup import TOLD_OF, code, cut, fenced, listed, rest, sentences
from .verbs import word_for

_QUOTES_MOST = 3  # of a chat that was found
_SAID_CHARS = 200  # of a passage in a list
_EXPORTED_AT_ONCE = 100  # memories in one answer
# What is counted of an erasure besides memories and messages: notes about the user.
_NOT_COUNTED = (
    "memories",
    PASSAGES,
    DOCUMENTS,
    "documents",
    "exchanges with passages",
    "episode_switches",
    "note_switches",
    "queue",
    "commands",
    "command_turns",
    "shown",
    "versions",
    "noted",
    "imports",
    "deletions",
    "webui_seen",
    "profiles",
    "page_sessions",
)

_CHAT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_chat_id(chat: str) -> bool:
    """Whether it is an id as Open WebUI gives chats, which may stand in an address."""
    return _CHAT_ID.fullmatch(chat) is not None


class Answers:
    """The answers to one user, who has asked in the chat `chat_id`, in their language and time zone."""

    def __init__(
        self, timezone: str, chat_id: str, user_id: str = "", words: Locale = ENGLISH, *, admin: bool = False
    ) -> None:
        """timezone: an IANA name, or "". admin: else addresses of stores and models are left out."""
        self._admin, self._words, self._say = admin, words, words.say
        self._zone, self._chat_id, self._user_id = zone_of(timezone), chat_id, user_id

    def page(self, page: Page[Memory], past: str = "") -> str:
        """past: a sentence on what is kept of past chats."""
        if not page.total:
            return "\n\n".join(filter(None, [self._say("nothing yet"), past]))
        lines = [self._say("all, head", memories=self._bold(page.total)), ""]
        lines += [*self._table(page.items, page.first), *self._more(page, "pages")]
        return "\n".join([*lines, *_below(past)])

    def found(self, items: Sequence[Ranked], words: str, passages: Sequence[Memory] = ()) -> str:
        """passages: of past chats, which are told apart."""
        if items:
            lines = [self._say("found, head", n=len(items)), "", *self._table([one.memory for one in items])]
        else:
            lines = [self._say("nothing found", words=cut(words, self._words))]
        if passages:
            lines += ["", self._say("found in chats"), "", *self._table(passages, len(items) + 1)]
        return "\n".join(lines)

    def chats(self, page: Page[PastChat], not_kept: str) -> str:
        """A page of all. not_kept: why nothing is kept now, or ""."""
        if not page.total:
            return not_kept or self._say("past, none")
        lines = [self._say("chats, head", chats=message("chats", n=page.total)), ""]
        lines += self._head("chat", "when", "passages", "said")
        for at, one in enumerate(page.items, page.first):
            said, count = self._said(one.shown[0]), self._words.number(one.count)
            lines.append(self._row(str(at), self._chat(one.shown[0]), self._day(one.at), count, said))
        return "\n".join([*lines, *self._more(page, "chats"), *_below(not_kept)])

    def found_chats(self, chats: Sequence[PastChat], words: str) -> str:
        if not chats:
            return self._say("chats, none fit", words=cut(words, self._words))
        lines = [self._say("chats, found", chats=message("chats", n=len(chats))), ""]
        lines += self._head("chat", "when", "said")
        for number, one in enumerate(chats, 1):
            first, *others = one.shown[:_QUOTES_MOST]
            lines.append(self._row(str(number), self._chat(first), self._when(first), self._said(first)))
            lines += [self._row("", "", self._when(other), self._said(other)) for other in others]
        return "\n".join(lines)

    def chat_forgotten(self, done: Forgotten) -> str:
        lines = [self._say("chat forgotten", passages=message("passages", n=done.count))]
        if done.undo_minutes and done.count:
            lines.append(self._say("can undo many", n=done.undo_minutes))
        if not done.reached:
            lines.append(self._say("not everywhere yet"))
        return sentences(lines, self._words)

    def documents(self, page: Page[Entry], *, are_read: bool) -> str:
        """A page of all. are_read: whether any are read here."""
        if not page.total:
            return self._say("documents, none" if are_read else "documents, not here")
        lines = [self._say("documents, head", n=page.total), "", *self._head("document", "when", "passages")]
        for at, one in enumerate(page.items, page.first):
            when = self._day(datetime.fromtimestamp(one.changed / 1e9, UTC))
            lines.append(self._row(str(at), self._document(one), when, self._words.number(one.passages)))
        return "\n".join([*lines, *self._more(page, "documents")])

    def _document(self, one: Entry) -> str:
        """What a document is called, whose it is if not the user's, and why it cannot be read."""
        notes = [self._say("document of everyone")] if one.user_id == EVERYONE else []
        if one.state == "failed":
            notes.append(self._say("document not read", why=shown(why_not_read(self._words, one.detail))))
        name = shown(one.title or one.path.rpartition("/")[2])
        return f"{name} ({', '.join(notes)})" if notes else name

    def digests(self, templates: Sequence[Template], wanted: Collection[str]) -> str:
        """What digests can be made, and which are made every week."""
        verb, weekly = word_for("make", self._words.code), self._say("digest: weekly")
        lines = [self._say("digests, head"), ""]
        for one in templates:
            about = f" {self._say('digest: about')}" if one.about == "needed" else ""
            mark = f" ({weekly})" if one.name in wanted else ""
            called = one.name_in(self._words)
            lines.append(f"- `/memory {verb} {called}{about}`: {shown(one.title_in(self._words))}{mark}")
        for name in sorted(set(wanted) - {one.name for one in templates}):  # its template is gone
            lines.append(f"- `/memory {verb} {name}` ({weekly})")
        return "\n".join([*lines, "", self._say("digests, how")])

    def found_documents(self, found: Sequence[FoundDocument], words: str) -> str:
        if not found:
            return self._say("documents, none fit", words=cut(words, self._words))
        lines = [self._say("documents, found", n=len(found)), "", *self._head("document", "says")]
        for number, one in enumerate(found, 1):
            first, *others = one.passages[:_QUOTES_MOST]
            lines.append(self._row(str(number), self._document(one.entry), self._quoted(first)))
            lines += [self._row("", "", self._quoted(other)) for other in others]
        return "\n".join(lines)

    def document_forgotten(self, gone: Sequence[Entry]) -> str:
        if not gone:
            return self._say("document of everyone, not forgotten")
        names = ", ".join(shown(one.title or one.path) for one in gone)
        return self._say("document forgotten", document=names)

    def which(self, memories: Sequence[Memory], words: str, *, exact: bool) -> str:
        """Several may be meant."""
        if not memories:
            return self._say("none fits", words=cut(words, self._words))
        return "\n".join(
            [self._say("which, several" if exact else "which, near"), "", *self._table(memories)]
        )

    def remembered(self, done: Remembered) -> str:
        if done.known:
            return self._say("known", text=shown(done.known.text))
        return self._say("remembered", text=shown(done.text))

    def edited(self, done: Edited) -> str:
        if not done.before:
            return sentences([self._say("memory gone"), self._say("memory gone, hint")], self._words)
        head = self._row(self._say("column before"), self._say("column now"))
        row = self._row(shown(done.before), shown(done.after))
        return "\n".join([self._say("changed, head"), "", head, "|---|---|", row])

    def ask_for_all(self, memories: int, waiting: int, passages: int = 0) -> str:
        """Before all is forgotten. waiting: messages that are not read yet; passages: of past chats."""
        what = self._known(memories, waiting, passages=passages)
        return self._say("ask everything", what=what) if what else self._say("nothing to forget")

    def forgotten(self, done: Forgotten) -> str:
        waiting = done.others.get("queue", 0)
        notes = sum(count for name, count in done.others.items() if name not in _NOT_COUNTED)
        passages = done.others.get(PASSAGES, 0)
        gone = [self._say("gone already", n=done.gone)] if done.gone else []
        if not (done.count or waiting or notes or passages):
            nothing = self._say("nothing forgotten")
            return sentences([nothing, *gone], self._words) if gone else self._say("nothing there")
        if len(done.texts) == 1 == done.count:
            lines = [self._say("forgotten", what=cut(done.texts[0], self._words))]
        elif done.texts:
            lines = [self._say("forgotten list", what=self._say("memories", n=done.count)), ""]
            lines += [f"- {cut(text, self._words)}" for text in done.texts[:TOLD_OF]]
            lines += rest(self._words, len(done.texts))
        else:
            what = self._known(done.count, waiting, notes, passages)
            lines = [self._say("forgotten list", what=what)]
        if done.passages:
            gone.append(self._say("also passages", n=done.passages))
        if done.texts and waiting:
            gone.append(self._say("also waiting", n=waiting))
        if done.undo_minutes:
            gone.append(
                self._say("can undo one" if done.count == 1 else "can undo many", n=done.undo_minutes)
            )
        if not done.reached:
            gone.append(self._say("not everywhere yet"))
        return "\n".join([*lines, *_below(sentences(gone, self._words) if gone else "")])

    def undone(self, done: Sequence[Change]) -> str:
        if not done:
            return self._say("nothing to undo")
        facts = [change for change in done if change.kind != EPISODE]
        passages = len(done) - len(facts)
        back = self._say("passages back", n=passages) if passages else ""
        if not facts:
            return back
        rows = []
        for change in facts[:TOLD_OF]:
            text = change.after if change.op == "add" else change.before
            rows.append(self._row(shown(text), self._say(f"undone: {change.op}")))
        head = self._row(self._say("column memory"), self._say("column now"))
        more = [*rest(self._words, len(facts)), *_below(back)]
        return "\n".join([self._say("undone, head"), "", head, "|---|---|", *rows, *more])

    def of_teams(self, memories: Sequence[Memory], teams: Sequence[str]) -> str:
        if not teams:
            return self._say("no team")
        if not memories:
            return self._say("nothing shared")
        named = ", ".join(map(shown, teams))
        head = self._say("teams, head", memories=self._bold(len(memories)), teams=named)
        return "\n".join([head, "", *self._table(memories)])

    def of_deleted_chats(self, memories: Sequence[Memory]) -> str:
        """What only deleted chats said, to be forgotten or left."""
        command = code(f"/memory {word_for('forget', self._words.code)} 1")
        head = self._say("only in deleted chats", command=command)
        return "\n".join([head, "", *self._table(memories)])

    def shared(self, text: str, team: str) -> str:
        return self._say("shared", team=team, text=shown(text))

    def withdrawn(self, text: str) -> str:
        return self._say("withdrawn", text=shown(text))

    def imported(self, done: Imported, lines: int) -> str:
        """lines: how many there were."""
        flaws = [
            f"- {self._say('line', number=flaw.line, flaw=shown(self._words.tell(flaw.sentence)))}"
            for flaw in done.flaws[:TOLD_OF]
        ]
        flaws += rest(self._words, len(done.flaws))
        if len(done.flaws) < lines:
            said = self._say("imported", n=done.added, known=done.known)
            return "\n".join([said, *(["", self._say("not imported"), "", *flaws] if flaws else [])])
        no_json = all(flaw.sentence == NO_JSON for flaw in done.flaws)
        why = self._say("imported nothing, no JSON" if no_json else "imported nothing, no memory")
        example = json.dumps({"memory": self._say("import example")}, ensure_ascii=False)
        told = [] if no_json else ["", *flaws]
        return "\n".join([why, "", *fenced(example), *told])

    def exported(
        self, rows: Sequence[Mapping[str, Any]], part: int, user_id: str, *, numbered: bool = False
    ) -> str:
        """A part of the rows, from 1 on. numbered: whether commands' numbers mean them."""
        parts = max(-(-len(rows) // _EXPORTED_AT_ONCE), 1)
        if not rows:
            return self._say("nothing to export")
        if not 1 <= part <= parts:
            return self._say("no part", number=part, n=parts)
        some = rows[(part - 1) * _EXPORTED_AT_ONCE : part * _EXPORTED_AT_ONCE]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in some)
        lines = [self._say("export, head", memories=self._bold(len(rows))), "", *fenced(text)]
        if parts > 1:
            file = f"`{COMMAND} export --user {shown(user_id)} FILE`"
            kind = "more parts" if part < parts else "part of"
            lines += ["", self._say(kind, number=part, parts=parts, next=str(part + 1), file=file)]
        return "\n".join([*lines, *_below(self._say("export numbers") if numbered else "")])

    def profile(self, told: Profile) -> str:
        """What is written of the user, numbered as in the table below it of what it was made of."""
        if not told.memories:
            return self._say("profile, none")
        lines = [self._say("profile, head" if told.statements else "profile, always"), ""]
        lines += [f"- {shown(text)} ({_joined(numbers)})" for text, numbers in told.statements]
        lines += ["", self._say("profile, made of"), ""] if told.statements else []
        lines += self._table(told.memories)
        for numbers in told.contradictions:
            lines += ["", self._say("profile, contradict", numbers=_joined(numbers))]
        return "\n".join(lines)

    def why(self, one: Explanation | None, said: Mapping[str, str]) -> str:
        """said: what the memories say, by id, as far as they are there and may be seen."""
        answer = Explained(said, self._words, admin=self._admin)
        return "\n".join(answer.lines(one, self._zone, self._chat_id))

    def _table(self, memories: Iterable[Memory], first: int = 1) -> Iterator[str]:
        """With where they are known, if not all of them are in all of their user's chats."""
        memories = list(memories)
        scoped = any(memory.scope for memory in memories)
        yield from self._head("memory", "when", "chat", *(["where"] if scoped else []))
        for number, memory in enumerate(memories, first):
            text = self._said(memory) if memory.kind == EPISODE else shown(memory.text)
            text = self._say("day is over", text=text) if is_over(memory) else text
            cells = [str(number), text, self._when(memory), self._chat(memory)]
            yield self._row(*cells, *([self._where(memory)] if scoped else []))

    def _head(self, *columns: str) -> Iterator[str]:
        """How a numbered table begins. Numbers stand on the right."""
        yield self._row("#", *(self._say(f"column {name}") for name in columns))
        yield f"|--:|{''.join('--:|' if name == 'passages' else '---|' for name in columns)}"

    def _more(self, page: Page[Any], kind: str) -> Sequence[str]:
        """Which page of several it is."""
        if page.pages == 1:
            return ()
        of = f"more {kind}" if page.number < page.pages else "page of"
        return "", self._say(of, number=page.number, pages=page.pages, next=str(page.number + 1))

    @staticmethod
    def _row(*cells: str) -> str:
        return f"| {' | '.join(cells)} |"

    def _when(self, memory: Memory) -> str:
        return self._day(memory.updated_at or memory.created_at)

    def _chat(self, memory: Memory) -> str:
        if memory.chat and memory.chat == self._chat_id:
            return self._say("this chat")
        if memory.title and is_chat_id(memory.chat):
            return f"[{shown(memory.title)}](/c/{memory.chat})"
        return f"[{self._say('open chat')}](/c/{memory.chat})" if is_chat_id(memory.chat) else ""

    def _said(self, passage: Memory) -> str:
        """The beginning of a passage, and who has said it."""
        return self._say(f"said by: {passage.role or USER}", text=self._quoted(passage))

    @staticmethod
    def _quoted(passage: Memory) -> str:
        text = passage.text
        return shown(text if len(text) <= _SAID_CHARS else f"{text[: _SAID_CHARS - 1]}…")

    def _day(self, at: datetime | None) -> str:
        return at.astimezone(self._zone).strftime(self._say("day")) if at else ""

    def _where(self, memory: Memory) -> str:
        """In which chats it is known, "" for all; and who has shared it."""
        scope = memory.scope
        if scope.startswith(FOLDER):
            here = memory.chat and memory.chat == self._chat_id
            return self._say("this project" if here else "a project")
        if scope.startswith(PERSONA):
            return self._say("told to model", model=shown(scope.removeprefix(PERSONA)))
        if not scope.startswith(TEAM):
            return ""
        told_by = shown(teller(memory, self._user_id, locale=self._words))
        return told_by or self._say("you in team", team=shown(scope.removeprefix(TEAM)))

    def _bold(self, count: int) -> str:
        return self._say("memories in bold", n=count)

    def _known(self, memories: int, waiting: int, notes: int = 0, passages: int = 0) -> str:
        """What there is of a user, or was; "" for nothing."""
        counted = {"memories": memories, "passages": passages}
        counted |= {"messages that waited": waiting, "notes kept": notes}
        parts = [self._say(what, n=count) for what, count in counted.items() if count]
        return listed(parts, self._words) if parts else ""


def _below(text: str) -> Sequence[str]:
    """A paragraph below others, if there is one."""
    return ("", text) if text else ()


def _joined(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
