"""`documents`: what is known of a user's documents, and everyone's."""

from __future__ import annotations

from ...core.scope import EVERYONE
from ...state.documents_table import DocumentsTable
from .commands import OF_A_USER, Json, User, command
from .instance import Instance
from .output import as_json, fields, say, table


@command("documents", OF_A_USER)
def list_documents(instance: Instance, user_id: User, to_json: Json = False) -> None:
    """List the documents that were read, and why some cannot be."""
    known = DocumentsTable(instance.engine)
    entries = [entry for owner in (user_id, EVERYONE) for entry in known.of(owner)]
    if to_json:
        names = ("user_id", "path", "title", "address", "passages", "state", "detail")
        as_json([fields(entry, *names) for entry in entries])
    elif entries:
        rows = [
            (f"{one.user_id}/{one.path}", one.title, f"{one.passages:,}", one.detail or one.state)
            for one in entries
        ]
        table(["file", "title", "passages", "state"], rows)
    else:
        say(f"No documents of {user_id} have been read.")
