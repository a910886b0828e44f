"""What commands answer, in Markdown that looks right in Open WebUI.

Memories are untrusted: whatever stands in them is shown as it is, and is never markup, a link or a formula.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .. import COMMAND
from ..backends.base import Memory, is_over
from ..control.memories import Edited, Forgotten, Imported, Page, Remembered, Undone
from ..recall.rank import Ranked
from ..recall.select import TOLD, TOLD_BEFORE
from ..recall.times import zone_of
from ..recall.why import Explanation, Weighed
from ..scopes import FOLDER, PERSONA, TEAM, teller
from .body import place_of
from .policy import MEMORY_SWITCH_OFF, SWITCHED_OFF

_EXPORTED_AT_ONCE = 100  # memories in one answer
_TOLD_OF = 10  # texts of a change that are shown

# Not ( and [: Open WebUI takes \( and \[ for the beginning of a formula, and no link is one without a ].
_MARKUP = re.compile(r"[\\`*_{}\]<>|~$&@#^=]|(?<=www)\.|:(?=//)", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # spelling in Persian and Hindi, and families of emoji, need them
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn")
_CHAT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Reasons that are the user's own doing, as they are told to them.
_TO_ITS_USER = {
    SWITCHED_OFF.reason: "you have switched memory off here, and `/memory on` switches it on",
    MEMORY_SWITCH_OFF: "your Memory switch is off, under Settings > Personalization",
}

_NOT_SEARCHED = (
    "Besides who you are and how you want to be answered nothing was looked for: the admin has set "
    "`memories_per_turn` to 0."
)

HELP = """\
**What you can ask of your memories**

| Send | and |
|---|---|
| `/memory` | all of them, newest first; `/memory page 2` goes on |
| `/memory search <words>` | those that fit |
| `/memory why` | what was used for the last answer in this chat, and what was left out |
| `/memory remember <text>` | is remembered as it stands |
| `/memory edit <number> <text>` | says something else from now on |
| `/memory forget <number>` | is forgotten; also several numbers, or `<words>` that only one memory has |
| `/memory forget everything` | asks once more, then forgets all |
| `/memory undo` | takes back the last change |
| `/memory share <number> <team>` | a team of yours knows it too; `/memory team` lists what yours know |
| `/memory withdraw <number>` | what you shared with a team is its no more |
| `/memory export` | all of them as JSON Lines |
| `/memory import`, then such lines | are remembered too |
| `/memory off`, `/memory on` | in this chat; with `always`: in all chats |
| `/memory status` | whether memory is on, and how it does |

Numbers are those of the list that you saw last in this chat. The answers are not shown to the model."""


def shown(text: str) -> str:
    """A text on one line, as it is: nothing in it is markup."""
    visible = "".join(
        char
        for char in " ".join(text.split())
        if char in _JOINERS or unicodedata.category(char) not in _HIDDEN
    )
    return _MARKUP.sub(r"\\\g<0>", visible)


class Answers:
    """The answers to one user, in their time zone (an IANA name, or ""). `chat_id`: where they asked."""

    def __init__(self, timezone: str, chat_id: str, user_id: str = "") -> None:
        self._zone, self._chat_id, self._user_id = zone_of(timezone), chat_id, user_id

    def page(self, page: Page) -> str:
        if not page.total:
            return "I remember nothing about you yet. `/memory help` says what you can do."
        lines = [f"**{counted(page.total, 'memory', 'memories')}**, newest first", ""]
        lines += self._memories(page.memories, page.first)
        if page.pages > 1:
            more = f" `/memory page {page.number + 1}` shows more." if page.number < page.pages else ""
            lines += ["", f"Page {page.number} of {page.pages}.{more}"]
        return "\n".join(lines)

    def found(self, items: Sequence[Ranked]) -> str:
        if not items:
            return "No memory fits these words. `/memory` lists all of them."
        lines = [f"**{counted(len(items), 'memory', 'memories')}** found, best first", ""]
        return "\n".join([*lines, *self._memories([one.memory for one in items])])

    def which(self, memories: Sequence[Memory], *, exact: bool) -> str:
        """Several may be meant."""
        if not memories:
            return "No memory has these words, and none comes near. Nothing was forgotten."
        said = "Several memories have these words." if exact else "No memory has exactly these words."
        lines = [f"{said} Nothing was forgotten yet. `/memory forget <number>` forgets one of these:", ""]
        return "\n".join([*lines, *self._memories(memories)])

    def remembered(self, done: Remembered) -> str:
        if done.known:
            return f"I know that already: {shown(done.known.text)}"
        return f"Remembered: {shown(done.text)}\n\n`/memory undo` takes it back."

    def edited(self, done: Edited) -> str:
        if not done.before:
            return "That memory is gone. `/memory` shows those that there are."
        return "\n".join(
            [
                "Changed.",
                "",
                "| Before | Now |",
                "|---|---|",
                f"| {shown(done.before)} | {shown(done.after)} |",
            ]
        )

    def forgotten(self, done: Forgotten) -> str:
        gone = f" {counted(done.gone, 'memory was', 'memories were')} gone already." if done.gone else ""
        if not done.count:
            return f"Nothing was forgotten.{gone}"
        return f"Forgotten: {counted(done.count, 'memory', 'memories')}.{gone}"

    def undone(self, done: Undone) -> str:
        if not done.changes:
            return "There is no change that could be taken back."
        says = {"add": "no longer remembered", "remove": "remembered again", "replace": "as it was"}
        rows = [
            f"| {says[change.op]} | {shown(change.before if change.op != 'add' else change.after)} |"
            for change in done.changes[:_TOLD_OF]
        ]
        rest = [*_rest(len(done.changes))]
        return "\n".join(["Taken back.", "", "| What | Memory |", "|---|---|", *rows, *rest])

    def of_teams(self, memories: Sequence[Memory], teams: Sequence[str]) -> str:
        if not teams:
            return "You are in no team."
        if not memories:
            return "Nobody has shared anything with your teams yet. `/memory share <number> <team>` does."
        lines = [
            f"**{counted(len(memories), 'memory', 'memories')}** of {', '.join(teams)}, newest first",
            "",
        ]
        return "\n".join([*lines, *self._memories(memories)])

    def shared(self, text: str, team: str) -> str:
        return f"Team {team} knows now: {shown(text)}\n\n`/memory team` and `/memory withdraw` take it back."

    def withdrawn(self, text: str) -> str:
        return f"Withdrawn: {shown(text)}"

    def imported(self, done: Imported) -> str:
        lines = [
            f"{counted(done.added, 'memory', 'memories')} added, {done.known} known already.",
            *([""] if done.flaws else []),
            *(f"- {shown(flaw)}" for flaw in done.flaws[:_TOLD_OF]),
            *_rest(len(done.flaws)),
        ]
        return "\n".join(lines)

    def exported(self, rows: Sequence[Mapping[str, Any]], part: int, user_id: str) -> str:
        """A part of the rows, from 1 on."""
        parts = max(-(-len(rows) // _EXPORTED_AT_ONCE), 1)
        if not rows:
            return "There is nothing to export: I remember nothing about you yet."
        if not 1 <= part <= parts:
            return f"There is no part {part}: the export has {counted(parts, 'part', 'parts')}."
        some = rows[(part - 1) * _EXPORTED_AT_ONCE : part * _EXPORTED_AT_ONCE]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in some)
        lines = [f"**{counted(len(rows), 'memory', 'memories')}**, oldest first", "", *_fenced(text)]
        if parts > 1:
            whole = f"{COMMAND} export --user {shown(user_id)} FILE"
            more = f" `/memory export {part + 1}` gives the next." if part < parts else ""
            lines += ["", f"Part {part} of {parts}.{more} As one file, ask the admin for: `{whole}`"]
        return "\n".join(lines)

    def why(self, one: Explanation | None, texts: Mapping[str, str]) -> str:
        """texts: what the memories say, by id, as far as they are there and may be seen."""
        if one is None:
            return self._nothing_kept()
        if not one.looked:
            at = datetime.fromtimestamp(one.at, self._zone)
            what = "No memories were used for the last message"
            return f"{what} ({at:%Y-%m-%d %H:%M}): {_to_its_user(one.left_alone)}."
        told = [weighed for weighed in one.weighed if weighed.outcome in (TOLD, TOLD_BEFORE)]
        always = [
            memory_id for memory_id in one.profile if memory_id not in {item.memory_id for item in told}
        ]
        used = {*always, *(weighed.memory_id for weighed in told)}
        since = dict(one.standing)
        rest = [memory_id for memory_id in since if memory_id not in used]
        left_out = [weighed for weighed in one.weighed if weighed.memory_id not in {*used, *since}]
        rows = [
            *(f"| {_text_of(memory_id, texts)} | | | told in every conversation |" for memory_id in always),
            *(_weighed_row(weighed, texts, since) for weighed in told),
        ]
        lines = [f"Of the message “{shown(one.query)}”", ""]
        lines += ["**Used for the answer**", "", *_weighed_table(rows)] if rows else [_nothing_used(one)]
        if rest:
            rows = [f"| {_text_of(one, texts)} | since your message {since[one]} |" for one in rest]
            lines += [
                "",
                "**In the prompt from earlier messages**",
                "",
                "| Memory | Told |",
                "|---|---|",
                *rows,
            ]
            lines += ["", "What a chat was told stays in its prompt. Commands are not counted as messages."]
        if left_out:
            rows = [_weighed_row(weighed, texts) for weighed in left_out]
            lines += ["", "**Left out**", "", *_weighed_table(rows), *_rest(len(rows) + one.more, len(rows))]
        if not one.searched:
            lines += ["", _NOT_SEARCHED]
        if one.forgotten:
            lines += ["", f"Not told any more, because forgotten or taken back since: {len(one.forgotten)}."]
        if one.left_alone:
            lines += ["", f"What was said is not remembered: {_to_its_user(one.left_alone)}."]
        return "\n".join(lines)

    def _nothing_kept(self) -> str:
        place = place_of(self._chat_id)
        if place == "temporary":
            return "Temporary chats are left alone: nothing is told or learned there, nor kept of why."
        if place == "api":
            return "This is no chat of its own: nothing is kept of why."
        return "No memories were looked for in this chat yet, or that is more than a week ago."

    def _memories(self, memories: Iterable[Memory], first: int = 1) -> Iterator[str]:
        """With where they are known, if not all of them are in all of their user's chats."""
        memories = list(memories)
        scoped = any(memory.scope for memory in memories)
        yield f"| # | Memory | When | Chat |{' Where |' if scoped else ''}"
        yield f"|--:|---|---|---|{'---|' if scoped else ''}"
        for number, memory in enumerate(memories, first):
            over = " (its day is over)" if is_over(memory) else ""
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


def _to_its_user(reason: str) -> str:
    """A reason of `chat.policy` or of the filter, at the end of a sentence."""
    return _TO_ITS_USER.get(reason) or shown(reason).rstrip(".")


def counted(count: int, one: str, more: str) -> str:
    """1 page, 1,200 pages."""
    return f"{count:,} {one if count == 1 else more}"


def _rest(count: int, seen: int = _TOLD_OF) -> Iterator[str]:
    if count > seen:
        yield ""
        yield f"and {count - seen:,} more."


def _fenced(text: str) -> list[str]:
    """A block of code that nothing in it can end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}json", text, fence]


def _nothing_used(one: Explanation) -> str:
    if one.standing:
        return "Nothing more was relevant enough to be added for this message."
    if not one.searched:
        return "No memory was used."
    if not one.weighed:
        return "No memory came near it, so none was used."
    return "Nothing was relevant enough, so no memory was used."


def _weighed_table(rows: Sequence[str]) -> Iterator[str]:
    yield "| Memory | In meaning | In words | Outcome |"
    yield "|---|---|---|---|"
    yield from rows


def _weighed_row(one: Weighed, texts: Mapping[str, str], since: Mapping[str, int] | None = None) -> str:
    """since: the numbers of the messages that memories were told with."""
    number = (since or {}).get(one.memory_id) if one.outcome == TOLD_BEFORE else None
    outcome = f"told since your message {number}" if number else one.outcome
    nearness = f"{_nearness(one.meaning)} | {_overlap(one.keyword)}"
    return f"| {_text_of(one.memory_id, texts)} | {nearness} | {outcome} |"


def _text_of(memory_id: str, texts: Mapping[str, str]) -> str:
    text = texts.get(memory_id)
    return "(forgotten since)" if text is None else shown(text)


def _nearness(meaning: float) -> str:
    """A cosine, in words."""
    for least, said in ((0.6, "very near"), (0.4, "near"), (0.2, "somewhat near")):
        if meaning >= least:
            return said
    return "far"


def _overlap(keyword: float) -> str:
    """A share of the best BM25, in words."""
    for least, said in ((0.75, "as many as any"), (0.25, "some"), (0.001, "few")):
        if keyword >= least:
            return said
    return "none"
