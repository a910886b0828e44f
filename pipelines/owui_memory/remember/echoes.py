"""Texts that a model takes from its prompt, or leaves unfilled, instead of from what was said."""

# ruff: noqa: SIM905  (lists of words are read and corrected as text)

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from ..language.forms import stem
from ..language.words import telling, words

EXAMPLE = "it repeats an example of the prompt"
PLACEHOLDER = "it is a placeholder"

_ALIKE = 0.75  # of the words of both texts, those in common
_SAME_NAME = 0.7  # of the letters: Lisbon, Lisboa and Lissabon
_SAID_WORDS = 2000  # looked through for a name
_BRACKETED = re.compile(r"<[^<>]{1,60}>|\[[^\[\]]{1,60}\]|\{[^{}]{1,60}\}")
_BLANK = re.compile(r"\.\.\.|…|__+|\bX{2,}\b|\?\?+")
_OF_NOTHING = frozenset(
    """
    a about add an and any as das der des die e ein eine example examples expires fact facts fill
    for g goes he her here his id in information insert ipsum is it its kind lorem memories memory n
    name names new no none not nothing null number nutzer nutzerin nutzers of on one op or person
    persona placeholder plan preference profile remove replace s sample sentence she short some somebody
    someone something statement string tbd text texts that the their there they this to todo
    undefined unknown user username users value with words x your
    """.split()
)
_OF_PROMPTS = frozenset(
    """
    user nutzer nutzers nutzerin january february march april may june july august september october november
    december januar februar märz mai juni juli oktober dezember
    """.split()
)


def unsaid(text: str, said: Sequence[str], examples: Iterable[str]) -> str:
    """Why a model's text can be nothing that it has learned from what was said; "" where it can.

    examples: the texts in its prompt.
    """
    if _is_blank(text, said):
        return PLACEHOLDER
    if any(_alike(text, example) for example in examples) and not _is_named(text, said):
        return EXAMPLE
    return ""


def _is_blank(text: str, said: Sequence[str]) -> bool:
    own = words(text)
    if set(own) <= _OF_NOTHING:
        return not any(f" {' '.join(own)} " in f" {' '.join(words(one))} " for one in said)
    blanks = [found[0] for found in _BLANK.finditer(text)]
    blanks += [found[0] for found in _BRACKETED.finditer(text) if any(map(str.isalpha, found[0]))]
    return any(not any(blank.casefold() in one.casefold() for one in said) for blank in blanks)


def _alike(text: str, example: str) -> bool:
    own, its = set(words(text)), set(words(example))
    return len(own & its) >= _ALIKE * len(own | its)


def _is_named(text: str, said: Sequence[str]) -> bool:
    """Whether all that the text names was said, in these or like letters; also where that cannot be seen."""
    if _is_latin(text) != _is_latin(" ".join(said)):
        return True
    heard = {word for one in said for word in words(one)[:_SAID_WORDS]}
    stems = {stem(word) for word in heard}
    named = {word for word in telling(text) if not word[0].isdigit()} - _OF_PROMPTS
    return all(
        stem(word) in stems or any(_is_same_name(word, other) for other in heard)
        for word in named or set(words(text)) - _OF_NOTHING
    )


def _is_same_name(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 3:
        return False
    return SequenceMatcher(None, one, other).ratio() >= _SAME_NAME


def _is_latin(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char < "\u0250" for char in letters) * 2 >= len(letters)
