"""What each message was told, and why."""

from __future__ import annotations

from ...commands.explained import Told, nearness, overlap, reason, texts_of, told_of
from ...core.locales import Locale, message
from ...core.locales.refused import Refused
from ...recall.why import Explanation, Weighed
from .parts import Visit
from .rendering import View

_PAGE = 30


def listed(visit: Visit) -> View:
    """The last messages, or one of them in full."""
    explanations = visit.parts.tools.explanations
    before = visit.number("before") if visit.query.get("before") else 0
    if "id" in visit.query:
        found = explanations.newest(visit.user_id, 1, visit.number("id") + 1)
        if not found or found[0][0] != visit.number("id"):
            raise Refused(message("page: no such message"))
        return _one(visit, found[0][1], found[0][2])
    found = explanations.newest(visit.user_id, _PAGE + 1, before)
    rows = [
        (number, visit.chat_address(chat), one, len(_used(told_of(one))), _reason(visit, one))
        for number, chat, one in found[:_PAGE]
    ]
    more = found[_PAGE - 1][0] if len(found) > _PAGE else 0
    return View("why.html", {"rows": rows, "more": more, "first": not before})


def _one(visit: Visit, chat: str, one: Explanation) -> View:
    told = told_of(one)
    texts = texts_of(visit.parts.tools.control, one, visit.user_id, visit.teams, visit.words)

    def weighed(some: tuple[Weighed, ...]) -> list[tuple[str | None, str]]:
        return [(texts.get(item.memory_id), _described(visit.words, item)) for item in some]

    return View(
        "why_one.html",
        {
            "one": one,
            "address": visit.chat_address(chat),
            "always": [texts.get(memory_id) for memory_id in told.always],
            "used": weighed(told.now),
            "quoted": weighed(told.quoted),
            "before": [texts.get(memory_id) for memory_id in told.before],
            "left_out": weighed(told.left_out),
            "reason": _reason(visit, one),
        },
    )


def _described(words: Locale, item: Weighed) -> str:
    said = {"outcome": item.outcome, "nearness": nearness(item.meaning), "overlap": overlap(item.keyword)}
    return "; ".join(words.label(kind, value) for kind, value in said.items())


def _used(told: Told) -> list[str]:
    return [*told.always, *(one.memory_id for one in (*told.now, *told.quoted)), *told.before]


def _reason(visit: Visit, one: Explanation) -> str:
    if not one.left_alone:
        return ""
    return reason(one.left_alone, visit.words, admin=visit.person.is_admin, show=str).replace("`", "")
