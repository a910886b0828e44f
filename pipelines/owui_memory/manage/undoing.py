"""Which changes can be taken back."""

from __future__ import annotations

from ..core.change import REAFFIRMED, Change
from ..core.locales import message
from ..core.locales.refused import Refused
from ..remember.journal import Journal


def last_changes(journal: Journal, user_id: str) -> list[Change]:
    """What `undo` takes back now, oldest first; where that is erased by now, one without texts."""
    last = journal.latest(user_id)
    return (journal.changed_by(last.batch) or [last]) if last else []


def unchanged_since(journal: Journal, user_id: str, batch: str) -> list[Change]:
    """What a batch has changed of a user's memories, oldest first.

    Raises:
        Refused: it was taken back, erased, or changed again.
    """
    changes = [change for change in journal.changed_by(batch) if change.user_id == user_id]
    if not changes:
        raise Refused(message("too late"), message("too late, hint"))
    if any(map(journal.taken_back, changes)):
        raise Refused(message("page: undone already"))
    ids = {change.memory_id for change in changes}
    later = journal.made_since(changes[-1].id, user_id, ids, but=batch)
    if any(change.made and change.op != REAFFIRMED for change in later):
        raise Refused(message("page: changed meanwhile"), message("page: changed meanwhile, hint"))
    return changes
