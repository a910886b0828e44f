"""Text as a model or another server sends it, made such that every parser, database and screen takes it."""

from __future__ import annotations

import re
import unicodedata

from ..core.text import plain

_BROKEN, _CONTROL = "\N{REPLACEMENT CHARACTER}", " "

_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)], _CONTROL)
# In JSON all of them may hide in escapes. Those are read in order: a backslash may itself be escaped.
_ESCAPE = re.compile(
    r"\\(?:"
    r"(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)"
    r"|(?P<control>u00(?:0[1-8bcefBCEF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F])|[bf])"
    r"|.)",
    re.DOTALL,
)


def unbroken(text: str) -> str:
    """A text without halves of characters and NUL, which become U+FFFD, and controls, which become spaces."""
    text = plain(text)
    return text if text.isprintable() else text.translate(_CONTROLS)


def model_text(text: str) -> str:
    """JSON, with other words around it, that holds no broken characters, nor escapes that stand for such."""
    text = unbroken(text)
    return _ESCAPE.sub(_harmless, text) if "\\" in text else text


def has_words(text: str) -> bool:
    """Whether it has letters or digits, of any script."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def _harmless(match: re.Match[str]) -> str:
    if match["half"]:
        return _BROKEN
    return _CONTROL if match["control"] else match[0]
