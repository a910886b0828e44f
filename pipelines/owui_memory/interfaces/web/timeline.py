"""What was learned and changed, newest first."""

from __future__ import annotations

from ...core.change import COMMANDS, EDITED, Change
from .parts import Visit
from .rendering import View

_PAGE = 50


def listed(visit: Visit) -> View:
    before = visit.number("before") if visit.query.get("before") else 0
    changes = visit.parts.journal.newest(visit.user_id, _PAGE + 1, before)
    more = changes[_PAGE - 1].id if len(changes) > _PAGE else 0
    rows = [(one, what(one), _source(one), visit.chat_address(one.chat)) for one in changes[:_PAGE]]
    return View("timeline.html", {"changes": rows, "more": more, "first": not before})


def what(change: Change) -> str:
    """What was done, as the catalogue calls it."""
    if change.undoes:
        return "brought back" if change.op == "add" else "taken back"
    return {"add": "learned", "replace": "changed", "remove": "forgotten"}.get(change.op, "changed")


def _source(change: Change) -> str:
    """How it came about, as the catalogue calls it."""
    if change.undoes:
        return "an edited message" if change.model == EDITED else "you asked"
    return "you asked" if change.batch.startswith(COMMANDS) else "a chat"
