"""`/memory ...` as it is read, and what it makes of a body."""

from __future__ import annotations

import pytest

from owui_memory.chat.asides import NOTES, without_asides
from owui_memory.chat.body import with_answer
from owui_memory.chat.slash import Command, read_command, with_task
from tests.harness.bodies import Chat, inlet_body, recording


@pytest.mark.parametrize(
    ("text", "verb", "rest"),
    [
        ("/memory", "list", ""),
        ("  /memory  ", "list", ""),
        ("/Memory LIST", "list", ""),
        ("/memory page 2", "page", "2"),
        ("/memory remember  I like\ntea. ", "remember", "I like\ntea."),
        ("/memory import\n{}\n{}", "import", "{}\n{}"),
        ("/memory\nforget 3", "forget", "3"),
    ],
)
def test_a_command(text: str, verb: str, rest: str) -> None:
    assert read_command(text) == Command(verb, rest)


@pytest.mark.parametrize(
    "text", ["", "memory", "/memorys", "/memory-list", "Try /memory", "/mem", "//memory", "/ memory"]
)
def test_no_command(text: str) -> None:
    assert read_command(text) is None


def test_the_task_leaves_nothing_that_would_be_searched_or_called() -> None:
    body = inlet_body("/memory", system="You are a pirate.")
    body |= {"tools": [{}], "tool_ids": ["t"], "files": [{}], "skill_ids": ["s"]}
    sent = with_task(body)
    assert sent["messages"] == [{"role": "user", "content": "Reply with: OK"}]
    assert {"tools", "tool_ids", "files", "skill_ids"}.isdisjoint(sent)
    assert sent["features"] == {}
    assert (sent["model"], sent["metadata"]) == (body["model"], body["metadata"])


class TestAnswer:
    def test_reasoning_and_tools_make_room(self) -> None:
        body = recording("reasoning.outlet")["body"]
        assert len(body["messages"][-1]["output"]) > 1
        last = with_answer(body, "the answer")["messages"][-1]
        assert last["content"] == "the answer"
        (item,) = last["output"]
        assert item["type"] == "message"
        assert [part["text"] for part in item["content"]] == ["the answer"]

    def test_the_callers_body_is_not_touched(self) -> None:
        body = recording("first-turn.outlet")["body"]
        with_answer(body, "the answer")
        with_answer(body, "a note", below=True)
        assert body == recording("first-turn.outlet")["body"]

    def test_without_a_message_among_the_output_there_is_one(self) -> None:
        body = recording("first-turn.outlet")["body"]
        body["messages"][-1]["output"] = []
        (item,) = with_answer(body, "the answer")["messages"][-1]["output"]
        assert item["content"] == [{"type": "output_text", "text": "the answer"}]

    def test_a_note_stands_below_what_the_model_said(self) -> None:
        body = recording("reasoning.outlet")["body"]
        before = body["messages"][-1]
        last = with_answer(body, "a note", below=True)["messages"][-1]
        assert last["content"] == f"{before['content']}\n\na note"
        assert last["output"][:-1] == before["output"][:-1]
        assert last["output"][-1]["content"][0]["text"].endswith("\n\na note")


class TestAsides:
    def body(self, *contents: str) -> dict[str, object]:
        roles = ("user", "assistant")
        history = [{"id": "m", "role": roles[at % 2], "content": text} for at, text in enumerate(contents)]
        return Chat(history=history).say("And now?").inlet

    def contents(self, body: dict[str, object]) -> list[str]:
        return [message["content"] for message in without_asides(body)["messages"]]

    def test_commands_and_their_answers_are_left_out(self) -> None:
        body = self.body("Hello.", "Hi.", "/memory", "| 1 | My PIN is 1 |", "Fine.", "Good.")
        assert self.contents(body) == ["Hello.", "Hi.", "Fine.", "Good.", "And now?"]

    def test_notes_are_left_out(self) -> None:
        note = f"{NOTES}\n<summary>Memory: 1 used</summary>\n\n- “x”\n\n</details>"
        assert self.contents(self.body("Hello.", f"Hi.\n\n{note}")) == ["Hello.", "Hi.", "And now?"]

    def test_a_body_without_them_is_the_same(self) -> None:
        body = self.body("Hello.", "Hi <details><summary>my own</summary></details>")
        assert without_asides(body) is body

    def test_a_command_that_is_to_be_answered_stays(self) -> None:
        body = Chat().say("/memory").inlet
        assert without_asides(body) is body

    @pytest.mark.parametrize("body", [None, [], {"messages": None}, {"messages": [1, None, {}]}])
    def test_whatever_comes(self, body: object) -> None:
        assert without_asides(body) == body
