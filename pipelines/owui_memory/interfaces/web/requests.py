"""One request of a browser, as far as it is read before anybody knows who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from ...config.settings import Valves
from ...core.locales import Locale
from ..limits import place_of
from . import sign_in
from .forms import FIELDS
from .rendering import words_for

PREFIX = "/memory/"
_QUERY_CHARS = 8_000


@dataclass(frozen=True)
class Request:
    """name: of the view, below the page's address. secure: whether the browser has come by https.

    place: the address that the request comes from, as the limits count it.
    """

    method: str
    name: str
    headers: Headers
    cookies: Mapping[str, str]
    query: Mapping[str, str]
    words: Locale
    secure: bool
    place: str

    @property
    def by_htmx(self) -> bool:
        return self.headers.get("hx-request") == "true"


def read(scope: Scope) -> Request:
    headers = Headers(scope=scope)
    query = scope["query_string"][:_QUERY_CHARS].decode("latin-1")
    try:
        asked = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError:
        asked = {}
    forwarded = headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return Request(
        scope["method"],
        scope["path"].removeprefix(PREFIX),
        headers,
        sign_in.cookies_of(headers.get("cookie", "")),
        asked,
        words_for(headers.get("accept-language", "")),
        (forwarded or scope.get("scheme", "")) == "https",
        place_of((scope.get("client") or ("",))[0]),
    )


def webui_for(headers: Headers, settings: Valves) -> str | None:
    """Where this browser reaches Open WebUI: beside the page, or on another port of the same host."""
    if not settings.webui_url and not settings.page_url:
        return None
    told = headers.get("x-forwarded-host") or headers.get("host", "")
    host, colon, port = told.rpartition(":")
    host = (host if colon and port.isdigit() else told).strip("[]").lower()
    return settings.webui_url if settings.webui_url and urlsplit(settings.webui_url).hostname == host else ""
