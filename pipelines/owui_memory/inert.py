"""Text of others made harmless to show: one line, visible, without markup and tokens that anything obeys.

Addresses lose their scheme: "example.com/me" can be read and typed, and nothing fetches it by itself.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from .language.scripts import accents

_LONGEST_CHARS, _LOOKED_CHARS = 1000, 4000  # shown of a memory; markup takes more than it shows

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_].*?(?:\x07|\x1b\\|\Z)|\x1b.|\x9b[0-?]*[ -/]*[@-~]", re.DOTALL
)
_JOINERS = "\u200c\u200d"  # spelling in Persian and Hindi, and families of emoji, need them, one at a time
_HIDDEN_CATEGORIES = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
# Seen as nothing, though of letters' or marks' categories; runs of what is harmless alone can hold a message.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
    f"|[{_JOINERS}]{{2,}}|(?<=[\\x00-\\x7f])[{_JOINERS}]|[{_JOINERS}](?=[\\x00-\\x7f])"
)
_BRACKETS = str.maketrans(dict.fromkeys("<＜﹤⟨〈᚜", "‹") | dict.fromkeys(">＞﹥⟩〉᚛", "›") | {"｜": "|"})
_ENTITY = re.compile(r"&(?:amp;)*(?:(lt|#0*60|#x0*3c)|gt|#0*62|#x0*3e);?", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?:u00|x)(3c|3e)|%(3c|3e)", re.IGNORECASE)
_OUR_NAME = re.compile(r"user_+memories", re.IGNORECASE)
# Tokens in square brackets of models' chat templates: [INST], [/TOOL_CALLS], [gMASK].
_TOKEN = re.compile(r"\[\s*(/?\s*(?:[A-Z][A-Z_]{2,}|[gs]MASK))\s*\]")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\s?[(\[]([^()\[\]\s]{0,2000})[^()\[\]]{0,300}[)\]]")
_REFERENCE = re.compile(r"\[([^\[\]]{1,300})\]:")
_SCHEME = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:/{2,}|(?:javascript|vbscript|\b(?:data|mailto|file)):(?=\S)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"[`~]{2,}")
_MAY_BE_MARKUP = re.compile(r"[\[`~]|:/|:\S")
_MARKUP = re.compile(r"[<>＜＞﹤﹥⟨⟩〈〉｜&%\\\[`~]|:/|:\S|user_")


def one_line(text: str) -> str:
    """As one line of characters that can be seen, and that no terminal takes for a command."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    text = " ".join(text.split())
    if not text.isprintable():  # seldom; looking at each character costs a tenth of a recall
        text = "".join(
            char for char in text if char in _JOINERS or unicodedata.category(char) not in _HIDDEN_CATEGORIES
        )
    if not text.isascii():
        text = _marks().sub(r"\1", _UNSEEN.sub("", text))
    return text


@cache
def _marks() -> re.Pattern[str]:
    """More than three accents on one letter, of any script."""
    return re.compile(f"([{accents()}]{{3}})[{accents()}]+")


def disarmed(text: str) -> str:
    """`one_line`, without angle brackets and other parts of models' special tokens."""
    text = one_line(text)
    if _MARKUP.search(text):
        text = _ESCAPED.sub(_shown_escape, _ENTITY.sub(_shown_entity, text)).translate(_BRACKETS)
        text = _OUR_NAME.sub("user memories", text)
        text = _TOKEN.sub(r"(\1)", text)
    return text


def inert(text: str) -> str:
    """`disarmed`, without links, images and code fences, and not too long."""
    whole = disarmed(text)
    text = whole[:_LOOKED_CHARS]
    if _MAY_BE_MARKUP.search(text):
        text = _FENCE.sub("'", text)
        while (plain := _IMAGE_OR_LINK.sub(_shown_link, text)) != text:  # what is left may be one again
            text = plain
        text = text.replace("](", "] (").replace("![", "[")
        text = _REFERENCE.sub(r"\1 :", text)
        while (bare := _SCHEME.sub("", text)) != text:
            text = bare
    if len(text) > _LONGEST_CHARS or len(whole) > _LOOKED_CHARS:
        return f"{text[:_LONGEST_CHARS]}…"
    return text


def _shown_entity(match: re.Match[str]) -> str:
    return "‹" if match[1] else "›"


def _shown_escape(match: re.Match[str]) -> str:
    return "‹" if (match[1] or match[2]).lower() == "3c" else "›"


def _shown_link(match: re.Match[str]) -> str:
    """A link's words with its address; of an image, which would be fetched unasked, the words alone."""
    words, address = match[1].strip(), match[2]
    if match[0].startswith("!"):
        return words
    return f"{words} ({address})" if words and address and words != address else words or address
