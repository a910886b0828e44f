"""What passwords, keys and numbers look like, and what only looks like them."""

from __future__ import annotations

import re

from . import credential_words as table

Span = tuple[int, int]

FEWEST_CHARS, FEWEST_KEY_CHARS = 4, 8
_LONGEST_CHARS = 300  # of a word that is looked at
_YEAR_CHARS = 6  # of figures, with a month

_OPENING, _CLOSING = "*([{\"'“”„«»‘’`「『《‹", ".*,;:!?)]}…\"'“”„«»‘’`、。，；：！？」』》›،؟؛।"
WORD = re.compile(r"\S+")
QUOTED = re.compile(r"[\"'“”„«»‘’`「『]([^\n\"“”„«»`」』]{2,64}?)[\"'“”«»’`」』](?!\w)")
_AFTER_FIGURES = (
    r"(?![\w%€$£°]|[.,:/]\d"
    r"|\s?(?:%|€|\$|£|°|(?:km|cm|kg|mg|ml|px|ms|min|MB|GB|years|days|lines|euros?|dollars?)\b))"
)
FIGURES = re.compile(
    rf"[#*]?(?:[A-Z]{{1,3}}-)?\d(?:[ .-]?[\dA-F]){{2,22}}[#*]?{_AFTER_FIGURES}", re.IGNORECASE
)
SENT = re.compile(r"(?:[A-Z]-)?(?:\d{3}[ -]?\d{3}|\d{8})(?![\w-]|[.,]\d)")  # by somebody to prove something
NUMBER = re.compile(r"(?:[A-Z]{1,6}[ -]?)?\d(?:[ ./-]?\d|-?[A-Z]){3,24}(?!\w)")
_DATE = re.compile(r"(?:19|20)\d\d[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d")
_CAMEL = re.compile(r"[a-z][A-Z]")
_UNIT = re.compile(
    r"\d+-?(?:st|nd|rd|th|[a-z]{1,2}|days?|hours?|years?|chars?|characters?|digits?|bits?|times)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+[\w.+-]*", re.IGNORECASE)
_ADDRESS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\w+://\S*|www\.\S+|(?:[\w-]+\.)+(?:com|org|net|io|de|eu|dev)"
)
_REFERENCE = re.compile(  # to where the value is
    r"\$\{|\$\(|\$[A-Z_]+\Z|<|\{\{|%\(|%[A-Z_]+%|\*+\Z|(?:os|process|env|self|args|config|settings)\."
    r"|[\w.]+[(\[]|[a-z_]+(?:\.[a-z_]+)+\Z|x+\Z|\.\.\.",
    re.IGNORECASE,
)


def stripped(text: str, start: int, end: int) -> Span:
    """A word without quotes and what ends a sentence, but never empty."""
    shown = text[start:end]
    if len(shown) > _LONGEST_CHARS:
        return start, end
    bare = shown.lstrip(_OPENING)
    start += len(shown) - len(bare)
    return start, max(start + len(bare.rstrip(_CLOSING)), min(start + 1, end))


def bare_words(text: str) -> list[str]:
    """The words of a text, folded, without signs and numbers."""
    words = [word.strip(_OPENING + _CLOSING).casefold() for word in text.split()]
    return [word for word in words if word and not word.isdigit()]


def with_tail(text: str, start: int, end: int) -> Span:
    """With what may belong to a password or end the sentence: better left out than told."""
    while text[end : end + 1] in ("!", "?", "*"):
        end += 1
    return start, end


def ends_clause(text: str, end: int) -> bool:
    """Whether a clause ends here: a single word that follows "is" is then the thing itself."""
    rest = text[end : end + 8].lstrip(_CLOSING.replace(",", ""))
    return (
        not rest.strip()
        or text[end : end + 1] in tuple(".,;!?\n)")
        or bool(re.match(r"\s+(?:and|und|et|y|e|en|i|but)\b", text[end : end + 12]))
    )


def first_figures(text: str, start: int, end: int) -> int:
    """Where figures would begin in a word that may stand in quotes."""
    shown = text[start:end]
    return start + len(shown) - len(shown.lstrip(_OPENING))


def looks_made(value: str, fewest: int) -> bool:
    """Not like a word of a sentence: with figures or signs among its letters."""
    if len(value) < fewest or "://" in value:
        return False
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    signs = any(char in "!@#$%^&*_+=|~?<>" for char in value[1:-1]) or value[-1] in "!@#$%^&*"
    return mixed or signs or value.isdigit() or bool(_CAMEL.search(value))


def is_value(value: str, fewest: int) -> bool:
    """Whether it looks made, and like nothing else that is: a version, an address, a tool."""
    return (
        looks_made(value, fewest)
        and is_no_placeholder(value)
        and not _UNIT.fullmatch(value)
        and not is_version(value)
        and not _ADDRESS.fullmatch(value)
        and not _DATE.fullmatch(value)
    )


def is_version(value: str) -> bool:
    return bool(_VERSION.fullmatch(value))


def is_no_placeholder(value: str) -> bool:
    """Whether it stands for itself, not for a value that is elsewhere."""
    small = value.lower()
    return small not in table.TOOLS and small not in table.PLACEHOLDERS and not _REFERENCE.match(value)


def is_word(value: str) -> bool:
    """Whether a word may be a password, and is none that is said of passwords."""
    return len(value) >= FEWEST_CHARS and value.casefold() not in table.OF_IT and is_no_placeholder(value)


def counts(value: str, figures: re.Pattern[str]) -> bool:
    """Whether a match of FIGURES or NUMBER has enough of them, and is no date."""
    digits = sum(map(str.isdigit, value))
    if _DATE.fullmatch(value.strip()):
        return False
    if figures is not NUMBER:
        return digits >= 3
    is_lettered = value[0].isalpha() and sum(map(str.isalnum, value)) > _YEAR_CHARS
    return digits > _YEAR_CHARS or (digits >= 4 and is_lettered)
