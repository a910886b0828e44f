"""`documents`: what is known of a user's documents, and everyone's."""

from __future__ import annotations

from ...core.scope import EVERYONE
from ...state.documents_table import DocumentsTable
from .commands import OF_A_USER, Json, PageNumber, User, Whole, command
from .instance import Instance
from .memories import paged, say_pages
from .output import as_json, fields, say, table


@command("documents", OF_A_USER)
def list_documents(
    instance: Instance, user_id: User, page: PageNumber = 0, whole: Whole = False, to_json: Json = False
) -> None:
    """List the documents that were read, and before them those that cannot be, with the reason."""
    known = DocumentsTable(instance.engine)
    entries = [entry for owner in (user_id, EVERYONE) for entry in known.of(owner)]
    entries.sort(key=lambda one: one.state != "failed")
    shown = paged(entries, page, whole, to_json)
    if to_json:
        names = ("user_id", "path", "title", "address", "passages", "state", "detail")
        as_json([fields(entry, *names) for entry in shown.items])
    elif entries:
        rows = [
            (f"{one.user_id}/{one.path}", one.title, f"{one.passages:,}", one.detail or one.state)
            for one in shown.items
        ]
        table(["file", "title", "passages", "state"], rows)
        say_pages(shown, "documents")
    else:
        say(f"No documents of {user_id} have been read.")
