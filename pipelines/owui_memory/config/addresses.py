"""Addresses in settings: whether they are valid, and what they name."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from .valves_codec import SettingsError

_HTTP = ("http", "https")


def folder_of(url: str) -> str:
    """The folder that a store's address names, by its full path or as file:///...; "" if it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        path = unquote(parts.path)
    else:
        path = url if url.startswith("/") and not url.startswith("//") else ""
    return path if path.isprintable() and path.startswith("/") and path.strip("/.") else ""


def is_url(value: str, schemes: tuple[str, ...] = _HTTP) -> bool:
    """Whether a text is an address with one of these schemes and a host."""
    try:
        parts = urlsplit(value)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and has_port and not re.search(r"\s", value)


def checked_url(setting: str, value: str, schemes: tuple[str, ...] = _HTTP, *, or_a: str = "") -> str:
    """The value, if it is unset or an address with one of these schemes.

    or_a: what else it may be, for the sentence.

    Raises:
        SettingsError: it is not one.
    """
    if value and not is_url(value, schemes):
        also = f", or a {or_a}" if or_a else ""
        raise SettingsError(setting, f"{setting} must be an address like {schemes[0]}://host:port{also}.")
    return value
