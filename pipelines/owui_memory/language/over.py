"""What a statement says is over: "I no longer live in Freiburg, now Kassel." ends "I live in Freiburg."

Only where it says so itself, in the words of what was: without an LLM nobody understands "I have moved".
"""

from __future__ import annotations

import re

from . import over_dense
from .forms import inflects, is_form, stem
from .scripts import fold, is_dense
from .self_reference import signs
from .subject import without_user
from .tables import pattern
from .words import content_words, denials

_LONGEST_CHARS = 400  # of a statement
_STEM_CHARS = 3
_NO_LONGER = re.compile(rf"\b(?:{pattern('no_longer')})\b")
_MARK = re.compile(rf"\b(?:{pattern('denial_marks')})\b")
_NOT_DOING = re.compile(r"[ae]?m([ıiuü])yor")  # Turkish: the denial within a verb
_CLAUSE_END = re.compile(rf"[,;:.!?،؛–—]|\b(?:{pattern('contrasts')})\b")


def what_is_over(statement: str) -> str:
    """The part of a statement that says what is over, without the words for that; "" where none does."""
    if len(statement) > _LONGEST_CHARS:
        return ""
    if is_dense(statement):
        return over_dense.what_is_over(fold(statement))
    text = fold(statement)
    clause = over_dense.clause(text, _NO_LONGER.search(text), _CLAUSE_END)
    return _NOT_DOING.sub(r"\1yor", _MARK.sub(" ", clause)).strip()


def ends(statement: str, memory: str) -> bool:
    """Whether a statement says that what a memory holds is over: it has all its words, and hardly more."""
    if is_dense(statement) and len(statement) <= _LONGEST_CHARS:
        return over_dense.ends(fold(statement), fold(memory))
    over = what_is_over(statement)
    if not over or denials(memory):
        return False
    if (signs(memory) or without_user(memory) != memory) and not signs(statement):
        return False  # what is over for somebody else is not for the user
    gone, held = content_words(over, or_all=False), content_words(without_user(memory))
    if not gone or not held:
        return False
    alike = is_form if inflects(f"{over} {memory}") else _is_like
    if not all(any(alike(word, other) for other in held) for word in gone):
        return False
    rest = [other for other in held if not any(alike(word, other) for word in gone)]
    return len(rest) <= (len(gone) > 1)


def _is_like(word: str, other: str) -> bool:
    """Whether two words have one stem, or one is the beginning of the other: live, lives."""
    one, two = stem(word), stem(other)
    short, long = sorted((one, two), key=len)
    return one == two or (len(short) >= _STEM_CHARS and long.startswith(short) and len(long) < len(short) + 3)
