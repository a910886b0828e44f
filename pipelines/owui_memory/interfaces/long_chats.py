"""A turn of a chat that may be too long for its model, on its way there: for every interface."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..config.context_limits import budgets, limit_of
from ..config.settings import Valves
from ..core.permission import Decision, Permission
from ..core.turn import Answered, Turn, is_unnamed
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


class LongChat:
    """One turn. asked: as recall is to see it, with the messages that stay. settings: for this turn."""

    def __init__(
        self, runtime: Service, body: Any, turn: Turn, settings: Valves, long: tuple[Prompt, Seen] | None
    ) -> None:
        """long: what stays of it; None where the prompt is surely short enough."""
        self._runtime, self._body, self._long = runtime, body, long
        self.asked, self.settings = turn, settings
        if long is not None:
            self.asked = long[1].narrowed(partial(long[0].names, turn))

    @classmethod
    async def of(
        cls, runtime: Service, body: Any, turn: Turn, settings: Valves, decision: Decision, deadline: float
    ) -> LongChat:
        """What was cut before is waited for until the deadline; all messages are counted, however late."""
        limit = 0
        if not turn.task and settings.enabled and turn.positions:
            limit = limit_of(settings.context_tokens, turn.model, turn.base_model) - turn.reserved
        if limit <= 0:
            return cls(runtime, body, turn, settings, None)
        settings = settings.model_copy(update=budgets(settings, limit))
        short = not may_exceed(body, int(_MAY_BE_SHARE * limit)) or is_compacted(body)
        if short or (prompt := Prompt.of(body, turn)) is None:
            return cls(runtime, body, turn, settings, None)
        see = partial(_see, runtime, turn, settings, limit, prompt, reads=decision.read)
        cuts: list[Cut] = []
        if sum(len(text) for one in prompt.texts.turns for text in one) < _SURELY * limit:
            seen = await in_pool(runtime.contexts.pool, see, cuts)
            if not seen.window.is_cut:
                return cls(runtime, body, turn, settings, (prompt, seen))
        if decision.read and not runtime.keeper.is_ill:
            reading = in_pool(runtime.state_pool, runtime.contexts.cuts, turn, limit)
            if await done_by(deadline, reading) and reading.exception() is None:
                cuts = reading.result()
            else:
                reading.add_done_callback(looked_at)
        seen = await in_pool(runtime.contexts.pool, see, cuts)
        return cls(runtime, body, turn, settings, (prompt, seen))

    async def fitted(
        self, blocks: Blocks, *, in_system: bool, is_read: bool
    ) -> tuple[dict[str, Any], Blocks]:
        """The body with what stays, and what recall adds to it. is_read: else no abstract is told either."""
        if self._long is None:
            return self._body, blocks
        contexts, (prompt, seen) = self._runtime.contexts, self._long
        if not is_read:
            seen = replace(seen, abstract="")
        seen, before = await in_pool(contexts.pool, contexts.fitted, seen, blocks.system, blocks.before)
        self._long = prompt, seen
        if not seen.window.is_cut:
            return self._body, blocks
        return prompt.cut(seen.kept, seen.abstract, in_system=in_system), Blocks(blocks.system, before)

    def keep(self, body: Any, permission: Permission) -> None:
        """Keep where it was cut, and have ready what the next cut needs. Never blocks.

        permission: that the turn may be remembered. body: as it goes to the model.
        """
        if self._long is None or self._runtime.keeper.is_ill:
            return
        runtime, (prompt, seen) = self._runtime, self._long
        turn = seen.turn
        runtime.state_pool.submit(runtime.contexts.keep, seen, turn.chat_id, partial(prompt.past, turn))
        if seen.window.is_cut and is_unnamed(turn.key) and (key := key_of_cut(turn, body)) != turn.key:
            also = replace(permission, key=key)
            runtime.keeper.announce(turn.user_id, also)
            in_pool(runtime.state_pool, runtime.keeper.allow, turn.user_id, also).add_done_callback(looked_at)


def learn(runtime: Service, answered: Answered) -> None:
    """Learn from what a model's server says that a prompt had. Never blocks."""
    if answered.prompt_tokens and not runtime.keeper.is_ill:
        runtime.state_pool.submit(runtime.contexts.counting.learn, answered)


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
