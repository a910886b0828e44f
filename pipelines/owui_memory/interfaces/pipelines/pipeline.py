"""The filter as the Pipelines server sees it. Whatever happens in here, the chat goes on."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, cast

from starlette.routing import Mount, Router

from ...config.environment import Environment
from ...config.settings import Valves
from ...config.valves_codec import lenient
from ...core import locales
from ..chats import Body, Chats
from ..proxy.proxy import Proxy
from ..routes import under_memory
from ..server_key import open_to_browsers
from ..service import Open, Service
from ..turns import Turns
from . import guard

if TYPE_CHECKING:
    from ..web.page import Page

log = logging.getLogger(__name__)


class Filter:
    """A filter: `inlet` puts what is known about the user into the prompt, `outlet` keeps what was said."""

    def __init__(self, open_service: Open) -> None:
        """Cheap and safe: the server loads every plugin's class before it starts any.

        open_service: blocks, and raises a MemoryFault for as long as it cannot be opened.
        """
        self.type = "filter"
        self.name = "Memory"
        self._environment = Environment.read(os.environ)
        self._settings = self._environment.settings(stored=lambda: self.valves)
        # The server now puts valves.json on top with the class it finds here; see `lenient`.
        self.valves = cast("Valves", lenient(self._settings)())
        self._problems: list[str] = []
        self._chats = Chats(self._environment, lambda: self.valves, self._problems, open_service)
        self._turns = Turns(self._chats)
        self._proxy = Proxy(self._chats, "/memory/v1")
        self._page: Page | None = None

    async def on_startup(self) -> None:
        """Start the threads; what cannot be opened at once is opened in the background."""
        self._problems += [*self._settings.problems, *getattr(self.valves, "dropped", ())]
        self.valves = self._settings.strict_from(self.valves)
        for told in (*self._problems, *self.valves.notices):
            log.warning("%s", told)
        await asyncio.to_thread(locales.load)
        await self._chats.begin()
        self._guard_routes()
        if app := guard.server_app():
            api = Mount("/v1", open_to_browsers(self._proxy, self._environment.server_key))
            own = under_memory(self._chats, self._turns, self._open_page())
            guard.serve(app, Router([Mount("/memory", routes=[api, *own])]))

    async def on_shutdown(self) -> None:
        """Stop the threads. The guard stays on the routes."""
        if app := guard.server_app():
            guard.serve(app, None)
        await self._proxy.close()
        if self._page is not None:
            await self._page.close()
        await self._chats.stop()

    async def on_valves_updated(self) -> None:
        """The admin saved the settings: `self.valves` are the new ones."""
        self._guard_routes()
        self._chats.use_settings()

    async def inlet(self, body: Body, user: Body | None = None) -> Body:
        """A request on its way to the model: with a block of memories, or as it came."""
        return (await self._turns.inlet(body, user))[0]

    async def outlet(self, body: Body, user: Body | None = None) -> Body:
        """A finished answer: stored for the writer. One to a command becomes what was asked for."""
        return (await self._turns.outlet(body, user))[0]

    def _open_page(self) -> Page | None:
        """The page; None without SQLAlchemy, which the smallest image of the server lacks."""
        try:
            from ..web.page import Page
        except ImportError:
            return None
        self._page = Page(self._chats)
        return self._page

    @property
    def _runtime(self) -> Service | None:
        return self._chats.runtime

    def _guard_routes(self) -> None:
        if app := guard.server_app():
            guard.install(app, self._environment.server_key, active=self.valves.require_key)
