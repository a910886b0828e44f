"""Stories that users tell, read from tests/fixtures/scenarios: a text file a language.

    # moves house                           (at once) behind a name: each chat is read by one call
    > I live in Lisbon.
    add profile | The user lives in Lisbon.
    later: > We moved to Porto!             in the chat "later", as all that follows a name
    < Congratulations!                      the answer; OK. without one
    replace | in Lisbon | The user lives in Porto.
    = The user lives in Porto.              what memory holds in the end, in any order
    ? Where do I live? | Porto | Lisbon     asked in a new chat: what is told, and what not (-: nothing)

`edits >` takes the place of the last message of its chat, `again >` is another answer to that. What stands
below a message is what a sensible LLM makes of it: `add KIND DAY | text`, `replace | words | text`,
`remove | words`, `recognise | words | text`, `nothing`, or what it answers, call by call: `raw | text`. No
call may show a message with nothing below it. Decisions name memories by words of theirs and are made from
the prompt that the LLM really gets: what is not shown there can be neither replaced nor removed nor
recognised, and is added. `introduced` is the first story's message, `= * | text` all of that but a text.
{+3} is a day from today on, {60 x la } a text so many times, \\n a line's end.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Shown = Mapping[int, str]  # the memories in the prompt, by their numbers
Operation = dict[str, Any]

SOMEBODY_ELSES = "<another user's>"  # id of a memory, in what an LLM answers
_FOLDER = Path(__file__).parents[1] / "fixtures" / "scenarios"
_MESSAGE = re.compile(r"(?:(?P<chat>[^:>]+): )?(?:(?P<how>edits|again) )?> (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True)
class Decision:
    """What an LLM wants of one memory. op: add, replace, remove, recognise or nothing."""

    op: str
    words: str = ""
    text: str = ""
    kind: str = "fact"
    expires: str | None = None

    def operations(self, shown: Shown) -> list[Operation]:
        number = next((number for number, text in shown.items() if self.words and self.words in text), 0)
        if number and self.op in ("replace", "remove"):
            return [{"op": self.op, "id": number, "text": self.text}]
        if number or not self.text:
            return []
        return [{"op": "add", "text": self.text, "kind": self.kind, "expires": self.expires}]


@dataclass
class Message:
    """What the user says in one of their chats, what the assistant answers, and what the LLM makes of it.

    raw: what the LLM answers as it stands, one text a call, instead of decisions.
    edits, again: it replaces the last message of its chat; only the answer to that is made anew.
    """

    text: str
    chat: str = "first"
    edits: bool = False
    again: bool = False
    answer: str = "OK."
    decisions: list[Decision] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many calls are to show it."""
        return len(self.raw) or bool(self.decisions)


@dataclass
class Scenario:
    """Messages of one user, and what memory holds after them.

    at_once: each chat's messages, three that the outbox keeps, are read by one call.
    """

    name: str
    at_once: bool
    messages: list[Message] = field(default_factory=list)
    holds: list[tuple[str, str]] = field(default_factory=list)  # text, and the last day it is recalled
    recalls: list[tuple[str, list[str], list[str]]] = field(default_factory=list)  # asked, told, untold


def stories(language: str) -> list[Scenario]:
    """Those of a file, its introduction among them."""
    found: list[Scenario] = []
    for line in (_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:].removesuffix(" (at once)")
            found.append(Scenario(name, at_once=name != line[2:]))
        elif line:
            _read(_spelt_out(line), found[-1], found[0])
    return found


def languages() -> list[str]:
    return sorted(path.stem for path in _FOLDER.glob("*.txt"))


def _read(line: str, scenario: Scenario, introduction: Scenario) -> None:
    messages = scenario.messages
    head, *parts = line.split(" | ")
    match head.split(" "):
        case ["introduced"]:
            messages.append(introduction.messages[0])
        case ["<", *_]:
            messages[-1].answer = line[2:]
        case ["raw"]:
            messages[-1].raw.append(line.removeprefix("raw | "))
        case ["add", *more]:
            messages[-1].decisions.append(Decision("add", "", *parts, *more))
        case ["replace" | "remove" | "recognise" | "nothing"]:
            messages[-1].decisions.append(Decision(head, *parts))
        case ["=", "*"]:
            known = [one.text for one in introduction.messages[0].decisions]
            scenario.holds += [(text, "") for text in known if text not in parts]
        case ["=", *_]:
            scenario.holds.append((parts[0], head[2:]) if parts else (head[2:], ""))
        case ["?", *_]:
            told, untold = ([] if part == "-" else part.split(" / ") for part in [*parts, "-"][:2])
            scenario.recalls.append((head[2:], told, untold))
        case _:
            messages.append(_message(line))


def _message(line: str) -> Message:
    said = _MESSAGE.fullmatch(line)
    assert said, f"what is meant by {line}?"
    chat, how, text = said["chat"] or "first", said["how"], said["text"]
    if how == "again":
        return Message("", chat, again=True, answer=text)
    return Message(text, chat, edits=how == "edits")


def _spelt_out(line: str) -> str:
    line = re.sub(r"\{([+-]\d+)\}", lambda days: _in_days(int(days[1])), line)
    line = re.sub(r"\{(\d+) x (.+?)\}", lambda often: int(often[1]) * often[2], line)
    return line.replace("\\n", "\n")


def _in_days(days: int) -> str:
    """As memories write it."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
