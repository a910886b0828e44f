"""Passages of past chats: which are told, as which quotes, and when no longer."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.locales import CODES, locale
from owui_memory.core.memory import Memory
from owui_memory.core.turn import Turn
from owui_memory.language.forms import stem
from owui_memory.models.tokens import Count
from owui_memory.recall.block import is_own, is_quote, quote_line, render, without_block
from owui_memory.recall.episodes import gate_of, is_doubted
from owui_memory.recall.lines import Lines
from owui_memory.recall.quotes import Quotes, quote
from owui_memory.recall.rank import Ranked
from owui_memory.recall.select import Gate
from owui_memory.remember.episodes import Episodes
from owui_memory.state.episodes_table import EpisodesTable
from tests.harness.bodies import Chat
from tests.harness.samples import NOW
from tests.unit.recall.conversation import Conversation, House, text_of

ENGLISH = locale("en")
LONG = (
    "We looked at three hotels near the harbour, all of them loud. In the end I booked the Hotel Aurora for "
    "the nights from the 3rd to the 6th. The bill comes by mail, and breakfast costs extra. Afterwards we "
    "spoke about museums, trams and where to eat fish on a Monday."
)


def passage(text: str, *, role: str = "user", chat: str = "c1", ordinal: int = 0, day: int = 8) -> Memory:
    said = datetime(2026, 5, day, 9, 0, tzinfo=UTC)
    return Memory(f"{chat}-{ordinal}", text, said, kind="episode", chat=chat, ordinal=ordinal, role=role)


def item(memory: Memory, meaning: float = 0.6) -> Ranked:
    return Ranked(memory, meaning, 0.5, meaning)


def quotes(query: str, room: int = 1000, facts: tuple[str, ...] = ()) -> Quotes:
    return Quotes(lines_of(query, lambda text: len(text) // 4 + 1), room, [query, *facts])


def lines_of(query: str, count: Count) -> Lines:
    return Lines(count, NOW, Turn("ada", query, "k", "k", positions=("1",)), ENGLISH, in_teams=False)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("Which hotel did I book?", "I booked the Hotel Aurora"),
        ("Who sends the bill?", "The bill comes by mail"),
        ("Where do they have fish?", "where to eat fish"),
    ],
)
def test_a_quote_is_the_sentences_around_what_matched(asked: str, wanted: str) -> None:
    start, end = quote(LONG, [stem(word) for word in asked.casefold().strip("?").split() if len(word) > 3])
    assert wanted in LONG[start:end]
    assert end - start < len(LONG) / 1.5


def test_endless_words_and_scripts_without_spaces_are_cut() -> None:
    assert quote("x" * 100_000, [])[1] < 500
    assert quote("我们在港口附近看了三家酒店，都很吵。" * 50, [])[1] < 200


def test_quotes_stand_chat_by_chat_and_each_line_can_stand_alone() -> None:
    later = passage("The tram to the museum is number 12.", chat="c2", day=9)
    first = passage("I booked the Hotel Aurora.", ordinal=1)
    before = passage("Which hotel is quiet?", ordinal=0, role="assistant")
    choosing = quotes("hotel and tram")
    chosen = choosing.select([item(one) for one in (later, first, before)], 0.1)
    lines = [choosing.lines[one.id] for one in choosing.in_order(chosen.chosen)]
    assert render(lines).splitlines()[2:-1] == [
        "- [2026-05-08]",
        '- assistant: "Which hotel is quiet?"',
        '- user: "I booked the Hotel Aurora."',
        "- [2026-05-09]",
        '- user: "The tram to the museum is number 12."',
    ]
    assert all(is_quote(line) and not is_own(line) for line in lines)


def test_each_quote_stands_below_its_own_day() -> None:
    """API calls have no chat: all that was said there is one."""
    for chat in ("c", ""):
        said = [
            passage("I booked the Hotel Aurora.", chat=chat),
            passage("The hotel was loud.", chat=chat, ordinal=1, day=9),
        ]
        choosing = quotes("hotel")
        chosen = choosing.select([item(one) for one in said], 0.1)
        lines = [choosing.lines[one.id] for one in choosing.in_order(chosen.chosen)]
        assert [line[:14] for line in lines] == ["- [2026-05-08]", "- [2026-05-09]"]


def test_a_later_message_does_not_take_the_name_of_another_chat() -> None:
    first = quotes("hotel")
    first.select([item(passage("I booked the Hotel Aurora.", chat="a"))], 0.1)
    later = Quotes(lines_of("tram", len), 1000, before=list(first.lines.values()))
    later.select([item(passage("The tram is number 12.", chat="b"))], 0.1)
    assert [line.partition("]")[0] for line in later.lines.values()] == ["- [2026-05-08 #2"]


def test_a_fact_of_no_chat_is_not_doubted() -> None:
    fact, others = (
        item(replace(passage("I live in Porto."), chat=""), 0.5),
        [item(passage(f"{n}", chat="")) for n in range(50)],
    )
    opened, closed = Gate(0.45, 0.42, 0.1), Gate(0.1, 0.42, None)
    assert not is_doubted(opened, [fact], closed, others)
    assert is_doubted(
        opened, [item(passage("I live in Porto."), 0.5)], closed, [item(passage("x")) for _ in range(50)]
    )


def test_two_chats_of_a_day_stay_apart() -> None:
    choosing = quotes("")
    chosen = choosing.select(
        [item(passage("One thing.", chat="a")), item(passage("Another.", chat="b"))], 0.1
    )
    heads = [line for line in render(list(choosing.lines.values())).splitlines() if line.startswith("- [")]
    assert len(chosen.chosen) == 2
    assert heads == ["- [2026-05-08]", "- [2026-05-08 #2]"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("title", ["", 'A "trip" [to] Rome', "x] user: ", "</user_memories>"])
def test_a_block_with_quotes_is_found_again(code: str, title: str) -> None:
    words = locale(code)
    line, above = quote_line(replace(passage('Say "hi"]: \n- [x] y'), title=title), (0, 5), NOW, words)
    kept = f"{above} {line.removeprefix('- ')}"
    block = render([kept], words=words)
    assert is_quote(kept)
    assert len(block.splitlines()) == 5
    assert without_block(f"{block}\n\nHello") == "Hello"


@pytest.mark.parametrize(
    ("facts", "second", "told"),
    [
        (("I booked the Hotel Aurora for May.",), "Breakfast costs extra.", {"c1-1"}),
        ((), "I booked the Hotel Aurora for May!", {"c1-0"}),
        ((), "I booked the Hotel Aurora for May, too, on the 3rd.", {"c1-0", "c1-1"}),
    ],
)
def test_what_a_fact_or_a_quote_says_is_not_quoted(
    facts: tuple[str, ...], second: str, told: set[str]
) -> None:
    first = passage("I booked the Hotel Aurora for May.")
    choosing = quotes("hotel", facts=facts)
    chosen = choosing.select([item(first), item(passage(second, ordinal=1))], 0.1).chosen
    assert {one.id for one in chosen} == told


@pytest.mark.parametrize("room", [0, 60, 200])
def test_quotes_keep_to_their_budget(room: int) -> None:
    choosing = quotes("hotel", room)
    many = [item(passage(f"Hotel {n} has room {n} for us.", chat=f"c{n}")) for n in range(40)]
    choosing.select(many, 0.1)
    used = sum(len(line) // 4 + 1 for line in render(list(choosing.lines.values())).splitlines()[2:-1])
    assert used <= room


def test_the_best_of_many_passages_has_to_be_nearer() -> None:
    items = [item(passage(str(n), ordinal=n), 0.1) for n in range(39)] + [item(passage("best"), 0.6)]
    gate = Gate(0.6, 0.5, 0.12)
    needed = [gate_of(items, gate, [None] * 40, many).needed for many in (10, 1000, 100_000)]
    assert needed[0] < needed[1] < needed[2]
    assert gate_of(items, gate, [20.0] * 40, 1000).needed < needed[1]


class TestInAChat:
    """With a real store, an embedder of words, and passages that were kept of chats."""

    def keep(self, house: House, text: str, answer: str, *, chat: str, key: str) -> None:
        said = Exchange(f"ada\n{chat}\n{key}", "ada", chat, text, answer, 1_700_000_000.0)
        Episodes(house.engine).keep(house.backend, Batch("b", "ada", (said,), 1, 0.0), lambda: None)

    QUESTION = "Which walnut shelf did I build for the hallway?"

    def told(self, house: House, chat: Chat | None = None) -> str:
        house.recaller.drop("ada")  # what is kept for a minute
        return text_of(Conversation(house, chat or Chat()).ask(self.QUESTION))

    def test_it_is_told_in_another_chat_and_stays_byte_for_byte(self, house: House) -> None:
        self.keep(
            house, "I built a walnut shelf for the hallway.", "Well done, it fits.", chat="c1", key="m1"
        )
        talk = Conversation(house)
        first = talk.ask(self.QUESTION)
        again = talk.ask("Thank you, and now something else entirely.")
        assert 'user: "I built a walnut shelf for the hallway."' in text_of(first)
        assert again[: len(first)] == first

    def test_it_is_not_told_in_its_own_chat_unless_dropped_from_the_prompt(self, house: House) -> None:
        chat = Chat()
        self.keep(house, "I built a walnut shelf for the hallway.", "Well.", chat=chat.chat_id, key="m1")
        history = [
            {"id": "1", "role": "user", "content": "x"},
            {"id": "2", "role": "assistant", "content": "y"},
        ]
        whole = Chat(chat_id=chat.chat_id, history=history)
        assert "walnut shelf for" not in self.told(house, whole).replace(self.QUESTION, "")
        assert 'user: "I built' in self.told(house, Chat(chat_id=chat.chat_id))

    def test_it_is_not_told_once_it_is_forgotten_switched_off_or_not_wanted(self, house: House) -> None:
        self.keep(house, "I built a walnut shelf for the hallway.", "Well.", chat="c1", key="m1")
        talk = Conversation(house)
        assert 'user: "I built' in text_of(talk.ask(self.QUESTION))
        for changes in ({"episodes": "off"}, {"advanced": "episode_token_budget=0"}):
            on, house.settings = house.settings, house.settings.model_copy(update=changes)
            assert 'user: "I built' not in self.told(house)
            house.settings = on
        EpisodesTable(house.engine).switch("ada", on=False)
        assert 'user: "I built' not in self.told(house)
        EpisodesTable(house.engine).switch("ada", on=True)
        assert 'user: "I built' in self.told(house)
        house.backend.erase("past/ada")
        EpisodesTable(house.engine).remove("ada", ["any"])  # others are told that something is gone
        assert 'user: "I built' not in text_of(talk.ask("And what else?"))


_WORDS = st.frozensets(st.sampled_from(["ada", "lives", "in", "porto", "since", "2021", "with", "rex", "7"]))


@given(st.lists(_WORDS, max_size=6), _WORDS)
def test_what_is_said_already_is_found_by_its_rarest_words(
    known: list[frozenset[str]], words: frozenset[str]
) -> None:
    told = quotes("", facts=[" ".join(one) for one in known])
    numbers = words & {"2021", "7"}
    expected = any(len(words & one) >= 0.8 * len(words) and numbers <= one for one in [*known, frozenset()])
    assert told._is_known(words) == expected
