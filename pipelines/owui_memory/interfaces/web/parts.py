"""What the page needs of the application, and what a view is given."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from ...commands.answers import is_chat_id
from ...commands.tools import Tools
from ...config.scoping import teams_of_person
from ...config.settings import Valves
from ...core.locales import Locale, message
from ...core.locales.refused import Refused
from ...manage.history.imports import Imports
from ...manage.history.uploads import Uploads
from ...manage.listing import Listing
from ...manage.outcomes import PAGE, Asked, Item, Page
from ...manage.users import UserCounts
from ...observe.ledger import Ledger
from ...remember.journal import Journal
from ...state.api_keys_table import ApiKeys
from ...state.page_sessions_table import Person
from .forms import File
from .rendering import Answer, redirect

TEXT_CHARS = 1_000  # of what is typed into a field


@dataclass(frozen=True, slots=True)
class Parts:
    """For all users. Their methods block, and raise the errors of `core/errors.py`."""

    tools: Tools
    journal: Journal
    listing: Listing
    keys: ApiKeys
    users: UserCounts
    ledger: Ledger
    status: Callable[[], dict[str, Any]]
    imports: Imports
    uploads: Uploads


@dataclass(frozen=True)
class Visit:
    """One request of somebody who may make it. webui: where browsers reach Open WebUI; None: nobody knows."""

    parts: Parts
    person: Person
    words: Locale
    settings: Valves
    query: Mapping[str, str]
    form: Mapping[str, str]
    webui: str | None = None
    file: File | None = None

    @property
    def user_id(self) -> str:
        return self.person.user_id

    @cached_property
    def teams(self) -> Sequence[str]:
        return teams_of_person(self.person.user_id, self.person.email, self.settings)

    def asked(self) -> Asked:
        """A change that is asked for now."""
        return Asked(self.user_id, f"command-page-{uuid.uuid4().hex}", at=time.time(), name=self.person.name)

    def number(self, name: str) -> int:
        """A whole number above 0 of the address; 1 for anything else."""
        given = self.query.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 and int(given) else 1

    def page_of(self, items: Sequence[Item]) -> Page[Item]:
        """The page of these that the address names; the last one instead of one behind it."""
        return Page.of(items, min(self.number("page"), max(-(-len(items) // PAGE), 1)))

    def typed(self, name: str) -> str:
        """A text that was typed into a form's field.

        Raises:
            Refused: there is none, or it is too long.
        """
        text = self.form.get(name, "").strip()
        if not text:
            raise Refused(message("page: nothing typed"))
        if len(text) > TEXT_CHARS:
            raise Refused(message("page: too long", most=TEXT_CHARS))
        return text

    def chat_address(self, chat_id: str) -> str:
        """Where a chat can be read, "" if that is not known."""
        known = self.webui is not None and is_chat_id(chat_id)
        return f"{self.webui}/c/{chat_id}" if known else ""


def back(view: str, done: str, **query: str | int) -> Answer:
    """To a view, which tells that this was done."""
    return redirect(f"{view or './'}?{urlencode({'done': done, **query})}")
