"""Questions about the past: what asks for them, which time they name, and what hostile text costs."""

from datetime import date

import pytest

from owui_memory.language.past import Window, past_question

TODAY = date(2026, 11, 27)  # a Friday
LAST_WEEK = ("2026-11-16", "2026-11-22")


@pytest.mark.parametrize(
    "text",
    [
        "How often did I mention my back?",
        "Can you list the order in which I brought up these topics?",
        "What have we decided on the logo?",
        "Was habe ich dir über Rom gesagt?",
        "¿Cuántas veces te dije eso?",
        "Dans quel ordre en ai-je parlé ?",
        "Что мы решили?",
        "我们决定了什么？",
        "何回その話をした？",
    ],
)
def test_it_asks_for_what_was_said(text: str) -> None:
    assert past_question(text, TODAY).asks


@pytest.mark.parametrize(
    "text",
    ["What is 2+2?", "How do I summarise a PDF?", "May I ask you something?", "Wie wird das Wetter?", ""],
)
def test_it_asks_for_nothing_of_the_past(text: str) -> None:
    assert not past_question(text, TODAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("What did I ask you last week?", *LAST_WEEK),
        ("Was habe ich dir letzte Woche gesagt?", *LAST_WEEK),
        ("¿Qué te dije la semana pasada?", *LAST_WEEK),
        ("Que t'ai-je dit la semaine dernière ?", *LAST_WEEK),
        ("Что мы решили на прошлой неделе?", *LAST_WEEK),
        ("我上周问了你什么？", *LAST_WEEK),
        ("先週何を話した？", *LAST_WEEK),
        ("What did I say yesterday?", "2026-11-26", "2026-11-26"),
        ("and the day before yesterday?", "2026-11-25", "2026-11-25"),
        ("What did we do last month?", "2026-10-01", "2026-10-31"),
        ("three weeks ago", "2026-11-03", "2026-11-09"),
        ("vor 2 Tagen", "2026-11-25", "2026-11-25"),
        ("2026-05-08", "2026-05-08", "2026-05-08"),
        ("2026年5月", "2026-05-01", "2026-05-31"),
        ("on 8 May 2023", "2023-05-08", "2023-05-08"),
        ("im Dezember", "2025-12-01", "2025-12-31"),
        ("What happened in 2024?", "2024-01-01", "2024-12-31"),
    ],
)
def test_the_time_that_is_named(text: str, first: str, last: str) -> None:
    assert past_question(text, TODAY).window == Window(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("text", ["in 9999", "0000-00-00", "999 years ago", "2027-01-01"])
def test_no_such_time(text: str) -> None:
    assert past_question(text, TODAY).window is None
