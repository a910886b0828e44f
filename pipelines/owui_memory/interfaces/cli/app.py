"""All commands, in the order in which `--help` shows them."""

from __future__ import annotations

from typing import Annotated

import typer

# isort: off
from . import memories, past_chats, documents, digests, why, teams, moving, status, keys  # noqa: F401
from . import channels, mcp, queue  # noqa: F401
from .commands import IN_AND_OUT, OF_THE_SERVER, app, command
from .erase import erase_user
# isort: on

__all__ = ["app"]

command("erase-user", IN_AND_OUT)(erase_user)


@app.command(rich_help_panel=OF_THE_SERVER)
def proxy(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", envvar="PORT", help="On which port.")] = 9098,
    host: Annotated[
        str, typer.Option("--host", envvar="HOST", help="The address to listen on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
) -> None:
    """Serve an OpenAI-compatible API in front of any model servers, whose models memory/<model> remember."""
    context.obj(host, port)
