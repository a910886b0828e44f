"""How much more do three Pipelines servers do than one?

    .venv/bin/python -m bench.replicas

Real servers, each with its settings by environment, behind a round-robin, on one PostgreSQL that holds state
and memories. Many users at once: each says something (inlet, outlet) as fast as the servers answer; then the
clock runs until everything is remembered. The LLM is a scripted server that takes `--llm-ms` for an answer,
the embedder the same server without a delay. On a machine with few cores the servers share them, so turns
gain little: what more servers add here is work that waits for the LLM.
"""

import itertools
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Latency, arguments, finish, table
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, with_embedder, with_llm
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours
from tests.harness.waiting import wait_until


@dataclass(frozen=True)
class Throughput:
    """Turns a second and how long each took; what was remembered a second, and what was lost or doubled."""

    turns_per_second: float
    turn: Latency
    remembered_per_second: float
    wrong: int


def measured(count: int, options: Any, postgres: Postgres, llm: ScriptedLLM) -> Throughput:
    """So many servers on an empty database."""
    with (
        postgres.database() as database,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        ExitStack() as on,
    ):
        servers = [
            PipelinesServer(Path(folder) / str(number), env=environment(database, llm))
            for number in range(count)
        ]
        with ThreadPoolExecutor(count) as starting:
            list(starting.map(PipelinesServer.start, servers))
        for server in servers:
            on.callback(server.stop)
        turn = itertools.cycle(servers)
        began = time.perf_counter()
        with ThreadPoolExecutor(options.at_once) as threads:
            seconds = list(threads.map(lambda n: say(n, next(turn), next(turn)), range(options.turns)))
        said = time.perf_counter() - began
        wait_until(servers[0].is_drained, within=600, what="everything is remembered")
        remembered = time.perf_counter() - began
        (stored, distinct), *_ = postgres.execute(
            "SELECT count(*), count(DISTINCT payload->>'data') FROM memories_scripted_embed_256"
            " WHERE payload->>'kind' <> 'episode'",
            database,
        )
        wrong = abs(options.turns - int(stored)) + abs(options.turns - int(distinct))
        return Throughput(options.turns / said, Latency.of(seconds), options.turns / remembered, wrong)


def say(number: int, first: PipelinesServer, second: PipelinesServer) -> float:
    """One turn of a user of its own, whose inlet and outlet reach different servers; seconds."""
    turn = Chat(f"user-{number}").say(f"My locker number {number} is green.")
    began = time.perf_counter()
    sent = first.inlet(turn.inlet, turn.user)
    second.outlet(turn.outlet("Noted.", sent=sent), turn.user)
    return time.perf_counter() - began


def environment(database: str, llm: ScriptedLLM) -> dict[str, str]:
    return {
        **with_embedder(llm),
        **with_llm(llm),
        "MEMORY_STATE_URL": database,
        "MEMORY_STATE_PASSWORD": PASSWORD,
        "MEMORY_VECTOR_STORE": "pgvector",
        "MEMORY_VECTOR_STORE_URL": database,
        "MEMORY_VECTOR_STORE_API_KEY": PASSWORD,
    }


def keeps_it(delay_s: float) -> Callable[[Request], str]:
    """Remembers what was said, after a while."""

    def reply(request: Request) -> str:
        time.sleep(delay_s)
        told = request.last_user_text.partition("User: My locker number ")[2].partition(" ")[0]
        text = f"The user's locker number {told} is green."
        return json.dumps({"operations": [{"op": "add", "text": text}] if told else []})

    return reply


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=16, help="users who talk at the same time")
    parser.add_argument("--llm-ms", type=int, default=500, help="an answer of the LLM")
    options = parser.parse_args()
    if options.quick:
        options.turns = 20
    results = {}
    with Postgres() as postgres, ScriptedLLM() as llm:
        llm.when(is_ours, keeps_it(options.llm_ms / 1000))
        for count in (1, 3):
            results[count] = measured(count, options, postgres, llm)
    rows = [
        (
            f"{count} server{'s' if count > 1 else ''}",
            *(one.turns_per_second, one.turn.p50, one.turn.p95, one.remembered_per_second, one.wrong),
            one.turns_per_second / results[1].turns_per_second,
            one.remembered_per_second / results[1].remembered_per_second,
        )
        for count, one in results.items()
    ]
    head = ("on one PostgreSQL", "turns a second", "p50 ms", "p95", "remembered a second", "wrong")
    print(table("Three Pipelines servers against one", (*head, "turns: times", "remembered: times"), rows))
    finish(options, {"benchmark": "replicas", "results": results})


if __name__ == "__main__":
    main()
