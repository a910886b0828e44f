"""Text cut, and made fit to be stored: nothing broken, nothing invisible."""

from __future__ import annotations

TEXT_CHARS = 100_000  # of a message or an answer that are looked at, half from each end


def plain(text: str) -> str:
    """The text without lone surrogates and NUL, so that every JSON parser, embedder and database takes it."""
    if text.isascii() and "\0" not in text:
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def capped(text: str, most: int = TEXT_CHARS, between: str = "\n…\n") -> str:
    """A text, or of a longer one its beginning and its end, and what is to stand between them."""
    return text if len(text) <= most else f"{text[: most // 2]}{between}{text[-most // 2 :]}"


def first_word(text: str) -> tuple[str, str]:
    """The first word of a text, and all after the blanks behind it."""
    word, rest, *_ = *text.split(None, 1), "", ""
    return word, rest
