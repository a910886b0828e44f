"""A turn of a chat that may be too long for its model, on its way there: for every interface."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..config.context_limits import limit_of
from ..config.settings import Valves
from ..core.permission import Decision, Permission
from ..core.turn import Turn, is_unnamed
from ..recall.block import Blocks
from .body import key_of_cut
from .prompts import Prompt, is_compacted, may_exceed
from .service import Service
from .waits import done_by, in_pool, looked_at

if TYPE_CHECKING:  # they need SQLAlchemy, which the smallest image of the server lacks
    from ..context.contexts import Seen
    from ..state.cuts_table import Cut

_MAY_BE_SHARE = 0.7  # of the limit: the rest is for memories
_SURELY = 3  # characters a token: with so many more, what was cut before is asked for first


def limit_for(turn: Turn, settings: Valves) -> int:
    """How many tokens a turn's prompt may have; 0 for no limit."""
    if turn.task or not settings.enabled or not turn.positions:
        return 0
    return limit_of(settings.context_tokens, turn.model, turn.base_model)


class LongChat:
    """One turn, with what stays of its prompt. asked: the turn as recall is to see it."""

    def __init__(self, runtime: Service, prompt: Prompt, seen: Seen) -> None:
        self._runtime, self._prompt, self._seen = runtime, prompt, seen
        self.asked = seen.narrowed(partial(prompt.names, seen.turn))

    @classmethod
    async def of(
        cls, runtime: Service, body: Any, turn: Turn, settings: Valves, decision: Decision, deadline: float
    ) -> LongChat | None:
        """None where the prompt is surely short enough, or Open WebUI shortens it.

        What was cut before is waited for until the deadline; the sizes of messages, however long that takes.
        """
        if not (limit := limit_for(turn, settings)) or not may_exceed(body, int(_MAY_BE_SHARE * limit)):
            return None
        if is_compacted(body) or (prompt := Prompt.of(body, turn)) is None:
            return None
        see = partial(_see, runtime, turn, settings, limit, prompt, reads=decision.read)
        chars = sum(len(text) for one in prompt.texts.turns for text in one)
        cuts: list[Cut] = []
        if chars < _SURELY * limit:
            seen = await in_pool(runtime.contexts.pool, see, cuts)
            if not seen.window.is_cut:
                return cls(runtime, prompt, seen)
        if decision.read and not runtime.keeper.is_ill:
            reading = in_pool(runtime.state_pool, runtime.contexts.cuts, turn, limit)
            if await done_by(deadline, reading) and reading.exception() is None:
                cuts = reading.result()
            else:
                reading.add_done_callback(looked_at)
        return cls(runtime, prompt, await in_pool(runtime.contexts.pool, see, cuts))

    async def fitted(self, blocks: Blocks, *, in_system: bool, is_read: bool) -> tuple[Any, Blocks]:
        """The body with what stays, and what recall adds to it. is_read: else no abstract is told either."""
        contexts = self._runtime.contexts
        if not is_read:
            self._seen = replace(self._seen, abstract="")
        fit = partial(contexts.fitted, self._seen, blocks.system, blocks.before)
        self._seen, before = await in_pool(contexts.pool, fit)
        if not self._seen.window.is_cut:
            return self._prompt.body, blocks
        body = self._prompt.cut(self._seen.kept, self._seen.abstract, in_system=in_system)
        return body, Blocks(blocks.system, before)

    def keep(self, body: Any, permission: Permission) -> None:
        """Keep where it was cut, and have ready what the next cut needs. Never blocks.

        permission: that the turn may be remembered. body: as it goes to the model.
        """
        seen, turn, runtime = self._seen, self._seen.turn, self._runtime
        if runtime.keeper.is_ill:
            return
        runtime.state_pool.submit(runtime.contexts.keep, seen, turn.chat_id, partial(self._prompt.past, turn))
        if seen.window.is_cut and is_unnamed(turn.key) and (key := key_of_cut(turn, body)) != turn.key:
            also = replace(permission, key=key)
            runtime.keeper.announce(turn.user_id, also)
            in_pool(runtime.state_pool, runtime.keeper.allow, turn.user_id, also).add_done_callback(looked_at)


def _see(
    runtime: Service,
    turn: Turn,
    settings: Valves,
    limit: int,
    prompt: Prompt,
    cuts: list[Cut],
    *,
    reads: bool,
) -> Seen:
    return runtime.contexts.see(turn, settings, limit, prompt.texts, cuts, reads=reads)
