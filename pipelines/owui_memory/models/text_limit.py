"""How much of a text an embedder takes: learned from what it refuses, since few servers tell."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..core.errors import Drop
from ..core.text import plain
from ..language.subject import without_user
from .faults import chain_of, status_of

T = TypeVar("T")

# UTF-8 bytes: nearer to tokens than characters, of which Chinese has one to three tokens each.
_LONGEST_BYTES = 24_000
_SHORTEST_BYTES = 64  # what refuses so little refuses it for another reason
_SURELY_TAKEN_BYTES = 500  # a refusal without a reason, of less than this, is not for the length
_BATCH = 32  # texts in a request; text-embeddings-inference takes no more

_MAY_BE_LENGTH = {400, 413, 422, 500}
_IS_LENGTH = re.compile(
    r"too (?:long|large|big|many tokens)|exceed|longer than|less than \d|at most \d|maximum"
    r"|max[_ ]?(?:context|tokens?|length|input|batch)|context (?:length|window|size)|token limit"
    r"|input (?:length|size)|physical batch",
    re.IGNORECASE,
)

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029]+")
_UNSEEN = re.compile(r"[\xad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+")
_REPEATED = re.compile(r"([^\s\d])\1{7,}")
_ENDLESS = re.compile(r"([!-~]{32})[!-~]{32,}")


class TextLimit:
    """Of one embedder. Threads may share it."""

    def __init__(self, longest_bytes: int = _LONGEST_BYTES) -> None:
        self._longest = dict.fromkeys(
            (True, False), longest_bytes
        )  # by `_is_latin`: tokens differ most there
        self._batch = _BATCH
        self._lock = threading.Lock()

    def cut(self, text: str) -> str:
        """As much of a text as the embedder takes: its beginning and its end, without broken characters.

        It does not name the user either: see language/subject.py.

        Raises:
            Drop: there is nothing in it.
        """
        text = without_user(text.strip())
        made = shortened(text, self._longest[_is_latin(text)])
        if not made.strip():
            raise Drop("There is no text to embed.")
        return made

    def batches(self, texts: Sequence[str]) -> list[Sequence[str]]:
        """The same, in so many at once as the embedder takes."""
        size = self._batch
        return [texts[at : at + size] for at in range(0, len(texts), size)]

    def fitted(self, texts: Sequence[str], embed: Callable[[list[str]], list[T]]) -> list[T]:
        """What `embed` makes of some texts, fewer at once or shortened where it refuses them as they are.

        Raises:
            Drop: one of them is empty.
            Exception: what `embed` raises for other reasons.
        """
        sent = [self.cut(text) for text in texts]
        try:
            return embed(sent)
        except Exception as error:
            if not _may_be_length(error, max(map(_size, sent), default=0)) or not sent:
                raise
            if len(sent) == 1:
                return self._shorter(sent[0], embed, error)
        half, longest = len(sent) // 2, dict(self._longest)
        made = self.fitted(sent[:half], embed) + self.fitted(sent[half:], embed)
        if self._longest == longest:  # there were too many
            with self._lock:
                self._batch = max(min(self._batch, len(sent) - half), 1)
        return made

    def _shorter(self, text: str, embed: Callable[[list[str]], list[T]], refusal: Exception) -> list[T]:
        size, latin = _size(text) // 2, _is_latin(text)
        while size >= _SHORTEST_BYTES:
            try:
                made = embed([shortened(text, size)])
            except Exception as error:
                if not _may_be_length(error, size):
                    raise
                refusal = error
            else:
                if _says_length(refusal) or size >= _SURELY_TAKEN_BYTES:
                    with self._lock:
                        self._longest[latin] = min(self._longest[latin], size)
                return made
            size //= 2
        raise refusal


def shortened(text: str, size: int) -> str:
    """At most `size` UTF-8 bytes of a text, from both ends, cut between words where there are any near.

    It is `legible`.
    """
    if len(text) > 2 * size:
        text = text[:size] + text[-size:]
    text = legible(text)
    whole = text.encode()
    if len(whole) <= size:
        return text
    half = (size - 1) // 2
    head, tail = whole[:half].decode(errors="ignore"), whole[-half:].decode(errors="ignore")
    return f"{_to_word(head)} {_to_word(tail[::-1])[::-1]}".strip() or head


def legible(text: str) -> str:
    """Without what no model reads: broken and control characters, marks of direction, ends of endless words.

    A key, an address, a row of dashes would else count for as much as all the words around it.
    """
    text = _UNSEEN.sub("", _CONTROLS.sub(" ", plain(text)))
    return _ENDLESS.sub(r"\1 ", _REPEATED.sub(r"\1\1\1", text))


def is_legible(text: str) -> bool:
    """Whether there is anything in a text to embed."""
    return bool(legible(text).strip())


def _to_word(text: str) -> str:
    """Up to the last space, if one is near the end."""
    at = max(text.rfind(" "), text.rfind("\n"))
    return text[:at] if at > len(text) * 3 // 4 else text


def _is_latin(text: str) -> bool:
    """Whether most of its characters are one or two bytes: then they are less than a token each."""
    return len(text[:_LONGEST_BYTES].encode(errors="replace")) < 1.5 * len(text[:_LONGEST_BYTES])


def _size(text: str) -> int:
    return len(text.encode())


def _may_be_length(error: Exception, size: int) -> bool:
    """Whether a refusal can be for the length, or the number, of what was sent."""
    status = status_of(error)
    if status not in _MAY_BE_LENGTH:
        return False
    return _says_length(error) or (status != 500 and size >= _SURELY_TAKEN_BYTES)


def _says_length(error: Exception) -> bool:
    """Whether it says so; what it says is looked at only, for it may quote the text."""
    if status_of(error) == 413:
        return True
    return any(_IS_LENGTH.search(str(link)[:2000]) for link in chain_of(error))
