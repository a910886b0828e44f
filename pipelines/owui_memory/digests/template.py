"""Templates of digests: Markdown whose front matter says what it is made of, and whose text asks for it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.locales import CODES, ENGLISH, Locale, locale, message
from ..core.locales.refused import Refused
from ..language.sanitize import inert

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

TEMPLATES = "templates"  # the folder of the admin's own, below that of the data
_NAMED = "digest name"  # what ids of their names in a language begin with
_BUILT_IN = ("cv", "project", "reading-list", "week")
PARTS = ("memories", "episodes", "documents")
_KINDS = ("profile", "preference", "fact", "plan")
_ABOUT = ("optional", "needed", "no")
_FENCE, _NAME = "---", re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FILE_BYTES, _MOST_FILES = 20_000, 100
_MOST_DAYS, _LEAST_TOKENS, _MOST_TOKENS, _TOKENS = 36_500, 500, 50_000, 3_000
_TOO_MUCH = (MemoryError, OverflowError, RecursionError)


class BrokenError(Refused):
    """A template cannot be used. why: in English, for whoever has written it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(message("digest, broken template", template=name, why=why))


@dataclass(frozen=True, slots=True)
class Template:
    """select: of `PARTS`. kinds: of memories, () for all. days: how old its sources may be, 0 for any age.

    about: whether a subject is needed, optional, or nothing ("no"). budget: tokens of what it is made of.
    text: Jinja, of `about`, `days`, `today` (YYYY-MM-DD) and `user` (the name, "" if it is not known).
    """

    name: str
    title: str
    select: tuple[str, ...] = PARTS
    kinds: tuple[str, ...] = ()
    days: int = 0
    about: str = "optional"
    budget: int = _TOKENS
    text: str = ""
    is_own: bool = False  # the admin's

    @classmethod
    def read(cls, name: str, source: str, *, is_own: bool = False) -> Template:
        """A template as its file has it.

        Raises:
            BrokenError: it is none.
        """
        head, fence, text = (
            source.removeprefix("\ufeff").lstrip().removeprefix(_FENCE).partition(f"\n{_FENCE}")
        )
        if not fence or not text.strip() or not source.lstrip("\ufeff \r\n").startswith(_FENCE):
            raise BrokenError(name, "it has no front matter or no text")
        given = {}
        for line in filter(str.strip, head.splitlines()):
            field, _, value = line.partition(":")
            given[field.strip()] = value.strip().strip("\"'")
        if unknown := set(given) - {"name", "title", "select", "kinds", "days", "about", "budget"}:
            raise BrokenError(name, f"it has an unknown field {min(unknown)[:40]!r}")
        return cls(
            name,
            inert(given.get("title", "")) or name,
            _words(name, given, "select", PARTS) or PARTS,
            _words(name, given, "kinds", _KINDS),
            _number(name, given, "days", 0, _MOST_DAYS),
            (_words(name, given, "about", _ABOUT) or _ABOUT)[0],
            _number(name, given, "budget", _TOKENS, _MOST_TOKENS, _LEAST_TOKENS),
            text.strip(),
            is_own,
        )

    def title_in(self, words: Locale) -> str:
        """Its title; of those that come with the filter, in a language."""
        id_ = f"digest title: {self.name}"
        return words.say(id_) if words.has(id_) and not self.is_own else self.title

    def name_in(self, words: Locale) -> str:
        """What it is asked for by; those that come with the filter have a name in each language, too."""
        return self.name if self.is_own else words.label(_NAMED, self.name)

    def filled(self, about: str, today: str, user: str) -> str:
        """Its text.

        Raises:
            BrokenError: it cannot be filled.
        """
        from jinja2 import TemplateError

        values = {"about": about, "today": today, "user": user, "days": self.days}
        try:
            return _jinja().from_string(self.text).render(values).strip()[:_FILE_BYTES]
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, *_TOO_MUCH) as error:
            raise BrokenError(self.name, "its text cannot be filled in") from error


class Templates:
    """Those that come with the filter, and the admin's own in a folder, which win."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Template]:
        """Those that can be read, by name. Why another one cannot, whoever asks for it is told."""
        found = []
        for name in sorted(self._names()):
            with suppress(BrokenError):
                found.append(self._read(name))
        return found

    def get(self, name: str, words: Locale = ENGLISH) -> Template:
        """The one of this name, in any language. words: in which language names are told where there is none.

        Raises:
            Refused: there is none, or it cannot be read.
        """
        names, name = self._names(), self.named(name)
        if name not in names:
            shown = ", ".join(f"`{words.label(_NAMED, one)}`" for one in sorted(names))
            raise Refused(message("digest, no template", names=shown))
        return self._read(name)

    def named(self, said: str) -> str:
        """What a template is called that is asked for by a name in any language."""
        said = said.casefold()
        if said in self._names():
            return said
        called = ((own, locale(code).label(_NAMED, own)) for own in _BUILT_IN for code in CODES)
        return next((own for own, label in called if label == said), said)

    def _names(self) -> set[str]:
        own: set[str] = set()
        with suppress(OSError):
            own.update(path.stem for path in islice(self._folder.glob("*.md"), _MOST_FILES))
        return {*_BUILT_IN, *filter(_NAME.fullmatch, own)}

    def _read(self, name: str) -> Template:
        own = self._folder / f"{name}.md"
        try:
            if not own.exists():
                built_in = files(__package__).joinpath(TEMPLATES).joinpath(own.name)
                return Template.read(name, built_in.read_text(encoding="utf-8"))
            if own.stat().st_size > _FILE_BYTES:
                raise BrokenError(name, f"it has more than {_FILE_BYTES:,} bytes")
            return Template.read(name, own.read_text(encoding="utf-8", errors="replace"), is_own=True)
        except OSError as error:
            raise BrokenError(name, os.strerror(error.errno or 0)) from error


def _words(name: str, given: dict[str, str], field: str, known: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(filter(None, re.split(r"[\s,\[\]]+", given.get(field, ""))))
    if wrong := set(words) - set(known):
        raise BrokenError(name, f"it says {field}: {min(wrong)[:40]!r}, which is none of {', '.join(known)}")
    return words


def _number(name: str, given: dict[str, str], field: str, default: int, most: int, least: int = 0) -> int:
    value = given.get(field, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 9 and least <= int(value) <= most):
        raise BrokenError(name, f"it says {field}: {value[:40]!r}, not {least:,} to {most:,}")
    return int(value)


def _jinja() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
