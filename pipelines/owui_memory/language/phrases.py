"""How the phrases of the languages' tables become patterns; docs/languages.md tells what stands for what."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from re import Match, Pattern

from .scripts import has_signs, signs
from .tables import Phrases, tables


class Matcher:
    """A pattern made of tables, for lower-case texts; `sub` puts a space in place of each match.

    It is compiled when it is first used: all of them take a quarter of a second.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    @cached_property
    def _pattern(self) -> Pattern[str]:
        return re.compile(self._make())

    def match(self, text: str) -> Match[str] | None:
        return self._pattern.match(text)

    def fullmatch(self, text: str) -> Match[str] | None:
        return self._pattern.fullmatch(text)

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> Match[str] | None:
        return self._pattern.search(text, start, end)

    def finditer(self, text: str) -> Iterator[Match[str]]:
        return self._pattern.finditer(text)

    def sub(self, text: str) -> str:
        return self._pattern.sub(" ", text)


def at_beginning(section: str, table: Phrases | None = None) -> Matcher:
    """A section's phrases, of one language or of all, at the beginning of a lower-case text, for `match`."""
    return Matcher(lambda: _either(section, table, "", _NOT_BEFORE_WORD, ""))


def anywhere(section: str, table: Phrases | None = None) -> Matcher:
    """The same anywhere in the text, for `search`."""
    return Matcher(lambda: _either(section, table, _NOT_AFTER_WORD, _NOT_BEFORE_WORD, ""))


def at_end(section: str, table: Phrases | None = None) -> Matcher:
    """The same at its end, whatever marks follow, for `search`."""
    return Matcher(lambda: _either(section, table, _NOT_AFTER_WORD, _END, _END))


_NOT_AFTER_WORD, _NOT_BEFORE_WORD, _END = r"(?<![\w])", r"(?![\w])", r"\W{0,9}$"


def _either(section: str, table: Phrases | None, before: str, after: str, after_dense: str) -> str:
    parts = []
    for spaced in (True, False):
        some = [one for one in (tables() if table is None else (table,)) if one.spaced is spaced]
        found = dict.fromkeys(phrase for one in some for phrase in one[section])
        if not spaced:  # the longest first: nothing else tells where one ends
            found = dict.fromkeys(sorted(found, key=len, reverse=True))
        if found:
            body = "|".join(map(_pattern, found))
            parts.append(_bounded(before, body, after) if spaced else f"(?:{body}){after_dense}")
    return "|".join(f"(?:{part})" for part in parts) or r"(?!)"


def _bounded(before: str, body: str, after: str) -> str:
    """Vowel signs are parts of words, too, which `\\w` lacks: looked for where the phrases have such."""
    if not body.isascii() and has_signs(body):
        before, after = (bound.replace("[\\w]", f"[\\w{signs()}]") for bound in (before, after))
    return f"{before}(?:{body}){after}"


def _pattern(phrase: str) -> str:
    """A phrase as a pattern: no repetition in it is without a bound."""
    pattern = "".join(_AS_PATTERN.get(char, char) for char in phrase)
    pattern = pattern.replace(r"{0,8}?,?\s{1,2}", "{0,8}?")
    return pattern.replace(r"\.\.\.,?\s{1,2}", r"(?:[^\s,;:!?()\"]{1,20},?\s{1,2}){0,3}")


_AS_PATTERN = {
    "*": r"[^\s,.;:!?()\"]{0,20}",
    " ": r",?\s{1,2}",
    "'": "['’]",
    "_": r"[^\s,.;:!?()\"]{1,20}",
    "(": "(?:",
    "$": r"\W{0,9}$",
    ".": r"\.",
    "أ": "[أا]",
    "إ": "[إا]",
    "آ": "[آا]",
    "ى": "[ىي]",
    "ة": "[ةه]",
    "~": ".{0,12}",
    "…": r"(?:[^\s,;:!?()\"]{1,20},?\s{1,2}){0,8}?",
}
