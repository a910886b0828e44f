"""What commands are carried out with, and the page's views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..channels.people import People
from ..config.settings import Valves
from ..core.events import Emit
from ..core.memory import Check
from ..digests.digests import Digests
from ..digests.sources import Shelf
from ..manage.command_log import CommandLog
from ..manage.deletions import Deletions
from ..manage.documents import Documents
from ..manage.erasure.erase import Eraser
from ..manage.memories import Control
from ..manage.past_chats import PastChats
from ..recall.why import Explanations
from ..remember.outbox import Outbox
from ..state.digests_table import DigestsTable
from ..state.page_sessions_table import PageSessions
from ..state.switches_table import NoteSwitches, Switches


class Tools:
    """For all users. Threads may share it."""

    def __init__(
        self,
        engine: Engine,
        live: BackendHolder,
        settings: Callable[[], Valves],
        emit: Emit,
        eraser: Eraser,
        webui: Callable[[], Check | None],
        documents: Callable[[], Path | None],
        templates: Path,
    ) -> None:
        """webui, documents, templates: see `Commander`."""
        self.live, self.webui = live, webui
        self.orders, self.outbox, self.explanations = CommandLog(engine), Outbox(engine), Explanations(engine)
        self.switches, self.note_switches = Switches(engine), NoteSwitches(engine)
        self.sessions, self.people = PageSessions(engine), People(engine)
        self.control = Control(engine, live, settings, eraser, emit)
        self.past = PastChats(engine, live)
        self.documents = Documents(engine, live, documents)
        self.deletions = Deletions(self.control, eraser)
        shelf = Shelf(self.control, self.past, self.documents)
        self.digests = Digests(shelf, emit, templates)
        self.schedule = DigestsTable(engine)
