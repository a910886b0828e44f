"""`agent/<model>` for a client with tools of its own: its calls, and what is put back when it returns."""

import json
from typing import Any

import pytest

from owui_memory.manage.erasure.erasures import Erasures
from owui_memory.state import open_state
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.agent.script import WEATHER, Script, ask, both, call, search, told
from tests.unit.interfaces.proxy.desk import Desk

DOG = "The user's dog is called Rex."
DETAILS = [
    {"type": "reasoning.text", "index": 0, "text": "I should", "signature": "s1"},
    {"type": "reasoning.encrypted", "index": 1, "data": "=="},
]


@both
def test_calls_of_the_clients_tools_go_out_and_what_was_found_is_put_back(
    at: Desk, user: str, stream: bool
) -> None:
    out = call("weather", {"city": "Bonn"}, "call_w")
    Script(at, stream=stream).step("I look.", search(id_="call_m"), out)
    asked = [{"role": "user", "content": "How is the weather where I live?"}]
    said = told(ask(at, asked, user, stream=stream, tools=[WEATHER]))
    assert [(one["id"], one["function"]["name"]) for one in said["calls"]] == [("call_w", "weather")]
    assert (said["reason"], said["text"]) == ("tool_calls", "I look.")

    Script(at, stream=stream).step("It is sunny.")
    sent = [{name: value for name, value in one.items() if name != "index"} for one in said["calls"]]
    for one in sent:  # some clients write the arguments anew
        one["function"]["arguments"] = json.dumps(
            json.loads(one["function"]["arguments"]), separators=(",", ":")
        )
    back = [{"role": "assistant", "content": "I look.", "tool_calls": sent}]
    back += [{"role": "tool", "tool_call_id": "call_w", "content": "sunny"}]
    assert told(ask(at, [*asked, *back], user, stream=stream, tools=[WEATHER]))["text"] == "It is sunny."
    assistant, ours, theirs = at.upstream.bodies[-1]["messages"][-3:]
    assert [one["id"] for one in assistant["tool_calls"]] == ["call_m", "call_w"]
    assert (ours["tool_call_id"], theirs["tool_call_id"]) == ("call_m", "call_w")
    ask(at, [*asked, *back], f"{user}-other", stream=stream, tools=[WEATHER])
    assert len(at.upstream.bodies[-1]["messages"]) == 3, "nobody else gets it"
    at.settle()
    assert "weather" in at.command("/memory search weather", user=user)


@both
def test_a_call_of_the_clients_goes_out_as_the_model_wrote_it(at: Desk, user: str, stream: bool) -> None:
    written = ['{"city": ', json.dumps({"city": "x" * 100_000}), *(f'{{"n":{n}}}' for n in range(70))]
    Script(at, stream=stream, piece=5000).step(
        None, *(call("weather", one, f"c{n}") for n, one in enumerate(written))
    )
    said = told(ask(at, "Hi", user, stream=stream, tools=[WEATHER]))
    assert [one["function"]["arguments"] for one in said["calls"]] == written


@both
def test_what_servers_want_back_beside_calls_goes_back(at: Desk, user: str, stream: bool) -> None:
    thought: dict[str, Any] = {"reasoning_content": "I should look.", "reasoning_details": DETAILS}
    script = Script(at, stream=stream).step("I look.", search(id_="call_m"), **thought)
    script.step(None, call("weather", {}, "call_w"), reasoning_content="And outside.")
    asked = [{"role": "user", "content": "Hi"}]
    said = told(ask(at, asked, user, stream=stream, tools=[WEATHER]))
    first = at.upstream.bodies[-1]["messages"][-2]
    assert {name: first[name] for name in thought} == thought

    Script(at, stream=stream).step("Well.")
    back = [{"role": "assistant", "content": None, "tool_calls": said["calls"]}]
    back += [{"role": "tool", "tool_call_id": "call_w", "content": "sunny"}]
    ask(at, [*asked, *back], user, stream=stream, tools=[WEATHER])
    first, _, second, _ = at.upstream.bodies[-1]["messages"][-4:]
    assert {name: first[name] for name in thought} == thought
    assert second["reasoning_content"] == "And outside."


@pytest.mark.parametrize("by_tool", [True, False])
def test_what_was_forgotten_elsewhere_is_not_put_back(at: Desk, user: str, by_tool: bool) -> None:
    named = {"X-Memory-User-Id": user}
    at.client.post("/memory/tools/remember", json={"text": DOG}, headers=named).raise_for_status()
    Script(at, stream=False).step(None, search(id_="call_m"), call("weather", {}, "call_w"))
    asked = [{"role": "user", "content": "Hi"}]
    said = told(ask(at, asked, user, stream=False, tools=[WEATHER]))
    back = [*asked, {"role": "assistant", "content": None, "tool_calls": said["calls"]}]
    back.append({"role": "tool", "tool_call_id": "call_w", "content": "sunny"})
    Script(at, stream=False).step("Well.")

    def told_of_it() -> bool:
        ask(at, back, user, stream=False, tools=[WEATHER])
        return DOG in json.dumps(at.upstream.bodies[-1]["messages"])

    assert told_of_it()
    if not by_tool:  # as another process of the same data folder does
        engine = open_state(at.data_dir)
        Erasures(engine).begin_user(user)
        engine.dispose()
        wait_until(lambda: not told_of_it(), what="the process has dropped it")
        return
    found = at.client.post("/memory/tools/search_memory", json={"query": "dog"}, headers=named)
    id_ = found.json()["results"][0]["id"]
    at.client.post("/memory/tools/forget_memory", json={"id": id_}, headers=named).raise_for_status()
    assert not told_of_it()


@both
def test_a_tool_of_the_client_with_the_same_name_is_the_clients(at: Desk, user: str, stream: bool) -> None:
    own = {"type": "function", "function": {"name": "search_memory", "parameters": {"type": "object"}}}
    Script(at, stream=stream).step(None, search())
    said = told(ask(at, "Hi", user, stream=stream, tools=[own]))
    assert [one["function"]["name"] for one in said["calls"]] == ["search_memory"]
    names = [tool["function"]["name"] for tool in at.upstream.bodies[-1]["tools"]]
    assert names.count("search_memory") == 1
