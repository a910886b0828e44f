"""Finds what secrets are called in a text: a table a language, looked for once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from . import credential_words as table

_WHOLE_WORD_CHARS = 4  # a name of so many letters or fewer is no part of a word
_ENDING_CHARS = 5
_BEGINNING_CHARS = _WHOLE_WORD_CHARS + 1  # by which parts of words are looked up; none is shorter
_SORTS = {
    "passwords": "password",
    "codes": "code",
    "code_words": "open",
    "numbers": "number",
    "keys": "key",
    "key_words": "near",
    "phrases": "phrase",
    "identifiers": "identifier",
    "logins": "login",
    "dense_passwords": "dense",
    "dense_codes": "dense code",
}
_COMPOUNDS = ("password", "code", "number", "open")  # sorts whose names end longer words, too

_LETTERS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"[a-z][A-Z]")
_WORDS_KEPT, _KEPT_CHARS = 8_192, 32  # of which it is kept which names they hold: most words come again
_SPACES = {code: chr(code) if chr(code).isalnum() else " " for code in range(128)}
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^a-zA-Z]+")
_FLAT = str.maketrans("-_.\n\t\u00a0\u2019", "      '")


@dataclass(frozen=True, slots=True)
class Name:
    """What a secret may be called. `sort`: which table it is of."""

    text: str
    sort: str
    languages: str
    weak: bool
    capitals: bool
    letters: frozenset[str]

    @property
    def is_part(self) -> bool:
        """Whether it may be the end of a longer word."""
        is_one_word = self.text.isalpha() and len(self.text) > _WHOLE_WORD_CHARS
        return self.sort.startswith("dense") or (is_one_word and self.sort in _COMPOUNDS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands; `end`: behind its ending."""

    start: int
    end: int
    name: Name


class _Names:
    """All names: those that may be a part of a word, and the others by their first words."""

    def __init__(self) -> None:
        languages: dict[tuple[str, str], str] = {}
        for section, sort in _SORTS.items():
            for spoken, text in table.names(section):
                languages[sort, text] = f"{languages.get((sort, text), '')} {spoken}"
        names = [
            Name(
                text.strip("~^"),
                sort,
                spoken,
                text[0] == "~",
                text[0] == "^",
                frozenset(filter(str.isalpha, text)),
            )
            for (sort, text), spoken in languages.items()
        ]
        self.parts: list[Name] = []
        self.by_first_word: dict[str, list[Name]] = {}
        for name in sorted(names, key=lambda name: -len(name.text)):
            first = _LETTERS.match(name.text)
            if not first or name.is_part or not name.text.isascii():
                self.parts.append(name)
            else:
                self.by_first_word.setdefault(first[0], []).append(name)
        self._order = {id(name): at for at, name in enumerate(self.parts)}
        self._firsts = {word: at for at, word in enumerate(self.by_first_word)}
        self._plurals = {f"{word}s": word for word in self._firsts}
        self._first_words = frozenset((*self._firsts, *self._plurals))
        self._by_beginning: dict[str, list[Name]] = {}  # of parts in ASCII
        self._by_letter: dict[str, list[Name]] = {}  # of the others, by a letter that is not
        for name in self.parts:
            if name.text.isascii():
                self._by_beginning.setdefault(name.text[:_BEGINNING_CHARS], []).append(name)
            else:
                letter = next(char for char in name.text if not char.isascii())
                self._by_letter.setdefault(letter, []).append(name)
        self._beginnings = frozenset(self._by_beginning)

    def beginning_with(self, words: set[str]) -> list[Name]:
        """Those whose first word is one of these, or of which one is the plural, in order."""
        found = words & self._first_words
        if not found:
            return []
        firsts = {one for word in found for one in (word, self._plurals.get(word)) if one in self._firsts}
        return [
            name
            for first in sorted(firsts, key=self._firsts.__getitem__)
            for name in self.by_first_word[first]
        ]

    def within(self, word: str) -> tuple[Name, ...]:
        """Those of `parts` in ASCII, which are words, that are in a word."""
        ends = range(_BEGINNING_CHARS, len(word) + 1)
        beginnings = self._beginnings.intersection([word[end - _BEGINNING_CHARS : end] for end in ends])
        return tuple(name for one in beginnings for name in self._by_beginning[one] if name.text in word)

    def parts_in(self, flat: str, words: Iterable[str]) -> list[Name]:
        """Those of `parts` that may be in a text, in order. words: the text's."""
        found: list[Name] = []
        for word in words:
            if len(word) >= _BEGINNING_CHARS and (held := _within(word)):
                found += (name for name in held if name not in found)
        if not flat.isascii():
            letters = set(flat)
            for letter in self._by_letter.keys() & letters:
                found += [name for name in self._by_letter[letter] if name.letters <= letters]
        return sorted(found, key=lambda name: self._order[id(name)]) if len(found) > 1 else found


@lru_cache(1)
def _names() -> _Names:
    return _Names()


def _within(word: str) -> tuple[Name, ...]:
    return _kept_within(word) if len(word) <= _KEPT_CHARS else _names().within(word)


@lru_cache(_WORDS_KEPT)
def _kept_within(word: str) -> tuple[Name, ...]:
    return _names().within(word)


def forget_words() -> None:
    """Keep no words in memory."""
    _kept_within.cache_clear()


def flattened(text: str) -> str:
    """The text in small letters, with spaces for what joins words, and as long as it was."""
    small = text.lower()
    if len(small) != len(text):  # a letter of another size would move all that follows
        small = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return small.translate(_FLAT)


def places(text: str, flat: str) -> Iterator[Place]:
    """Where names stand, the longest of each sort at a place."""
    seen = set()
    for name in _present(text, flat):
        at = flat.find(name.text)
        while at >= 0:
            if (at, name.sort) not in seen and (place := _place(text, flat, at, name)):
                seen.add((at, name.sort))
                yield place
            at = flat.find(name.text, at + len(name.text))


def _present(text: str, flat: str) -> list[Name]:
    """The names that may be there: most are ruled out by a letter or a word that is missing."""
    names = _names()
    words = set(flat.translate(_SPACES).split() if flat.isascii() else _LETTERS.findall(flat))
    parts = names.parts_in(flat, words)
    if _CAMEL.search(text):
        words.update(part.lower() for part in _PART.findall(text))
    return parts + names.beginning_with(words)


def _place(text: str, flat: str, at: int, name: Name) -> Place | None:
    end = at + len(name.text)
    if name.sort.startswith("dense"):
        return Place(at, end, name)
    is_first = at == 0 or not flat[at - 1].isalnum() or (text[at].isupper() and text[at - 1].islower())
    if not is_first and (name.text.isascii() or name.sort not in _COMPOUNDS) and not name.is_part:
        return None
    ending = 0
    most = _ENDING_CHARS if len(name.text) > _WHOLE_WORD_CHARS else 1 if name.sort != "key" else 0
    while ending <= most and flat[end + ending : end + ending + 1].isalnum():
        if text[end + ending].isupper() and text[end + ending - 1].islower():
            break  # the next part of an identifier
        ending += 1
    if ending > most or (ending and most == 1 and flat[end] != "s"):
        return None
    if (
        name.sort in ("password", "key", "identifier")
        and text[end + ending : end + ending + 1] in ("-", "_")
        and flat[end + ending + 1 : end + ending + 2].isalpha()
    ):
        return None  # the identifier goes on
    if name.capitals and not text[at:end].isupper():
        return None
    return Place(at, end + ending, name)
