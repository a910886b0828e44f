"""What an author asks of memory in a channel: `memory link CODE`, `memory forget me`, `memory read me`.

Such a message is nothing but that, in any of the languages that we have texts in, a slash or a ! before it or
not. Only short texts are looked at.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ..core.locales import CODES, Locale, locale

LINK, FORGET, READ = "link", "forget me", "read me"
_CHARS = 100  # of the longest
_AROUND, _BEFORE = " `\"'*.!?\u3002", "/\\!"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: LINK, FORGET or READ. code: of a link. words: the language that it is asked in."""

    what: str
    words: Locale
    code: str = ""


def read_request(text: str) -> Request | None:
    """The request that a message is, None if it is none."""
    if len(text) > _CHARS:
        return None
    said = " ".join(unicodedata.normalize("NFKC", text).split())
    said = said.strip(_AROUND).lstrip(_BEFORE).strip(_AROUND).casefold()
    if (found := _phrases().get(_joined(said))) and found[0] != LINK:
        return Request(found[0], locale(found[1]))
    head, _, code = said.rpartition(" ")
    if (found := _phrases().get(_joined(head))) and found[0] == LINK:
        return Request(LINK, locale(found[1]), code)
    return None


@cache
def _phrases() -> Mapping[str, tuple[str, str]]:
    """All phrases without blanks, each with what it asks and the code of its language."""
    names = [name for code in CODES for name in locale(code).words("name")]
    return {
        _joined(unicodedata.normalize("NFKC", name + phrase).casefold()): (what, code)
        for code in reversed(CODES)
        for what in (LINK, FORGET, READ)
        for phrase in locale(code).words(f"word {what}")
        for name in names
    }


def _joined(text: str) -> str:
    return "".join(text.split())
