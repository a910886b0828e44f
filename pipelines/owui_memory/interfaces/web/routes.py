"""What there is on the page, and who may ask for it. What stands here is all: the tests try each of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ...documents.folders import MOST_BYTES
from . import (
    admin,
    channels,
    chats,
    digests,
    documents,
    history,
    keys,
    memories,
    sharing,
    switches,
    timeline,
    why,
)
from .parts import Visit
from .rendering import Answer, View

_ARCHIVE_BYTES = 256 << 20


class Needs(Enum):
    """Who may ask. ANYBODY is signed in, by the server's key alone, too; USER has memories of their own."""

    NOBODY, ANYBODY, USER, ADMIN = range(4)


@dataclass(frozen=True, slots=True)
class Route:
    """view: what makes it, in a thread; None where `Page` does it itself.
    file_bytes: the most of a file that may come with it; 0: none may.
    is_long: it takes minutes, and has few threads of its own, which nothing else waits for.

    Raises:
        Drop: what was asked for cannot be done, in a sentence for whoever asked.
        MemoryFault: not now.
    """

    method: str
    name: str
    needs: Needs
    view: Callable[[Visit], View | Answer] | None = None
    ends_session: bool = False
    file_bytes: int = 0
    is_long: bool = False


_ALL = (
    Route("GET", "", Needs.USER, memories.listed),
    Route("GET", "export", Needs.USER, memories.export),
    Route("POST", "remember", Needs.USER, memories.remember),
    Route("POST", "edit", Needs.USER, memories.edit),
    Route("POST", "forget", Needs.USER, memories.forget),
    Route("POST", "undo", Needs.USER, memories.undo),
    Route("POST", "forget-everything", Needs.USER, memories.forget_everything, ends_session=True),
    Route("GET", "timeline", Needs.USER, timeline.listed),
    Route("GET", "chats", Needs.USER, chats.listed),
    Route("POST", "forget-chat", Needs.USER, chats.forget),
    Route("GET", "files", Needs.USER, documents.listed),
    Route("POST", "send-document", Needs.USER, documents.send, file_bytes=MOST_BYTES),
    Route("POST", "forget-document", Needs.USER, documents.forget),
    Route("GET", "digests", Needs.USER, digests.listed),
    Route("POST", "make-digest", Needs.USER, digests.make, is_long=True),
    Route("POST", "schedule-digest", Needs.USER, digests.schedule),
    Route("GET", "why", Needs.USER, why.listed),
    Route("GET", "switches", Needs.USER, switches.listed),
    Route("POST", "switch", Needs.USER, switches.switch),
    Route("POST", "link-account", Needs.USER, switches.link),
    Route("POST", "unlink-account", Needs.USER, channels.unlink),
    Route("GET", "sharing", Needs.USER, sharing.listed),
    Route("POST", "share", Needs.USER, sharing.share),
    Route("POST", "withdraw", Needs.USER, sharing.withdraw),
    Route("GET", "keys", Needs.USER, keys.listed),
    Route("POST", "make-key", Needs.USER, keys.make),
    Route("POST", "revoke-key", Needs.USER, keys.revoke),
    Route("GET", "import", Needs.USER, history.listed),
    Route("POST", "import-preview", Needs.USER, history.preview, file_bytes=_ARCHIVE_BYTES, is_long=True),
    Route("POST", "begin-import", Needs.USER, history.begin, is_long=True),
    Route("POST", "undo-import", Needs.USER, history.undo, is_long=True),
    Route("GET", "admin", Needs.ADMIN, admin.server),
    Route("GET", "users", Needs.ADMIN, admin.users),
    Route("GET", "queue", Needs.ADMIN, admin.queue),
    Route("POST", "retry", Needs.ADMIN, admin.retry),
    Route("GET", "channels", Needs.ADMIN, channels.listed),
    Route("POST", "pause-channel", Needs.ADMIN, channels.pause),
    Route("POST", "read-aside", Needs.ADMIN, channels.read_aside),
    Route("POST", "erase-channel", Needs.ADMIN, channels.erase),
    Route("GET", "settings", Needs.ADMIN, admin.settings),
    Route("GET", "sign-in", Needs.NOBODY),
    Route("POST", "sign-in", Needs.NOBODY),
    Route("POST", "sign-out", Needs.ANYBODY),
)
ROUTES = {(route.method, route.name): route for route in _ALL}
NOTHING = Route("", "", Needs.ANYBODY)  # what is not there
