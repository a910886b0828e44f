"""A simulated chat whose messages bring memories: what of it stays, turn by turn and after a restart."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from owui_memory.config.settings import Valves
from owui_memory.context.abstract import Abstract
from owui_memory.context.contexts import Contexts, Seen
from owui_memory.context.turns import Texts
from owui_memory.core.turn import Answered, Turn
from owui_memory.state import open_state
from owui_memory.state.cuts_table import Place
from tests.harness.bodies import new_id

LIMIT = 4000


class Simulated:
    """Contexts as a server has them; `restart` keeps the state database only."""

    def __init__(self, folder: Path) -> None:
        self._engine = open_state(folder)
        self.restart()

    def restart(self) -> None:
        self.contexts = Contexts(self._engine, None, Valves, lambda _: None)

    def sent(
        self,
        chat: str,
        turns: list[str],
        block: str,
        system: str = "",
        *,
        abstract: str = "",
        is_there: bool = True,
    ) -> tuple[Seen, int]:
        """What a chat's last prompt has, and how many tokens; each turn that stays keeps the block it got.

        abstract: is ready for all turns but the last. is_there: the state database.
        """
        said = tuple(f"{chat}{at}" for at in range(len(turns)))
        turn = Turn("ada", turns[-1], f"key {said[-1]}", said[-1], chat_id=chat, positions=said)
        if abstract:
            ready = Abstract((abstract,), language="en").written()
            self.contexts.table.put(Place.of(turn, LIMIT), said[-1], ready, time.time())
        texts = Texts(["You help."], 0, [[one] for one in turns], [0] * len(turns))
        cuts = self.contexts.cuts(turn, LIMIT) if is_there else []
        seen = self.contexts.see(turn, Valves(), LIMIT, texts, cuts, reads=True)
        before = dict.fromkeys(range(len(seen.kept)), block)
        seen, system, before = self.contexts.fitted(seen, system, before, seen.kept)
        if seen.window.is_cut and seen.window.is_new and is_there:
            self.contexts.table.use(seen.place, said[seen.window.start], seen.at)
        texts_of_ours = [one for one in (*before.values(), system, seen.abstract) if one]
        tokens = seen.bare.fixed + seen.window.stays(seen.bare.turns)
        return seen, tokens + sum(self.contexts.counting.of("", texts_of_ours))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    one = Simulated(tmp_path_factory.mktemp("contexts"))
    yield one
    one.contexts.close()
    one._engine.dispose()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(20, 60), st.integers(0, 80), st.sets(st.integers(0, 39)))
def test_a_cut_stays_until_it_no_longer_fits(
    simulated: Simulated, size: int, told: int, restarts: set[int]
) -> None:
    turns: list[str] = []
    starts, chat = [0], new_id()
    for number in range(40):
        if number in restarts:
            simulated.restart()
        turns.append("a locker holds marbles " * size)
        seen, tokens = simulated.sent(chat, turns, "remembered lockers " * told)
        assert tokens <= LIMIT
        starts.append(seen.window.start if seen.window.is_cut else 0)
    assert starts == sorted(starts), "what is out stays out"
    cuts = len(set(starts)) - 1
    each = seen.bare.turns[-1] + simulated.contexts.counting.of("", ["remembered lockers " * told])[0]
    assert cuts <= 2 + 40 * each / (0.3 * LIMIT), "a cut makes room for many turns"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    *(st.integers(1, 3), st.integers(0, 4500), st.integers(0, 1500), st.integers(0, 1500)),
    st.integers(0, 300),
)
@example(before=3, size=3900, told=0, in_system=0, earlier=300)
def test_only_a_message_that_is_too_long_alone_is_over_the_limit(
    simulated: Simulated, before: int, size: int, told: int, in_system: int, earlier: int
) -> None:
    turns = [*["an earlier one " * 200] * (before - 1), "word " * size]
    more = {"system": "known " * in_system, "abstract": "said " * earlier}
    seen, tokens = simulated.sent(new_id(), turns, "told " * told, **more)
    assert tokens <= max(LIMIT, seen.bare.fixed + seen.bare.turns[-1])


def test_a_chat_that_only_begins_like_another_is_counted_anew(simulated: Simulated) -> None:
    said = ("first", "second", "third")
    turn = Turn("ada", "Go on.", "key", "exchange", positions=said)
    texts = Texts([], 0, [["plain words " * 100], ["plain words"], ["plain"]], [0] * 3)
    contexts = simulated.contexts
    seen = contexts.see(turn, Valves(), LIMIT, texts, [], reads=True, most=(1200, 1211, 1216, 1216))
    contexts.fitted(seen, "", {}, seen.kept)
    later = replace(turn, positions=(*said, "fourth"))
    assert contexts.at_most(later, LIMIT, (1200, 1211, 1216, 1230, 1230)) < 500
    denser = (1500, 1511, 1516, 1530, 1530)
    assert contexts.at_most(later, LIMIT, denser) == 1530
    assert contexts.at_most(replace(later, model="other"), LIMIT, (1200, 1211, 1216, 1230, 1230)) == 1230


def test_only_what_several_prompts_in_a_row_had_more_is_learned(simulated: Simulated) -> None:
    def answered(*told: int) -> float:
        counting = simulated.contexts.counting
        for number, tokens in enumerate(told):
            counting.sent("ada", f"a{number}", "one", 1000)
            counting.learn(Answered("ada", (f"a{number}",), "", "", prompt_tokens=tokens))
        return counting.ratio("one")

    assert answered(3900, 1000, 3900, 3900, 3900) == 1.0, "a file came with some"
    assert answered(1200, 1300, 1250, 1200) == 1.2
    assert answered(2000, 2000, 2000, 2000) == 1.5
    simulated.restart()
    simulated.contexts.counting.load()
    assert answered() == 1.5


def test_a_database_that_is_away_is_asked_again(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated.restart()
    counting = simulated.contexts.counting
    with monkeypatch.context() as patch:
        patch.setattr(counting._reading, "connect", raised)
        with pytest.raises(OSError, match="away"):
            counting.load()
        seen, _ = simulated.sent("away", ["words " * 900] * 9, "", is_there=False)
        assert seen.window.is_cut
    counting.load()
    assert counting.is_loaded


def raised() -> None:
    raise OSError("away")


def test_of_a_huge_chat_the_newest_turns_are_counted(simulated: Simulated) -> None:
    simulated.restart()
    turns = [f"turn {number} " * 2_500 for number in range(200)]
    seen, tokens = simulated.sent(new_id(), turns, "")
    assert tokens <= LIMIT or len(seen.kept) == 1
    assert len(simulated.contexts.counting._counted) < 10
    assert simulated.sent(new_id(), ["word " * 1_000_000, "Go on."], "")[0].kept == [1]
