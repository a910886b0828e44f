"""Whether a statement says nothing but what its sources say, told by words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .dedupe import figures
from .forms import stem
from .guess import language_in
from .scripts import is_dense
from .subject import without_user
from .words import content_words, denials, telling, terms_of

_COVERED, _COVERED_DENSE = 0.5, 0.75  # of a statement's words, that its sources have; of pairs of characters
_SAME_BEGINNING = 4  # characters that two forms of a name share at least
_HEAD = re.compile(r"\W{0,5}(\w+)\s{0,3}[:,]")  # a name before what is said of it
# German writes all nouns with capitals; names are told by what stands before them.
_BEFORE_NAMES = re.compile(r"\b(?:in|aus|bei|mit|nach|von|für|über|an|zu|gegen|ohne) ([A-ZÄÖÜ]\w+)")


def bears_out(sources: Sequence[tuple[str, str]], text: str) -> bool:
    """Whether sources have most of a text's words, all of its numbers and names, and deny what it denies.

    sources: of each what it says, and what else is known of it: a title, a day, who says it. Each of them
    must share a word with the text.
    """
    said = " ".join(f"{says} {beside}" for says, beside in sources)
    there, own = set(terms_of(said)), content_words(without_user(text), or_all=False) or terms_of(text)
    if not figures(text) <= figures(said) or not all(has_form(there, name) for name in names_in(text)):
        return False
    denying = [says for says, _ in sources if denials(says)]
    agrees = bool(denying) if denials(text) else len(denying) < len(sources)
    if not agrees:
        return False
    wanted = _COVERED_DENSE if is_dense(text) else _COVERED
    known, says = set(map(stem, there)), set(map(stem, terms_of(" ".join(says for says, _ in sources))))
    words = list(map(stem, own))
    if sum(word in known for word in words) < wanted * len(words):
        return False
    # Who says it, or a title, is no evidence of what is said.
    if not says.intersection(words) and not known.issuperset(words):
        return False
    return all(shares_words(one, text) for one in sources)


def shares_words(source: tuple[str, str], text: str) -> bool:
    """Whether a source has any word of a text."""
    stems = set(map(stem, terms_of(text)))
    return not stems.isdisjoint(map(stem, terms_of(" ".join(source))))


def begins_as_said(sources: Sequence[tuple[str, str]], text: str) -> bool:
    """Whether the word that a text begins with, often whom it is about, is in its sources, if it tells."""
    first = next(iter(terms_of(text)), "")
    if first not in content_words(without_user(text), or_all=False):
        return True
    there = set(terms_of(" ".join(f"{own} {beside}" for own, beside in sources)))
    return has_form(there, first) or stem(first) in set(map(stem, there))


def names_in(text: str) -> set[str]:
    """Words that are written as names, casefolded. Scripts without capitals have none."""
    if language_in(text) == "de":
        found = set(_BEFORE_NAMES.findall(text))
    else:
        found = telling(text)
        if head := _HEAD.match(text):
            found.add(head[1])
    return {word.casefold() for word in found}


def has_form(words: set[str], name: str) -> bool:
    """Whether a name is among some words, with another ending maybe."""

    def same(word: str) -> bool:
        shared = max(len(word), len(name)) - 1
        return shared >= _SAME_BEGINNING and word[:shared] == name[:shared]

    return name in words or any(map(same, words))
