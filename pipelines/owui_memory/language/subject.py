"""A statement without its subject: "The user lives in Bonn." becomes "lives in Bonn."

Embedders find all sentences about "the user" alike, and far from what their user asks ("Where do I live?").
"""

from __future__ import annotations

import re

from .tables import pattern

_LOOKED_CHARS = 4_000

_NAMED = re.compile(
    rf"(?<!\w)(?:{pattern('user')})(?!\w)[ ]?|^user(?:['’]s)? |(?:{pattern('dense_user')})[ 、，,]?",
    re.IGNORECASE,
)


def without_user(text: str) -> str:
    """A text without what names the user in it, if anything else is left."""
    if len(text) > _LOOKED_CHARS:
        return text
    left = _NAMED.sub("", text).strip()
    return left if any(map(str.isalnum, left)) else text
