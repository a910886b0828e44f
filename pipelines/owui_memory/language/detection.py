"""Which languages a text may be in: by its scripts, then by how many of its words are common in each.

It need not be right, only keep apart what the words of one language would mean in another: "i" is "and" in
Polish, "mi" is "my" in Spanish and "what" in Hungarian.
"""

from __future__ import annotations

from functools import cache, lru_cache

from . import TABLES
from .phrases import Phrases, listed
from .scripts import bare, fold, scripts_of, words_of

_LOOKED_WORDS = 120
_WORD = 2  # the weight of a word, and of a letter that few other languages have
_BARE_CHARS = 4  # a word so long is known without its accents, too
_KANA = frozenset(("HIRAGANA", "KATAKANA"))


def likely(text: str) -> tuple[Phrases, ...]:
    """The tables of the languages that a text may be in: those with the most of its words, of each script."""
    found = scripts_of(text)
    folded = fold(text)
    words = frozenset(words_of(folded)[:_LOOKED_WORDS])
    tables: list[Phrases] = []
    for script, group in _groups().items():
        if script not in found or (script == "CJK" and found & _KANA):
            continue
        votes = [sum(map(_weight, words & _known(table))) + _letters(folded, table) for table in group]
        most = max(votes)
        tables += [table for table, count in zip(group, votes, strict=True) if count == most]
    return tuple(tables)


@cache
def _groups() -> dict[str, list[Phrases]]:
    groups: dict[str, list[Phrases]] = {}
    for table in TABLES:
        groups.setdefault(script_of(table), []).append(table)
    return groups


def _weight(word: str) -> int:
    """Of a vote: a single letter may also be what an apostrophe left, or a name."""
    return 1 if len(word) == 1 else _WORD


def _letters(text: str, table: Phrases) -> int:
    return _WORD * sum(char in text for char in table.letters)


@cache
def known_scripts() -> frozenset[str]:
    """The scripts of all languages that have a table."""
    return frozenset(_groups()) | _KANA


@lru_cache(256)
def script_of(table: Phrases) -> str:
    """The script that tells a language: of its word for "I"; Japanese is told by its kana."""
    if table.script:
        return table.script
    return next(iter(scripts_of(listed(table.own)[0])))


@lru_cache(256)
def _known(table: Phrases) -> frozenset[str]:
    """The words that tell for a language."""
    return single_words(table, "common", "own", "own_objects", "keeping", "questions")


def single_words(table: Phrases, *entries: str) -> frozenset[str]:
    """Those phrases of entries that are plain words, folded; long ones without their accents, too."""
    phrases = (fold(phrase) for entry in entries for phrase in listed(getattr(table, entry)))
    found = {phrase for phrase in phrases if words_of(phrase) == [phrase]}
    return frozenset(found | {bare(word) for word in found if len(word) >= _BARE_CHARS})
