"""`/memory ...` as it is read, and what it makes of a body."""

import json
from pathlib import Path

import pytest

from owui_memory.commands.markup import NOTES
from owui_memory.commands.parse import DID_YOU_MEAN, Command, nearest_verb, read_command, with_task
from owui_memory.commands.verbs import VERBS
from owui_memory.interfaces.body import with_answer
from owui_memory.interfaces.strip_commands import without_commands
from tests.harness.bodies import Chat, inlet_body, recording
from tests.harness.hang import work_ends

CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "commands" / "typed.json").read_text())


@pytest.mark.parametrize(("text", "verb", "rest"), CASES["commands"])
def test_a_command(text: str, verb: str, rest: str) -> None:
    assert read_command(text) == Command(verb, rest)


@pytest.mark.parametrize(("text", "meant"), CASES["slips in a name"])
def test_what_looks_like_a_command_is_asked_for(text: str, meant: str) -> None:
    assert read_command(text) == Command(DID_YOU_MEAN, meant)


@pytest.mark.parametrize("text", CASES["no commands"])
def test_no_command(text: str) -> None:
    assert read_command(text) is None


NEAR_TO_OTHERS = ("tem", "pag", "lis", "hep", "note", "notse", "profil")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if len(verb) >= 4])
def test_a_slip_in_a_verb_is_near_to_it(verb: str) -> None:
    """Two letters swapped, one left out, one doubled."""
    for at in range(len(verb) - 1):
        swapped = verb[:at] + verb[at + 1] + verb[at] + verb[at + 2 :]
        for slip in (swapped, verb[: at + 1] + verb[at + 2 :], verb[: at + 1] + verb[at:]):
            assert slip in NEAR_TO_OTHERS or nearest_verb(slip) == verb, slip


def test_what_is_no_verb_is_near_to_none() -> None:
    assert [word for word in ("dance", "xyz", "", "12", "\U0001f600" * 40) if nearest_verb(word)] == []


@pytest.mark.parametrize(
    "begin", ["/memory x", "/", "/ ", "`", "/memory y", "/memor", "/忘", "/记忆忘", "/memory é"]
)
def test_a_long_message_is_read_no_further_than_a_command_goes(begin: str) -> None:
    """Every message of a chat is read in each of its turns."""
    text = begin + begin[-1] * 1_000_000
    with work_ends(within=5):
        for _ in range(100):
            read_command(text)


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
        return [message["content"] for message in without_commands(body)["messages"]]

    def test_commands_and_their_answers_are_left_out(self) -> None:
        body = self.body("Hello.", "Hi.", "/memory", "| 1 | My PIN is 1 |", "Fine.", "Good.")
        assert self.contents(body) == ["Hello.", "Hi.", "Fine.", "Good.", "And now?"]

    def test_notes_are_left_out(self) -> None:
        note = f"{NOTES}\n<summary>Memory: 1 used</summary>\n\n- “x”\n\n</details>"
        assert self.contents(self.body("Hello.", f"Hi.\n\n{note}")) == ["Hello.", "Hi.", "And now?"]

    def test_a_body_without_them_is_the_same(self) -> None:
        body = self.body("Hello.", "Hi <details><summary>my own</summary></details>")
        assert without_commands(body) is body

    def test_a_command_that_is_to_be_answered_stays(self) -> None:
        body = Chat().say("/memory").inlet
        assert without_commands(body) is body

    @pytest.mark.parametrize("body", [None, [], {"messages": None}, {"messages": [1, None, {}]}])
    def test_whatever_comes(self, body: object) -> None:
        assert without_commands(body) == body
