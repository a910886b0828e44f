"""Keys with which a user's own programs ask the proxy: made, shown once, revoked."""

from __future__ import annotations

from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.text import plain
from .parts import Visit, back
from .rendering import Answer, View

_NAME_CHARS, _MOST = 60, 50


def listed(visit: Visit) -> View:
    return _view(visit)


def make(visit: Visit) -> View:
    """The page with the new key, this once."""
    if len(visit.parts.keys.all(visit.user_id)) >= _MOST:
        raise Refused(message("page: too many keys", most=_MOST))
    name = plain(visit.form.get("name", "")).strip()[:_NAME_CHARS]
    return _view(visit, visit.parts.keys.add(visit.user_id, name))


def revoke(visit: Visit) -> Answer:
    if not visit.parts.keys.revoke(visit.form.get("id", ""), visit.user_id):
        raise Refused(message("page: no such key"))
    return back("keys", "revoked")


def _view(visit: Visit, new: str = "") -> View:
    return View("keys.html", {"keys": visit.parts.keys.all(visit.user_id), "new": new})
