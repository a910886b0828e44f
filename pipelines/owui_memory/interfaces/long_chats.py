"""A turn of a chat that may be too long for its model, on its way there: for every interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..config.context_limits import limit_of, within
from ..config.settings import Valves
from ..core.permission import Decision, Permission
from ..core.turn import Answered, Turn, is_unnamed
from ..recall.block import Blocks
from .body import key_of_cut
from .intake import Intake
from .prompts import Prompt, is_all, is_compacted, most_tokens
from .service import Service
from .waits import done_by, in_pool, looked_at

if TYPE_CHECKING:  # they need SQLAlchemy, which the smallest image of the server lacks
    from ..context.contexts import Seen
    from ..state.cuts_table import Cut

_MAY_BE_SHARE = 0.7  # of the limit: the rest is for memories
_SURELY = 3  # characters a token: with so many more, what was cut before is asked for first

_T = TypeVar("_T")


class LongChat:
    """One turn. asked: as recall is to see it, with the messages that stay. settings: for this turn."""

    def __init__(
        self,
        runtime: Service,
        intake: Intake,
        body: dict[str, Any],
        turn: Turn,
        settings: Valves,
        decision: Decision,
    ) -> None:
        self._runtime, self._intake, self._body, self._decision = runtime, intake, body, decision
        self.asked, self.settings = turn, settings
        self._turn, self._limit = turn, 0
        self._most: list[int] = []
        self._long: tuple[Prompt, Seen] | None = None  # where the prompt may be too long
        if not turn.task and settings.enabled and turn.positions:
            limit = limit_of(settings.context_tokens, turn.model, turn.base_model)
            self._limit = max(limit - turn.reserved, 0)
        if self._limit:
            self.settings = within(settings, self._limit)
        self._learns = is_all(body, turn)

    async def read(self, deadline: float) -> None:
        """What was cut before is waited for until the deadline; all messages are counted, however late."""
        if not self._limit:
            return
        turn, intake = self._turn, self._intake
        self._most = await intake.rewrite(turn.user_id, most_tokens, self._body)
        if self._at_most > _MAY_BE_SHARE * self._limit:
            await self._look(deadline)
        if self._long is not None:
            prompt, seen = self._long
            narrowed = partial(seen.narrowed, partial(prompt.names, turn))
            self.asked = await intake.rewrite(turn.user_id, lambda _: narrowed(), self._body)

    @property
    def _at_most(self) -> int:
        """Tokens of the prompt, without the memories that are to come."""
        return self._runtime.contexts.at_most(self._turn, self._limit, self._most) if self._limit else 0

    async def _look(self, deadline: float) -> None:
        """Look at what the prompt has; there is nothing to do where Open WebUI shortens it."""
        prompt, chars = await self._intake.rewrite(self._turn.user_id, _read, self._body, self._turn)
        if prompt is None:
            return
        contexts, reads = self._runtime.contexts, self._decision.read
        asks = reads or not contexts.counting.is_loaded

        def see(cuts: list[Cut]) -> Seen:
            asked = self._turn, self.settings, self._limit, prompt.texts, cuts
            return contexts.see(*asked, reads=reads, most=self._most)

        cuts: list[Cut] = []
        is_known = contexts.counting.is_loaded and contexts.is_followed(self._turn, self._limit)
        if is_known and chars < _SURELY * self._limit:
            seen = await self._in_turn(see, cuts)
            if not seen.window.is_cut:
                self._long = prompt, seen
                return
        if asks and not self._runtime.keeper.is_ill:
            ask = partial(contexts.cuts, self._turn, self._limit, reads=reads)
            reading = in_pool(self._runtime.state_pool, ask)
            if await done_by(deadline, reading) and reading.exception() is None:
                cuts = reading.result()
            else:
                reading.add_done_callback(looked_at)
        self._long = prompt, await self._in_turn(see, cuts)

    async def _in_turn(self, work: Callable[..., _T], *values: Any) -> _T:
        """Work that takes as long as the prompt is; one prompt of a user at a time."""
        return await self._intake.in_turn(self._turn.user_id, self._runtime.contexts.pool, work, *values)

    async def fitted(
        self, blocks: Blocks, deadline: float, *, in_system: bool, is_read: bool
    ) -> tuple[dict[str, Any], Blocks]:
        """The body with what stays, and what recall adds to it. is_read: else no abstract is told either."""
        numbered = self._long[1].kept if self._long else range(len(self._turn.positions))
        if self._long is None and self._limit:
            told = (blocks.system, *blocks.before.values())
            if self._at_most + sum(len(text.encode()) for text in told) > self._limit:
                await self._look(deadline)
        if self._long is None:
            return self._body, blocks
        contexts, (prompt, seen) = self._runtime.contexts, self._long
        if not is_read:
            seen = replace(seen, abstract="")

        def fit() -> tuple[Seen, dict[str, Any], Blocks]:
            added = blocks.system, blocks.before, numbered
            of, system, before = contexts.fitted(seen, *added, learns=self._learns)
            cut = prompt.cut(of.kept, of.abstract, in_system=in_system) if of.window.is_cut else self._body
            return of, cut, Blocks(system, before)

        fitting, body, blocks = await self._in_turn(fit)
        self._long = prompt, fitting
        return body, blocks

    async def keep(self, body: Any, permission: Permission) -> None:
        """Keep where it was cut, and have ready what the next cut needs.

        permission: that the turn may be remembered. body: as it goes to the model.
        """
        if self._long is None or self._runtime.keeper.is_ill:
            return
        runtime, (prompt, seen), turn = self._runtime, self._long, self._turn
        runtime.state_pool.submit(runtime.contexts.keep, seen, turn.chat_id, partial(prompt.past, turn))
        if seen.window.is_cut and is_unnamed(turn.key):
            key = await self._intake.rewrite(turn.user_id, partial(key_of_cut, turn), body)
            if key == turn.key:
                return
            also = replace(permission, key=key)
            runtime.keeper.announce(turn.user_id, also)
            in_pool(runtime.state_pool, runtime.keeper.allow, turn.user_id, also).add_done_callback(looked_at)


def _read(body: Any, turn: Turn) -> tuple[Prompt | None, int]:
    """What may be cut of a body, None for nothing, and its characters."""
    prompt = None if is_compacted(body) else Prompt.of(body, turn)
    return prompt, sum(len(text) for one in prompt.texts.turns for text in one) if prompt else 0


def learn(runtime: Service, answered: Answered) -> None:
    """Learn from what a model's server says that a prompt had. Never blocks."""
    if answered.prompt_tokens and not runtime.keeper.is_ill:
        runtime.state_pool.submit(runtime.contexts.counting.learn, answered)
