"""What is kept of past chats."""

from __future__ import annotations

from typing import Any

from ...core.locales import message
from ...core.locales.refused import Refused
from .parts import Visit, back
from .rendering import Answer, View

_PASSAGES = 200  # of a chat that are shown


def listed(visit: Visit) -> View:
    """All chats, those that are looked for, or what one says."""
    past, query = visit.parts.tools.past, visit.query.get("q", "").strip()
    values: dict[str, Any] = {"query": query, "kept": past.kept(visit.user_id), "why_not": _why_not(visit)}
    if "chat" in visit.query:
        passages = past.of_chat(visit.user_id, visit.query["chat"])
        if not passages:
            raise Refused(message("page: no such chat"))
        chat = passages[0].chat
        values |= {"passages": passages[:_PASSAGES], "more": len(passages) - _PASSAGES}
        values |= {"address": visit.chat_address(chat), "chat": chat}
        return View("chat.html", values)
    found = past.found_by_chat(visit.user_id, query) if query else past.all(visit.user_id)
    page = visit.page_of(found)
    chats = [(one, visit.chat_address(one.chat)) for one in page.items]
    return View("chats.html", {**values, "page": page, "chats": chats}, part="chats_list.html")


def _why_not(visit: Visit) -> str:
    """Why nothing is kept now, as the catalogue calls it; "" if it is."""
    past = visit.parts.tools.past
    if not visit.settings.keeps_episodes:
        return "chats not kept here"
    return "" if past.wants(visit.user_id) else "chats not kept"


def forget(visit: Visit) -> Answer:
    control, past = visit.parts.tools.control, visit.parts.tools.past
    ids = [passage.id for passage in past.of_chat(visit.user_id, visit.form.get("chat", ""))]
    if not ids:
        raise Refused(message("page: no such chat"))
    visit.parts.tools.orders.erase_answers(visit.user_id)  # they may hold what is forgotten
    asked = visit.asked()
    done = control.forget(asked, ids)
    return back("chats", "forgotten" if done.undo_minutes else "forgotten for good", batch=asked.key)
