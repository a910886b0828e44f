"""Words for the full-text index: the same splitting for stored texts and for queries.

FTS5 (porter unicode61) still strips accents and stems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ...core.errors import Drop
from ...language.words import content_words, is_lone, terms_of

QUERY_TERMS = 32
QUERY_CHARS = 4_000


def indexed(payload: Mapping[str, Any]) -> str:
    """The words under which a memory is found: its text's, plus mem0's lemmas that are not in the text."""
    words = terms_of(payload.get("data"))
    known = set(words)
    return " ".join(words + [word for word in terms_of(payload.get("text_lemmatized")) if word not in known])


def match_expression(query: str, owner: str | None) -> str | None:
    """An FTS5 expression over `owner`, `body` and `context` for any text, or None when it has no words.

    `owner` is a bare term every hit must carry; None searches over all owners.
    """
    words = content_words(query[:QUERY_CHARS])[:QUERY_TERMS]
    if not words:
        return None
    # Terms hold letters, digits and marks only, so the quotes cannot be broken out of.
    body = " OR ".join(f'"{word}" *' if is_lone(word) else f'"{word}"' for word in words)
    required = f'{{owner}} : "{owner}" AND ' if owner is not None else ""
    return f"{required}{{body context}} : ({body})"


def owner_term(user: str | None) -> str:
    """A user id of any shape and length as one index term; empty for memories of nobody."""
    if user is None:
        return ""
    try:
        return hashlib.blake2b(user.encode(), digest_size=16).hexdigest()
    except UnicodeEncodeError:
        raise Drop("The user id is not valid Unicode.") from None
