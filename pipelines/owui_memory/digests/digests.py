"""Makes digests: by the LLM that may read the user's chats, else of the sources' own words."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

from ..core.errors import MemoryFault
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..core.locales import Locale, message
from ..core.locales.refused import Refused
from ..language.markdown import shown
from ..language.sanitize import inert
from ..state.reflections_table import Reflections
from .draft import Section, checked, of_sources, prompt_of, written
from .sources import Shelf, Source
from .template import Template, Templates

_SUBJECT_CHARS = 200
_AT_ONCE = 2  # of all users: other commands need threads, too


class Digests:
    """For all users. Methods block, and raise the errors of `core/errors.py`."""

    def __init__(self, shelf: Shelf, emit: Emit, templates: Path) -> None:
        """templates: a folder with the admin's own."""
        self._shelf, self._control, self._emit = shelf, shelf.control, emit
        self._reflections, self.templates = Reflections(shelf.control.engine), Templates(templates)
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def make(
        self,
        user_id: str,
        name: str,
        about: str,
        words: Locale,
        user: str = "",
        *,
        patient: bool = False,
        is_plain: bool = False,
    ) -> str:
        """A digest in Markdown, or in plain text. about: its subject, "" for none; user: their name.

        words: in which language headings are. patient: waits until others are made.

        Raises:
            Refused: there is no such template, it needs a subject, or nothing is known for it; or others
                are being made.
            Drop: the template is broken.
        """
        template, about = self.templates.get(name, words), inert(about)[:_SUBJECT_CHARS]
        if template.about == "no":
            about = ""
        elif template.about == "needed" and not about:
            raise Refused(message("digest, about what", template=template.name_in(words)))
        if not self._places.acquire(blocking=patient):
            raise Refused(message("digest, busy"))
        try:
            sections = self._sections(user_id, template, about, words, user)
        finally:
            self._places.release()
        title = template.title_in(words)
        title = f"{title} – {about}" if about else title
        return written(title, sections, words, str if is_plain else shown)

    def _sections(
        self, user_id: str, template: Template, about: str, words: Locale, user: str
    ) -> list[Section]:
        now = datetime.now(UTC)
        task = template.filled(about, now.date().isoformat(), inert(user))
        if not (sources := self._shelf.sources(template, user_id, about, now)):
            raise Refused(message("digest, nothing known"))
        sections, tokens = self._asked(user_id, task, sources)
        code = "llm" if sections else "sources"
        self._emit(Event(EventKind.DIGEST_MADE, reason=template.name, code=code, tokens=tokens))
        return sections or of_sources(sources, words)

    def _asked(self, user_id: str, task: str, sources: list[Source]) -> tuple[list[Section], int]:
        """What an LLM writes of the sources and they bear out, [] where none may read them, or it fails; and
        the tokens that this took."""
        settings, backend = self._control.settings, self._control.live.get()
        if not (settings.has_llm and settings.uses_llm):
            return [], 0
        answered = self._reflections.answered_by(user_id)
        try:
            with backend.reading(answered, local_only=settings.local_only, patient=False) as reader:
                if not reader:
                    return [], 0
                reply = backend.ask(prompt_of(task, sources))
                found = checked(reply.text, sources)
        except MemoryFault as fault:
            self._emit(failed(Job.DIGEST, fault))
            return [], 0
        self._emit(succeeded(Job.DIGEST))
        return found, sum(reply.tokens)
