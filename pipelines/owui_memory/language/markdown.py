"""Texts of others as Markdown that is shown as it is: no markup, no link, no formula."""

from __future__ import annotations

import re
import unicodedata

# Not ( and [: Open WebUI takes \( and \[ for the beginning of a formula, and no link is one without a ].
_MARKUP = re.compile(r"[\\`*_{}\]<>|~$&@#^=]|(?<=www)\.|:(?=//)", re.IGNORECASE)
_JOINERS = "\u200c\u200d"  # spelling in Persian and Hindi, and families of emoji, need them
HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn")
_TURNS = ("R", "AL", "AN")  # characters that are written from right to left
_ISOLATED = "\u2068{}\u2069"  # what is in it turns nothing around it


def shown(text: str) -> str:
    """A text on one line, as it is: nothing in it is markup, and its direction is its own affair."""
    visible = "".join(
        char
        for char in " ".join(text.split())
        if char in _JOINERS or unicodedata.category(char) not in HIDDEN
    )
    return isolated(_MARKUP.sub(r"\\\g<0>", visible))


def isolated(text: str) -> str:
    """The same, so that what is written from right to left in it turns nothing around it."""
    turns = any(unicodedata.bidirectional(char) in _TURNS for char in text)
    return _ISOLATED.format(text) if turns else text
