"""The proxy alone, without the Pipelines server: /v1/... for clients, /memory/... for who watches it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from .app import Application
from .config.environment import PUBLIC_DEFAULT_KEY, Environment
from .core import locales
from .interfaces.chats import Chats
from .interfaces.cli.instance import settings_in
from .interfaces.proxy.proxy import Proxy
from .interfaces.routes import under_memory
from .interfaces.server_key import open_to_browsers
from .interfaces.turns import Turns
from .interfaces.web.page import Page

log = logging.getLogger(__name__)


def application(environment: Environment) -> Starlette:
    """The ASGI application. Its start and stop are those of memory.

    Raises:
        TellAdmin: what was saved in the admin panel cannot be read.
    """
    settings = settings_in(environment)
    problems = [*type(settings).problems]
    for problem in (*problems, *settings.notices):
        log.warning("%s", problem)
    chats = Chats(environment, lambda: settings, problems, Application)
    proxy = Proxy(chats, "/v1")
    page = Page(chats)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(locales.load)
        await chats.begin()
        yield
        await proxy.close()
        await page.close()
        await chats.stop()

    own = under_memory(chats, Turns(chats), page)
    api = open_to_browsers(proxy, environment.server_key)
    return Starlette(routes=[Mount("/memory", routes=own), Mount("/v1", api)], lifespan=lifespan)


def serve(host: str, port: int) -> None:
    """Serve until it is stopped. The server's key is PIPELINES_API_KEY."""
    import uvicorn

    environment = Environment.read(os.environ)
    if environment.server_key in ("", PUBLIC_DEFAULT_KEY) and not _is_loopback(host):
        sys.exit(f"Set PIPELINES_API_KEY to a secret of your own to listen on {host}: it may name any user.")
    if environment.server_key == PUBLIC_DEFAULT_KEY:
        print("PIPELINES_API_KEY is not set: the key is the public default one.", file=sys.stderr)
    app = application(environment)
    uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=5)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
