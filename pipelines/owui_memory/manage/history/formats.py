"""Which program wrote an archive, by what is in it, and all that it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from . import conversations, memory_stores
from .archive import BROKEN, Budget, Part, SpentError, damage, first_bytes, parts, values
from .entries import Chat, Entry, Flaw, Said, Unread, listed

Value = Mapping[str, Any]


class Format(NamedTuple):
    """A shape of values. source: as chats of it are named; label: the program."""

    source: str
    label: str
    fits: Callable[[Value], bool]
    read: Callable[[Value], Iterator[Entry]]


OPEN_WEBUI, WEBUI_LABEL = "open-webui", "Open WebUI"

FORMATS = (
    Format("chatgpt", "ChatGPT", conversations.is_chatgpt, conversations.read_chatgpt),
    Format("claude", "Claude", conversations.is_claude, conversations.read_claude),
    Format("claude", "Claude", memory_stores.is_claude_memory, memory_stores.read_claude_memory),
    Format(OPEN_WEBUI, WEBUI_LABEL, conversations.is_open_webui, conversations.read_open_webui),
    Format("letta", "Letta", memory_stores.is_letta, memory_stores.read_letta),
    Format("mem0", "mem0", memory_stores.is_mem0, memory_stores.read_mem0),
    Format(OPEN_WEBUI, WEBUI_LABEL, conversations.is_webui_memory, conversations.read_webui_memory),
    Format("letta", "Letta", memory_stores.is_passage, memory_stores.read_passage),
)
GEMINI, LTM = ("gemini", "Gemini"), ("text-generation-webui", "text-generation-webui")
_MOST_PROMPTS, _MOST_PROMPTED = 200_000, 64 << 20  # of Gemini's: how many, and characters of all
_WRAPPED = ("results", "memories", "conversations", "chats", "data")  # lists of the same, in one object
_ACTIVITY = ("activ", "aktiv", "attivit")  # MyActivity.html, MeineAktivitäten.html, MonActivité.html
_A_PAGE: Unread = "a page, which tells nothing that is not elsewhere"
_TAKEOUT: Unread = "a page; in Takeout choose JSON as the format of My Activity, and export once more"


class Found(NamedTuple):
    """An entry of an archive, and the program that wrote it: source and label, "" of a Flaw."""

    entry: Entry
    source: str = ""
    label: str = ""


def read(path: Path, name: str = "") -> Iterator[Found]:
    """All that an archive holds, in the order in which it is found. name: what its sender calls it.

    To be asked in a process of its own: see `reading`.

    Raises:
        UnopenableError: there is no such archive, or it cannot be opened.
    """
    budget, prompts = Budget(), _Prompts()
    try:
        yield from budget.each(_all(path, name, budget, prompts))
    except SpentError as spent:
        yield Found(Flaw(name or path.name, spent.why))
    for chat in conversations.gemini_chats(prompts.all):
        yield Found(chat, *GEMINI)


class _Prompts:
    """Gemini's, which are put together by day at the end."""

    def __init__(self) -> None:
        self.all: list[tuple[Said, ...]] = []
        self._left = _MOST_PROMPTED

    def add(self, turn: tuple[Said, ...]) -> bool:
        """False if it is one too many."""
        self._left -= sum(len(one.text) for one in turn)
        if self._left >= 0 and len(self.all) < _MOST_PROMPTS:
            self.all.append(turn)
            return True
        return False


def _all(path: Path, name: str, budget: Budget, prompts: _Prompts) -> Iterator[Found]:
    for part in parts(path, budget, name):
        if isinstance(part, Flaw):
            yield Found(part)
            continue
        try:
            yield from _read(part, prompts)
        except BROKEN as error:
            yield Found(damage(part, error))


def _read(part: Part, prompts: _Prompts) -> Iterator[Found]:
    begin, part = first_bytes(part)
    if memory_stores.is_sqlite(begin):
        for entry in memory_stores.read_ltm(part.name, part.stream):
            yield Found(entry, *LTM)
    elif begin.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        of_takeout = any(word in part.name.lower() for word in _ACTIVITY)
        yield Found(Flaw(part.name, _TAKEOUT if of_takeout else _A_PAGE))
    else:
        for value in values(part):
            yield from _of_value(part.name, value, prompts)


def _of_value(name: str, value: Any, prompts: _Prompts, *, is_inside: bool = False) -> Iterator[Found]:
    if isinstance(value, Flaw):
        yield Found(value)
        return
    if not isinstance(value, dict):
        yield Found(Flaw(name, "nothing that is known"))
        return
    for one in FORMATS:
        if one.fits(value):
            yield from (Found(_named(entry, name), one.source, one.label) for entry in one.read(value))
            return
    if conversations.is_gemini(value):
        turn = conversations.of_gemini(value)
        if isinstance(turn, Flaw):
            yield Found(replace(turn, where=name))
        elif not prompts.add(turn):
            yield Found(Flaw(name, "there are too many prompts in it"))
        return
    inside = (
        None if is_inside else next((listed(value[key]) for key in _WRAPPED if listed(value.get(key))), None)
    )
    if inside is None:
        yield Found(Flaw(name, "nothing that is known"))
        return
    for other in inside:
        of_text = {"memory": other} if isinstance(other, str) else other
        yield from _of_value(name, of_text, prompts, is_inside=True)


def _named(entry: Entry, name: str) -> Entry:
    if isinstance(entry, Flaw):
        return replace(entry, where=name)
    if isinstance(entry, Chat) and not any(one.role == "user" for one in entry.said):
        return Flaw(name, "a chat in which its user says nothing")
    return entry
