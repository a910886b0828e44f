"""Chats of many turns through the real server: never over, nothing lost, the cache holds."""

import copy
import json
import os
from dataclasses import dataclass, field

import pytest

from owui_memory.models.tokens import estimated_tokens
from tests.harness.bodies import Body, Chat
from tests.harness.long_chats import planted, turns
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.upstream import Upstream, completion
from tests.harness.waiting import wait_until

SUMMARY = "Summary so far"
SYSTEM = {"system": "You are a helpful assistant. Answer briefly."}


def summary(request: Request) -> dict[str, object]:
    left = request.text.partition("Messages that leave:")[2]
    return {
        "add": [f"The user asked {left.count('User: ')} questions, {len(left)} letters."],
        "ask": ["questions"],
    }


def tokens(body: Body) -> int:
    return sum(4 + estimated_tokens(str(message["content"])) for message in body["messages"])


@dataclass
class Talk:
    """Sizes and texts of what the model got."""

    server: PipelinesServer
    chat: Chat
    sizes: list[int] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    before: str = ""

    def say(self, text: str, answer: str) -> str:
        turn = self.chat.say(text)
        sent = self.server.inlet(turn.inlet, turn.user)
        self.server.outlet(turn.outlet(answer, sent=sent), turn.user)
        self.sizes.append(tokens(sent))
        now = "".join(f"<{message['role']}>{message['content']}" for message in sent["messages"])
        pairs = enumerate(zip(self.before, now, strict=False))
        same = next((at for at, (a, b) in pairs if a != b), min(len(self.before), len(now)))
        self.shares += [same / len(self.before)] if self.before else []
        self.before = now
        return now


# A thousand turns take many minutes: they are played where MEMORY_LONG_TESTS is set.
LONG = (
    [(4_000, 1_000), (8_000, 1_000), (32_000, 1_000)] if "MEMORY_LONG_TESTS" in os.environ else [(4_000, 250)]
)


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "count"), LONG)
def test_many_turns(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM, user: str, limit: int, count: int
) -> None:
    scripted_llm.when(SUMMARY, summary)
    env = {**with_llm(scripted_llm), "MEMORY_CONTEXT_TOKENS": str(limit), "MEMORY_INLET_DEADLINE_MS": "10000"}
    server = pipelines_server(env=env)
    talk, facts = Talk(server, Chat(user, options=SYSTEM)), planted()
    for number, (said, answer) in enumerate(turns(count, facts)):
        talk.say(said, answer)
        if number == count // 2:
            server.kill()
            server.start()
    server.wait_until_drained()
    missing = [fact.question for fact in facts if fact.answer not in talk.say(fact.question, "I see.")]
    assert max(talk.sizes) <= 1.02 * limit
    assert not missing
    assert sum(talk.shares) / len(talk.shares) > 0.75
    assert "The user asked" in talk.before


def test_a_kill_while_a_summary_is_made(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM, user: str
) -> None:
    scripted_llm.when(SUMMARY, summary)
    env = {**with_llm(scripted_llm), "MEMORY_CONTEXT_TOKENS": "2000", "MEMORY_INLET_DEADLINE_MS": "10000"}
    server = pipelines_server(env=env)
    talk, said = Talk(server, Chat(user, options=SYSTEM)), turns(40, [])
    with scripted_llm.hold("chat", SUMMARY) as gate:
        for text, answer in said[:20]:
            talk.say(text, answer)
        wait_until(lambda: gate.waiting, what="a summary is being made")
        assert "<earlier_in_this_chat>" not in talk.before
        server.kill()
    server.start()
    for text, answer in said[20:]:
        talk.say(text, answer)
    asked = "And what did I ask before?"
    wait_until(lambda: "The user asked" in talk.say(asked, "Much."), what="a summary is told")
    assert max(talk.sizes) <= 2_000


def test_the_proxy_cuts_by_the_same_rules_and_learns_what_a_prompt_had(
    pipelines_server: StartServer, user: str
) -> None:
    with Upstream() as upstream:
        named = [{"name": "main", "base_url": upstream.base_url}]
        env = {"MEMORY_UPSTREAMS": json.dumps(named), "MEMORY_CONTEXT_TOKENS": "llama3*: 2000"}
        server = pipelines_server(env={**env, "MEMORY_INLET_DEADLINE_MS": "10000"})
        messages, sizes = [{"role": "system", "content": "You help."}], []
        for said, answer in turns(40, []):
            messages.append({"role": "user", "content": said})
            told = json.loads(completion(answer))
            told["usage"]["prompt_tokens"] = int(1.5 * sizes[-1]) if sizes else 10
            upstream.answers(200, json.dumps(told).encode())
            headers = {"X-OpenWebUI-User-Id": user}
            body = {"model": "memory/llama3", "messages": copy.deepcopy(messages)}
            server.client.post("/memory/v1/chat/completions", json=body, headers=headers).raise_for_status()
            sizes.append(tokens(upstream.asked[-1].body))
            messages.append({"role": "assistant", "content": answer})
        assert max(sizes) <= 2_000
        # It counts half as much again, of the prompt before, which may be a sixth shorter: the least counts.
        assert max(sizes[20:]) <= 1.03 * 2_000 / (1.5 * 5 / 6)
