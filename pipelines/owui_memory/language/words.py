"""Words of a text in any language: for the keyword indexes of the stores, and for the gate of recall.

Scripts that are written without spaces cannot be split into words. Runs of those become overlapping pairs of
characters, plus the last character alone, so that every single character starts some term and a prefix query
finds it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from itertools import groupby

from .scripts import is_letter, sets_no_spaces, words_of
from .tables import tables
from .tables import words as table_words

TERM_CHARS = 64

_ASCII_WORDS = re.compile(r"[a-z0-9]+")


def terms_of(text: object) -> list[str]:
    """All words of a text, folded, in order; of anything that is no text, none."""
    if not isinstance(text, str):
        return []
    if text.isascii():  # the same, ten times faster
        return [word[:TERM_CHARS] for word in _ASCII_WORDS.findall(text.lower())]
    folded = unicodedata.normalize("NFKC", text).casefold()
    terms: list[str] = []
    for word in words_of(folded.replace("_", " ")):
        for is_dense_run, chars in groupby(word, sets_no_spaces):
            run = "".join(chars)
            terms += [run[at : at + 2] for at in range(len(run))] if is_dense_run else [run[:TERM_CHARS]]
    return terms


def content_words(text: str, *, or_all: bool = True) -> list[str]:
    """The words of a text that say what it is about, each once, in order.

    or_all: all of them, if it has no other.
    """
    found = list(dict.fromkeys(_without_tails(terms_of(text))))
    stop = max(_stop_words(), key=lambda common: len(common.intersection(found)))
    return [word for word in found if word not in stop] or (found if or_all else [])


def _without_tails(terms: list[str]) -> list[str]:
    """Without the last character of each run, which the pair before it has: it begins too much else."""
    return [
        term
        for before, term in zip(["", *terms], terms, strict=False)
        if not (is_lone(term) and len(before) == 2 and before[1] == term)
    ]


@cache
def _stop_words() -> tuple[frozenset[str], ...]:
    """Those of each language: "son" is one in French, and content in English."""
    found = (frozenset((*table["common"], *table["common_pairs"])) for table in tables())
    return tuple(filter(None, found))


def is_lone(term: str) -> bool:
    """Whether a term is the last character of a run without spaces."""
    return len(term) == 1 and sets_no_spaces(term)


def words(text: str) -> tuple[str, ...]:
    """What is left of a text without case, punctuation and spaces: the same for the same words."""
    return tuple(words_of(text.casefold()))


def letters(text: str) -> int:
    """How many letters a text has, vowel signs among them."""
    return sum(map(is_letter, text))


def is_caseless(text: str) -> bool:
    """Whether most letters of a text are of a script without capitals."""
    found = [char for char in text if char.isalpha()]
    return 2 * sum(char.upper() == char.lower() for char in found) > len(found)


def telling(text: str) -> set[str]:
    """Numbers, and words with a capital that is not the first of the text."""
    found = words_of(text)
    return {
        word.casefold()
        for position, word in enumerate(found)
        if not (word.isalpha() and word.islower())  # the most of them, told at once
        and (any(c.isdigit() for c in word) or (position and any(c.isupper() for c in word)))
    }


def denials(text: str) -> frozenset[str]:
    """As a set: some of them are harmless words in another language, and then in both of two like texts."""
    return table_words("denials").intersection(words(text))


def mark_of(text: str) -> str:
    """What stays of a text that is forgotten, to know it again: one in 65,536 has the same."""
    return f"\x1a{hashlib.blake2b(' '.join(words(text)).encode(), digest_size=2).hexdigest()}"


def is_mark(text: str) -> bool:
    return text.startswith("\x1a")
