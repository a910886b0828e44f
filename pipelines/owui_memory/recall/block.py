"""The block of memories in a prompt: its text, and how to find it again.

Memories are untrusted: each stands on one line, as a quoted string without markup and secrets, so that
none can close the block, begin a line of its own or pass for a part of the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from json.encoder import encode_basestring

from ..core.locales import CODES, ENGLISH, Locale, locale
from ..core.memory import DOCUMENT, Memory
from ..core.scope import FOLDER, TEAM
from ..language.sanitize import inert, one_line
from ..language.secrets import masked
from ..language.spans import without_spans
from .times import ago

_OPEN, _CLOSE = "<user_memories>", "</user_memories>"
_SHARED_LINE = re.compile(r'- [^"(]{1,200}(?:\([^)"]{1,80}\))?: "')  # the user's own begin with " or (
_QUOTE_LINE = re.compile(r'(- \[[^"\]]{1,60}(?:"(?:[^"\\]|\\.){0,200}")?[^"\]]{0,12}\]) ([^":\]]{1,40}: ".*)')
_DOCUMENT = "📄"  # tells quotes of documents from those of chats, in any language
_TITLE_CHARS = 60
_CACHED = (
    2000  # texts: a chat's messages show the same memories, and looking for secrets takes the most of it
)
_NEWLINES = re.compile(r"\n*")


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where blocks stand in a prompt: in front of the system prompt, and of which user messages (from 0)."""

    system: str = ""
    before: Mapping[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.system or self.before)


def render(lines: Sequence[str], *, more: bool = False, words: Locale = ENGLISH) -> str:
    """The block for these lines, "" for none: the user's own, those of others, quotes, documents.

    more: facts about the user stand before it in the prompt. words: the language of what is said of them.
    """
    if not lines:
        return ""
    documents = [one for one in lines if is_of_document(one)]
    quotes = [one for one in lines if is_quote(one) and not is_of_document(one)]
    told = [one for one in lines if not is_quote(one)]
    own, shared = [one for one in told if is_own(one)], [one for one in told if not is_own(one)]
    groups = [words.say("block, more" if more else "block, header"), *own] if own else []
    groups += [words.say("block, shared"), *shared] if shared else []
    groups += [words.say("block, quotes"), *_by_chat(quotes)] if quotes else []
    groups += [words.say("block, documents"), *_by_chat(documents)] if documents else []
    return "\n".join((_OPEN, *groups, _CLOSE))


def render_channel(lines: Sequence[str], words: Locale = ENGLISH) -> str:
    """The block for notes of a channel, as `channel_line` makes them; "" for none."""
    return "\n".join((_OPEN, words.say("block, channel"), *lines, _CLOSE)) if lines else ""


def _by_chat(quotes: Sequence[str]) -> Iterator[str]:
    """The lines of quotes, what all lines of a chat begin with once and above them."""
    before = ""
    for quote in quotes:
        if parts := _QUOTE_LINE.fullmatch(quote):
            if parts[1] != before:
                yield parts[1]
            before = parts[1]
            yield f"- {parts[2]}"


def is_own(line: str) -> bool:
    """Whether a line is about the user: what another has told a team begins with a name."""
    return not is_quote(line) and not _SHARED_LINE.match(line)


def is_quote(line: str) -> bool:
    """Whether a line is a quote of a past chat or a document, as `quote_line` makes it."""
    return line.startswith("- [")


def is_of_document(line: str) -> bool:
    """Whether it is one of a document."""
    return line.startswith(f"- [{_DOCUMENT}")


def quote_line(passage: Memory, span: tuple[int, int], now: datetime, words: Locale) -> tuple[str, str]:
    """A quote as it stands below what stands above all quotes of its chat, and that.

    span: of the passage, from where to where. The line that is kept has both:
    `- [2026-05-08, "Trip to Rome"] user: "..."`, of a document `- [📄 2026-05-08, "Trains"] page 3: "..."`.
    now: in the user's zone.
    """
    start, end = span
    said = passage.created_at
    day = said.astimezone(now.tzinfo).date().isoformat() if said else words.say("block, no day")
    title = f", {quoted(passage.title[:_TITLE_CHARS])}" if passage.title else ""
    # Marked as cut afterwards: what is of ASCII alone is looked through several times faster.
    more, less = "… " if start else "", " …" if end < len(passage.text) else ""
    quote = f'"{more}{quoted(passage.text[start:end])[1:-1]}{less}"'
    if passage.kind == DOCUMENT:
        return f"- {inert(passage.role or 'text')}: {quote}", f"- [{_DOCUMENT} {day}{title}]"
    return f"- {words.say(f'said by {passage.role}')}: {quote}", f"- [{day}{title}]"


def above_of(line: str) -> str:
    """What a line of a quote has in front of who says it; "" of another one."""
    parts = _QUOTE_LINE.fullmatch(line)
    return parts[1] if parts else ""


def quotes_overhead(count: Callable[[str], int], words: Locale, header: str = "block, quotes") -> int:
    """What quotes take in a prompt beside their lines, in tokens. header: the key of what stands above."""
    return count(words.say(header)) + 1


def line(memory: Memory, now: datetime, teller: str = "", words: Locale = ENGLISH) -> str:
    """One memory as it stands in the block. teller: who has told it, "" for the user; see `names.teller`."""
    said = memory.updated_at or memory.created_at
    when = ago(said, now, words) if said else ""
    if teller:
        return f"- {teller}{f' ({when})' if when else ''}: {quoted(memory.text)}"
    notes = ", ".join(filter(None, (when, _whereabouts(memory.scope, words))))
    return f"- {f'({notes}) ' if notes else ''}{quoted(memory.text)}"


def channel_line(text: str, authors: Sequence[str], at: datetime, now: datetime, words: Locale) -> str:
    """One note of a channel. authors: what those are called who said it, as `names.name_of` gives it."""
    who = ", ".join(authors) or words.say("somebody in the channel")
    return f"- {who} ({ago(at, now, words)}): {quoted(text)}"


def _whereabouts(scope: str, words: Locale) -> str:
    """Where a memory is known, "" for the user's own in every chat."""
    if scope.startswith(FOLDER):
        return words.say("this project")
    if scope.startswith(TEAM):
        return words.say("team", team=scope.removeprefix(TEAM))
    return words.say("said to this model") if scope else ""


def correction(memory: Memory, before: str, now: datetime, teller: str = "", words: Locale = ENGLISH) -> str:
    """The line that takes back what was told of a memory earlier in the prompt."""
    told = line(memory, now, teller, words)
    return words.say("block, correction", line=told, before=quoted(before))


def without_block(text: str) -> str:
    """A text of a prompt without our blocks; the same object where it has none."""
    return without_spans(text, f"{_OPEN}\n", _CLOSE, after=_NEWLINES, ours=_is_ours)


def _is_ours(inside: str) -> bool:
    """Whether a block holds this: headers of ours and lines as they are made here, nothing else."""
    first, *lines = inside.removesuffix("\n").split("\n")
    if not inside.endswith("\n") or first not in _headers() or not lines or lines[-1] in _headers():
        return False
    return all(one.startswith("- ") or one in _headers() for one in lines)


@cache
def _headers() -> frozenset[str]:
    """What stands above lines, in any language."""
    kinds = ["block, header", "block, more", "block, shared", "block, quotes", "block, documents"]
    kinds += ["block, channel"]
    return frozenset(locale(code).say(kind) for code in CODES for kind in kinds)


def quoted(text: str) -> str:
    """A text as one line in quotes, without markup, secrets and invisible characters."""
    return shown(text).quoted


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it is shown; how many secrets were left out of it, and whether it had markup."""

    quoted: str
    secrets: int
    markup: bool


@lru_cache(_CACHED)
def shown(text: str) -> Shown:
    """As `quoted`, with what was done to it."""
    visible = one_line(text)
    plain, secrets = masked(visible)
    harmless = inert(plain)
    changed = harmless != plain or (visible != text and visible != " ".join(text.split()))
    return Shown(encode_basestring(harmless), secrets, changed)
