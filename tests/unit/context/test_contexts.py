"""A simulated chat whose messages bring memories: what of it stays, turn by turn and after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owui_memory.config.settings import Valves
from owui_memory.context.contexts import Contexts, Seen
from owui_memory.context.turns import Texts
from owui_memory.core.turn import Turn
from owui_memory.state import open_state

LIMIT = 4000


class Simulated:
    """Contexts as a server has them; `restart` keeps the state database only."""

    def __init__(self, folder: Path) -> None:
        self._engine = open_state(folder)
        self.restart()

    def restart(self) -> None:
        self.contexts = Contexts(self._engine, None, Valves, lambda _: None)  # type: ignore[arg-type]

    def sent(self, chat: str, turns: list[str], block: str, system: str = "") -> tuple[Seen, dict[int, str]]:
        """The prompt of a chat's last turn, where each turn that stays keeps the block that it got."""
        said = tuple(f"{chat}{at}" for at in range(len(turns)))
        turn = Turn("ada", turns[-1], f"key {said[-1]}", said[-1], chat_id=chat, positions=said)
        texts = Texts(["You help."], 0, [[one] for one in turns], [0] * len(turns))
        cuts = self.contexts.cuts(turn, LIMIT)
        seen = self.contexts.see(turn, Valves(), LIMIT, texts, cuts, reads=True)
        before = dict.fromkeys(range(len(seen.kept)), block)
        seen, before = self.contexts.fitted(seen, system, before, seen.kept)
        if seen.window.is_cut and seen.window.is_new:
            self.contexts.table.use(seen.place, said[seen.window.start])
        return seen, before


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    one = Simulated(tmp_path_factory.mktemp("contexts"))
    yield one
    one.contexts.close()
    one._engine.dispose()


def tokens(one: Simulated, seen: Seen, blocks: dict[int, str], system: str) -> int:
    texts = [*blocks.values(), system, seen.abstract]
    return seen.bare.fixed + seen.window.stays(seen.bare.turns) + sum(one.contexts.counting.of("", texts))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(20, 60), st.integers(0, 80), st.sets(st.integers(0, 59)), st.uuids())
def test_a_cut_stays_until_it_no_longer_fits(
    simulated: Simulated, size: int, told: int, restarts: set[int], chat: object
) -> None:
    turns: list[str] = []
    starts = [0]
    for number in range(60):
        if number in restarts:
            simulated.restart()
        turns.append("a locker holds marbles " * size)
        seen, blocks = simulated.sent(str(chat), turns, "remembered lockers " * told)
        assert tokens(simulated, seen, blocks, "") <= LIMIT
        starts.append(seen.window.start if seen.window.is_cut else 0)
    assert starts == sorted(starts), "what is out stays out"
    cuts = len(set(starts)) - 1
    each = seen.bare.turns[-1] + simulated.contexts.counting.of("", ["remembered lockers " * told])[0]
    assert cuts <= 2 + 60 * each / (0.3 * LIMIT), "a cut makes room for many turns"
