"""What commands answer, in Markdown that looks right in Open WebUI.

Memories are untrusted: whatever stands in them is shown as it is, and is never markup, a link or a formula.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .. import COMMAND
from ..backends.base import Memory, is_over
from ..control.outcomes import Edited, Forgotten, Imported, Page, Remembered, Undone
from ..recall.rank import Ranked
from ..recall.times import zone_of
from ..recall.why import Explanation
from ..scopes import FOLDER, PERSONA, TEAM, teller
from . import texts
from .explained import explained
from .markup import TOLD_OF, counted, cut, fenced, rest, shown

_EXPORTED_AT_ONCE = 100  # memories in one answer
# What is counted of an erasure besides memories and messages: notes about the user.
_NOT_COUNTED = ("memories", "queue", "commands", "command_turns", "shown", "versions", "noted")

_CHAT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Answers:
    """The answers to one user, in their time zone (an IANA name, or ""). `chat_id`: where they asked."""

    def __init__(self, timezone: str, chat_id: str, user_id: str = "", *, admin: bool = False) -> None:
        """admin: else addresses of stores and models are left out."""
        self._admin = admin
        self._zone, self._chat_id, self._user_id = zone_of(timezone), chat_id, user_id

    def page(self, page: Page) -> str:
        if not page.total:
            return texts.NOTHING_YET
        lines = [texts.ALL_HEAD.format(memories=_memories(page.total)), ""]
        lines += self._table(page.memories, page.first)
        if page.pages > 1:
            more = texts.MORE_PAGES.format(number=page.number + 1) if page.number < page.pages else ""
            lines += ["", texts.PAGE_OF.format(number=page.number, pages=page.pages, more=more)]
        return "\n".join(lines)

    def found(self, items: Sequence[Ranked], words: str) -> str:
        if not items:
            return texts.NOTHING_FOUND.format(words=cut(words))
        lines = [texts.FOUND_HEAD.format(memories=_memories(len(items))), ""]
        return "\n".join([*lines, *self._table([one.memory for one in items])])

    def which(self, memories: Sequence[Memory], words: str, *, exact: bool) -> str:
        """Several may be meant."""
        if not memories:
            return texts.NONE_FITS.format(words=cut(words))
        said = texts.WHICH_SEVERAL if exact else texts.WHICH_NEAR
        return "\n".join([texts.WHICH.format(said=said), "", *self._table(memories)])

    def remembered(self, done: Remembered) -> str:
        if done.known:
            return texts.KNOWN.format(text=shown(done.known.text))
        return texts.REMEMBERED.format(text=shown(done.text))

    def edited(self, done: Edited) -> str:
        if not done.before:
            return texts.MEMORY_GONE
        row = f"| {shown(done.before)} | {shown(done.after)} |"
        return "\n".join([texts.CHANGED_HEAD, "", texts.BEFORE_NOW, "|---|---|", row])

    def ask_for_all(self, memories: int, waiting: int) -> str:
        """Before all is forgotten. waiting: messages that are not read yet."""
        what = _known(memories, waiting)
        return texts.ASK_EVERYTHING.format(what=what) if what else texts.NOTHING_TO_FORGET

    def forgotten(self, done: Forgotten) -> str:
        waiting = done.others.get("queue", 0)
        notes = sum(count for name, count in done.others.items() if name not in _NOT_COUNTED)
        gone = [texts.GONE_ALREADY.format(memories=_were(done.gone))] if done.gone else []
        if not (done.count or waiting or notes):
            return " ".join([texts.NOTHING_FORGOTTEN, *gone]) if gone else texts.NOTHING_THERE
        if len(done.texts) == 1 == done.count:
            lines = [texts.FORGOTTEN_ONE.format(text=cut(done.texts[0]))]
        elif done.texts:
            lines = [texts.FORGOTTEN_MANY.format(memories=_memories(done.count)), ""]
            lines += [f"- {cut(text)}" for text in done.texts[:TOLD_OF]]
            lines += rest(len(done.texts))
        else:
            lines = [texts.FORGOTTEN_ALL.format(what=_known(done.count, waiting, notes))]
        if done.texts and waiting:
            gone.append(texts.ALSO_WAITING.format(messages=_waiting(waiting)))
        if done.undo_minutes:
            minutes = counted(done.undo_minutes, "minute", "minutes")
            can_undo = texts.CAN_UNDO_ONE if done.count == 1 else texts.CAN_UNDO_MANY
            gone.append(can_undo.format(minutes=minutes))
        if not done.reached:
            gone.append(texts.NOT_EVERYWHERE_YET)
        return "\n".join([*lines, *(["", " ".join(gone)] if gone else [])])

    def undone(self, done: Undone) -> str:
        if not done.changes:
            return texts.NOTHING_TO_UNDO
        rows = [
            f"| {shown(change.before if change.op != 'add' else change.after)} | {texts.UNDONE[change.op]} |"
            for change in done.changes[:TOLD_OF]
        ]
        more = rest(len(done.changes))
        return "\n".join([texts.UNDONE_HEAD, "", texts.WHAT_MEMORY, "|---|---|", *rows, *more])

    def of_teams(self, memories: Sequence[Memory], teams: Sequence[str]) -> str:
        if not teams:
            return texts.NO_TEAM
        if not memories:
            return texts.NOTHING_SHARED
        head = texts.TEAMS_HEAD.format(memories=_memories(len(memories)), teams=", ".join(map(shown, teams)))
        return "\n".join([head, "", *self._table(memories)])

    def shared(self, text: str, team: str) -> str:
        return texts.SHARED.format(team=team, text=shown(text))

    def withdrawn(self, text: str) -> str:
        return texts.WITHDRAWN.format(text=shown(text))

    def imported(self, done: Imported, lines: int) -> str:
        """lines: how many there were."""
        flaws = [f"- {shown(flaw)}" for flaw in done.flaws[:TOLD_OF]]
        flaws += rest(len(done.flaws))
        if len(done.flaws) < lines:
            said = texts.IMPORTED.format(memories=_memories(done.added), known=done.known)
            return "\n".join([said, *(["", texts.NOT_IMPORTED, "", *flaws] if flaws else [])])
        no_json = all(flaw.endswith(texts.THIS_IS_NO_JSON) for flaw in done.flaws)
        why = texts.NO_JSON if no_json else texts.NO_MEMORY
        example = fenced(texts.IMPORT_EXAMPLE)
        told = [] if no_json else ["", *flaws]
        return "\n".join([texts.IMPORTED_NOTHING.format(why=why), "", *example, *told])

    def exported(
        self, rows: Sequence[Mapping[str, Any]], part: int, user_id: str, *, numbered: bool = False
    ) -> str:
        """A part of the rows, from 1 on. numbered: whether commands' numbers mean them."""
        parts = max(-(-len(rows) // _EXPORTED_AT_ONCE), 1)
        if not rows:
            return texts.NOTHING_TO_EXPORT
        if not 1 <= part <= parts:
            return texts.NO_PART.format(number=part, parts=counted(parts, "part", "parts"))
        some = rows[(part - 1) * _EXPORTED_AT_ONCE : part * _EXPORTED_AT_ONCE]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in some)
        lines = [texts.EXPORT_HEAD.format(memories=_memories(len(rows))), "", *fenced(text)]
        if parts > 1:
            whole = f"{COMMAND} export --user {shown(user_id)} FILE"
            more = texts.NEXT_PART.format(number=part + 1) if part < parts else ""
            lines += ["", texts.PART_OF.format(number=part, parts=parts, more=more, command=whole)]
        return "\n".join([*lines, *(["", texts.EXPORT_NUMBERS] if numbered else [])])

    def why(self, one: Explanation | None, said: Mapping[str, str]) -> str:
        """said: what the memories say, by id, as far as they are there and may be seen."""
        return explained(one, said, self._zone, self._chat_id, admin=self._admin)

    def _table(self, memories: Iterable[Memory], first: int = 1) -> Iterator[str]:
        """With where they are known, if not all of them are in all of their user's chats."""
        memories = list(memories)
        scoped = any(memory.scope for memory in memories)
        yield f"| # | Memory | When | Chat |{' Where |' if scoped else ''}"
        yield f"|--:|---|---|---|{'---|' if scoped else ''}"
        for number, memory in enumerate(memories, first):
            over = texts.DAY_OVER if is_over(memory) else ""
            cells = [str(number), f"{shown(memory.text)}{over}", self._when(memory), self._chat(memory)]
            cells += [self._where(memory)] if scoped else []
            yield f"| {' | '.join(cells)} |"

    def _when(self, memory: Memory) -> str:
        at = memory.updated_at or memory.created_at
        return f"{at.astimezone(self._zone):%Y-%m-%d}" if at else ""

    def _chat(self, memory: Memory) -> str:
        if memory.chat and memory.chat == self._chat_id:
            return "this one"
        return f"[open](/c/{memory.chat})" if _CHAT_ID.fullmatch(memory.chat) else ""

    def _where(self, memory: Memory) -> str:
        """In which chats it is known, "" for all; and who has shared it."""
        scope = memory.scope
        if scope.startswith(FOLDER):
            return "this project" if memory.chat and memory.chat == self._chat_id else "a project"
        if scope.startswith(PERSONA):
            return f"told to {shown(scope.removeprefix(PERSONA))}"
        if not scope.startswith(TEAM):
            return ""
        return shown(teller(memory, self._user_id)) or f"you, team {shown(scope.removeprefix(TEAM))}"


def _memories(count: int) -> str:
    return counted(count, "memory", "memories")


def _were(count: int) -> str:
    return f"{_memories(count)} {'was' if count == 1 else 'were'}"


def _waiting(count: int) -> str:
    return counted(count, "message that waited", "messages that waited")


def _known(memories: int, waiting: int, notes: int = 0) -> str:
    """What there is of a user, or was."""
    parts = [_memories(memories)] if memories else []
    parts += [f"{_waiting(waiting)} to be remembered"] if waiting else []
    parts += (
        [
            counted(
                notes, "note on what was changed, told or asked", "notes on what was changed, told or asked"
            )
        ]
        if notes
        else []
    )
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + "".join(parts[-1:])
