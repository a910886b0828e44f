"""What an LLM should read, and what is remembered as it stands: in any language, and no debris."""

import pytest

from owui_memory.core.exchange import Exchange
from owui_memory.remember.gate import judge, sift, statements
from tests.harness.inputs import cases

WORK = "Here it is, with some words about why it is so and not otherwise. " * 30
POEM = "Golden leaves are falling down,\n" * 60
NOTED = "Got it."
ARTICLE = "The city council has decided to build a new bridge over the river next year. " * 40
STORY = "I was born in Porto and my mother taught me to cook when our father was at sea. " * 40

CASES, WHOSE = cases("remember/gate.txt"), cases("remember/whose_words.txt")


def exchange(text: str, answer: str = NOTED) -> Exchange:
    return Exchange("k", "ada", "c", text, answer, 1.0)


def reason(text: str, answer: str = NOTED) -> str:
    return judge(exchange(text, answer))


# What an LLM should read ---------------------------------------------------------------------------


def test_facts_and_wishes_are_read() -> None:
    always = [text for (text,) in CASES["read, however long the answer"]] + ["My CV:\n\n" + ARTICLE, STORY]
    assert {text: why for text in always for answer in (NOTED, WORK) if (why := reason(text, answer))} == {}
    short = [text for (text,) in CASES["read, where the answer is short"]]
    assert {text: why for text in short if (why := reason(text))} == {}
    assert reason("Clara is allergic to nuts.", WORK[:1500]) == "", "a chatty answer makes it no task"


def test_debris_is_not_read() -> None:
    assert {text: reason(text) for _, text in CASES["not read"]} == {
        text: why for why, text in CASES["not read"]
    }
    pasted = (ARTICLE, f"Summarise this:\n\n{ARTICLE}", f"Fasse das zusammen:\n\n{ARTICLE}\n\nDanke")
    assert {reason(text) for text in pasted} == {"a pasted document"}
    assert reason("") == "nothing said"


def test_a_short_request_with_a_piece_of_work_for_an_answer_is_a_task() -> None:
    asked = [text for (text,) in CASES["a task, where the answer is a piece of work"]]
    assert {text: why for text in asked if (why := reason(text, POEM)) != "a task"} == {}
    assert reason("Translate this:\nThe weather is nice today.", "Das Wetter ist heute schön.") == "a task"


@pytest.mark.xfail(strict=True, reason="in doubt, it is let through: a call costs less than a fact")
@pytest.mark.parametrize(
    "text",
    [
        "Thanks a lot",  # three words could be a fact: "Rex is seven"
        "Translate good morning into French.",  # its answer is short, like one to a fact
        "How do I reverse a list in Python?",  # "I" could come with a fact
        "what is the capital of france",
        "สวัสดีครับ",
    ],
)
def test_known_misses_debris_that_is_read(text: str) -> None:
    assert reason(text) != ""


def test_an_answer_to_the_assistants_question_is_read_and_the_question_with_it() -> None:
    asked, told = exchange("Hi there!", "Hello! What is your dog called?"), exchange("Rex")
    assert [not why for _, why in sift([asked, told], verbatim=False)] == [True, True]
    assert [not why for _, why in sift([told, asked], verbatim=False)] == [False, False]


def test_a_batch_keeps_its_order() -> None:
    said = [exchange("Hi there!"), exchange("I live in Lisbon."), exchange("Why?")]
    sifted = list(sift(said, verbatim=False))
    assert [one for one, _ in sifted] == said
    assert [why for _, why in sifted] == ["a greeting or a crumb", "", "only a question"]


def test_verbatim_is_stricter() -> None:
    said = [exchange("Write a poem about autumn."), exchange("I live in Lisbon.")]
    assert [why for _, why in sift(said, verbatim=True)] == ["nothing stated", ""]
    assert [why for _, why in sift(said, verbatim=False)] == ["", ""]


def test_only_the_users_own_words_ask_to_forget() -> None:
    others = ("Translate to French: {}", "My boss wrote:\n{}", "> {}\n\nWhat does he mean?")
    said = ["Forget my dog.", *(shape.format("Forget my dog.") for shape in others)]
    said.append('Reply to "Please forget my dog and me", will you?')
    assert [not why for _, why in sift(map(exchange, said), verbatim=True)] == [True, *[False] * 4]


# What is remembered as it stands -------------------------------------------------------------------


def test_statements() -> None:
    expected = {text: kept for text, *kept in CASES["statements"]}
    assert {text: statements(text) for text in expected} == expected
    assert statements("Summarise this:\n\n" + ARTICLE) == statements("word " * 200) == statements("") == []


def test_a_task_after_a_statement_is_not_taken_for_its_end() -> None:
    assert statements("I moved to Porto. Write a poem about it.", POEM) == ["I moved to Porto."]


def test_a_request_for_oneself_is_told_from_a_fact_by_its_answer() -> None:
    assert statements("Call me Ada, please.", NOTED) == ["Call me Ada, please."]
    assert statements("Give me a pancake recipe.", POEM) == []


def test_only_the_users_own_statements_are_kept() -> None:
    others = WHOSE["nothing"] + WHOSE["nothing, in languages whose tables came later"]
    assert {text: kept for (text,) in others if (kept := statements(text, NOTED))} == {}
    own = {text: (more or [text])[0] for text, *more in WHOSE["kept"]}
    assert {text: kept for text, kept in own.items() if kept not in statements(text, NOTED)} == {}
