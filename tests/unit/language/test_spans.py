"""What is taken out of texts, and what stays."""

import re

import pytest

from owui_memory.commands.markup import NOTES
from owui_memory.interfaces.strip_commands import without_commands
from owui_memory.language.spans import without_spans, without_thoughts
from owui_memory.recall.block import line, render, without_block
from tests.harness.samples import NOW, memory

BLOCK = render([line(memory("Likes tea."), NOW), line(memory("Has a dog."), NOW)])
OPENING = "\n".join(BLOCK.split("\n")[:2])  # with the header


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("nothing", "nothing"),
        ("a [x] b", "a b"),
        ("[x][y] b", "b"),
        ("a [x", "a [x"),
        ("a x] b", "a x] b"),
        ("a [ b [x] c", "a [ b c"),
        ("a ] b [x] c ] d", "a ] b c ] d"),
        ("[x] [x", "[x"),
    ],
)
def test_spans(text: str, left: str) -> None:
    assert without_spans(text, "[", "]", after=re.compile(" ?")) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{BLOCK}\n\nHi", "Hi"),
        (f"Hi\n{BLOCK}", "Hi\n"),
        (f"{BLOCK}\n\n{BLOCK}\n\nHi", "Hi"),
        (OPENING * 1500, OPENING * 1500),
        (f"{OPENING}\nMine.\n{BLOCK}\n\nHi", f"{OPENING}\nMine.\nHi"),
        (f"{OPENING}\nMine.\n</user_memories>", f"{OPENING}\nMine.\n</user_memories>"),
        (f"{OPENING}\n- mine\nMine.\n</user_memories>", f"{OPENING}\n- mine\nMine.\n</user_memories>"),
        (f"{OPENING}</user_memories>", f"{OPENING}</user_memories>"),
    ],
)
def test_only_whole_blocks_are_ours(text: str, left: str) -> None:
    assert without_block(text) == left


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<think>I see.</think>Hello.", "Hello."),
        ("<think>a</think>Hello. <thinking>b</thinking>Bye.", "Hello. Bye."),
        ("<THINK>a <think> b</Think>Hello.", "Hello."),
        ('<details type="reasoning" done="true">\n> x\n</details>\nHello.', "\nHello."),
        ('Yes.<details type="tool_calls" arguments="&lt;x&gt;">x</details>', "Yes."),
        ("<details><summary>mine</summary>x</details>", "<details><summary>mine</summary>x</details>"),
        ("<think>never finished", ""),
        ('<think>a</think>\n<details type="reasoning">never finished', ""),
        ("Write <think> first.", "Write <think> first."),
        ("Write <think> first. <thinking>x</thinking>Done.", "Write <think> first. Done."),
        ("I was <thinking about it>.", "I was <thinking about it>."),
        ("no closing </think> tag", "no closing </think> tag"),
    ],
)
def test_what_a_model_said(answer: str, said: str) -> None:
    assert without_thoughts(answer) == said


TASK = {"metadata": {"task": "title_generation"}}


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        (
            "USER: Hi\nASSISTANT: Hello.\nUSER: /memory\nASSISTANT: | 1 | PIN |\n</chat_history>",
            "USER: Hi\nASSISTANT: Hello.\n{}\n</chat_history>",
        ),
        ("<chat_history>\nUSER: /Memory forget 1\nASSISTANT: Gone.\nUSER: Hi", "<chat_history>\n{}USER: Hi"),
        ("USER: I read /memory in the manual.", "USER: I read /memory in the manual."),
        ("A USER: /memory", "A USER: /memory"),
        (f"ASSISTANT: Hi.\n{NOTES}\nx\n</details>\n\nUSER: Hi", "ASSISTANT: Hi.\nUSER: Hi"),
    ],
)
def test_commands_in_the_prompt_of_a_task(prompt: str, left: str) -> None:
    body = {**TASK, "messages": [{"role": "user", "content": prompt}]}
    left = left.format("USER: What do you remember about me?\nASSISTANT: (a list)\n").replace(
        "\n\n</", "\n</"
    )
    assert without_commands(body)["messages"][0]["content"].replace("\n\n</", "\n</") == left
