"""A user's memories: looked for, changed, taken along."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl, urlencode

from ...core.locales import Locale, message
from ...core.locales.refused import Refused
from ...core.memory import Memory, is_over
from ...core.scope import FOLDER, PERSONA, TEAM
from ...manage.undoing import last_changes
from .parts import Visit, back
from .rendering import Answer, View, download
from .timeline import what

KINDS = ("profile", "preference", "fact", "plan")
_DAYS = {"day": 1, "week": 7, "month": 31, "year": 366}
_FOUND_MOST, _FILTERED_MOST = 60, 300  # of a search, and of one whose finds are filtered
_LIST = ("q", "kind", "scope", "time", "page")  # what of an address says which part of the list it shows
_ADDRESS_CHARS = 1_000  # of each
_YES = "page: everything"  # the text that is to be typed before all is forgotten


@dataclass(frozen=True, slots=True)
class Shown:
    """A memory as it stands in a list. where: in which chats it is known, "" for all. chat: its address."""

    memory: Memory
    when: datetime | None
    where: str
    chat: str
    is_over: bool

    @classmethod
    def of(cls, memory: Memory, visit: Visit) -> Shown:
        when = memory.updated_at or memory.created_at
        where = scope_name(memory.scope, visit.words) if memory.scope else ""
        return cls(memory, when, where, visit.chat_address(memory.chat), is_over(memory))


def scope_name(scope: str, words: Locale) -> str:
    if scope.startswith(FOLDER):
        return words.say("page: project", id=scope.removeprefix(FOLDER)[:8])
    if scope.startswith(PERSONA):
        return words.say("page: persona", model=scope.removeprefix(PERSONA))
    if scope.startswith(TEAM):
        return words.say("page: team", team=scope.removeprefix(TEAM))
    return words.say("page: all chats")


def listed(visit: Visit) -> View:
    """All memories, or those that are looked for, a page of them."""
    query, parts = visit.query.get("q", "").strip(), visit.parts
    everything = parts.listing.of(visit.user_id)
    found: Iterable[Memory] = everything
    if query:
        most = _FILTERED_MOST if any(map(visit.query.get, ("kind", "scope", "time"))) else _FOUND_MOST
        found = (one.memory for one in parts.tools.control.search(visit.user_id, query, most))
    kept = _filtered(found, visit)
    some = visit.page_of(kept)
    scopes = sorted({memory.scope for memory in everything})
    return View(
        "memories.html",
        {
            "page": some,
            "items": [Shown.of(memory, visit) for memory in some.items],
            "total": len(everything),
            "query": query,
            "shown": urlencode({name: visit.query[name] for name in _LIST if visit.query.get(name)}),
            "chosen": {name: visit.query.get(name, "") for name in ("kind", "scope", "time")},
            "kinds": KINDS,
            "times": tuple(_DAYS),
            "scopes": {scope or "user": scope_name(scope, visit.words) for scope in scopes if scopes[1:]},
            "teams": visit.teams,
            "everything": visit.words.say(_YES),
            "last": partial(last_changes, visit.parts.journal, visit.user_id),
            "what": what,
        },
        part="memories_list.html",
    )


def _filtered(memories: Iterable[Memory], visit: Visit) -> Sequence[Memory]:
    kind, scope, days = (visit.query.get(name, "") for name in ("kind", "scope", "time"))
    if kind:
        memories = (memory for memory in memories if memory.kind == kind)
    if scope:
        memories = (memory for memory in memories if (memory.scope or "user") == scope)
    if days in _DAYS:
        since = datetime.now(UTC) - timedelta(days=_DAYS[days])
        timed = ((memory.updated_at or memory.created_at, memory) for memory in memories)
        memories = (memory for at, memory in timed if at and at >= since)
    return tuple(memories)


def remember(visit: Visit) -> Answer:
    asked = visit.asked()
    done = visit.parts.tools.control.remember(asked, visit.typed("text"))
    return back("", "known") if done.known else back("", "remembered", batch=asked.key)


def _back(visit: Visit, done: str, **query: str) -> Answer:
    """To the part of the list from which a form was sent."""
    shown = dict(parse_qsl(visit.form.get("shown", "")))
    query |= {name: shown[name][:_ADDRESS_CHARS] for name in _LIST if name in shown}
    return back("", done, **query)


def edit(visit: Visit) -> Answer:
    memory_id, asked = own_id(visit), visit.asked()
    edited = visit.parts.tools.control.edit(asked, memory_id, visit.typed("text"))
    if not edited.before:
        raise Refused(message("memory gone"), message("memory gone, hint"))
    return _back(visit, "edited", batch=asked.key)


def forget(visit: Visit) -> Answer:
    memory_id, asked = own_id(visit), visit.asked()
    visit.parts.tools.orders.erase_answers(visit.user_id)  # they may hold what is forgotten
    done = visit.parts.tools.control.forget(asked, [memory_id])
    return _back(visit, "forgotten" if done.undo_minutes else "forgotten for good", batch=asked.key)


def own_id(visit: Visit) -> str:
    """The id of a memory of this user's, from a form; one of another's is none.

    Raises:
        Refused: there is no such memory.
    """
    wanted = visit.form.get("id", "")
    if wanted not in {memory.id for memory in visit.parts.listing.of(visit.user_id)}:
        raise Refused(message("memory gone"), message("page: look again"))
    return wanted


def undo(visit: Visit) -> Answer:
    """Take back the change that the form is beside, not one that was made since, in another tab or a chat."""
    if not (batch := visit.form.get("batch", "")):
        raise Refused(message("page: form is old"))
    done = visit.parts.tools.control.undo(visit.asked(), batch=batch)
    return _back(visit, "undone" if done else "nothing undone")


def forget_everything(visit: Visit) -> View:
    """All of a user's, after they have typed that they want it."""
    wanted = visit.words.say(_YES)
    if visit.form.get("typed", "").strip().casefold() != wanted.casefold():
        raise Refused(message("page: type to confirm", wanted=wanted))
    visit.parts.tools.orders.erase_answers(visit.user_id)
    visit.parts.uploads.drop(visit.user_id)
    done = visit.parts.tools.control.forget_all(visit.asked())
    said = "everything forgotten" if done.reached else "everything forgotten, but"
    text = visit.words.say(f"page: {said}", memories=visit.words.say("memories", n=done.count))
    return View("told.html", {"text": text, "person": None})


def export(visit: Visit) -> Answer:
    """All of a user's memories, as lines of JSON or as Markdown."""
    rows = visit.parts.tools.control.export(visit.user_id)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    if visit.query.get("form") != "markdown":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return download(f"memories-{day}.jsonl", "application/jsonl", text)
    lines = [f"# {visit.words.say('page: memories')}", ""]
    for kind in KINDS:
        of_kind = [row for row in rows if (row["metadata"].get("kind") or "fact") == kind]
        if of_kind:
            lines += [f"## {visit.words.label('page, kind', kind)}", ""]
            lines += [f"- {' '.join(row['memory'].split())} ({_day(row)})" for row in of_kind]
            lines.append("")
    return download(f"memories-{day}.md", "text/markdown", "\n".join(lines))


def _day(row: dict[str, object]) -> str:
    return str(row["updated_at"] or row["created_at"] or "?")[:10]
