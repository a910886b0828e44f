"""The user's files and saved pages: what was read of them, sending another, forgetting one."""

from __future__ import annotations

import os
from functools import partial

from ...commands.faults import why_not_read
from ...core.locales import message
from ...core.locales.refused import Refused
from .parts import Visit, back
from .rendering import Answer, View

_CHUNK = 1 << 20


def listed(visit: Visit) -> View:
    """All documents, or those with passages that fit what is looked for."""
    documents, query = visit.parts.tools.documents, visit.query.get("q", "").strip()
    if query:
        found = [(one.entry, one.passages[:3]) for one in documents.found(visit.user_id, query)]
    else:
        found = [(entry, ()) for entry in documents.all(visit.user_id)]
    values = {
        "query": query,
        "page": (page := visit.page_of(found)),
        "documents": page.items,
        "are_read": documents.are_read,
        "told": partial(why_not_read, visit.words),
    }
    return View("documents.html", values, part="documents_list.html")


def send(visit: Visit) -> Answer:
    """Put a file into the user's folder, where it is read within seconds."""
    inbox = visit.parts.tools.documents.inbox()
    if visit.file is None or not visit.file.name:
        raise Refused(message("page: no file"))
    if inbox is None:
        raise Refused(message("documents, not here"))
    try:
        with inbox.receive(visit.user_id, visit.file.name, replaces=False) as incoming:
            while piece := visit.file.content.read(_CHUNK):
                incoming.write(piece)
            incoming.keep()
    except OSError as error:
        raise Refused(message("page: file not kept", why=os.strerror(error.errno or 0))) from error
    return back("files", "document sent")


def forget(visit: Visit) -> Answer:
    """Take away what is kept of one of the user's own."""
    visit.parts.tools.orders.erase_answers(visit.user_id)  # they may hold what is forgotten
    if not visit.parts.tools.documents.forget(visit.user_id, {visit.form.get("id", "")}):
        raise Refused(message("document of everyone, not forgotten"))
    return back("files", "document forgotten")
