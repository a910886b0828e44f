"""Pages from templates, with the headers that keep browsers from doing what no page of ours needs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ...core.locales import ENGLISH, Locale, code_of, locale

if TYPE_CHECKING:  # the smallest image of the server may lack it
    from jinja2 import Environment

LANGUAGES = ("en", "de")  # in which the page's own texts are
_TAGS_CHARS = 1000

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "Cookie, Accept-Language, HX-Request",
}
_STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "htmx.LICENSE.txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to a browser. cookies: of headers `set-cookie`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A template to be filled; `part`: the one that htmx asks for in its place, "" for none."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""


def words_for(tags: str) -> Locale:
    """The texts in the first language of an `Accept-Language` header that the page has."""
    for tag in tags[:_TAGS_CHARS].split(","):
        code = code_of(tag.partition(";")[0].strip())
        if code in LANGUAGES:
            return locale(code)
    return ENGLISH


def page(template: str, words: Locale, status: int = 200, **values: Any) -> Answer:
    """A filled template."""
    told = {"say": words.say, "label": words.label, "number": words.number, "lang": words.code}
    text = _environment().get_template(template).render(**told, stamp=stamp(), **values)
    return Answer(status, text.encode(errors="replace"), {"content-type": "text/html; charset=utf-8"})


def redirect(to: str) -> Answer:
    """To another view, relative to the page's address."""
    return Answer(303, b"", {"location": to})


def download(name: str, media_type: str, text: str) -> Answer:
    """A file for the user to keep."""
    disposition = f'attachment; filename="{name}"'
    headers = {"content-type": f"{media_type}; charset=utf-8", "content-disposition": disposition}
    return Answer(200, text.encode(errors="replace"), headers)


@lru_cache(maxsize=64)
def static(name: str) -> Answer | None:
    """A file that is the same for everybody, by its name below the page; None if there is no such file."""
    folder, _, file = name.partition("/")
    if folder != "static" or file not in _STATIC:
        return None
    body = files(__package__).joinpath(folder).joinpath(file).read_text(encoding="utf-8").encode()
    headers = {"content-type": _STATIC[file], "cache-control": "public, max-age=86400"}
    return Answer(200, body, headers)


@cache
def stamp() -> str:
    """Changes with the static files, so that browsers ask for the new ones."""
    digest = hashlib.sha256()
    for name in _STATIC:
        if (answer := static(f"static/{name}")) is not None:
            digest.update(answer.body)
    return digest.hexdigest()[:12]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files(__package__).joinpath("templates")
    environment = Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["time"], environment.filters["cost"] = _time, _cost
    return environment


def _cost(told: str) -> str:
    """What `config.prices` says in English, with signs."""
    return told.replace("about ", "≈ ").replace("under ", "< ")


def _time(at: datetime | float | None) -> datetime | None:
    if isinstance(at, int | float):
        return datetime.fromtimestamp(at, UTC) if at else None
    return at.astimezone(UTC) if at else None
