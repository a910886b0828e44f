"""Who speaks of themselves: "Where do I live?", "¿Dónde vivo?", "私の仕事は？"; and what is stated of others.

The words for it stand in the tables, `own` and what follows it there. All takes time in proportion to a
text's length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from .detection import likely, single_words
from .phrases import Matcher, anywhere, at_end
from .scripts import fold, words_of
from .tables import Phrases, tables

_LOOKED_CHARS = 1_200  # of a message: half of them at its end
_STEM_CHARS = 2  # before an ending


def speaks_of_self(text: str) -> bool:
    """Whether a message tells or asks something about its speaker.

    It does not where the speaker only asks for something: "Give me a recipe", "How do I boil an egg?".
    """
    if len(text) > _LOOKED_CHARS:
        half = _LOOKED_CHARS // 2
        text = f"{text[:half]} {text[-half:]}"
    folded = fold(text)
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


@dataclass(frozen=True, slots=True)
class _Self:
    """The words of one language by which speakers speak of themselves."""

    words: frozenset[str]
    verbs: frozenset[str]
    objects: frozenset[str]
    keeping: frozenset[str]
    phrases: Matcher
    standing: Matcher
    personal: Matcher
    requested: Matcher
    impersonal: Matcher
    ends: Matcher
    ends_otherwise: Matcher
    endings: tuple[str, ...]
    first: tuple[str, ...]
    first_beginnings: tuple[str, ...]
    skipped: frozenset[str]
    others: frozenset[str]
    other_beginnings: tuple[str, ...]
    is_run_together: bool

    def are_in(self, text: str) -> bool:
        """Whether a folded text tells or asks something about its speaker."""
        if self.personal.search(text):
            return True
        text = self.impersonal.sub(self.requested.sub(text))
        if self.phrases.search(text):
            return True
        words = words_of(text)
        return any(
            word in self.words or word in self.objects or self._is_of_self(word) for word in words
        ) or (self._begins(words))

    def signs(self, text: str) -> int:
        """How many signs a folded sentence has."""
        if self.is_run_together:
            text = self.requested.sub(text)
        words = words_of(text)
        count = sum(word in self.words or word in self.keeping or self._is_of_self(word) for word in words)
        count += bool(self.phrases.search(text)) + bool(self.standing.search(text))
        count += bool(words) and words[0] in self.objects
        count += self._begins(words)
        return count + bool(self.ends.search(text) and not self.ends_otherwise.search(text))

    def has_verb(self, text: str) -> bool:
        """Whether a folded text has a verb that carries its subject."""
        words = words_of(text)
        return any(word in self.verbs or self._is_of_self(word) for word in words) or self._begins(words)

    def _is_of_self(self, word: str) -> bool:
        """Whether a word's ending tells: of a verb, of a possession."""
        return word.endswith(self.endings) and len(word) > _STEM_CHARS + 1 and not self._is_another(word)

    def _begins(self, words: list[str]) -> bool:
        """Whether the first word is a verb that carries its subject."""
        first = next((word for word in words[:3] if word not in self.skipped), "")
        if len(first) <= _STEM_CHARS + 1 or self._is_another(first):
            return False
        return first.endswith(self.first) or first.startswith(self.first_beginnings)

    def _is_another(self, word: str) -> bool:
        return word in self.others or word.startswith(self.other_beginnings)


@lru_cache(256)
def _words_for_self(table: Phrases) -> _Self:
    endings, first, others = (
        [fold(one) for one in table[section]] for section in ("own_endings", "own_first", "own_not")
    )
    verbs = single_words(table, "own_verbs")
    words = (single_words(table, "own") if table.spaced or table.glued else frozenset()) | verbs
    several = [phrase for phrase in (*table["own"], *table["own_verbs"]) if fold(phrase) not in words]
    return _Self(
        words=words,
        verbs=verbs,
        objects=single_words(table, "own_objects"),
        keeping=single_words(table, "keeping"),
        phrases=anywhere("own", table.having("own", several, spaced=table.spaced or table.glued)),
        standing=anywhere("keeping", table),
        personal=anywhere("personal", table),
        requested=anywhere("requested", table),
        impersonal=anywhere("impersonal", table),
        ends=at_end("ends_statement", table),
        ends_otherwise=at_end("ends_no_statement", table),
        endings=tuple(endings),
        first=tuple(one for one in first if not one.endswith("*")),
        first_beginnings=tuple(one[:-1] for one in first if one.endswith("*")),
        skipped=single_words(table, "before_verbs"),
        others=frozenset(one for one in others if not one.endswith("*")),
        other_beginnings=tuple(one[:-1] for one in others if one.endswith("*")),
        is_run_together=not table.spaced,
    )


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
