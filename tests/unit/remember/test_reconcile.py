"""Add, replace, remove: what the LLM decides is read with tolerance and checked, on a real store."""

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
from tests.unit.remember.mind import Mind, add, batch, exchange, is_ours, remove, replaces

LISBON, PORTO, TEA = "The user lives in Lisbon.", "The user lives in Porto.", "The user likes tea."
LIKES_TEA = json.dumps({"operations": [add(TEA)]})
KNOWN, FORGOTTEN = "it is known already", "recall told it to this chat, and it has been forgotten since"
NOT_SHOWN, TOO_MANY = "it names no memory that was shown", "it would remove more than half of what was shown"


def cats(mind: Mind, count: int, more: str = "") -> list[str]:
    texts = [f"The user has cat number {number}.{more}" for number in range(count)]
    for text in texts:
        mind.knows(text)
    return texts


# What is made -------------------------------------------------------------------------------------


def test_a_new_fact(mind: Mind) -> None:
    assert mind.hears(batch("I live in Lisbon."), add(LISBON, kind="profile", expires=None)) == 1
    assert mind.texts() == [LISBON]
    (change,) = mind.changes()
    assert (change.op, change.before, change.after) == ("add", "", LISBON)
    assert (change.kind, change.source, change.model, change.made) == ("profile", "b1", "small", True)
    stored = mind.backend.get(change.memory_id)
    assert stored.text == LISBON


def test_nothing_is_the_usual_answer(mind: Mind) -> None:
    assert mind.hears(batch("Translate this into French.")) == 0
    assert (mind.texts(), mind.changes()) == ([], [])


def test_the_latest_truth_wins_and_keeps_its_place(mind: Mind) -> None:
    known = mind.knows(LISBON)
    before = mind.backend.get(known)
    mind.hears(batch("I moved to Porto."), replaces(1, PORTO))
    after = mind.backend.get(known)
    assert (after.id, after.created_at, mind.texts()) == (before.id, before.created_at, [PORTO])
    assert [(change.before, change.after) for change in mind.changes()] == [(LISBON, PORTO)]


def test_what_is_removed_is_no_longer_found(mind: Mind) -> None:
    mind.knows("The user has a dog called Rex.")
    mind.hears(batch("Rex, my dog, died. Forget about him."), remove(1))
    assert mind.backend.search("ada", "dog called Rex", 5) == []
    assert mind.changes()[0].before == "The user has a dog called Rex."


def test_a_change_names_the_message_it_came_from(mind: Mind) -> None:
    dog, nurse = "The user's dog is called Rex.", "The user works as a nurse in Porto."
    said = exchange("My dog is called Rex.", name="m1"), exchange("I work as a nurse in Porto.", name="m2")
    mind.hears(batch(*said), add(nurse), add(dog))
    assert [change.source for change in mind.changes()] == ["m2", "m1"]


@pytest.mark.parametrize("adds_first", [False, True])
@pytest.mark.parametrize("injected", [False, True])
def test_what_takes_the_place_of_a_memory_is_not_known_from_it(
    mind: Mind, adds_first: bool, injected: bool
) -> None:
    """A model may remove and add instead of replacing; neither order may lose both."""
    mind.knows(LISBON)
    mind.injected = [LISBON] if injected else []
    operations = [remove(1), add("The user lives in LISBON.")]
    mind.hears(batch("It is spelt in capitals."), *(reversed(operations) if adds_first else operations))
    assert mind.texts() == ["The user lives in LISBON."]


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "operations", "reason"),
    [
        (1, [replaces(7, "x"), remove(0), remove(-1)], NOT_SHOWN),
        (4, [remove(number) for number in (1, 2, 3)], TOO_MANY),
        (0, [add("The user's key is sk-abcdefghijklmnop1234")], "it holds a secret"),
        (0, [add("The card is 4111 1111 1111 1111.")], "it holds a secret"),
    ],
)
def test_harm_is_refused_and_journaled(
    mind: Mind, known: int, operations: list[dict[str, Any]], reason: str
) -> None:
    before = cats(mind, known)
    assert mind.hears(batch("About my cats and cards."), *operations) == 0
    assert mind.texts() == before
    assert {change.refused for change in mind.changes()} == {reason}
    assert not any("sk-" in change.after or "4111" in change.after for change in mind.changes())


def test_what_must_not_be_removed_is_still_known(mind: Mind) -> None:
    texts = cats(mind, 4)
    assert mind.hears(batch("About my cats."), *map(remove, (1, 2, 3)), *map(add, texts)) == 0
    assert mind.texts() == texts


def test_a_telephone_number_is_no_card_number(mind: Mind) -> None:
    numbers = ("+86 138 0013 8000", "+55 11 91234 5678", "+49 170 1234567")
    calls = [add(f"The telephone number of the user's mother is {number}.") for number in numbers]
    assert mind.hears(batch(f"My mother has {', '.join(numbers)}."), *calls) == 3


def test_two_hundred_operations_are_not_a_conversation(mind: Mind) -> None:
    assert mind.hears(batch("Hello."), *(add(f"Fact {number}.") for number in range(200))) == 20


SUNNY = ("And what is the weather like there?", "As you live in Lisbon: sunny.")
SAYS_SO = ("I live in Lisbon.", "Again?")


@pytest.mark.parametrize(
    ("said", "known", "injected", "texts", "refused"),
    [
        (SAYS_SO, LISBON, [], ["the user lives in Lisbon"], [KNOWN]),
        (("I like tea.", ""), "", [], [TEA, TEA], ["", KNOWN]),
        # What recall told is no news after it was forgotten, unless the user says it; a mark is enough.
        (SUNNY, "", [LISBON], [LISBON], [FORGOTTEN]),
        (SUNNY, "", [mark_of(LISBON), "The user has a dog."], [LISBON], [FORGOTTEN]),
        (SUNNY, "", [mark_of(LISBON)], ["the user lives in LISBON"], [FORGOTTEN]),
        (SUNNY, "", [mark_of(LISBON)], ["The user likes sunny places."], [""]),
        (SAYS_SO, "", [LISBON], [LISBON], [""]),
        (SAYS_SO, "", [mark_of(LISBON)], [LISBON], [""]),
    ],
)
def test_what_is_known_is_not_added(
    mind: Mind, said: tuple[str, str], known: str, injected: list[str], texts: list[str], refused: list[str]
) -> None:
    if known:
        mind.knows(known)
    mind.injected = injected
    mind.hears(batch(said[0], answer=said[1]), *map(add, texts))
    assert [change.refused for change in mind.changes() if change.op == "add"] == refused
    assert not any("\x1a" in text for text in mind.llm.embedded_texts()), "a mark is never embedded"


def test_an_older_message_that_comes_late_changes_nothing_newer(mind: Mind) -> None:
    mind.knows("The user lives in Rome.")
    mind.hears(batch(exchange("I moved to Porto.", said_at=200.0), name="newer"), replaces(1, PORTO))
    older = batch(exchange("I moved to Lisbon.", name="old", said_at=100.0), name="older")
    assert mind.hears(older, replaces(1, LISBON)) == 0
    assert mind.texts() == [PORTO]
    assert mind.changes()[-1].refused == "a later message has changed it"


# What is asked ------------------------------------------------------------------------------------


def asked(mind: Mind, *said: Any, **more: Any) -> str:
    mind.hears(batch(*said, **more))
    return mind.llm.chats()[0].last_user_text


def test_the_prompt_tells_what_is_known_and_the_rules(mind: Mind) -> None:
    mind.knows(LISBON)
    mind.knows("The user has a boat.", user="bob")
    prompt = asked(mind, "I moved from Lisbon to Porto.", answer="Congratulations!")
    assert "Never keep recipes." in prompt
    assert f"1. {LISBON}" in prompt
    assert "boat" not in prompt
    assert "On Friday 2026-11-20\nUser: I moved from Lisbon to Porto.\nAssistant: Congratulations!" in prompt


def test_each_message_is_shown_with_its_own_day(mind: Mind) -> None:
    evening = datetime(2026, 3, 5, 23, 30, tzinfo=UTC).timestamp()  # on the same day in Lisbon
    prompt = asked(
        mind,
        exchange("I ran 5 km yesterday.", name="m1", said_at=evening),
        exchange("I ran 8 km today.", name="m2", said_at=evening + 86_400),
    )
    assert "On Thursday 2026-03-05\nUser: I ran 5 km yesterday." in prompt
    assert "On Friday 2026-03-06\nUser: I ran 8 km today." in prompt


def test_of_an_answer_beginning_and_end_are_shown(mind: Mind) -> None:
    answer = "Let us see." + " So it goes on." * 100 + " In short: use SQLite."
    shown = asked(mind, "I compare databases for my app.", answer=answer).partition("\nAssistant: ")[2]
    assert shown.startswith("Let us see.")
    assert shown.endswith("use SQLite.")
    assert 600 <= len(shown) < 620


def test_a_long_message_is_shown_by_its_own_words(mind: Mind) -> None:
    code = "\n".join(f"value_{number} = compute({number});" for number in range(400))
    prompt = asked(mind, f"I work at Siemens. Why is this slow?\n```\n{code}\n```\nI use Python 3.12.")
    assert "I work at Siemens." in prompt
    assert "I use Python 3.12." in prompt
    assert "value_7" not in prompt


def test_the_prompt_is_short() -> None:
    """mem0's own is 33,653 characters, some 8,500 tokens."""
    said = [
        exchange(f"I read {number} pages of Moby Dick on the train to work today.", name=str(number))
        for number in range(8)
    ]
    known = [Memory("", f"The user has read {number} pages of a book about whales.") for number in range(12)]
    prompt = reconcile_prompt(said, known, "Never keep recipes.")
    assert sum(estimated_tokens(message["content"]) for message in prompt) < 1600
    long = [exchange(f"{one.user_text} {'And so on. ' * 40}", answer="Well. " * 200) for one in said[:2]]
    prompt = reconcile_prompt(long, known, "")
    assert sum(estimated_tokens(message["content"]) for message in prompt) < 1900


# How answers are read -----------------------------------------------------------------------------


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
    mind.llm.when(is_ours, wrap(LIKES_TEA))
    mind.reconciles(batch("I like tea."))
    assert mind.texts() == [TEA]


def test_an_unreadable_answer_is_asked_for_once_more(mind: Mind) -> None:
    answers = iter(["I am sorry.", LIKES_TEA])
    mind.llm.when(is_ours, lambda _: next(answers))
    assert mind.reconciles(batch("I like tea.")) == 1
    assert "could not be read" in mind.llm.chats()[1].last_user_text


@pytest.mark.parametrize("answer", ["", " \n", "I am sorry." + " " * 5000, "sorry " * 100_000])
def test_a_model_that_cannot_answer_is_tried_again_later(mind: Mind, answer: str) -> None:
    mind.llm.when(is_ours, answer)
    with pytest.raises(RetryFew, match="could not be read" if answer.strip() else "answered nothing"):
        mind.reconciles(batch("I like tea."))
    assert mind.changes() == []
    assert len(mind.llm.chats()) == 2 or not answer.strip()
    sent = [m["content"] for chat in mind.llm.chats() for m in chat.messages if m["role"] == "assistant"]
    assert all(0 < len(content.strip()) <= 2000 for content in sent), "no server refuses it"


def test_a_good_operation_is_made_beside_bad_ones(mind: Mind) -> None:
    bad = add("x" * 501), {"op": "shout", "text": "x"}
    assert mind.hears(batch("I like tea."), bad[0], {"op": "ADD", "text": TEA}, bad[1]) == 1
    assert mind.texts() == [TEA]
    too_long, shouted = "its text is longer than 500 characters", "it is neither add nor replace nor remove"
    assert [change.refused for change in mind.changes()] == [too_long, "", shouted]
    assert len(mind.llm.chats()) == 1


def test_an_answer_of_bad_operations_only_is_asked_for_once_more(mind: Mind) -> None:
    long = json.dumps({"operations": [add("x" * 501)]})
    answers = iter([long, LIKES_TEA, long, "I am sorry."])
    mind.llm.when(is_ours, lambda _: next(answers))
    assert mind.reconciles(batch("I like tea.")) == 1
    assert "longer than 500 characters" in mind.llm.chats()[1].last_user_text
    assert mind.reconciles(batch("My car is red.", name="b2")) == 0
    (refused,) = [change.refused for change in mind.changes() if change.batch == "b2"]
    assert refused == "its text is longer than 500 characters"


def test_a_repair_that_the_server_refuses_is_not_the_end(own_mind: Mind) -> None:
    own_mind.llm.when(is_ours, "I am sorry.")
    repair = {"when": lambda request: "could not be read" in request.last_user_text, "status": 400}
    with own_mind.llm.fault("chat", **repair), pytest.raises(RetryFew, match="could not be read"):
        own_mind.reconciles(batch("I like tea."))
    assert own_mind.hears(batch("I like tea."), add(TEA)) == 1


def test_a_model_that_reads_little_is_shown_less(own_mind: Mind) -> None:
    cats(own_mind, 8, " It sleeps all day long on a chair." * 30)
    own_mind.llm.when(is_ours, LIKES_TEA)
    too_long = {"when": lambda request: len(request.last_user_text) > 5000, "status": 400}
    with own_mind.llm.fault("chat", **too_long):
        assert own_mind.reconciles(batch("I like tea, and have cats. " + "I walk and walk. " * 100)) == 1
    shown = own_mind.llm.chats()[-1].last_user_text
    assert "I like tea" in shown
    assert sum(f"cat number {number}" in shown for number in range(8)) >= 6


def test_a_server_without_json_mode(own_mind: Mind) -> None:
    own_mind.llm.when(is_ours, '{"operations": []}')
    with own_mind.llm.fault("chat", when=lambda request: "response_format" in request.body, status=400):
        assert own_mind.reconciles(batch("Hello.")) == 0


def test_broken_characters_of_a_model_are_stored_as_such(mind: Mind) -> None:
    said = r'{"operations": [{"op": "add", "text": "The user likes tea \ud83d and\u0000 \u001b[1mcake."}]}'
    mind.llm.when(is_ours, said)
    assert mind.reconciles(batch("I like tea and cake.")) == 1
    broken = "\N{REPLACEMENT CHARACTER}"
    assert mind.texts() == [f"The user likes tea {broken} and{broken} [1mcake."]


# Plans --------------------------------------------------------------------------------------------

EXAM, OSLO = "The user's exam is on 2998-03-09.", "The user flies to Oslo."


@pytest.mark.parametrize(
    ("said", "operation", "expires"),
    [
        ("I fly on Monday.", add(OSLO, kind="plan", expires="2999-11-23"), ["2998-03-09", "2999-11-23"]),
        (
            "My exam was moved by a week.",
            replaces(1, "The user's exam is on 2998-03-16, not 2998-03-09."),
            ["2998-03-16"],
        ),
        ("I passed my exam!", replaces(1, "The user passed the exam."), [""]),  # it became a fact
    ],
    ids=["a new one", "put off", "over"],
)
def test_a_plan_is_of_use_until_its_day(
    mind: Mind, said: str, operation: dict[str, Any], expires: list[str]
) -> None:
    mind.knows(EXAM, expires="2998-03-09")
    mind.hears(batch(said), operation)
    assert sorted(memory.expires for memory in mind.backend.list_all("ada")) == expires


def test_expired_plans_leave_recall_and_hide_nothing(mind: Mind) -> None:
    for number in range(12):
        mind.knows(f"The user flew to Oslo for the {number}. time.", expires="2020-01-01")
    mind.knows("The user flies to Oslo every year.", expires="2999-01-01")
    found = mind.backend.search("ada", "Has the user flown to Oslo for the 3. time?", 4)
    assert [item.memory.text for item in found] == ["The user flies to Oslo every year."]
