"""Who speaks of themselves: "Where do I live?", "¿Dónde vivo?", "私の仕事は？"; and what is stated of others.

The words for it stand in the tables, `own` and what follows it there. All takes time in proportion to a
text's length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from ..core.text import capped
from .detection import likely, single_words
from .phrases import anywhere, at_end
from .scripts import fold, words_of
from .tables import Phrases, tables

_LOOKED_CHARS = 1_200  # of a message: half of them at its end
_STEM_CHARS = 2  # before an ending


def speaks_of_self(text: str) -> bool:
    """Whether a message tells or asks something about its speaker.

    It does not where the speaker only asks for something: "Give me a recipe", "How do I boil an egg?".
    """
    folded = fold(capped(text, _LOOKED_CHARS, between=" "))
    return any(_words_for_self(table).are_in(folded) for table in likely(folded))


def signs(sentence: str) -> int:
    """How many signs a sentence has that its speaker speaks of themselves or wants something kept."""
    text = fold(sentence)
    return max((_words_for_self(table).signs(text) for table in likely(text)), default=0)


def verb_of_self(sentence: str) -> bool:
    """Whether a verb in it carries its subject: "Soy vegano"."""
    text = fold(sentence)
    return any(_words_for_self(table).has_verb(text) for table in likely(text) if table.language)


def weak_sign(sentence: str) -> bool:
    """Whether the speaker occurs in it at all, if only as the one who asks: "give me ..."."""
    text = fold(sentence)
    words = set(words_of(text))
    return any(words & _words_for_self(table).objects for table in likely(text))


def shows_statements(sentence: str) -> bool:
    """Whether statements have a form of their own in its language, which `signs` counts: Japanese, Korean."""
    return any(table["ends_statement"] for table in likely(fold(sentence)))


class _Self:
    """The words of one language by which speakers speak of themselves."""

    def __init__(self, table: Phrases) -> None:
        has_words = table.spaced or table.glued
        self.objects, self._keeping = single_words(table, "own_objects"), single_words(table, "keeping")
        self._verbs, self._skipped = single_words(table, "own_verbs"), single_words(table, "before_verbs")
        self._words = self._verbs | (single_words(table, "own") if has_words else frozenset())
        several = [one for one in (*table["own"], *table["own_verbs"]) if fold(one) not in self._words]
        self._phrases = anywhere("own", table.having("own", several, spaced=has_words))
        self._standing, self._personal = anywhere("keeping", table), anywhere("personal", table)
        self._requested, self._impersonal = anywhere("requested", table), anywhere("impersonal", table)
        self._ends = at_end("ends_statement", table)
        self._ends_otherwise = at_end("ends_no_statement", table)
        self._endings = tuple(map(fold, table["own_endings"]))
        self._first, self._first_beginnings = _wholes_and_beginnings(table["own_first"])
        others, self._other_beginnings = _wholes_and_beginnings(table["own_not"])
        self._others = frozenset(others)
        self._is_run_together = not table.spaced

    def are_in(self, text: str) -> bool:
        """Whether a folded text tells or asks something about its speaker."""
        if self._personal.search(text):
            return True
        text = self._impersonal.sub(self._requested.sub(text))
        if self._phrases.search(text):
            return True
        words = words_of(text)
        return any(
            word in self._words or word in self.objects or self._is_of_self(word) for word in words
        ) or (self._begins(words))

    def signs(self, text: str) -> int:
        """How many signs a folded sentence has."""
        if self._is_run_together:
            text = self._requested.sub(text)
        words = words_of(text)
        count = sum(word in self._words or word in self._keeping or self._is_of_self(word) for word in words)
        count += bool(self._phrases.search(text)) + bool(self._standing.search(text))
        count += bool(words) and words[0] in self.objects
        count += self._begins(words)
        return count + bool(self._ends.search(text) and not self._ends_otherwise.search(text))

    def has_verb(self, text: str) -> bool:
        """Whether a folded text has a verb that carries its subject."""
        words = words_of(text)
        return any(word in self._verbs or self._is_of_self(word) for word in words) or self._begins(words)

    def _is_of_self(self, word: str) -> bool:
        """Whether a word's ending tells: of a verb, of a possession."""
        return word.endswith(self._endings) and len(word) > _STEM_CHARS + 1 and not self._is_another(word)

    def _begins(self, words: list[str]) -> bool:
        """Whether the first word is a verb that carries its subject."""
        first = next((word for word in words[:3] if word not in self._skipped), "")
        if len(first) <= _STEM_CHARS + 1 or self._is_another(first):
            return False
        return first.endswith(self._first) or first.startswith(self._first_beginnings)

    def _is_another(self, word: str) -> bool:
        return word in self._others or word.startswith(self._other_beginnings)


_words_for_self = lru_cache(256)(_Self)


def _wholes_and_beginnings(written: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Phrases, and those that a star ends without it."""
    phrases = [fold(one) for one in written]
    begins = tuple(one[:-1] for one in phrases if one.endswith("*"))
    return tuple(one for one in phrases if not one.endswith("*")), begins


def names_and_states(sentence: str) -> bool:
    """Whether it begins with who it is about and a verb that states: "Clara is allergic to nuts"."""
    words = words_of(sentence)[:2]
    if len(words) < 2 or words[0].lower() in _points():
        return False
    return words[0][0].isupper() and words[1] in _states()


def tells_of_others(sentence: str) -> bool:
    """Whether it states something of others: a number, a name within it, a verb that is no imperative's."""
    words = words_of(sentence)
    if not words or words[0].lower() in _points():
        return False
    return (
        names(sentence)
        or any(char.isdigit() for char in sentence)
        or any(word in _states() for word in words[1:5])
    )


def names(sentence: str) -> bool:
    """Whether a word within it begins with a capital letter, as names do."""
    return any(word[0].isupper() and word != "I" for word in words_of(sentence)[1:])


@cache
def _states() -> frozenset[str]:
    return frozenset(word for table in tables() for word in table["states"])


@cache
def _points() -> frozenset[str]:
    return frozenset(word for table in tables() for word in table["points"])
