"""Memory as an MCP server at standard input and output, for one user."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Annotated

import typer

from ...core.errors import TellAdmin
from ...core.turn import Turn
from ..lanes import BusyError
from ..tools.calls import CALL_S, Calls
from ..tools.mcp_server import serve_streams
from ..tools.told import Outcome
from ..tools.toolbox import Toolbox
from ..tools.verbs import Call, Verb
from .commands import OF_THE_SERVER, command
from .instance import Instance, a_person, settings_in


@command("mcp", OF_THE_SERVER, make=True)
def serve(
    instance: Instance,
    user_id: Annotated[str, typer.Option("--user", metavar="ID", help="Whose memories.", callback=a_person)],
) -> None:
    """Serve a user's memory to an MCP client that starts this command, at standard input and output."""
    one_at_a_time = threading.Lock()

    def work(verb: Verb, call: Call) -> Outcome:
        # Opened for each call: a server beside this may change settings and move memories meanwhile.
        now = Instance(instance.engine, instance.environment)
        if not one_at_a_time.acquire(timeout=CALL_S):  # so long nobody waits for it, if the backend hangs
            raise BusyError
        try:
            with now.control() as control:
                if verb.changes:
                    now.locations.touch({user_id})
                return Toolbox(control).carry_out(verb, call)
        finally:
            one_at_a_time.release()

    async def run(verb: Verb, call: Call) -> Outcome:
        return await asyncio.to_thread(work, verb, call)

    turn = Turn(user_id, "a call of a tool", key="", exchange_key="", chat_kind="api", described=False)
    calls = Calls(lambda: settings_in(instance.environment), run)
    try:
        asyncio.run(serve_streams(partial(calls.carry_out, turn)))
    except ImportError as error:
        hint = "Install pipelines/requirements.txt."
        raise TellAdmin("The package mcp is missing.", hint=hint) from error
