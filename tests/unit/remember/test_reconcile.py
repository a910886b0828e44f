"""Add, replace, remove: what the LLM decides is read with tolerance and checked, on a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from owui_memory.core.errors import RetryFew
from owui_memory.core.memory import Memory
from owui_memory.language.words import mark_of
from owui_memory.models.tokens import estimated_tokens
from owui_memory.remember.prompt import reconcile_prompt
from tests.unit.remember.mind import Mind, batch, exchange, is_ours


def test_a_new_fact(mind: Mind) -> None:
    made = mind.hears(
        batch("I live in Lisbon."),
        {"op": "add", "text": "The user lives in Lisbon.", "kind": "profile", "expires": None},
    )
    assert made == 1
    assert mind.texts() == ["The user lives in Lisbon."]
    change = mind.changes()[0]
    assert (change.op, change.before, change.after) == ("add", "", "The user lives in Lisbon.")
    assert (change.kind, change.source, change.model, change.made) == ("profile", "b1", "small", True)
    stored = mind.backend.get(change.memory_id)
    assert stored is not None
    assert stored.text == "The user lives in Lisbon."


def test_nothing_is_the_usual_answer(mind: Mind) -> None:
    assert mind.hears(batch("Translate this into French.")) == 0
    assert (mind.texts(), mind.changes()) == ([], [])


def test_the_latest_truth_wins_and_keeps_its_place(mind: Mind) -> None:
    known = mind.knows("The user lives in Lisbon.")
    before = mind.backend.get(known)
    mind.hears(batch("I moved to Porto."), {"op": "replace", "id": 1, "text": "The user lives in Porto."})
    after = mind.backend.get(known)
    assert before is not None
    assert after is not None
    assert mind.texts() == ["The user lives in Porto."]
    assert (after.id, after.created_at) == (before.id, before.created_at)
    change = mind.changes()[0]
    assert (change.before, change.after) == ("The user lives in Lisbon.", "The user lives in Porto.")


def test_what_is_removed_is_no_longer_found(mind: Mind) -> None:
    mind.knows("The user has a dog called Rex.")
    mind.hears(batch("Rex, my dog, died. Forget about him."), {"op": "remove", "id": 1})
    assert mind.backend.search("ada", "dog called Rex", 5) == []
    assert mind.changes()[0].before == "The user has a dog called Rex."


@pytest.mark.parametrize(
    ("known", "operations", "reason"),
    [
        (1, [{"op": "replace", "id": 7, "text": "x"}], "it names no memory that was shown"),
        (1, [{"op": "remove", "id": 0}], "it names no memory that was shown"),
        (1, [{"op": "remove", "id": -1}], "it names no memory that was shown"),
        (
            4,
            [{"op": "remove", "id": number} for number in (1, 2, 3)],
            "it would remove more than half of what was shown",
        ),
        (0, [{"op": "add", "text": "The user's key is sk-abcdefghijklmnop1234"}], "it holds a secret"),
        (0, [{"op": "add", "text": "The card is 4111 1111 1111 1111."}], "it holds a secret"),
    ],
)
def test_harm_is_refused_and_journaled(
    mind: Mind, known: int, operations: list[dict[str, Any]], reason: str
) -> None:
    for number in range(known):
        mind.knows(f"The user has cat number {number}.")
    before = mind.texts()
    assert mind.hears(batch("About my cats and cards."), *operations) == 0
    assert mind.texts() == before
    assert {change.refused for change in mind.changes()} == {reason}
    assert not any("sk-" in change.after or "4111" in change.after for change in mind.changes())


def test_two_hundred_operations_are_not_a_conversation(mind: Mind) -> None:
    flood = [{"op": "add", "text": f"Fact {number}."} for number in range(200)]
    assert mind.hears(batch("Hello."), *flood) == 20


def test_nobody_elses_memories_are_shown(mind: Mind) -> None:
    mind.knows("The user lives in Lisbon.", user="bob")
    mind.hears(batch("I live in Lisbon."))
    assert "Memories: none" in mind.llm.chats()[0].last_user_text


def test_the_prompt_tells_what_is_known_and_the_rules(mind: Mind) -> None:
    mind.knows("The user lives in Lisbon.")
    mind.hears(batch("I moved from Lisbon to Porto.", answer="Congratulations!"))
    asked = mind.llm.chats()[0].last_user_text
    assert "Never keep recipes." in asked
    assert "1. The user lives in Lisbon." in asked
    assert "On Friday 2026-11-20\nUser: I moved from Lisbon to Porto.\nAssistant: Congratulations!" in asked


def test_each_message_is_shown_with_its_own_day(mind: Mind) -> None:
    evening = datetime(2026, 3, 5, 23, 30, tzinfo=UTC).timestamp()  # on the same day in Lisbon
    mind.hears(
        batch(
            exchange("I ran 5 km yesterday.", name="m1", said_at=evening),
            exchange("I ran 8 km today.", name="m2", said_at=evening + 86_400),
        )
    )
    asked = mind.llm.chats()[0].last_user_text
    assert "On Thursday 2026-03-05\nUser: I ran 5 km yesterday." in asked
    assert "On Friday 2026-03-06\nUser: I ran 8 km today." in asked


def test_of_an_answer_beginning_and_end_are_shown(mind: Mind) -> None:
    answer = "Let us see." + " So it goes on." * 100 + " In short: use SQLite."
    mind.hears(batch("I compare databases for my app.", answer=answer))
    shown = mind.llm.chats()[0].last_user_text.partition("\nAssistant: ")[2]
    assert shown.startswith("Let us see.")
    assert shown.endswith("use SQLite.")
    assert 600 <= len(shown) < 620


def test_the_prompt_is_short() -> None:
    """mem0's own is 33,653 characters, some 8,500 tokens."""
    said = [
        exchange(f"I read {number} pages of Moby Dick on the train to work today.", name=str(number))
        for number in range(8)
    ]
    known = [Memory("", f"The user has read {number} pages of a book about whales.") for number in range(12)]
    asked = reconcile_prompt(said, known, "Never keep recipes.")
    assert sum(estimated_tokens(message["content"]) for message in asked) < 1600
    long = [exchange(f"{one.user_text} {'And so on. ' * 40}", answer="Well. " * 200) for one in said[:2]]
    asked = reconcile_prompt(long, known, "")
    assert sum(estimated_tokens(message["content"]) for message in asked) < 1900


@pytest.mark.parametrize(
    "wrap",
    [
        lambda answer: f"```json\n{answer}\n```",
        lambda answer: f"<think>Is [1] it? {{no}}</think>\n{answer}",
        lambda answer: f"Here you are: {answer} Done.",
        lambda answer: answer.replace("}]", "},]"),
        lambda answer: answer.removeprefix('{"operations": ').removesuffix("}"),
    ],
)
def test_answers_are_read_with_tolerance(mind: Mind, wrap: Callable[[str], str]) -> None:
    answer = json.dumps({"operations": [{"op": "add", "text": "The user likes tea."}]})
    mind.llm.when(is_ours, wrap(answer))
    mind.reconciles(batch("I like tea."))
    assert mind.texts() == ["The user likes tea."]


def test_an_unreadable_answer_is_asked_for_once_more(mind: Mind) -> None:
    answers = iter(["I am sorry.", '{"operations": [{"op": "add", "text": "The user likes tea."}]}'])
    mind.llm.when(is_ours, lambda _: next(answers))
    assert mind.reconciles(batch("I like tea.")) == 1
    assert "could not be read" in mind.llm.chats()[1].last_user_text


def test_a_model_that_cannot_answer_is_tried_again_later(mind: Mind) -> None:
    mind.llm.when(is_ours, "I am sorry.")
    with pytest.raises(RetryFew, match="could not be read"):
        mind.reconciles(batch("I like tea."))
    assert len(mind.llm.chats()) == 2
    assert mind.changes() == []


def test_a_good_operation_is_made_beside_bad_ones(mind: Mind) -> None:
    bad = [{"op": "add", "text": "x" * 501}, {"op": "shout", "text": "x"}]
    assert mind.hears(batch("I like tea."), bad[0], {"op": "ADD", "text": "The user likes tea."}, bad[1]) == 1
    assert mind.texts() == ["The user likes tea."]
    assert [change.refused for change in mind.changes()] == [
        "its text is longer than 500 characters",
        "",
        "it is neither add nor replace nor remove",
    ]
    assert len(mind.llm.chats()) == 1


def test_an_answer_of_bad_operations_only_is_asked_for_once_more(mind: Mind) -> None:
    long = json.dumps({"operations": [{"op": "add", "text": "x" * 501}]})
    answers = iter(
        [long, '{"operations": [{"op": "add", "text": "The user likes tea."}]}', long, "I am sorry."]
    )
    mind.llm.when(is_ours, lambda _: next(answers))
    assert mind.reconciles(batch("I like tea.")) == 1
    assert "longer than 500 characters" in mind.llm.chats()[1].last_user_text
    assert mind.reconciles(batch("My car is red.", name="b2")) == 0
    assert [change.refused for change in mind.changes() if change.batch == "b2"] == [
        "its text is longer than 500 characters"
    ]


@pytest.mark.parametrize("answer", ["", " \n", "I am sorry." + " " * 5000, "sorry " * 100_000])
def test_no_message_is_sent_back_that_a_server_may_refuse(mind: Mind, answer: str) -> None:
    mind.llm.when(is_ours, answer)
    with pytest.raises(RetryFew):
        mind.reconciles(batch("I like tea."))
    sent = [m["content"] for chat in mind.llm.chats() for m in chat.messages if m["role"] == "assistant"]
    assert all(0 < len(content.strip()) <= 2000 for content in sent)


def test_a_repair_that_the_server_refuses_is_not_the_end(own_mind: Mind) -> None:
    own_mind.llm.when(is_ours, "I am sorry.")
    repair = {"when": lambda request: "could not be read" in request.last_user_text, "status": 400}
    with own_mind.llm.fault("chat", **repair), pytest.raises(RetryFew, match="could not be read"):
        own_mind.reconciles(batch("I like tea."))
    assert own_mind.hears(batch("I like tea."), {"op": "add", "text": "The user likes tea."}) == 1


def test_a_model_that_reads_little_is_shown_less(own_mind: Mind) -> None:
    for number in range(8):
        own_mind.knows(f"The user has cat number {number}. " + "It sleeps all day long on a chair. " * 30)
    own_mind.llm.when(is_ours, '{"operations": [{"op": "add", "text": "The user likes tea."}]}')
    too_long = {"when": lambda request: len(request.last_user_text) > 5000, "status": 400}
    with own_mind.llm.fault("chat", **too_long):
        assert own_mind.reconciles(batch("I like tea, and have cats. " + "I walk and walk. " * 100)) == 1
    shown = own_mind.llm.chats()[-1].last_user_text
    assert "I like tea" in shown
    assert sum(f"cat number {number}" in shown for number in range(8)) >= 6


def test_broken_characters_of_a_model_are_stored_as_such(mind: Mind) -> None:
    mind.llm.when(
        is_ours,
        r'{"operations": [{"op": "add", "text": "The user likes tea \ud83d and\u0000 \u001b[1mcake."}]}',
    )
    assert mind.reconciles(batch("I like tea and cake.")) == 1
    broken = "\N{REPLACEMENT CHARACTER}"
    assert mind.texts() == [f"The user likes tea {broken} and{broken} [1mcake."]


def test_a_server_without_json_mode(own_mind: Mind) -> None:
    own_mind.llm.when(is_ours, '{"operations": []}')
    with own_mind.llm.fault("chat", when=lambda request: "response_format" in request.body, status=400):
        assert own_mind.reconciles(batch("Hello.")) == 0


def test_plans_leave_recall_after_their_day(mind: Mind) -> None:
    mind.knows("The user flew to Oslo.", expires="2020-01-01")
    mind.knows("The user flies to Oslo.", expires="2999-01-01")
    found = mind.backend.search("ada", "flight to Oslo", 5)
    assert [item.memory.text for item in found] == ["The user flies to Oslo."]


def test_an_expiry_is_kept(mind: Mind) -> None:
    mind.hears(
        batch("I fly to Oslo on Monday."),
        {"op": "add", "text": "The user flies to Oslo.", "kind": "plan", "expires": "2999-11-23"},
    )
    found = mind.backend.search("ada", "Oslo", 5)
    assert [item.memory.expires for item in found] == ["2999-11-23"]


def test_a_plan_that_is_put_off_is_of_use_until_its_new_day(mind: Mind) -> None:
    mind.knows("The user's exam is on 2998-03-09.", expires="2998-03-09")
    put_off = {"op": "replace", "id": 1, "text": "The user's exam is on 2998-03-16, not 2998-03-09."}
    mind.hears(batch("My exam was moved by a week."), put_off)
    assert [item.memory.expires for item in mind.backend.search("ada", "exam", 5)] == ["2998-03-16"]


def test_a_plan_that_became_a_fact_stays(mind: Mind) -> None:
    mind.knows("The user's exam is on 2998-03-09.", expires="2998-03-09")
    mind.hears(batch("I passed my exam!"), {"op": "replace", "id": 1, "text": "The user passed the exam."})
    assert [item.memory.expires for item in mind.backend.search("ada", "exam", 5)] == [""]


def test_many_expired_plans_hide_nothing(mind: Mind) -> None:
    for number in range(12):
        mind.knows(f"The user flew to Oslo for the {number}. time.", expires="2020-01-01")
    mind.knows("The user flies to Oslo every year.")
    found = mind.backend.search("ada", "Has the user flown to Oslo for the 3. time?", 4)
    assert [item.memory.text for item in found] == ["The user flies to Oslo every year."]


def test_what_is_known_is_not_added_again(mind: Mind) -> None:
    mind.knows("The user lives in Lisbon.")
    assert mind.hears(batch("I live in Lisbon."), {"op": "add", "text": "the user lives in Lisbon"}) == 0
    assert mind.texts() == ["The user lives in Lisbon."]
    assert [change.refused for change in mind.changes() if change.op == "add"] == ["it is known already"]


def test_what_a_model_says_twice_is_added_once(mind: Mind) -> None:
    add = {"op": "add", "text": "The user likes tea."}
    assert mind.hears(batch("I like tea."), add, add) == 1
    assert mind.texts() == ["The user likes tea."]


def test_what_recall_told_is_no_news_after_it_was_forgotten(mind: Mind) -> None:
    mind.injected = ["The user lives in Lisbon."]
    echo = batch("And what is the weather like there?", answer="As you live in Lisbon: sunny.")
    assert mind.hears(echo, {"op": "add", "text": "The user lives in Lisbon."}) == 0
    (change,) = mind.changes()
    assert change.refused == "recall told it to this chat, and it has been forgotten since"


def test_what_recall_told_is_news_when_the_user_says_it(mind: Mind) -> None:
    mind.injected = ["The user lives in Lisbon."]
    said = batch("I live in Lisbon.", answer="Again?")
    assert mind.hears(said, {"op": "add", "text": "The user lives in Lisbon."}) == 1


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        ("The user lives in Lisbon.", "recall told it to this chat, and it has been forgotten since"),
        ("the user lives in LISBON", "recall told it to this chat, and it has been forgotten since"),
        ("The user likes sunny places.", ""),
    ],
)
def test_of_what_recall_told_and_was_erased_since_a_mark_is_enough(
    mind: Mind, answered: str, reason: str
) -> None:
    mind.injected = [mark_of("The user lives in Lisbon."), "The user has a dog."]
    echo = batch("And what is the weather like there?", answer="As you live in Lisbon: sunny.")
    assert mind.hears(echo, {"op": "add", "text": answered}) == (not reason)
    assert [change.refused for change in mind.changes()] == [reason]


def test_what_was_erased_is_news_when_the_user_says_it(mind: Mind) -> None:
    mind.injected = [mark_of("The user lives in Lisbon.")]
    said = batch("I live in Lisbon.", answer="Again?")
    assert mind.hears(said, {"op": "add", "text": "The user lives in Lisbon."}) == 1


def test_a_mark_is_never_embedded(mind: Mind) -> None:
    mind.injected = [mark_of("The user lives in Lisbon.")]
    mind.hears(batch("Hello.", answer="Hello."), {"op": "add", "text": "The user likes tea."})
    assert not any("\x1a" in text for text in mind.llm.embedded_texts())


def test_an_older_message_that_comes_late_changes_nothing_newer(mind: Mind) -> None:
    mind.knows("The user lives in Rome.")
    newer = batch(exchange("I moved to Porto.", name="new", said_at=200.0), name="newer")
    mind.hears(newer, {"op": "replace", "id": 1, "text": "The user lives in Porto."})
    older = batch(exchange("I moved to Lisbon.", name="old", said_at=100.0), name="older")
    assert mind.hears(older, {"op": "replace", "id": 1, "text": "The user lives in Lisbon."}) == 0
    assert mind.texts() == ["The user lives in Porto."]
    assert mind.changes()[-1].refused == "a later message has changed it"


def test_a_change_names_the_message_it_came_from(mind: Mind) -> None:
    said = batch(
        exchange("My dog is called Rex.", name="m1"), exchange("I work as a nurse in Porto.", name="m2")
    )
    mind.hears(
        said,
        {"op": "add", "text": "The user works as a nurse in Porto."},
        {"op": "add", "text": "The user's dog is called Rex."},
    )
    assert [change.source for change in mind.changes()] == ["m2", "m1"]


def test_a_long_message_is_shown_by_its_own_words(mind: Mind) -> None:
    code = "\n".join(f"value_{number} = compute({number});" for number in range(400))
    mind.hears(batch(f"I work at Siemens. Why is this slow?\n```\n{code}\n```\nI use Python 3.12."))
    asked = mind.llm.chats()[0].last_user_text
    assert "I work at Siemens." in asked
    assert "I use Python 3.12." in asked
    assert "value_7" not in asked


def test_the_journal_names_the_model_that_answered(mind: Mind) -> None:
    assert mind.hears(batch("I like tea."), {"op": "add", "text": "The user likes tea."}) == 1
    assert mind.changes()[0].model == "small"


@pytest.mark.parametrize("adds_first", [False, True])
@pytest.mark.parametrize("injected", [False, True])
def test_what_takes_the_place_of_a_memory_is_not_known_from_it(
    mind: Mind, adds_first: bool, injected: bool
) -> None:
    """A model may remove and add instead of replacing; neither order may lose both."""
    mind.knows("The user lives in Lisbon.")
    mind.injected = ["The user lives in Lisbon."] if injected else []
    operations = [{"op": "remove", "id": 1}, {"op": "add", "text": "The user lives in LISBON."}]
    mind.hears(batch("It is spelt in capitals."), *(reversed(operations) if adds_first else operations))
    assert mind.texts() == ["The user lives in LISBON."]


def test_what_must_not_be_removed_is_still_known(mind: Mind) -> None:
    for number in range(4):
        mind.knows(f"The user has cat number {number}.")
    removals = [{"op": "remove", "id": number} for number in (1, 2, 3)]
    again = [{"op": "add", "text": f"The user has cat number {number}."} for number in range(4)]
    assert mind.hears(batch("About my cats."), *removals, *again) == 0
    assert len(mind.texts()) == 4


@pytest.mark.parametrize("number", ["+86 138 0013 8000", "+55 11 91234 5678", "+49 170 1234567"])
def test_a_telephone_number_is_no_card_number(mind: Mind, number: str) -> None:
    add = {"op": "add", "text": f"The telephone number of the user's mother is {number}."}
    assert mind.hears(batch(f"My mother has {number}."), add) == 1
