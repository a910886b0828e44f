"""Requests to forget something: whether a sentence is one, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from .detection import likely
from .phrases import Matcher, anywhere, at_beginning, at_end
from .scripts import fold, words_of
from .speech import lowered, starts, without_openers
from .tables import Phrases

_VERBS_MOST = 20  # of a sentence
_BEFORE_CHARS = 40  # of what stands before a verb
_PARTICLES = frozenset("을를은는이가도의")  # Korean

_EVERYTHING = anywhere("everything")


def asks_to_forget(sentence: str) -> bool:
    """Whether it asks to forget something: "please forget ...", not "I forgot" or "don't forget"."""
    text = lowered(sentence)
    return any(_asks_to_forget(text, _forgetting(table)) for table in likely(text))


@dataclass(frozen=True, slots=True)
class _Forgetting:
    verbs: Matcher
    asking: Matcher
    asking_alone: Matcher
    denying: Matcher
    denying_after: Matcher
    asking_words: frozenset[str]


@lru_cache(256)
def _forgetting(table: Phrases) -> _Forgetting:
    """The words of one language: in Polish, "i" is "and", and a request may follow it."""
    alone = table.having("asking", [one.replace("~", "") for one in table["asking"]], spaced=table.spaced)
    asking_words = (*table["forgetting"], *table["asking"], *table["openers"])
    return _Forgetting(
        anywhere("forgetting", table),
        at_end("asking", table),
        at_end("asking", alone),
        at_end("denying", table),
        at_beginning("denying_after", table),
        frozenset(words_of(fold(" ".join(asking_words)))),
    )


def _asks_to_forget(text: str, words: _Forgetting) -> bool:
    for found in islice(words.verbs.finditer(text), _VERBS_MOST):
        if words.denying_after.match(text[found.end() :].lstrip(" ,")):
            continue
        before = text[: found.start()].rstrip(" \t\"'“¡(,")
        if not before or not _starts_within(before) or words.asking.search(before[-_BEFORE_CHARS:]):
            return not words.denying.search(before[-_BEFORE_CHARS:])
    return False


def to_forget(sentence: str) -> str:
    """What a sentence asks to be forgotten, without the words that ask; "" where it asks nothing such."""
    text = lowered(sentence)
    for table in likely(text):
        words = _forgetting(table)
        if not _asks_to_forget(text, words):
            continue
        if not table.spaced:
            return _bare_dense(text, table)
        return " ".join(word for word in words_of(text) if word not in words.asking_words)
    return ""


def _bare_dense(text: str, table: Phrases) -> str:
    words = _forgetting(table)
    left = words.asking_alone.sub(words.verbs.sub(without_openers(text)))
    found = words_of(left)
    if table.glued:
        found = [word[:-1] if len(word) > 1 and word[-1] in _PARTICLES else word for word in found]
    return " ".join(found)


def means_everything(sentence: str) -> bool:
    """Whether a sentence that asks to forget means all that is remembered."""
    return bool(_EVERYTHING.search(lowered(sentence)))


def _starts_within(before: str) -> bool:
    """Whether something is left of what stands before a verb, without openers."""
    return bool(starts(before)[-1].strip(" ,.!"))
