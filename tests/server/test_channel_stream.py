"""A stream through the real server: messages in any order, some twice, edited, deleted; and five SIGKILLs."""

import random
import re
import time
from contextlib import closing
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from owui_memory.channels.queue import IN_HAND
from owui_memory.core.scope import channel_owner
from owui_memory.state import channel_memories, channel_messages, channels, open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.kill_samples import commit
from tests.harness.pipelines_server import PipelinesServer, StartServer, with_embedder, with_llm
from tests.harness.remains import store_in
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until

DECISION = re.compile(r"^(\d+)\. [^:]+: We decided that (heron .*)\.$", re.MULTILINE)


def decided(number: int, build: int) -> str:
    return f"heron {number} goes out with build {build}"


def learned(request: Request) -> dict[str, Any]:
    found = DECISION.findall(request.last_user_text.partition("New messages:")[2])
    texts = [(int(at), f"{text.capitalize()}.") for at, text in found]
    return {"operations": [{"op": "add", "text": text, "from": [at]} for at, text in texts]}


def stream(messages: int, draw: random.Random) -> tuple[list[dict[str, Any]], set[str]]:
    """What a bot sends, and what must be known in the end."""
    sent: list[tuple[float, dict[str, Any]]] = []
    known = set()
    for number in range(messages):
        first = {
            "channel": "general",
            "id": f"m{number}",
            "author": f"u{number % 7}",
            "time": 1_780_000_000 + number,
            "text": f"The soup was good on day {number}, I would go again.",
        }
        at = number + draw.uniform(0, 20)
        if number % 4:
            sent.append((at, first))
            continue
        build = number
        sent.append((at, {**first, "text": f"We decided that {decided(number, build)}."}))
        if draw.random() < 0.2:
            sent.append((at + draw.uniform(0, 300), sent[-1][1]))  # once more
        elif draw.random() < 0.3:
            build += 10_000
            edited = {**first, "text": f"We decided that {decided(number, build)}."}
            sent.append((at + draw.uniform(1, 300), edited))
        elif draw.random() < 0.2:
            sent.append((at + draw.uniform(-20, 300), {**first, "deleted": True}))
            continue
        known.add(f"{decided(number, build).capitalize()}.")
    return [one for _, one in sorted(sent, key=lambda pair: pair[0])], known


def send(server: PipelinesServer, key: str, messages: list[dict[str, Any]]) -> bool:
    try:
        answer = httpx.post(
            f"{server.url}/memory/observe",
            json={"messages": messages},
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            trust_env=False,
        )
    except httpx.HTTPError:
        return False
    assert answer.status_code in (202, 503), answer.text
    return answer.status_code == 202


@pytest.mark.slow
def test_nothing_is_lost_learned_twice_or_stays_that_was_deleted(
    module_servers: StartServer, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.when("memory of a team's channel", learned)
    settings = {**with_embedder(scripted_llm), **with_llm(scripted_llm), "MEMORY_CHANNELS": "on"}
    settings["MEMORY_CHANNEL_TOKENS_PER_DAY"] = "1000000000"
    server, draw = module_servers(env=settings), random.Random(commit())
    engine = open_state(server.data_dir)
    key = ApiKeys(engine).add_observer("discord")
    sent, known = stream(800, draw)
    kills_at = sorted(draw.sample(range(50, len(sent)), 5))
    for at in range(0, len(sent), 10):
        while not send(server, key, sent[at : at + 10]):
            time.sleep(0.1)
        if any(at <= kill < at + 10 for kill in kills_at):
            server.kill()
            with engine.begin() as connection:  # 20 seconds later
                connection.execute(update(channels).values(held_until=0.0))
            server.start()

    def waiting() -> int:
        c = channel_messages.c
        with engine.begin() as connection:
            an_hour_later = update(channel_messages).where(c.state == "unread")
            connection.execute(an_hour_later.values(put_at=c.put_at - 7200))
            left = select(func.count()).where(c.state.in_(IN_HAND))
            gone = select(func.count()).where(channel_memories.c.gone)
            return sum(connection.scalar(one) or 0 for one in (left, gone))

    wait_until(lambda: not waiting(), within=300, every=0.5, what="all is read")
    server.stop()
    with closing(store_in(server.data_dir)) as store:
        rows = store.list({"user_id": channel_owner("discord", "general")})[0]
    engine.dispose()
    texts = sorted(str(row.payload["data"]) for row in rows)
    assert texts == sorted(known)
