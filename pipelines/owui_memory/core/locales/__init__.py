"""All that is said to users and models about memories, in the languages there is a .po file for.

`en.po` has every text under an id, and each other file the same ids. Another language is another file here
and its code in `CODES`: see docs/commands.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from . import po

CODES = ("en", "de", "es", "fr", "ru", "zh", "ja")

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8}){0,6}")  # de, zh-Hans-CN, pt_BR
_TAG_CHARS = 64
_PLACE = re.compile(r"\{(\w+)\}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is put into words later, when the reader's language is known: see `Locale.say`."""

    id: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """In English, for logs and the command line."""
        return ENGLISH.tell(self)


Value = str | int | Message


def message(id_: str, /, **values: Value) -> Message:
    """A `Message` with what is put in."""
    return Message(id_, values)


class Locale:
    """One language's texts; where it lacks one, the English. Threads may share it."""

    def __init__(
        self, code: str, messages: Mapping[str, tuple[str, ...]], fallback: Locale | None = None
    ) -> None:
        self.code, self._fallback = code, fallback
        self._messages = {id_: forms for id_, forms in messages.items() if all(forms)}
        self._plural = po.plural_of(messages)

    def say(self, id_: str, /, **values: Value) -> str:
        """A text with its placeholders filled. What is put in is never read for placeholders again.

        n: chooses the plural form of a text that has several. Whole numbers are written as the language does.
        """
        text = self._text(id_, values.get("n"))
        if "{" not in text:
            return text
        try:
            return _PLACE.sub(lambda match: self._written(values[match[1]]), text)
        except KeyError:
            if self._fallback is None:
                raise
            return self._fallback.say(id_, **values)

    def tell(self, message: Message) -> str:
        """The same for a message."""
        return self.say(message.id, **message.values)

    def label(self, kind: str, word: str) -> str:
        """What a word of ours ("told", a reason) is called; the word itself where nothing is known of it."""
        id_ = f"{kind}: {word}"
        return self.say(id_) if self.has(id_) else word

    def words(self, id_: str) -> tuple[str, ...]:
        """A list that is kept as one text, with commas between its words."""
        return tuple(filter(None, (word.strip() for word in self.say(id_).split(","))))

    def number(self, count: int) -> str:
        """1,200 or 1.200."""
        return f"{count:,}".replace(",", self.say("thousands"))

    def has(self, id_: str) -> bool:
        """Whether there is such a text, in English at least."""
        return id_ in self._messages or (self._fallback is not None and self._fallback.has(id_))

    def _text(self, id_: str, n: Value | None) -> str:
        forms = self._messages.get(id_)
        if forms is None:
            return self._fallback._text(id_, n) if self._fallback else id_
        return forms[0] if n is None or len(forms) == 1 else forms[self._plural(int(str(n)))]

    def _written(self, value: Value) -> str:
        if isinstance(value, Message):
            return self.tell(value)
        return value if isinstance(value, str) else self.number(value)


def source(code: str) -> str:
    """A language's file, as it is."""
    return files(__package__).joinpath(f"{code}.po").read_text(encoding="utf-8")


@cache
def locale(code: str) -> Locale:
    """The texts of a language of `CODES`; English for any other code, and where a file cannot be read."""
    if code not in CODES or code == "en":
        return ENGLISH
    try:
        return Locale(code, po.read(source(code)), ENGLISH)
    except (OSError, ValueError) as error:
        log.error(
            "The texts in %s cannot be read, so they are told in English: %s", code, type(error).__name__
        )
        return ENGLISH


def load() -> None:
    """Read all files now, so that no message waits for it."""
    for code in CODES:
        locale(code)


def code_of(tag: Any) -> str:
    """The code of a language tag as browsers write it ("de-AT"); "" if it is none of `CODES`."""
    match = _TAG.fullmatch(tag) if isinstance(tag, str) and len(tag) <= _TAG_CHARS else None
    code = match[1].lower() if match else ""
    return code if code in CODES else ""


ENGLISH = Locale("en", po.read(source("en")))
