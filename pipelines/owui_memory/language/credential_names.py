"""Finds what secrets are called in a text: a table a language, looked for once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
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

    @classmethod
    def of(cls, written: str, sort: str, languages: str) -> Name:
        """written: with the mark in front of it, see data/secrets.txt."""
        text, letters = written.strip("~^"), frozenset(filter(str.isalpha, written))
        return cls(text, sort, languages, written[0] == "~", written[0] == "^", letters)

    @property
    def first_word(self) -> str:
        """Of one that stands among words; "" of one that may be a part of a word, or is not of ASCII."""
        first = _LETTERS.match(self.text)
        return first[0] if first and self.text.isascii() and not self.is_part else ""

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
    """All names, in the order in which they count, and by what a text must have that has one."""

    def __init__(self) -> None:
        languages: dict[tuple[str, str], str] = {}
        for section, sort in _SORTS.items():
            for spoken, text in table.names(section):
                languages[sort, text] = f"{languages.get((sort, text), '')} {spoken}"
        names = [Name.of(text, sort, spoken) for (sort, text), spoken in languages.items()]
        by_first_word: dict[str, list[Name]] = {"": []}
        for name in sorted(names, key=lambda name: -len(name.text)):
            by_first_word.setdefault(name.first_word, []).append(name)
        self._all = [name for some in by_first_word.values() for name in some]
        # Their numbers, by a word of the text, by how they begin in it, and by a letter that is not of ASCII.
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_beginning: dict[str, list[int]] = defaultdict(list)
        self._by_letter: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self._all):
            if name.first_word:
                for word in (name.first_word, f"{name.first_word}s"):
                    self._by_word[word].append(number)
            elif name.text.isascii():
                self._by_beginning[name.text[:_BEGINNING_CHARS]].append(number)
            else:
                self._by_letter[next(char for char in name.text if not char.isascii())].append(number)

    def within(self, word: str) -> tuple[int, ...]:
        """The numbers of those that may be a part of a word of ASCII, and are of this one."""
        ends = range(_BEGINNING_CHARS, len(word) + 1)
        there = self._by_beginning.keys() & {word[end - _BEGINNING_CHARS : end] for end in ends}
        numbers = (number for begins in there for number in self._by_beginning[begins])
        return tuple(number for number in numbers if self._all[number].text in word)

    def in_text(self, text: str, flat: str) -> list[Name]:
        """Those that may be in a text: most are ruled out by a letter or a word that is missing."""
        words = set(flat.translate(_SPACES).split() if flat.isascii() else _LETTERS.findall(flat))
        found: set[int] = set()
        for word in words:
            if len(word) >= _BEGINNING_CHARS:
                found.update(names_within(word) if len(word) <= _KEPT_CHARS else self.within(word))
        if _CAMEL.search(text):
            words.update(part.lower() for part in _PART.findall(text))
        found.update(number for word in self._by_word.keys() & words for number in self._by_word[word])
        if not flat.isascii():
            letters = set(flat)
            for letter in self._by_letter.keys() & letters:
                found.update(one for one in self._by_letter[letter] if self._all[one].letters <= letters)
        return [self._all[number] for number in sorted(found)]


_names = lru_cache(1)(_Names)


@lru_cache(_WORDS_KEPT)
def names_within(word: str) -> tuple[int, ...]:
    """As `_Names.within`; a cache of users' words."""
    return _names().within(word)


def flattened(text: str) -> str:
    """The text in small letters, with spaces for what joins words, and as long as it was."""
    small = text.lower()
    if len(small) != len(text):  # a letter of another size would move all that follows
        small = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return small.translate(_FLAT)


def places(text: str, flat: str) -> Iterator[Place]:
    """Where names stand, the longest of each sort at a place."""
    seen = set()
    for name in _names().in_text(text, flat):
        at = flat.find(name.text)
        while at >= 0:
            if (at, name.sort) not in seen and (place := _place(text, flat, at, name)):
                seen.add((at, name.sort))
                yield place
            at = flat.find(name.text, at + len(name.text))


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
