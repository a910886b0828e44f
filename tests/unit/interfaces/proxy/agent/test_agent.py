"""`agent/<model>`: steps of a scripted model, what it is told, and what its client gets."""

import json
import threading
from typing import Any

import pytest

from owui_memory.models.tokens import estimated_tokens
from tests.harness.upstream import completion, delta, says
from tests.unit.interfaces.proxy.agent.script import (
    DONE,
    STEPS,
    WEATHER,
    Script,
    ask,
    both,
    call,
    results,
    search,
    told,
)
from tests.unit.interfaces.proxy.desk import Desk
from tests.unit.interfaces.tools.conftest import journal_of

DOG = "My dog is called Rex."


@both
def test_a_model_remembers_and_finds_by_itself(at: Desk, user: str, stream: bool) -> None:
    Script(at, stream=stream).step("Let me see.", call("remember", {"text": DOG}), search(id_="call_2")).step(
        "Rex is a fine name."
    )
    answer = ask(at, "Hi, what do you know of my dog?", user, stream=stream)
    said = told(answer)
    assert (said["text"], said["calls"], said["reason"]) == ("Rex is a fine name.", [], "stop")
    assert said["usage"] == {"prompt_tokens": 6, "completion_tokens": 8, "total_tokens": 14}
    assert (": memory: remember, step 1 of 4" in answer.text) == stream

    first, second = at.upstream.bodies
    assert first["model"] == "llama3"
    assert {tool["function"]["name"] for tool in first["tools"]} >= {"search_memory", "forget_memory", "why"}
    assert second["messages"][-3]["content"] == "Let me see."
    assert [one["id"] for one in second["messages"][-3]["tool_calls"]] == ["call_1", "call_2"]
    remembered, found = results(at)
    assert json.loads(remembered) == {"remembered": DOG}
    assert json.loads(found)["results"][0]["text"] == DOG
    assert journal_of(at, user) == [("add", "llama3", DOG)]


def test_the_exchange_is_remembered_with_the_final_answer_alone(at: Desk, user: str) -> None:
    Script(at, stream=True).step("I look.", search()).step("I see, a green locker.")
    ask(at, "My locker is green, and it holds 7919 marbles.", user, stream=True)
    at.settle()
    listed = at.command("/memory search marbles", user=user)
    assert "7919" in listed
    assert "I look" not in listed


def test_a_long_answer_streams_as_it_comes(at: Desk, user: str) -> None:
    gate, long = threading.Event(), "A word of an answer. " * 20
    at.upstream.streams(delta(content=long), gate, delta(content="End."), delta(finish="stop"), DONE)
    with at.streaming("Tell me.", user=user, model="agent/llama3") as chunks:
        assert b"A word" in next(chunks)
        gate.set()
        assert (b"".join(chunks)).endswith(DONE)


def test_what_was_streamed_before_a_late_call_is_remembered_too(at: Desk, user: str) -> None:
    gate, long = threading.Event(), "The marbles weigh 4711 grams. " * 20
    late = delta(tool_calls=[{**search(), "index": 0}])
    at.upstream.streams(delta(content=long), gate, late, delta(finish="tool_calls"), DONE)
    at.upstream.then()
    at.upstream.streams(*says("Count them again."))
    with at.streaming("My locker holds 7919 marbles.", user=user, model="agent/llama3") as chunks:
        assert b"4711" in next(chunks)
        gate.set()
        assert b"Count them again." in b"".join(chunks)
    at.settle()
    headers = {"X-Memory-User-Id": user}
    for query in ("weigh 4711 grams", "Count them again"):
        found = at.client.post("/memory/tools/search_chats", json={"query": query}, headers=headers)
        assert query in found.text


@both
def test_a_model_in_a_loop_must_answer(at: Desk, user: str, stream: bool) -> None:
    Script(at, stream=stream).step("I look.", search())
    said = told(ask(at, "Hi", user, stream=stream))
    assert (said["text"], said["calls"], said["reason"]) == ("I look.", [], "stop")
    assert len(at.upstream.asked) == STEPS
    assert "already" in results(at)[-1]
    assert at.upstream.bodies[-1]["tool_choice"] == "none"
    at.upstream.asked.clear()
    script = Script(at, stream=stream)
    for n in range(STEPS + 2):
        script.step(None, search(f"{user} {n}"))
    assert "no answer" in told(ask(at, "Hi", user, stream=stream))["text"]
    assert len(at.upstream.asked) == STEPS


@both
def test_after_a_change_the_same_search_finds_it(at: Desk, user: str, stream: bool) -> None:
    script = Script(at, stream=stream).step(None, search())
    script.step(None, call("remember", {"text": DOG}), search(id_="c2"), search(id_="c3")).step("Done.")
    assert told(ask(at, "Hi", user, stream=stream))["text"] == "Done."
    assert [DOG in one for one in results(at)] == [False, True, True, False]
    assert "already" in results(at)[-1]


@both
def test_a_silent_model_is_asked_to_go_on(at: Desk, user: str, stream: bool) -> None:
    Script(at, stream=stream).step(None, search()).step("").step("Here I am.")
    assert told(ask(at, "Hi", user, stream=stream))["text"] == "Here I am."
    assert "[heartbeat]" in at.upstream.bodies[-1]["messages"][-1]["content"]


@both
def test_a_model_without_tools_falls_back(at: Desk, user: str, stream: bool) -> None:
    at.remember(DOG, user=user)
    at.upstream.asked.clear()
    at.upstream.answers(400, b'{"error": "llama3 does not support tools"}')
    at.upstream.then()
    Script(at, stream=stream).step("Rex.")
    other = f"agent/of-{user}"  # it counts as one without tools from now on
    answer = at.chat("What is my dog called?", user=user, model=other, stream=stream)
    assert told(answer)["text"] == "Rex."
    assert [("tools" in body) for body in at.upstream.bodies][-1] is False
    assert "Rex" in json.dumps(at.upstream.bodies[-1]["messages"][0])
    at.upstream.asked.clear()
    assert told(at.chat("And?", user=user, model=other, stream=stream))["text"] == "Rex."
    assert len(at.upstream.asked) == 1
    at.chat("And?", user=f"{user}-other", model=other, stream=stream)
    assert "tools" in at.upstream.bodies[-1], "what one user's request met counts for nobody else"


@pytest.mark.parametrize(
    ("first", "second", "offered"),
    [
        ((400, b'{"error": "bad tools"}'), (400, b'{"error": "bad tools"}'), True),
        ((500, b'{"error": "the tool parser failed"}'), (200, completion("Well.")), True),
        ((400, b'{"error": "no tools here"}'), (200, completion("Well.")), False),
    ],
)
def test_only_an_answer_without_tools_shows_that_a_model_knows_none(
    at: Desk, user: str, first: tuple[int, bytes], second: tuple[int, bytes], offered: bool
) -> None:
    at.upstream.answers(*first)
    at.upstream.then()
    at.upstream.answers(*second)
    assert ask(at, "Hi", user, stream=False).content == second[1]
    at.upstream.answers(200, completion("Well."))
    ask(at, "Hi", user, stream=False)
    assert ("tools" in at.upstream.bodies[-1]) == offered


@pytest.mark.parametrize(
    "more",
    [
        {"tool_choice": "required", "tools": [WEATHER]},
        *({"tool_choice": "none"}, {"functions": [{"name": "f"}]}, {"n": 2}),
    ],
)
def test_a_request_that_leaves_no_room_is_one_of_memory(at: Desk, user: str, more: dict[str, Any]) -> None:
    at.upstream.answers(200, completion("Hello."))
    assert ask(at, "Hi", user, stream=False, **more).content == completion("Hello.")
    assert at.upstream.bodies[-1].get("tools") == more.get("tools")


def test_switched_off_or_temporary_there_are_no_tools(at: Desk, user: str) -> None:
    at.upstream.answers(200, completion("Hello."))
    ask(at, "Hi", user, stream=False, headers={"X-Memory-Chat-Id": "temporary:1"})
    assert "tools" not in at.upstream.bodies[-1]
    at.command("/memory off always", user=user)
    Script(at, stream=False).step(None, call("remember", {"text": DOG})).step("I cannot.")
    assert told(ask(at, "Hi", user, stream=False))["text"] == "I cannot."
    assert "switched memory off" in results(at)[0]
    assert journal_of(at, user) == []


def test_a_client_that_leaves_ends_the_work(at: Desk, user: str) -> None:
    Script(at, stream=True).step(None, search())
    at.upstream.then()
    at.upstream.streams(delta(content="Hm"), threading.Event())
    with at.streaming("Tell me.", user=user, model="agent/llama3") as chunks:
        assert b"memory: search_memory" in next(chunks)
    assert at.upstream.left.wait(60)


@pytest.mark.parametrize("turns", [17, 40], ids=["beyond what is reserved alone", "far beyond the limit"])
def test_tools_and_results_keep_to_the_limit_of_a_models_prompts(at: Desk, user: str, turns: int) -> None:
    for n in range(8):
        words = " ".join(f"word{n}{at}" for at in range(90))
        named = {"X-Memory-User-Id": user}
        fact = {"text": f"The locker number {n} holds {words}."}
        at.client.post("/memory/tools/remember", json=fact, headers=named).raise_for_status()
    script = Script(at, stream=False).step(None, search("locker", "c1"))
    script.step(None, call("search_memory", {"query": "locker", "limit": 1}, "c2")).step("It holds words.")
    chat = [{"role": "user", "content": f"Message {n}: " + "I walk. " * 60} for n in range(turns)]
    said = [one for asked in chat for one in (asked, {"role": "assistant", "content": "I see."})]
    answer = at.chat([*said, chat[0]], user=user, model="agent/small", headers={"X-Memory-Chat-Id": "long"})
    assert told(answer)["text"] == "It holds words."
    assert ["room that is left" in one for one in results(at)] == [True, False]
    last = at.upstream.bodies[-1]
    assert estimated_tokens(json.dumps([last["messages"], last["tools"]])) < 4000
    assert len(last["messages"]) > 10, "and the chat is still there"


def test_the_models_own_words_take_of_the_room_too(at: Desk, user: str) -> None:
    script = Script(at, stream=False).step("I think. " * 600, search("a")).step(None, search("b"))
    script.step("Never asked.")
    chat = [{"role": "user", "content": "Hi"}]
    answer = at.chat(chat, user=user, model="agent/small", headers={"X-Memory-Chat-Id": "words"})
    assert "no answer" in told(answer)["text"]
    assert [body.get("tool_choice") for body in at.upstream.bodies] == [None, "none"]
    assert "room that is left" in results(at)[0]


def test_all_ways_to_memory_count_changes_together(at: Desk, user: str) -> None:
    named = {"X-Memory-User-Id": user}
    for n in range(20):
        at.client.post("/memory/tools/remember", json={"text": f"My number {n} is {n * n}."}, headers=named)
    Script(at, stream=False).step(None, call("remember", {"text": DOG})).step("I cannot.")
    ask(at, "Hi", user, stream=False)
    assert "20 changes" in results(at)[0]
