"""What is recalled for a turn until its deadline: of its user, or in a channel what that channel knows."""

from __future__ import annotations

import asyncio

from ..config.settings import Valves
from ..core.permission import Decision
from ..core.turn import Turn
from ..recall.run import Outcome
from .lanes import BusyError
from .service import Service
from .waits import done_by


async def recalled(
    runtime: Service, turn: Turn, settings: Valves, decision: Decision, deadline: float
) -> tuple[bool, Outcome]:
    """Whether the turn may be told anything, and what. deadline: by the event loop's clock."""
    if not decision.read and not (decision.in_channel and await _may_read_channel(runtime, turn, deadline)):
        return False, Outcome(None)
    recalling = runtime.recalls.begin(turn, settings)
    if recalling.future is not None:
        await done_by(deadline, asyncio.wrap_future(recalling.future))
    return True, recalling.outcome()


async def _may_read_channel(runtime: Service, turn: Turn, deadline: float) -> bool:
    """Whether the turn's user may read its channel, as far as Open WebUI says so in time.

    What comes late counts for the next message. Raises nothing.
    """
    try:
        pool, may_read = runtime.command_pool, runtime.live_chats.may_read
        asking = runtime.lanes.run(f"channels of {turn.user_id}", pool, may_read, turn)
    except BusyError:
        return False
    return await done_by(deadline, asking) and asking.exception() is None and bool(asking.result())
