"""Texts of others as Markdown that Open WebUI shows as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from . import texts

TOLD_OF = 10  # texts of a change that are shown
_CUT = 200  # characters of a text that is named

# Not ( and [: Open WebUI takes \( and \[ for the beginning of a formula, and no link is one without a ].
_MARKUP = re.compile(r"[\\`*_{}\]<>|~$&@#^=]|(?<=www)\.|:(?=//)", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # spelling in Persian and Hindi, and families of emoji, need them
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn")


def shown(text: str) -> str:
    """A text on one line, as it is: nothing in it is markup."""
    visible = "".join(
        char
        for char in " ".join(text.split())
        if char in _JOINERS or unicodedata.category(char) not in _HIDDEN
    )
    return _MARKUP.sub(r"\\\g<0>", visible)


def code(text: str) -> str:
    """A text that somebody may send, as a short piece of code."""
    visible = "".join(c for c in " ".join(text[:_CUT].split()) if unicodedata.category(c) not in _HIDDEN)
    visible = visible.replace("`", "'")
    return f"`{visible}`"


def cut(text: str) -> str:
    """The beginning of a text between quotation marks, as it is: see `shown`."""
    text = " ".join(text.split())
    return f"“{shown(text if len(text) <= _CUT else text[: _CUT - 1] + '…')}”"


def counted(count: int, one: str, more: str) -> str:
    """1 page, 1,200 pages."""
    return f"{count:,} {one if count == 1 else more}"


def rest(count: int, seen: int = TOLD_OF) -> Iterator[str]:
    if count > seen:
        yield ""
        yield texts.AND_MORE.format(count=f"{count - seen:,}")


def fenced(text: str) -> list[str]:
    """A block of code that nothing in it can end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}json", text, fence]
