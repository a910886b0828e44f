"""Text made fit to be stored: nothing broken, nothing invisible."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text without lone surrogates and NUL, so that every JSON parser, embedder and database takes it."""
    if text.isascii() and "\0" not in text:
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")
