"""What stays of a chat fits, begins the same way until the next cut, and needs nobody who remembers it."""

from hypothesis import given
from hypothesis import strategies as st

from owui_memory.context.window import Sizes, Window, further, to_be_ready, window

TURNS = st.lists(st.integers(1, 400), min_size=1, max_size=120)


def sizes(turns: list[int], limit: int = 1000, **others: int) -> Sizes:
    return Sizes(others.pop("fixed", 50), turns, limit, keep=0.4, **others)


def stays(of: Sizes, seen: Window) -> int:
    return of.fixed + seen.stays(of.turns) + (of.abstract if seen.is_cut else 0) + of.reserve


@given(TURNS, st.integers(0, 60), st.booleans())
def test_a_prompt_fits_and_grows_at_its_end_only(turns: list[int], reserve: int, kept: bool) -> None:
    cut_at: list[int] = []
    cuts = 0
    before = Window(0, 0)
    for said in range(1, len(turns) + 1):
        of = sizes(turns[:said], reserve=reserve, abstract=100)
        seen = window(of, cut_at if kept else ())
        assert seen.start < said
        assert stays(of, seen) <= of.limit
        cuts += seen.start != before.start and seen.is_cut
        if seen.is_new:
            cut_at.append(seen.start)
        assert seen.start >= before.start, "what is out stays out"
        before = seen
    assert cuts <= 2 + sum(turns) / (0.3 * 1000 - 400 * 0.3), "a cut makes room for many turns"


def test_the_first_exchange_stays_unless_it_is_long() -> None:
    short, long = sizes([100] * 10), sizes([600, *[100] * 15])
    assert window(short) == Window(1, 7, is_new=True)
    assert window(long).head == 0


def test_a_cut_falls_where_an_abstract_is_ready_else_goes_as_deep_as_it_must() -> None:
    of = sizes([100] * 10, abstract=100)
    assert window(of, ready_at=[2, 5]) == Window(1, 5, is_new=True)
    assert window(sizes([*[100] * 9, 700], abstract=100), ready_at=[5]).start == 9
    assert window(of, cut_at=[5]) == Window(1, 5)


def test_an_abstract_is_wanted_for_where_the_next_cut_will_fall() -> None:
    far, near = sizes([100] * 4, abstract=100), sizes([100] * 8, abstract=100)
    assert to_be_ready(far, window(far)) == 0
    wanted = to_be_ready(near, window(near))
    later = sizes([100] * 11, abstract=100)
    assert window(later, ready_at=[wanted]) == Window(1, wanted, is_new=True)


def test_what_recall_adds_drives_out_turns_but_never_the_message() -> None:
    of = sizes([100, 200, 200, 300], limit=1000)
    seen = window(of)
    assert further(of, seen, {}) == seen
    assert further(of, seen, {3: 300}) == Window(1, 2, is_new=True)
    assert further(of, seen, {3: 5000}) == Window(0, 3, is_new=True)
