"""Texts made of all that is known of a user: made now, or every week."""

from __future__ import annotations

from typing import Any

from ...core.locales import message
from ...core.locales.refused import Refused
from ...state.digests_table import Scheduled
from .parts import TEXT_CHARS, Visit, back
from .rendering import Answer, View


def listed(visit: Visit) -> View:
    """What can be made, and which of it is made every week."""
    return View("digests.html", _values(visit))


def make(visit: Visit) -> View:
    name, about = visit.form.get("template", ""), visit.form.get("about", "").strip()[:TEXT_CHARS]
    digests = visit.parts.tools.digests
    if not about and digests.templates.get(name, visit.words).about == "needed":
        raise Refused(message("page: nothing typed"))
    text = digests.make(visit.user_id, name, about, visit.words, visit.person.name, is_plain=True)
    return View("digests.html", {**_values(visit), "text": text})


def schedule(visit: Visit) -> Answer:
    """Every week from now on, or no more."""
    tools = visit.parts.tools
    name = visit.form.get("template", "")
    if visit.form.get("on") != "yes":
        tools.schedule.remove(visit.user_id, name)  # also where its template is gone
        return back("digests", "digest off")
    template = tools.digests.templates.get(name)
    if template.about == "needed":
        raise Refused(message("digest, about what", template=template.name))
    if not tools.documents.are_read:
        raise Refused(message("documents, not here"))
    tools.schedule.put(Scheduled(visit.user_id, template.name, "", visit.words.code))
    return back("digests", "digest on")


def _values(visit: Visit) -> dict[str, Any]:
    tools = visit.parts.tools
    templates, weekly = tools.digests.templates.all(), tools.schedule.of(visit.user_id)
    return {
        "templates": [(one, one.title_in(visit.words)) for one in templates],
        "weekly": weekly,
        "gone": sorted(set(weekly) - {one.name for one in templates}),
        "text": "",
        "are_read": tools.documents.are_read,
    }
