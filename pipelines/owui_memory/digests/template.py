"""Templates of digests: Markdown whose front matter says what it is made of, and whose text asks for it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..core.locales import CODES, ENGLISH, Locale, locale, message
from ..core.locales.refused import Refused
from ..language.sanitize import inert
from ..remember.operations import Kind

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

TEMPLATES = "templates"  # the folder of the admin's own, below that of the data
_NAMED = "digest name"  # what ids of their names in a language begin with
_BUILT_IN = ("cv", "project", "reading-list", "week")
_FENCE, _NAME = "---", re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FILE_BYTES, _MOST_FILES = 20_000, 100
_TOO_MUCH = (MemoryError, OverflowError, RecursionError)


class BrokenError(Refused):
    """A template cannot be used. why: in English, for whoever has written it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(message("digest, broken template", template=name, why=why))


Part = Literal["memories", "episodes", "documents"]


class Template(BaseModel):
    """kinds: of memories, () for all. days: how old its sources may be, 0 for any age.

    about: whether a subject is needed, optional, or nothing ("no"). budget: tokens of what it is made of.
    text: Jinja, of `about`, `days`, `today` (YYYY-MM-DD) and `user` (the name, "" if it is not known).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    select: tuple[Part, ...] = get_args(Part)
    kinds: tuple[Kind, ...] = ()
    days: int = Field(0, ge=0, le=36_500)
    about: Literal["optional", "needed", "no"] = "optional"
    budget: int = Field(3_000, ge=500, le=50_000)
    text: str
    is_own: bool = False  # the admin's

    @field_validator("select", "kinds", mode="before")
    @classmethod
    def _words(cls, value: str) -> list[str]:
        return re.sub(r"[,\[\]]", " ", value).split()

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
            if value := value.strip().strip("\"'"):
                given[field.strip()] = value
        title = inert(given.get("title", "")) or name
        fields = {**given, "name": name, "title": title, "text": text.strip(), "is_own": is_own}
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            wrong = error.errors()[0]
            said = f"{str(wrong['loc'][0])[:40]}: {str(wrong['input'])[:40]!r}"
            raise BrokenError(name, f"it says {said} ({wrong['msg']})") from error

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


def _jinja() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
