"""What models answer is read as it is meant, or is an error; a hostile one costs no more than its length."""

from __future__ import annotations

import json

import pytest

from owui_memory.remember.operations import MOST_OPERATIONS, TOO_MANY, UnreadableAnswerError, read_operations

PORTO = '{"operations":[{"op":"add","text":"The user lives in Porto.","kind":"profile"}]}'
EMPTY = '{"operations": []}'


def texts(answer: str) -> list[str]:
    return [operation.text for operation in read_operations(answer) if not operation.refused]


# Which JSON ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        f"The usual answer is {EMPTY}, but this user tells where they live.\n</think>\n",
        f"First draft: {EMPTY}. Final:\n",
        f"<think>{EMPTY}</think>",
        f"<thinking>A <think> in it: {EMPTY}</thinking>\n",
        f"<reasoning>{EMPTY}</reasoning>",
        f"[THINK]{EMPTY}[/THINK]",
        f"<seed:think>{EMPTY}</seed:think>",
        f"<|START_THINKING|>{EMPTY}<|END_THINKING|>",
        f"<|begin_of_thought|>{EMPTY}<|end_of_thought|>",
        f"◁think▷{EMPTY}◁/think▷",
        f"<|channel|>analysis<|message|>{EMPTY}<|end|><|start|>assistant<|channel|>final<|message|>",
        f"<|channel|>analysis<|message|>{EMPTY}<|end|><|channel|>final <|constrain|>json<|message|>",
        f"<|channel>thought\n{EMPTY}<channel|>",
        f"Here is my thought process: {EMPTY}\nHere is my response:\n",
        'A brace { and a quote " and [1, 2 before it: ',
        f"{EMPTY}\n{EMPTY}\n",
    ],
)
@pytest.mark.parametrize(
    "after", ["", "\n```\nDone.", "<|return|>", ' In the form {"operations": [...]} as told.']
)
def test_the_last_object_outside_the_reasoning_counts(before: str, after: str) -> None:
    assert texts(before + PORTO + after) == ["The user lives in Porto."]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I am sorry.",
        f"<think>{EMPTY}</think> I am sorry.",
        f"<think>{EMPTY}",
        f"{EMPTY}</think>",
        f"<|channel|>analysis<|message|>{EMPTY}",
        f"Draft: {EMPTY} Final: " + PORTO[:40],
        f"Draft: {PORTO} Final: " + '{"operations": [',
        f"Draft: {EMPTY} Final: " + PORTO.replace('","kind', '" "kind'),
        "[1, 2]",
        '"operations"',
        '{"operations": [1, 2]}',
        '{"operations": ["The user likes tea."]}',
        '{"operations": [{"op": "keep", "text": "The user likes tea."}]}',
        '{"operations": [{"text": "The user likes tea."}]}',
    ],
)
def test_a_draft_is_never_taken_for_the_answer(answer: str) -> None:
    with pytest.raises(UnreadableAnswerError):
        read_operations(answer)


@pytest.mark.parametrize(
    "text",
    [
        "The user asks about </think> and <think>.",
        'The user wrote {"operations": [1]} and ] and }.',
        "The user wrote, ] and , }.",
        "C:\\users\\u00e9 \\ud83d",
    ],
)
def test_what_a_text_holds_is_text(text: str) -> None:
    assert texts(json.dumps({"operations": [{"op": "add", "text": text}]})) == [text]


@pytest.mark.parametrize(
    "answer",
    [
        '{"op":"add","text":"tea"}',
        '[{"op":"add","text":"tea"}]',
        'Sure: {"op":"ADD","text":"tea"}. Done.',
        '{"operations": {"op":"add","text":"tea"}}',
        '{"Operations": [{"Op":"Add","Text":"tea"}]}',
        '{"operations": [{"action":"create","memory":"tea"}]}',
        '{"reason": "because", "operations": [{"op":"insert","content":"tea"}], "more": {"a": 1}}',
        '{"operations": [{"op":"add","text":"tea",},],}',
        '<think>{"op":"add","text":"no"}</think>{"op":"add","text":"tea"}',
        '{"operations": [{"op":"add","text":"tea"}',
    ],
)
def test_near_shapes_are_taken(answer: str) -> None:
    assert texts(answer) == ["tea"]


@pytest.mark.parametrize(
    ("item", "op", "number"),
    [
        ({"op": "update", "id": 2, "text": "x"}, "replace", 2),
        ({"op": "Modify", "memory_id": "2", "text": "x"}, "replace", 2),
        ({"op": "DELETE", "id": "[2]"}, "remove", 2),
        ({"op": "forget", "id": 2.0}, "remove", 2),
        ({"op": "remove", "number": "#2."}, "remove", 2),
        ({"op": "remove", "id": "memory 2"}, "remove", 2),
        ({"op": "remove", "id": -1}, "remove", -1),
    ],
)
def test_synonyms(item: dict[str, object], op: str, number: int) -> None:
    (operation,) = read_operations(json.dumps({"operations": [item]}))
    assert (operation.op, operation.number, operation.refused) == (op, number, "")


@pytest.mark.parametrize("op", ["none", "NOOP", "no_change", "keep"])
def test_nothing_to_do_is_no_operation(op: str) -> None:
    assert read_operations(json.dumps({"operations": [{"op": op, "id": 1}]})) == []


# Good and bad ones --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        '{"op":"add","text":"' + "x" * 501 + '"}',
        '{"op":"add"}',
        '{"op":"add","text":""}',
        '{"op":"add","text":"..."}',
        '{"op":"add","text":"—?!"}',
        '{"op":"add","text":7}',
        '{"op":"add","text":["a"]}',
        '{"op":"replace","text":"x"}',
        '{"op":"replace","id":null,"text":"x"}',
        '{"op":"replace","id":Infinity,"text":"x"}',
        '{"op":"replace","id":1e400,"text":"x"}',
        '{"op":"replace","id":NaN,"text":"x"}',
        '{"op":"replace","id":true,"text":"x"}',
        '{"op":"remove","id":"the first"}',
        '{"op":"remove","id":{"a":1}}',
        '{"op":"shout","text":"x"}',
        '{"op":7,"text":"x"}',
        '{"text":"x"}',
        "null",
        "[]",
        "7",
        '"add"',
    ],
)
def test_a_bad_operation_costs_no_good_one(bad: str) -> None:
    good = '{"op":"add","text":"tea"}'
    operations = read_operations(f'{{"operations":[{good},{bad},{good}]}}')
    assert [bool(operation.refused) for operation in operations] == [False, True, False]
    assert operations[1].text == ""


@pytest.mark.parametrize("text", ["茶", "чай", "ຊາ", "តែ", "☕ ١٢", "Ⅳ"])
def test_letters_and_digits_of_any_script_are_words(text: str) -> None:
    assert texts(json.dumps({"operations": [{"op": "add", "text": text}]})) == [text]


@pytest.mark.parametrize("many", [21, 20_000])
def test_twenty_are_read(many: int) -> None:
    listed = [{"op": "add", "text": f"Fact {number}."} for number in range(many)]
    for answer in (json.dumps({"operations": listed}), json.dumps(listed)):
        operations = read_operations(answer)
        assert [operation.refused for operation in operations] == [""] * MOST_OPERATIONS + [TOO_MANY]


# Broken characters --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (r"half \ud83d here", "half \N{REPLACEMENT CHARACTER} here"),
        (r"half \udc00\ud83d", "half \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
        (r"whole \ud83d\ude00", "whole 😀"),
        (r"whole \uD83D\uDE00", "whole 😀"),
        (r"nul \u0000", "nul \N{REPLACEMENT CHARACTER}"),
        (r"bell \u0007\u001b[31m red\u009b", "bell [31m red"),
        (r"a backslash \\ud83d", r"a backslash \ud83d"),
        ("raw \ud83d half", "raw \N{REPLACEMENT CHARACTER} half"),
        ("raw \0 nul \x1b", "raw \N{REPLACEMENT CHARACTER} nul"),
        (r"a line\nand a\ttab", "a line and a tab"),
    ],
)
def test_broken_characters_are_made_plain(said: str, read: str) -> None:
    assert texts(f'{{"operations":[{{"op":"add","text":"{said}"}}]}}') == [read]
