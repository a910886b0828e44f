"""`agent/<model>`: steps of a scripted model, what it is told, and what its client gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import OpenAI

from owui_memory.models.tokens import estimated_tokens
from tests.harness.upstream import Upstream, completion, delta, event, says
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk
from tests.unit.interfaces.tools.conftest import journal_of

STEPS = 4
DONE = b"data: [DONE]\n\n"
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
DOG = "My dog is called Rex."

_users = iter(range(10_000))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("agent")
    with (
        Upstream() as upstream,
        desk(folder, upstream, agent_steps=str(STEPS), context_tokens="small*: 4000") as one,
    ):
        yield one


@pytest.fixture
def at(running: Desk) -> Desk:
    running.upstream.asked.clear()
    running.upstream._next.clear()
    running.upstream.streams(*says("Hello", " there."))
    return running


@pytest.fixture
def user() -> str:
    return f"agent-user-{next(_users)}"


def call(name: str, arguments: Any, id_: str = "call_1") -> dict[str, Any]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": written}}


def search(query: str = "dog", id_: str = "call_1") -> dict[str, Any]:
    return call("search_memory", {"query": query}, id_)


class Script:
    """The model's steps, one after another, in the form that the client has asked for."""

    def __init__(self, at: Desk, *, stream: bool) -> None:
        self._upstream, self._stream, self._is_first = at.upstream, stream, True

    def step(self, text: str | None = None, *calls: dict[str, Any]) -> Script:
        if not self._is_first:
            self._upstream.then()
        self._is_first = False
        if not self._stream:
            self._upstream.answers(200, completion(text, tool_calls=list(calls)))
            return self
        pieces = [delta(role="assistant", content="")]
        pieces += [delta(content=text[n : n + 7]) for n in range(0, len(text or ""), 7)] if text else []
        for index, one in enumerate(calls):
            written = one["function"]["arguments"]
            begun = {**one["function"], "arguments": ""}
            pieces.append(delta(tool_calls=[{**one, "index": index, "function": begun}]))
            for at in range(0, len(written), 9):
                part = {"index": index, "function": {"arguments": written[at : at + 9]}}
                pieces.append(delta(tool_calls=[part]))
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        pieces += [
            delta(finish="tool_calls" if calls else "stop"),
            event({"choices": [], "usage": usage}),
            DONE,
        ]
        self._upstream.streams(*pieces)
        return self


def ask(at: Desk, said: Any, user: str, *, stream: bool, **more: Any) -> httpx.Response:
    return at.chat(said, user=user, model="agent/llama3", stream=stream, **more)


def told(answer: httpx.Response) -> dict[str, Any]:
    """Text, calls, reason and usage of an answer, streamed or not."""
    assert answer.status_code == 200, answer.text
    if "event-stream" not in answer.headers["content-type"]:
        body = answer.json()
        choice = body["choices"][0]
        calls = choice["message"].get("tool_calls") or []
        content = choice["message"]["content"] or ""
        return {"text": content, "calls": calls, "reason": choice["finish_reason"], "usage": body["usage"]}
    assert answer.content.endswith(DONE)
    found: dict[str, Any] = {"text": "", "calls": [], "reason": None}
    for line in answer.text.split("\n"):
        if not line.startswith("data: {"):
            assert line == "" or line.startswith((": ", "data: [DONE]"))
            continue
        one = json.loads(line.removeprefix("data: "))
        found["usage"] = one.get("usage")
        for choice in one["choices"]:
            assert found["reason"] is None, "nothing comes after the reason"
            found["text"] += choice["delta"].get("content") or ""
            found["calls"] += choice["delta"].get("tool_calls") or []
            found["reason"] = choice["finish_reason"]
    return found


def results(at: Desk, step: int = -1) -> list[str]:
    """What the tools answered, as the model was told in its last step."""
    return [one["content"] for one in at.upstream.bodies[step]["messages"] if one["role"] == "tool"]


both = pytest.mark.parametrize("stream", [False, True])


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


def test_the_official_client_leaves_the_comments_out(at: Desk, user: str) -> None:
    Script(at, stream=True).step(None, search()).step("Nothing yet.")
    headers = {"X-OpenWebUI-User-Id": user}
    with OpenAI(base_url=f"{at.url}/v1", api_key=KEY, default_headers=headers) as client:
        asked: Any = [{"role": "user", "content": "Hi"}]
        chunks = list(client.chat.completions.create(model="agent/llama3", messages=asked, stream=True))
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == "Nothing yet."


@both
def test_the_exchange_is_remembered_with_the_final_answer_alone(at: Desk, user: str, stream: bool) -> None:
    Script(at, stream=stream).step("I look.", search()).step("I see, a green locker.")
    ask(at, "My locker is green, and it holds 7919 marbles.", user, stream=stream)
    at.settle()
    listed = at.command("/memory search marbles", user=user)
    assert "7919" in listed
    assert "I look" not in listed


def test_a_long_answer_streams_as_it_comes(at: Desk, user: str) -> None:
    gate, long = threading.Event(), "A word of an answer. " * 20
    at.upstream.streams(delta(content=long), gate, delta(content="End."), delta(finish="stop"), DONE)
    sent = {"model": "agent/llama3", "stream": True, "messages": [{"role": "user", "content": "Tell me."}]}
    headers = {"X-OpenWebUI-User-Id": user}
    with at.client.stream("POST", "/v1/chat/completions", json=sent, headers=headers) as answer:
        chunks = answer.iter_raw()
        assert b"A word" in next(chunks)
        gate.set()
        assert (b"".join(chunks)).endswith(DONE)


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
@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([call("search_memory", '{"query": ')], "JSON object"),
        ([call("search_memory", "[1]")], "JSON object"),
        ([call("search_memory", "[" * 30_000)], "JSON object"),
        ([call("search_memory", {"query": "x" * 70_000})], "JSON object"),
        ([call("search_memory", {"query": 7})], "query"),
        ([call("rm_rf", {})], "no such tool"),
        ([search("a", ""), search("b", "")], "results"),
        ([search(f"q{n}", f"c{n}") for n in range(30)], "results"),
        ([call("forget_memory", {"id": "00000000-0000-4000-8000-000000000000"})], "no memory"),
    ],
)
def test_odd_calls_are_answered(
    at: Desk, user: str, stream: bool, calls: list[dict[str, Any]], said: str
) -> None:
    Script(at, stream=stream).step(None, *calls).step("Well.")
    assert told(ask(at, "Hi", user, stream=stream))["text"] == "Well."
    assistant = at.upstream.bodies[-1]["messages"][-1 - len(calls)]
    ids = [one["tool_call_id"] for one in at.upstream.bodies[-1]["messages"][-len(calls) :]]
    assert ids == [one["id"] for one in assistant["tool_calls"]]
    assert all(ids)
    assert [json.loads(one["function"]["arguments"]) is not None for one in assistant["tool_calls"]]
    answers = results(at)
    assert said in answers[0]
    assert sum("Too many" in one for one in answers) == max(len(calls) - 16, 0)


@both
def test_a_call_of_the_clients_goes_out_as_the_model_wrote_it(at: Desk, user: str, stream: bool) -> None:
    Script(at, stream=stream).step(None, call("weather", '{"city": '))
    said = told(ask(at, "Hi", user, stream=stream, tools=[WEATHER]))
    assert said["calls"][0]["function"]["arguments"] == '{"city": '


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
    at.upstream._next.clear()


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
    "more",
    [
        {"tool_choice": "required", "tools": [WEATHER]},
        {"tool_choice": "none"},
        {"functions": [{"name": "f"}]},
        {"n": 2},
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


@both
def test_a_tool_of_the_client_with_the_same_name_is_the_clients(at: Desk, user: str, stream: bool) -> None:
    own = {"type": "function", "function": {"name": "search_memory", "parameters": {"type": "object"}}}
    Script(at, stream=stream).step(None, search())
    said = told(ask(at, "Hi", user, stream=stream, tools=[own]))
    assert [one["function"]["name"] for one in said["calls"]] == ["search_memory"]
    names = [tool["function"]["name"] for tool in at.upstream.bodies[-1]["tools"]]
    assert names.count("search_memory") == 1


@both
def test_an_error_is_the_clients_to_know(at: Desk, user: str, stream: bool) -> None:
    at.upstream.answers(429, b'{"error": {"message": "slow down"}}', Retry_After="7")
    answer = ask(at, "Hi", user, stream=stream)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["message"] == "slow down"

    Script(at, stream=stream).step(None, search())
    at.upstream.then()
    at.upstream.answers(503, b'{"error": {"message": "no room"}}')
    answer = ask(at, "Hi", user, stream=stream)
    assert "no room" in answer.text
    assert answer.status_code == (200 if stream else 503)
    assert DONE not in answer.content


def test_a_client_that_leaves_ends_the_work(at: Desk, user: str) -> None:
    at.upstream.left.clear()
    Script(at, stream=True).step(None, search())
    at.upstream.then()
    at.upstream.streams(delta(content="Hm"), threading.Event())
    sent = {"model": "agent/llama3", "stream": True, "messages": [{"role": "user", "content": "Tell me."}]}
    headers = {"X-OpenWebUI-User-Id": user}
    with at.client.stream("POST", "/v1/chat/completions", json=sent, headers=headers) as answer:
        assert b"memory: search_memory" in next(answer.iter_raw())
    assert at.upstream.left.wait(10)


@both
def test_an_answer_that_breaks_off(at: Desk, user: str, stream: bool) -> None:
    at.upstream.breaks_off(delta(content="It is said that"))
    if stream:
        with pytest.raises(httpx.RemoteProtocolError):
            ask(at, "Hi", user, stream=True)
    else:
        assert ask(at, "Hi", user, stream=False).status_code == 502


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


ODD = [
    *("x", [1], [None], [{"index": 0}], [{"delta": 7}], [{"delta": {"tool_calls": "x"}}], {}),
    *([{"delta": {"tool_calls": [1, {"function": 7}, {"index": "a", "id": 7, "function": {"name": 7}}]}}],),
    [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "why", "arguments": {"id": "x"}}}]}}],
    [{"delta": {"content": [{"type": "text", "text": "Well."}]}, "finish_reason": 7}],
    [{"message": {"content": None, "tool_calls": None}, "finish_reason": "length"}],
]


@both
@pytest.mark.parametrize("choices", ODD)
def test_an_odd_answer_is_answered(at: Desk, user: str, stream: bool, choices: Any) -> None:
    for as_stream in (False, True):
        if as_stream:
            at.upstream.streams(
                event({"choices": choices, "usage": {"total_tokens": "x"}}), b"data: {\n\n", DONE
            )
        else:
            at.upstream.answers(200, json.dumps({"choices": choices, "usage": []}).encode())
        answer = ask(at, "Hi", user, stream=stream)
        assert answer.status_code == 200, answer.text
        assert answer.content.endswith(DONE) == stream
    assert at.numbers().count("owui_memory_tool_calls_total") > 0


@both
@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b"<html>"])
def test_what_is_no_answer_is_told_as_an_error(at: Desk, user: str, stream: bool, answer: bytes) -> None:
    at.upstream.answers(200, answer)
    told = ask(at, "Hi", user, stream=stream)
    assert told.status_code == (200 if stream else 502)
    assert "cannot be read" in told.text
