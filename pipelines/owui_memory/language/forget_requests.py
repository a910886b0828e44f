"""Plain requests to forget something: "Forget my phone number." """

from __future__ import annotations

import re

from .forget_subject import FRAMING
from .forgetting import to_forget
from .forms import stem
from .self_reference import speaks_of_self
from .tables import pattern
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
        elif (asked := to_forget(sentence)) and speaks_of_self(sentence):
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
