"""Words for the full-text index: the same splitting for stored texts and for queries.

FTS5 (porter unicode61) still strips accents and stems.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...language.forms import inflects, stem
from ...language.words import content_words, is_lone, terms_of

QUERY_TERMS = 32
QUERY_CHARS = 4_000

_KNOWN = unicodedata.ucd_3_2_0.category  # FTS5 knows Unicode 6.1: what is older than that, it knows


def indexed(payload: Mapping[str, Any]) -> str:
    """The words under which a memory is found: its text's, plus mem0's lemmas that are not in the text.

    And their stems, where words change their endings, or a script is not Latin: FTS5 knows English ones only.
    """
    text = payload.get("data")
    words = terms_of(text)
    known = set(words)
    words += [word for word in terms_of(payload.get("text_lemmatized")) if word not in known]
    if isinstance(text, str) and inflects(text[:QUERY_CHARS]):
        known.update(words)
        words += [short for short in dict.fromkeys(map(_stem, words)) if short not in known]
    return " ".join(word if word.isascii() else _one_token(word) for word in words)


def asked(query: str) -> list[str]:
    """An FTS5 expression for each word of any text that says what it is about."""
    words = content_words(query[:QUERY_CHARS])[:QUERY_TERMS]
    shortened = inflects(query[:QUERY_CHARS])
    return [_expression(word, _stem(word) if shortened else word) for word in words]


def _stem(word: str) -> str:
    """A number or a code has no forms: cut, it would be found like all that begin as it does."""
    return word if any(map(str.isdigit, word)) else stem(word)


def _expression(word: str, short: str) -> str:
    # Terms hold letters, digits and marks only, so the quotes cannot be broken out of.
    if is_lone(word):
        return f'"{_one_token(word)}" *'
    forms = dict.fromkeys(filter(None, (word, short)))
    return " OR ".join(f'"{_one_token(form)}"' for form in forms)


@lru_cache(10_000)
def _one_token(word: str) -> str:
    """The word, or its bytes where FTS5 would split it: its index keeps no places to join the parts by."""
    if all(_KNOWN(char)[0] in "LN" or _KNOWN(char) in ("Mn", "Mc") for char in word):
        return word
    return f"x{word.encode().hex()}"
