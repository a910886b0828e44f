"""Templates of digests: Markdown whose front matter says what it is made of, and whose text asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import Drop
from ..core.locales import message
from ..core.locales.refused import Refused
from ..language.sanitize import inert

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

TEMPLATES = "templates"  # the folder of the admin's own, below that of the data
PARTS = ("memories", "episodes", "documents")
_KINDS = ("profile", "preference", "fact", "plan")
_ABOUT = ("optional", "needed", "no")
_FENCE, _NAME = "---", re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FILE_BYTES, _MOST_FILES = 20_000, 100
_MOST_DAYS, _MOST_TOKENS, _TOKENS = 36_500, 50_000, 3_000
_HOW = "see docs/digests.md for what a template looks like"


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

    @classmethod
    def read(cls, name: str, source: str) -> Template:
        """A template as its file has it.

        Raises:
            Drop: it is none, and why.
        """
        head, fence, text = (
            source.removeprefix("\ufeff").lstrip().removeprefix(_FENCE).partition(f"\n{_FENCE}")
        )
        if not fence or not text.strip() or not source.lstrip("\ufeff \r\n").startswith(_FENCE):
            raise Drop(f"The template {name} has no front matter or no text.", hint=_HOW)
        given = {}
        for line in filter(str.strip, head.splitlines()):
            field, _, value = line.partition(":")
            given[field.strip()] = value.strip().strip("\"'")
        if unknown := set(given) - {"name", "title", "select", "kinds", "days", "about", "budget"}:
            raise Drop(f"The template {name} has an unknown field {min(unknown)[:40]!r}.", hint=_HOW)
        return cls(
            name,
            inert(given.get("title", "")) or name,
            _words(name, given, "select", PARTS) or PARTS,
            _words(name, given, "kinds", _KINDS),
            _number(name, given, "days", 0, _MOST_DAYS),
            (_words(name, given, "about", _ABOUT) or _ABOUT)[0],
            _number(name, given, "budget", _TOKENS, _MOST_TOKENS),
            text.strip(),
        )

    def filled(self, about: str, today: str, user: str) -> str:
        """Its text.

        Raises:
            Drop: it cannot be filled.
        """
        from jinja2 import TemplateError

        values = {"about": about, "today": today, "user": user, "days": self.days}
        try:
            return _jinja().from_string(self.text).render(values).strip()
        except (TemplateError, ArithmeticError, TypeError, ValueError, MemoryError, RecursionError) as error:
            raise Drop(f"The template {self.name} is broken ({type(error).__name__}).", hint=_HOW) from error


class Templates:
    """Those that come with the filter, and the admin's own in a folder, which win."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Template]:
        """Those that can be read, by name."""
        found = {}
        for name, source in self._sources():
            try:
                found[name] = Template.read(name, source)
            except Drop:  # whoever asks for it is told
                found.pop(name, None)
        return [found[name] for name in sorted(found)]

    def get(self, name: str) -> Template:
        """The one of this name.

        Raises:
            Drop: it cannot be read.
            Refused: there is none.
        """
        sources = dict(self._sources())
        if (source := sources.get(name.lower())) is None:
            names = ", ".join(f"`{one}`" for one in sorted(sources))
            raise Refused(message("digest, no template", names=names))
        return Template.read(name.lower(), source)

    def _sources(self) -> Iterator[tuple[str, str]]:
        for path in files(__package__).joinpath("templates").iterdir():
            if path.name.endswith(".md"):
                yield path.name.removesuffix(".md"), path.read_text(encoding="utf-8")
        own = sorted(self._folder.glob("*.md"))[:_MOST_FILES] if self._folder.is_dir() else []
        for file in own:
            if _NAME.fullmatch(file.stem) and file.is_file() and file.stat().st_size <= _FILE_BYTES:
                yield file.stem, file.read_text(encoding="utf-8", errors="replace")


def _words(name: str, given: dict[str, str], field: str, known: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(filter(None, re.split(r"[\s,\[\]]+", given.get(field, ""))))
    if wrong := set(words) - set(known):
        raise Drop(
            f"The template {name} says {field}: {min(wrong)[:40]!r}, which is none of {', '.join(known)}.",
            hint=_HOW,
        )
    return words


def _number(name: str, given: dict[str, str], field: str, default: int, most: int) -> int:
    value = given.get(field, str(default))
    if not (value.isascii() and value.isdigit() and int(value[:9]) <= most and len(value) < 9):
        raise Drop(f"The template {name} says {field}: {value[:40]!r}, not 0 to {most:,}.", hint=_HOW)
    return int(value)


def _jinja() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
