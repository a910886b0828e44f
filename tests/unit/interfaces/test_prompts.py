"""What is left out of a body takes along what belongs to it."""

from typing import Any

from owui_memory.core.turn import Turn
from owui_memory.interfaces.prompts import Prompt


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def test_a_call_stays_with_a_result_that_comes_after_another_message() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    thought = {"type": "reasoning", "summary": []}
    result = {"type": "function_call_output", "call_id": "c1", "output": "42"}
    both = {"role": "assistant", "tool_calls": [{"id": "a"}, {"id": "b"}]}
    results = [{"role": "tool", "tool_call_id": one, "content": one} for one in "ab"]
    messages = [user("one"), both, results[0], user("two"), results[1], thought, call, user("hurry"), result]
    prompt = Prompt.of({"messages": messages}, Turn("ada", "", "", "", positions=("1", "2", "3")))
    assert prompt.cut([2], "", in_system=False)["messages"] == [thought, call, user("hurry"), result]
    left = prompt.cut([1, 2], "", in_system=False)["messages"]
    assert left == [both, results[0], user("two"), results[1], thought, call, user("hurry"), result]
    assert prompt.cut([0], "", in_system=False)["messages"] == [user("one")]
    assert "look" in "".join(prompt.texts.turns[2]), "it is counted where it is"


def test_ids_that_are_used_again_bind_no_earlier_turns() -> None:
    turn = [
        user("look"),
        {"role": "assistant", "tool_calls": [{"id": "call_0"}]},
        {"role": "tool", "tool_call_id": "call_0", "content": "42"},
    ]
    prompt = Prompt.of({"messages": turn * 3}, Turn("ada", "", "", "", positions=("1", "2", "3")))
    assert prompt.cut([2], "", in_system=False)["messages"] == turn
