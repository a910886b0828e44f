"""Requests to forget: whether a sentence is one, what it asks to be forgotten, and which memories it means.

"Forget my phone number."; "what I told you about my cat" is about a cat.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from .detection import likely
from .forms import inflects, is_form, stem
from .phrases import anywhere, at_beginning, at_end
from .scripts import fold, is_dense, words_of
from .self_reference import speaks_of_self
from .speech import lowered, starts, without_openers
from .tables import Phrases, pattern
from .tables import words as table_words
from .words import content_words, terms_of

_LONGEST_CHARS = 300  # of such a request

_POLITE = f"(?:{pattern('polite')})"  # at the beginning of a sentence, perhaps
_POLITE_WORDS = re.compile(rf"\b{_POLITE}\b|ください", re.IGNORECASE)
_OF_MEMORY = re.compile(rf"\b(?:{pattern('of_memory')})", re.IGNORECASE)
_ASKS = re.compile(
    rf"\W*(?:{_POLITE}[\s,]+)*(?:({pattern('forget')})|({pattern('delete')}))\b"
    r"(?!\s+(?:to|it|not|nicht|niet|ikke|inte|ej)\b)",
    re.IGNORECASE,
)
_DENSE, _DENSE_NOT = re.compile(pattern("dense_forget")), re.compile(pattern("dense_forget_not"))
_ALL = re.compile(rf"\b(?:{pattern('everything')})\b|{pattern('dense_everything')}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s*|\n+")
_VERBS_MOST = 20  # of a sentence
_BEFORE_CHARS = 40  # of what stands before a verb
_PARTICLES = frozenset("을를은는이가도의")  # Korean

_EVERYTHING = anywhere("everything")

# Say that something was said or is known, and how much of it.
FRAMING = frozenset(map(stem, table_words("framing")))
_FRAMING_DENSE = re.compile(pattern("dense_framing"))
_ALONE_BEFORE = "的只隻条條个個位有养養叫和是我咱、。，のが "  # what a word of one character may stand behind


def forget_request(text: str) -> str:
    """What a message asks to be forgotten, in its words; "" where it asks for no such thing."""
    if len(text) > _LONGEST_CHARS:
        return ""
    for sentence in _SENTENCE_END.split(text):
        if match := _ASKS.match(sentence):
            if match[1] or _OF_MEMORY.search(sentence):
                return _bare(sentence[match.end() :]) or sentence
        elif _DENSE.search(sentence) and not _DENSE_NOT.search(sentence):
            return _bare(_DENSE.sub(r"\1 ", sentence))
        elif (asked := _to_forget(sentence)) and speaks_of_self(sentence):
            return asked
    return ""


def means_all(asked: str) -> bool:
    """Whether a wish is for all that is remembered: "everything", not "everything about my cat"."""
    words = content_words(_ALL.sub(" ", asked), or_all=False)
    return bool(_ALL.match(asked)) and all(stem(word) in FRAMING for word in words)


def _bare(asked: str) -> str:
    """Without words of politeness."""
    return " ".join(_POLITE_WORDS.sub(" ", asked).strip(" \t.!,:;。！、").split())


def words_asked(asked: str) -> set[str]:
    """The stems of what a request is about."""
    return {stem(word) for word in content_words(asked)} - FRAMING


def share_of(words: set[str], text: str) -> float:
    """How many of these stems a text has, 0 to 1."""
    return len(words.intersection(map(stem, terms_of(text)))) / len(words) if words else 0.0


def is_alone(text: str) -> bool:
    """Whether a message has one sentence only."""
    return sum(bool(sentence.strip()) for sentence in _SENTENCE_END.split(text)) == 1


def is_meant(asked: str, memory: str) -> bool:
    """Whether a memory has all that a request to forget is about."""
    if is_dense(asked):
        parts = [part for part in _FRAMING_DENSE.split(fold(asked)) if part]
        told = fold(memory)
        return bool(parts) and all(_is_in(part, told) for part in parts)
    words = {word for word in content_words(asked, or_all=False) if stem(word) not in FRAMING}
    known = frozenset(terms_of(memory))
    if words <= known or not inflects(f"{asked} {memory}"):
        return bool(words) and words <= known
    return all(word in known or any(is_form(word, other) for other in known) for word in words)


def _is_in(part: str, told: str) -> bool:
    if len(part) > 1:
        return part in told
    places = [at for at, char in enumerate(told) if char == part]
    return any(at == 0 or told[at - 1] in _ALONE_BEFORE for at in places)


def asks_to_forget(sentence: str) -> bool:
    """Whether it asks to forget something: "please forget ...", not "I forgot" or "don't forget"."""
    text = lowered(sentence)
    return any(_words_of(table).ask_in(text) for table in likely(text))


def means_everything(sentence: str) -> bool:
    """Whether a sentence that asks to forget means all that is remembered."""
    return bool(_EVERYTHING.search(lowered(sentence)))


def _to_forget(sentence: str) -> str:
    """What a sentence asks to be forgotten, without the words that ask; "" where it asks nothing such."""
    text = lowered(sentence)
    asking = (words for table in likely(text) if (words := _words_of(table)).ask_in(text))
    return next((words.left_of(text) for words in asking), "")


class _Words:
    """Those of one language that ask: in Polish, "i" is "and", and a request may follow it."""

    def __init__(self, table: Phrases) -> None:
        self._table = table
        self._verbs, self._asking = anywhere("forgetting", table), at_end("asking", table)
        alone = [one.replace("~", "") for one in table["asking"]]
        self._asking_alone = at_end("asking", table.having("asking", alone, spaced=table.spaced))
        self._denying, self._denying_after = at_end("denying", table), at_beginning("denying_after", table)
        asking = (*table["forgetting"], *table["asking"], *table["openers"])
        self._asking_words = frozenset(words_of(fold(" ".join(asking))))

    def ask_in(self, text: str) -> bool:
        """Whether they ask to forget something in a lower-case sentence."""
        for found in islice(self._verbs.finditer(text), _VERBS_MOST):
            if self._denying_after.match(text[found.end() :].lstrip(" ,")):
                continue
            before = text[: found.start()].rstrip(" \t\"'“¡(,")
            opens = not starts(before)[-1].strip(" ,.!")
            if opens or self._asking.search(before[-_BEFORE_CHARS:]):
                return not self._denying.search(before[-_BEFORE_CHARS:])
        return False

    def left_of(self, text: str) -> str:
        """A lower-case sentence without them."""
        if self._table.spaced:
            return " ".join(word for word in words_of(text) if word not in self._asking_words)
        found = words_of(self._asking_alone.sub(self._verbs.sub(without_openers(text))))
        if self._table.glued:
            found = [word[:-1] if len(word) > 1 and word[-1] in _PARTICLES else word for word in found]
        return " ".join(found)


_words_of = lru_cache(256)(_Words)
