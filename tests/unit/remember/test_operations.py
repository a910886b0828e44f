"""What models answer is read as it is meant, or is an error; a hostile one costs no more than its length."""

import json

import pytest

from owui_memory.remember.operations import MOST_OPERATIONS, TOO_MANY, UnreadableAnswerError, read_operations

PORTO = '{"operations":[{"op":"add","text":"The user lives in Porto.","kind":"profile"}]}'
EMPTY = '{"operations": []}'


def texts(answer: str) -> list[str]:
    return [operation.text for operation in read_operations(answer) if not operation.refused]


# Which JSON ---------------------------------------------------------------------------------------


def test_the_last_object_outside_the_reasoning_counts() -> None:
    for before in [
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
    ]:
        for after in ["", "\n```\nDone.", "<|return|>", ' In the form {"operations": [...]} as told.']:
            assert texts(before + PORTO + after) == ["The user lives in Porto."]


def test_a_draft_is_never_taken_for_the_answer() -> None:
    for answer in [
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
    ]:
        with pytest.raises(UnreadableAnswerError):
            read_operations(answer)


def test_what_a_text_holds_is_text() -> None:
    for text in [
        "The user asks about </think> and <think>.",
        'The user wrote {"operations": [1]} and ] and }.',
        "The user wrote, ] and , }.",
        "C:\\users\\u00e9 \\ud83d",
    ]:
        assert texts(json.dumps({"operations": [{"op": "add", "text": text}]})) == [text]


def test_near_shapes_are_taken() -> None:
    for answer in [
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
    ]:
        assert texts(answer) == ["tea"]


def test_synonyms() -> None:
    for item, op, number in [
        ({"op": "update", "id": 2, "text": "x"}, "replace", 2),
        ({"op": "Modify", "memory_id": "2", "text": "x"}, "replace", 2),
        ({"op": "DELETE", "id": "[2]"}, "remove", 2),
        ({"op": "forget", "id": 2.0}, "remove", 2),
        ({"op": "remove", "number": "#2."}, "remove", 2),
        ({"op": "remove", "id": "memory 2"}, "remove", 2),
        ({"op": "remove", "id": -1}, "remove", -1),
    ]:
        (operation,) = read_operations(json.dumps({"operations": [item]}))
        assert (operation.op, operation.number, operation.refused) == (op, number, "")


def test_nothing_to_do_is_no_operation() -> None:
    for op in ["none", "NOOP", "no_change", "keep"]:
        assert read_operations(json.dumps({"operations": [{"op": op, "id": 1}]})) == []


# Good and bad ones --------------------------------------------------------------------------------


def test_a_bad_operation_costs_no_good_one() -> None:
    for bad in [
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
    ]:
        good = '{"op":"add","text":"tea"}'
        operations = read_operations(f'{{"operations":[{good},{bad},{good}]}}')
        assert [bool(operation.refused) for operation in operations] == [False, True, False]
        assert operations[1].text == ""


def test_letters_and_digits_of_any_script_are_words() -> None:
    for text in ["茶", "чай", "ຊາ", "តែ", "☕ ١٢", "Ⅳ"]:
        assert texts(json.dumps({"operations": [{"op": "add", "text": text}]})) == [text]


def test_twenty_are_read() -> None:
    for many in [21, 20_000]:
        listed = [{"op": "add", "text": f"Fact {number}."} for number in range(many)]
        for answer in (json.dumps({"operations": listed}), json.dumps(listed)):
            operations = read_operations(answer)
            assert [operation.refused for operation in operations] == [""] * MOST_OPERATIONS + [TOO_MANY]


# Broken characters --------------------------------------------------------------------------------


def test_broken_characters_are_made_plain() -> None:
    for said, read in [
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
    ]:
        assert texts(f'{{"operations":[{{"op":"add","text":"{said}"}}]}}') == [read]
