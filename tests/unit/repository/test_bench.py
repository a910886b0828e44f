"""The benchmarks measure something: questions find their memories, and percentiles are what they say."""

import json
import math
from pathlib import Path

import pytest

from bench import erase
from bench.contenders import plain_mem0, sqlite_store
from bench.costs import Used
from bench.locomo import Conversation, Question, load
from bench.measure import Latency, percentile, table
from bench.memories import DIMS, USERS, WordVectors, asked, fact
from bench.prefix import common, measured, peers
from bench.prefix import ours as ours_placed
from bench.recall_quality import Answer, Stored, by_pair, by_turn, our_store
from bench.remember import first, mem0, of_users, ours, writer_speed
from bench.scripted import Asked, asking, scripted_llm, word_pieces
from owui_memory.config.prices import Price
from tests.harness.scripted_llm import ScriptedLLM


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([3.0], 95, 3.0), ([4.0, 1.0, 3.0, 2.0], 50, 2.0), ([float(n) for n in range(1, 101)], 95, 95.0)],
)
def test_percentile_is_the_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_nothing_has_no_percentile() -> None:
    assert math.isnan(percentile([], 50))


def test_latency_is_in_milliseconds() -> None:
    assert Latency.of([0.001, 0.002], wrong=1) == Latency(count=2, p50=1.0, p95=2.0, p99=2.0, wrong=1)


def test_a_table_has_one_line_a_row_in_columns() -> None:
    assert table("Title", ("what", "ms"), [("a", 1.234), ("longer", 1234.5), ("none", math.nan)]) == (
        "\nTitle\n\nwhat       ms\n------  -----\na        1.23\nlonger  1,234\nnone        -"
    )


def test_memories_are_the_same_in_every_run() -> None:
    assert fact(7) == fact(7)
    assert fact(7).user_id == fact(7 + USERS).user_id
    assert len({fact(number).id for number in range(500)}) == 500


def test_questions_go_to_all_users_and_to_no_memory_that_is_not_stored() -> None:
    facts = asked(1000, 200)
    assert len({one.user_id for one in facts}) == USERS
    assert all(one.number < 1000 for one in facts)


def test_vectors_have_length_one_and_do_not_depend_on_being_ready() -> None:
    text = fact(3).text
    vector = WordVectors([text]).embed(text)
    assert vector == WordVectors().embed(text)
    assert len(vector) == DIMS
    assert math.hypot(*vector) == pytest.approx(1)


def test_a_question_finds_its_memory_by_meaning_and_by_words(tmp_path: Path) -> None:
    from owui_memory.stores.sqlite.store import SqliteStore

    path = sqlite_store(tmp_path, 1500)
    assert path == sqlite_store(tmp_path, 1500), "filled once"
    store, vectors = SqliteStore("memories", DIMS, str(path)), WordVectors()
    try:
        for one in asked(1500, 30):
            owner = {"user_id": one.user_id}
            by_meaning = store.search(one.question, vectors.embed(one.question), 8, owner)
            by_words = store.keyword_search(one.question, 8, owner)
            assert one.text in [row.payload["data"] for row in by_meaning]
            assert one.text in [row.payload["data"] for row in by_words]
    finally:
        store.close()


# Erasing ------------------------------------------------------------------------------------------


def test_texts_are_found_in_the_files_of_both(tmp_path: Path) -> None:
    case = erase.Case(erase.USER, 30)
    with erase.our_folder(case, tmp_path, WordVectors()) as folder:
        assert erase.left_in(folder, case.texts()) == (30, 30, 0)
        erase.keep_history(folder / "history.db", case)
        (folder / "memories.db").unlink()
        (folder / "state.db").unlink()
        assert erase.left_in(folder, case.texts()) == (30, 30, 30)
    with plain_mem0(tmp_path / "qdrant", WordVectors()) as memory:
        erase.fill(memory.vector_store, WordVectors(), 30)
    assert erase.left_in(tmp_path / "qdrant", case.texts()) == (30, 30, 0)


def test_who_is_erased_and_what_is_left(tmp_path: Path) -> None:
    results = erase.measured(300, 40, tmp_path)
    assert [(one.memories, one.entries) for one in results.values()] == [
        *((300, 300 * 3 + 60), (40, 40), (40, 40)),
        *((3, 3 * 3 + 2), (3, 3), (3, 3)),
    ]
    assert {name: one.texts_left for name, one in results.items() if "erase-user" in name} == {
        "alone: erase-user": 0,
        "one of 100: erase-user": 0,
    }
    assert all(one.in_history == one.texts for name, one in results.items() if "erase-user" not in name)
    assert {one.others_lost for one in results.values()} == {0}
    assert all(one.meanwhile is None or one.meanwhile.wrong == 0 for one in results.values())
    assert len(list(erase.rows_of(results))) == 6


# Remembering, on a made-up conversation in LoCoMo's format; the scripted server embeds as well

_SAID = {
    1: (
        ("Ben", "Hi! Nice to see you."),
        ("Ada", "How are you?"),
        ("Ben", "Fine, thanks."),
        ("Ada", "I moved to Lisbon in May."),
        ("Ada", "My dog is called Rex."),
        ("Ben", "Lovely."),
        ("Ben", "How does he like it?"),
        ("Ada", "I play the cello now."),
    ),
    2: (("Ada", "I gave my cello to my sister."), ("Ben", "How kind.")),
}
_DATES = {1: "1:56 pm on 8 May, 2023", 2: "12:05 am on 1 January, 2024", 3: "1:00 pm on 2 January, 2024"}


@pytest.fixture
def conversation(tmp_path: Path) -> Conversation:
    talk = {
        f"session_{number}": [
            {"speaker": who, "dia_id": f"D{number}:{at}", "text": text}
            for at, (who, text) in enumerate(said, 1)
        ]
        for number, said in _SAID.items()
    }
    dates = {f"session_{number}_date_time": date for number, date in _DATES.items()}  # one without a session
    qa = [
        {
            "question": "Where does Ada live?",
            "answer": "Lisbon",
            "evidence": ["D1:4; D1:05", "D"],
            "category": 4,
        },
        {"question": "Her cat?", "adversarial_answer": "Rex", "evidence": ["D:1:5"], "category": 5},
    ]
    whole = {"speaker_a": "Ada", "speaker_b": "Ben", **talk, **dates}
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps([{"sample_id": "conv-1", "conversation": whole, "qa": qa}]))
    return load(path)[0]


def test_a_conversation_has_sessions_turns_and_questions(conversation: Conversation) -> None:
    assert [session.said_at for session in conversation.sessions] == [1683554160, 1704067500]
    assert [turn.dia_id for turn in conversation.turns][7:] == ["D1:8", "D2:1", "D2:2"]
    assert conversation.questions == (
        Question("Where does Ada live?", "Lisbon", ("D1:4", "D1:5"), 4),
        Question("Her cat?", "Rex", ("D1:5",), 5),
    )


def test_a_session_is_a_chat_of_what_one_says_and_the_other_answers(conversation: Conversation) -> None:
    said = [[(one.user_text, one.assistant_text) for one in chat] for chat in conversation.chats()]
    assert said == [
        [
            ("How are you?", "Fine, thanks."),
            ("I moved to Lisbon in May.\nMy dog is called Rex.", "Lovely.\nHow does he like it?"),
            ("I play the cello now.", ""),
        ],
        [("I gave my cello to my sister.", "How kind.")],
    ]
    assert [chat[0].message_id for chat in conversation.chats()] == ["D1:2", "D2:1"]


def test_a_sample_takes_the_first_of_each_user(conversation: Conversation) -> None:
    chats = conversation.chats()
    assert [len(chat) for chat in first(chats, 2)] == [2]
    assert [len(chat) for chat in first(chats, 4)] == [3, 1]
    assert first(chats, 0) == chats


def test_exchanges_of_many_users_have_keys_of_their_own(conversation: Conversation) -> None:
    said = of_users(conversation.chats(), users=3, each=2)
    assert [one.user_id for one in said] == ["user-0", "user-0", "user-1", "user-1", "user-2", "user-2"]
    assert len({one.key for one in said}) == 6


def test_tokens_are_those_of_the_bundled_model() -> None:
    assert word_pieces("Unaffable, Ada!") == len(["Una", "ffa", "ble", ",", "Ada", "!"])


def test_a_chat_is_read_in_batches_and_costs_what_is_sent(conversation: Conversation) -> None:
    with scripted_llm() as llm:
        cost = ours(conversation.chats(), llm, **llm.embeds())
        prompts = [request.last_user_text for request in llm.chats()]
    assert cost.exchanges == 4
    assert cost.asked.calls == 2, "one a chat"
    assert cost.memories == 4
    assert cost.gated == {"only a question": 1}
    assert "Lisbon in May" in prompts[0], "what is left out is not sent"
    assert "How are you" not in prompts[0]
    assert "User's dog is called Rex." in prompts[1], "what was stored is shown later"
    assert cost.asked.tokens > cost.asked.instructions > 0


def test_batches_of_one_cost_a_call_each(conversation: Conversation) -> None:
    with scripted_llm() as llm:
        cost = ours(conversation.chats(), llm, advanced="batch_max_exchanges=1", **llm.embeds())
    assert cost.asked.calls == 3


def test_mem0_is_asked_for_each_exchange(conversation: Conversation) -> None:
    with scripted_llm() as llm:
        cost = mem0(conversation.chats(), llm, WordVectors())
    assert cost.asked.calls == cost.exchanges == 4
    assert cost.memories == 4
    assert cost.asked.tokens > 20_000


def test_the_writer_remembers_everything_of_all_users(conversation: Conversation) -> None:
    said = of_users(conversation.chats(), users=3, each=2)
    with scripted_llm() as llm:
        assert writer_speed(said, asking(llm, advanced="users_at_once=2", **llm.embeds())) > 0
        assert Asked.of(llm.chats()).calls == 3


# Recall -------------------------------------------------------------------------------------------


def test_memories_are_turns_or_pairs_of_them_with_their_place(conversation: Conversation) -> None:
    turns, pairs = by_turn(conversation), by_pair(conversation)
    assert turns[3].text == "[08 May 2023] Ada: I moved to Lisbon in May."
    assert [(one.chat, one.place) for one in turns][6:10] == [
        *(("conv-1-1", 6), ("conv-1-1", 7)),
        *(("conv-1-2", 0), ("conv-1-2", 1)),
    ]
    assert pairs[1].text.splitlines()[1] == "Ada: I moved to Lisbon in May."
    assert pairs[1].dia_ids == {"D1:3", "D1:4"}


def test_evidence_recall_is_the_share_found() -> None:
    question = Question("?", "!", ("D1:1", "D1:2"), 4)
    found = [Stored("x" * 90, frozenset({dia_id}), "c", 0) for dia_id in ("D9:9", "D1:2", "D1:1")]
    answer = Answer(question, "c", found)
    assert [answer.recall(first) for first in (1, 2, 3, 9)] == [0, 50, 100, 100]
    assert [answer.within(tokens) for tokens in (10, 80, 100, 1000)] == [0, 50, 50, 100]


def test_a_prompt_that_grows_at_its_end_is_kept_whole(
    conversation: Conversation, scripted_llm: ScriptedLLM
) -> None:
    questions = [
        Question(text, "Yes.", ("D1:4",), 4)
        for text in ("Has Ada moved to Lisbon in May?", "What is the name of Ada's dog, Rex?")
    ]
    with our_store({"conv-1": by_turn(conversation)}, **scripted_llm.embeds()) as house:
        asked_ = [("conv-1", questions)]
        message = measured(house, asked_, [ours_placed(house, "conv-1", questions, "message")])
        anew = measured(house, asked_, [peers(house, "conv-1", questions)])
    assert message.kept == 100
    assert anew.kept < 50
    assert message.evidence == 100


def test_what_two_prompts_begin_with() -> None:
    assert common(["a", "b", "c"], ["a", "b", "x"]) == 2
    assert common(["a", "b"], ["a", "b", "x"]) == 2
    assert common([], ["a"]) == 0


def test_what_is_used_costs_what_the_prices_say_for_ten_thousand_messages() -> None:
    used = Used(100, calls=20, tokens_in=30_000, tokens_out=5_000, texts=300, tokens_embedded=10_000)
    assert used.dollars(Price(0.4, 1.6), Price(0.02, 0)) == pytest.approx(100 * (0.012 + 0.008 + 0.0002))
    assert used.dollars(Price(0, 0), Price(0, 0)) == 0
