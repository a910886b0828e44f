"""What a request to forget is about: "what I told you about my cat" is about a cat."""

from __future__ import annotations

import re

from .forms import inflects, is_form, stem
from .scripts import fold, is_dense
from .tables import pattern, words
from .words import content_words, terms_of

FRAMING = frozenset(
    map(stem, words("framing"))
)  # say that something was said or is known, and how much of it
_FRAMING_DENSE = re.compile(pattern("dense_framing"))
_ALONE_BEFORE = "的只隻条條个個位有养養叫和是我咱、。，のが "  # what a word of one character may stand behind


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
