"""Which languages a text may be in: by its scripts, then by how many of its words are common in each.

It need not be right, only keep apart what the words of one language would mean in another: "i" is "and" in
Polish, "mi" is "my" in Spanish and "what" in Hungarian.
"""

from __future__ import annotations

from functools import cache
from itertools import chain

from .scripts import bare, fold, script, scripts_of, words_of
from .tables import SECTIONS, Phrases, tables

_LOOKED_WORDS, _LOOKED_CHARS = 120, 1_000
_VOTING = ("common", "known_by", "own", "own_verbs", "own_objects", "keeping", "questions", "forgetting")
_WORD = 2  # the weight of a word, and of a letter that few other languages have
_BARE_CHARS = 4  # a word so long is known without its accents, too
_KANA = frozenset(("HIRAGANA", "KATAKANA"))


def likely(folded: str) -> tuple[Phrases, ...]:
    """The tables of the languages that a folded text may be in: of each script, those with most of its words.

    Of a script without any, one table with the phrases of all its languages.
    """
    votes = _votes(folded)
    if folded.isascii():
        return _most(votes, "LATIN") if any(map(str.isalpha, folded)) else ()
    found = scripts_of(folded)
    chosen = (script for script in _groups() if script in found and not (script == "CJK" and found & _KANA))
    return tuple(table for script in chosen for table in _most(votes, script))


def _most(votes: dict[Phrases, int], script: str) -> tuple[Phrases, ...]:
    group = _groups()[script]
    most = max(votes.get(table, 0) for table in group) if votes else 0
    return tuple(table for table in group if votes.get(table, 0) == most) if most else (_any_of(script),)


def _votes(folded: str) -> dict[Phrases, int]:
    """How much of a text tells for each language."""
    words, letters = _telling()
    votes: dict[Phrases, int] = {}
    for word in frozenset(words_of(folded)[:_LOOKED_WORDS]):
        # A single letter may also be what an apostrophe left, or a name.
        weight = 1 if len(word) == 1 else _WORD
        for table in words.get(word, ()):
            votes[table] = votes.get(table, 0) + weight
    if not folded.isascii():
        for letter in letters.keys() & frozenset(folded[:_LOOKED_CHARS]):
            for table in letters[letter]:
                votes[table] = votes.get(table, 0) + _WORD
    return votes


@cache
def _telling() -> tuple[dict[str, list[Phrases]], dict[str, list[Phrases]]]:
    """Of words and of letters, the languages that they tell for."""
    words: dict[str, list[Phrases]] = {}
    letters: dict[str, list[Phrases]] = {}
    for table in tables():
        for word in single_words(table, *_VOTING):
            words.setdefault(word, []).append(table)
        for letter in "".join(table["letters"]):
            letters.setdefault(letter, []).append(table)
    return words, letters


@cache
def _groups() -> dict[str, list[Phrases]]:
    groups: dict[str, list[Phrases]] = {}
    for table in tables():
        groups.setdefault(script_of(table), []).append(table)
    return groups


@cache
def _any_of(script: str) -> Phrases:
    group = _groups()[script]
    if len(group) == 1:
        return group[0]
    return Phrases("", {name: tuple(chain(*(one[name] for one in group))) for name in SECTIONS})


def known_script(text: str) -> bool:
    """Whether the lack of a sign says something: most letters are of scripts that a language here has."""
    if text.isascii():
        return True
    found = [char for char in text if char.isalpha()]
    known = _groups().keys() | _KANA
    return 2 * sum(script(char) in known for char in found) >= len(found)


def script_of(table: Phrases) -> str:
    """The script that tells a language: of its word for "I"; Japanese is told by its kana."""
    return next(iter(table["script"] or scripts_of(table["own"][0])))


def single_words(table: Phrases, *sections: str) -> frozenset[str]:
    """Those phrases of sections that are plain words, folded; long ones without their accents, too."""
    phrases = (fold(phrase) for section in sections for phrase in table[section])
    found = {phrase for phrase in phrases if words_of(phrase) == [phrase]}
    return frozenset(found | {bare(word) for word in found if len(word) >= _BARE_CHARS})
