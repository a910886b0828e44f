"""How an exchange is cut into passages."""

from owui_memory.core.exchange import Exchange
from owui_memory.remember.passages import ASSISTANT, USER, Passage, passages
from tests.harness.hang import work_ends

LONG = "The harbour wall was rebuilt after the storm, and the masons used granite from the north. "


def cut(said: str, answer: str = "") -> list[Passage]:
    return passages(Exchange("ada\nc\nm", "ada", "c", said, answer, 1.0))


def texts(said: str, answer: str = "") -> list[str]:
    return [passage.text for passage in cut(said, answer)]


def test_greetings_thanks_and_crumbs_leave_nothing() -> None:
    for said, answer in [
        ("", ""),
        ("hi", "Hello! How can I help you today?"),
        ("Hallo!", "Hallo! Wie kann ich helfen?"),
        ("你好", "你好！有什么可以帮您？"),
        ("thanks!", "You're welcome! Let me know if you need anything else."),
        ("ok", ""),
        ("Really?", "Yes."),
        ("How are you?", "Fine, and you?"),
        ("...", "!!!"),
        ("```\n```", ""),
    ]:
        assert cut(said, answer) == []


def test_a_short_message_is_one_passage() -> None:
    for said in [
        "I'm vegan",
        "My dog is Rex.",
        "42",
        "我不喝酒",
        "Ich bin Ärztin",
        "Я веган",
        "What is a quark?",
    ]:
        assert cut(said, "Noted, I will keep that in mind for the recipes.")[0] == Passage(USER, said)


def test_an_answer_is_found_by_its_question_and_says_who_spoke() -> None:
    asked, answered = cut("Which hotel near the harbour?", "The Bellevue has rooms on the ninth.")
    assert (asked.role, answered.role) == (USER, ASSISTANT)
    assert answered.lead == asked.text
    assert asked.lead == ""


def test_an_answer_to_a_word_of_agreement_is_kept_without_it() -> None:
    assert texts("yes", "Then I book table 4 for six people at the Bellevue.") == [
        "Then I book table 4 for six people at the Bellevue."
    ]


def test_a_long_answer_is_cut_between_sentences() -> None:
    for sentence in [LONG, "我住在北京，每天早上喝茶，晚上读书。", "Я живу в Лиссабоне и люблю чай. "]:
        found = texts("What happened at the harbour?", sentence * 80)[1:]
        assert len(found) > 3
        assert all(len(text) <= 1000 for text in found)
        assert all(text.endswith(sentence.strip()[-1]) for text in found)
        assert "".join("".join(found).split()) == "".join((sentence * 80).split())


def test_paragraphs_begin_passages_where_there_is_enough() -> None:
    found = texts("Tell me.", f"{LONG * 4}\n\nIn short: granite, from the north, in 1921. {LONG * 4}")
    assert [text.startswith(("The harbour", "In short")) for text in found[1:]] == [True, True]


def test_a_heading_goes_with_what_is_below_it() -> None:
    found = texts("Tell me.", f"{LONG * 7}\n## Costs\n{LONG * 7}")
    assert any(text.startswith("## Costs / The harbour") for text in found)


def test_what_is_no_prose_is_shortened_to_what_it_is() -> None:
    for said, kept in [
        (
            "It fails:\n```python\n# app/main.py\nimport os\n" + "print(os)\n" * 9 + "```",
            "It fails: [python app/main.py, 11 lines: # app/main.py]",
        ),
        ("Run this:\n```sh\nmake check\n```", "Run this: [sh: make check]"),
        (
            "Ages below\n\n| Name | Age |\n|---|---|\n| Ada | 36 |\n| Bob | 41 |",
            "Ages below / [table, 2 rows: Name | Age: Ada, Bob]",
        ),
        (
            "The log says this\n" + "2024-01-01 10:00:00 ERROR no disk\n" * 8,
            "The log says this / [log or code, 8 lines: 2024-01-01 10:00:00 ERROR no disk]",
        ),
        ("He wrote\n> see you on Monday\n> at nine", "He wrote / see you on Monday at nine"),
        ("He wrote\n" + f"> {LONG}\n" * 8, f"He wrote / [quote, 720 characters: {LONG.strip()}]"),
    ]:
        assert texts(said) == [kept]


def test_a_pasted_document_is_shortened_and_ones_own_words_around_it_stay() -> None:
    (kept,) = texts(f"Summarise this for my boss Eve.\n\n{LONG * 40}\n\nKeep it under a page.")
    assert kept.startswith("Summarise this for my boss Eve. [pasted text, 3,")
    assert kept.endswith("Keep it under a page.")
    assert len(kept) < 300


def test_who_tells_of_themselves_at_length_is_kept_whole() -> None:
    told = "I moved to Lisbon in May, and my sister Eve came along with her two dogs. " * 40
    assert "".join(texts(told)).replace(" ", "") == told.replace(" ", "")


def test_hostile_texts_leave_a_bounded_number_in_linear_time() -> None:
    for unit in ["a", "我", "| a\n", "> x\n", "```\n", "{\n", "a. ", "\n", "x;\n\n", "[[", "|-"]:
        text = unit * (100_000 // len(unit))
        with work_ends(unit):
            assert len(cut(text, text)) <= 80
