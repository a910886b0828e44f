"""Answers in Markdown: whatever stands in a memory is text."""

import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from owui_memory.commands.answers import Answers, shown
from owui_memory.core.memory import Memory
from owui_memory.core.scope import shared_by
from owui_memory.manage.outcomes import Page
from owui_memory.recall.why import Explanation, Weighed

AT = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
CHAT = "2978821d-6553-4ff4-b022-d1f2fcc93ea4"
ANSWERS = Answers("Asia/Tokyo", CHAT, "ada")

HOSTILE = [
    "a | b | c",
    "one\n\n# two\n- three",
    "`code` ``more`` ```fence```",
    "[click](javascript:alert(1))",
    "[ref]: http://evil.example",
    "![x](http://evil.example/?leak)",
    "<img src=x onerror=alert(1)>",
    "</details><script>alert(1)</script>",
    "http://evil.example www.evil.example mail@evil.example",
    "$x^2$ $$y$$",
    "{{USER_NAME}} {{HTML_FILE_ID_1}}",
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "&lt;b&gt; &#60;i&#62;",
    "\\| \\` \\[x\\](y)",
    "‮reversed​ and\x07bell",
]


def one_cell(text: str) -> str:
    """The memory's cell in a list."""
    *_, row = ANSWERS.page(Page((Memory("id", text, AT, AT, chat="c"),), 1)).splitlines()
    cells = re.split(r"(?<!\\)\|", row)
    assert len(cells) == 6, row
    return cells[2].strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_memory_is_markup(text: str) -> None:
    unescaped = re.sub(r"\\[\\`*_{}\]<>|~$&@#^=.:]", "", one_cell(text))
    assert not re.search(r"[\\`*_{}\]<>|~$&@#^=]|://|www\.", unescaped), unescaped


@given(st.text(max_size=80))
@example("א")
@example("Ada \u2068(٣)\u2069 | x")
def test_any_text_is_one_cell_and_reads_as_before(text: str) -> None:
    """But for one pair of isolates around all of a text that turns the direction."""
    cell = shown(text)
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text):
        assert (cell[0], cell[-1]) == ("\u2068", "\u2069")
        cell = cell[1:-1]
    assert "\n" not in cell
    assert not re.search(r"(?<!\\)(?:\\\\)*[|`<>*]", cell)
    read = re.sub(r"\\(.)", r"\1", cell)
    assert set(read) <= set(" ".join(text.split()))


def test_a_list_says_when_on_the_users_clock_and_links_only_to_chats() -> None:
    memories = (
        Memory("1", "here", AT, AT, chat=CHAT),
        Memory("2", "there", AT, AT, chat="11111111-2222-4333-8444-555555555555"),
        Memory("3", "nowhere", None, None, chat="x) [y](http://evil.example"),
        Memory("4", "a plan", AT, AT, expires="2026-05-02"),
    )
    assert ANSWERS.page(Page(memories, 44, number=2, pages=3)).splitlines() == [
        "**44 memories**, newest first",
        "",
        "| # | Memory | When | Chat |",
        "|--:|---|---|---|",
        "| 21 | here | 2026-05-02 | this one |",
        "| 22 | there | 2026-05-02 | [open](/c/11111111-2222-4333-8444-555555555555) |",
        "| 23 | nowhere |  |  |",
        "| 24 | a plan (its day is over) | 2026-05-02 |  |",
        "",
        "Page 2 of 3. `/memory page 3` shows more.",
    ]


def test_a_list_says_where_those_are_known_that_are_not_known_in_all_chats() -> None:
    memories = (
        Memory("1", "of the chat's folder", AT, AT, chat=CHAT, scope="folder:f"),
        Memory("2", "of some folder", AT, AT, scope="folder:f"),
        Memory("3", "of a persona", AT, AT, scope="persona:my|tutor"),
        Memory("4", "of a team", AT, AT, scope="team:design"),
        Memory("5", "known in all", AT, AT),
        Memory("6", "of Bob", AT, AT, batch=shared_by("bob"), scope="team:design", by="Bob |"),
        Memory("7", "of Ada", AT, AT, batch=shared_by("ada"), scope="team:design", by="Ada"),
    )
    assert ANSWERS.page(Page(memories, 7)).splitlines()[2:] == [
        "| # | Memory | When | Chat | Where |",
        "|--:|---|---|---|---|",
        "| 1 | of the chat's folder | 2026-05-02 | this one | this project |",
        "| 2 | of some folder | 2026-05-02 |  | a project |",
        "| 3 | of a persona | 2026-05-02 |  | told to my\\|tutor |",
        "| 4 | of a team | 2026-05-02 |  | A member of team design |",
        "| 5 | known in all | 2026-05-02 |  |  |",
        "| 6 | of Bob | 2026-05-02 |  | Bob, team design |",
        "| 7 | of Ada | 2026-05-02 |  | you, team design |",
    ]


def test_an_export_cannot_end_its_block_and_comes_in_parts() -> None:
    rows = [{"memory": f"````\n{number}"} for number in range(150)]
    first = ANSWERS.exported(rows, 1, "ada").splitlines()
    fence = first[2].removesuffix("json")
    assert set(fence) == {"`"}
    assert len(fence) == 5
    end = first.index(fence)
    assert [json.loads(line) for line in first[3:end]] == rows[:100]
    assert "`/memory export 2`" in first[-1]
    assert [json.loads(line) for line in ANSWERS.exported(rows, 2, "ada").splitlines()[3:53]] == rows[100:]
    assert "no part 3" in ANSWERS.exported(rows, 3, "ada")


def test_why_says_in_words_what_was_used_and_what_was_not() -> None:
    weighed = (
        Weighed("dog", 0.71, 1.0, 0.9, "told"),
        Weighed("city", 0.1, 0.0, 0.1, "not relevant"),
        Weighed("gone", 0.3, 0.3, 0.1, "others are better"),
    )
    explanation = Explanation("What is | he called?", 1.0, 0.42, weighed, more=3, profile=("name",))
    there = {"dog": "Rex", "city": "Lisbon", "name": "I am Ada"}
    assert ANSWERS.why(explanation, there).splitlines() == [
        "About the message “What is \\| he called?”",
        "",
        "**Used for the answer**",
        "",
        "- “I am Ada”: in every conversation",
        "- “Rex”: told (very near in meaning, most words in common)",
        "",
        "**Left out**",
        "",
        "- “Lisbon”: not relevant (far in meaning, no words in common)",
        "- (forgotten since): others are better (somewhat near in meaning, some words in common)",
        "",
        "and 3 more.",
    ]
    assert "No memories have been looked for" in ANSWERS.why(None, {})


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "the user has switched memory off here",
            "you have switched memory off here, and `/memory on` switches it on.",
        ),
        ("the user's Memory switch is off", "your Memory switch is off, under Settings > Personalization."),
        ("the model is external (local\\_only)", None),
        ("The store at q:6333 cannot be reached.", "The store cannot be reached."),
        ("The embedder at 10.0.0.7:9000 is slow.", "The embedder is slow."),
        ("PostgreSQL at db.example:5432 (MEMORY_STATE_URL) refuses.", "PostgreSQL refuses."),
    ],
)
def test_why_says_when_and_why_nothing_was_looked_for(reason: str, told: str | None) -> None:
    explanation = replace(Explanation.of_left_alone(reason.replace("\\", "")), at=AT.timestamp())
    head = "No memories were used for the last message (2026-05-02 08:30): "
    assert ANSWERS.why(explanation, {}) == head + (told or f"{reason}.")


def test_why_says_since_when_something_stands_in_the_prompt() -> None:
    weighed = (Weighed("dog", 0.1, 0.0, 0.1, "not relevant"), Weighed("city", 0.1, 0.0, 0.1, "not relevant"))
    standing = (("dog", 1), ("cat", 3))
    explanation = Explanation("Convert miles.", 0.1, 0.42, weighed, standing=standing)
    answer = ANSWERS.why(explanation, {"dog": "Rex", "cat": "Tom", "city": "Lisbon"})
    assert "so no memory was used" not in answer
    assert answer.splitlines() == [
        "About the message “Convert miles.”",
        "",
        "Nothing more was relevant enough to be added for this message.",
        "",
        "**In the prompt from earlier messages**",
        "",
        "- “Rex”: since your message 1",
        "- “Tom”: since your message 3",
        "",
        "What a chat has been told stays in its prompt. Commands do not count as messages.",
        "",
        "**Left out**",
        "",
        "- “Lisbon”: not relevant (far in meaning, no words in common)",
    ]


def test_why_says_since_when_what_is_relevant_was_told() -> None:
    weighed = (Weighed("dog", 0.7, 1.0, 0.9, "told before"),)
    explanation = Explanation("And Rex?", 1.0, 0.42, weighed, standing=(("dog", 2),))
    answer = ANSWERS.why(explanation, {"dog": "Rex"})
    assert "- “Rex”: told since your message 2 (very near in meaning, most words in common)" in answer
    assert "In the prompt from earlier" not in answer


def test_why_says_that_nothing_was_looked_for() -> None:
    answer = ANSWERS.why(
        Explanation("How are you?", 0.0, 0.42, profile=("name",), searched=False), {"name": "Ada"}
    )
    assert "- “Ada”: in every conversation" in answer
    assert "`memories_per_turn` to 0" in answer


def test_why_says_that_what_was_said_is_not_remembered() -> None:
    explanation = Explanation("How are you?", 0.0, 0.42, left_alone="it is as long as a pasted document")
    assert ANSWERS.why(explanation, {}).endswith(
        "\n\nWhat was said is not remembered: it is as long as a pasted document."
    )


def test_why_of_what_leaves_no_trace() -> None:
    assert "Temporary chats are left alone" in Answers("", "temporary:s").why(None, {})
    assert "not a chat of its own" in Answers("", "").why(None, {})
