"""Whatever fails while people chat: does a chat fail, is anything lost, is anything remembered twice?

    .venv/bin/python -m bench.faults --turns 10000 [--proxy]

A real Pipelines server, an LLM and an embedder that are scripted, and a fault every `--every` seconds, by
chance: the server is killed, stopped or frozen; its state database is locked; its disk is full (where root
may mount a small one); LLM or embedder are down, hang, or talk nonsense. A chat has failed where the server
was there and answered anything but the chat. Said is what a turn said whose inlet and outlet were answered;
with --proxy, whose answer came through the proxy to its end.
"""

import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from bench.measure import arguments, finish
from owui_memory.core.memory import EPISODE
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import FILTER, PipelinesServer, with_embedder, with_llm
from tests.harness.remains import store_in
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.small_disk import filled, small_disk
from tests.harness.upstream import Upstream, says
from tests.harness.waiting import wait_until

_SAID = re.compile(r"My locker number \d+ is green\.")


def _said_in(rows: Iterable[Any]) -> Counter[str]:
    return Counter(found for row in rows for found in _SAID.findall(row.payload["data"]))


def main() -> None:
    """Print what was lost, doubled and failed; exit code 1 where there was any."""
    parser = arguments(__doc__)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--proxy", action="store_true", help="chats go through the proxy, not the filter")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        ScriptedLLM() as llm,
        Upstream() as model,
        tempfile.TemporaryDirectory(prefix="bench-disk-") as disk,
        small_disk(Path(disk), mib=256) as mounted,
    ):
        named = json.dumps([{"name": "main", "base_url": model.base_url}])
        env = {"MEMORY_UPSTREAMS": named} if options.proxy else {}
        env |= {**with_embedder(llm), **with_llm(llm), "MEMORY_INLET_DEADLINE_MS": "1000"}
        if mounted:
            env["MEMORY_DATA_DIR"] = disk
        server = PipelinesServer(Path(name), env=env)
        data_dir = Path(disk) if mounted else server.data_dir
        llm.when(lambda request: request.endpoint == "chat", _mind)
        server.start()
        talk = (_ProxyTalk if options.proxy else _Talk)(server, options.turns)
        chaos = _Chaos(server, llm, data_dir, options)
        began = time.monotonic()
        breaking = threading.Thread(target=chaos.run, daemon=True)
        breaking.start()
        with ThreadPoolExecutor(options.at_once) as threads:
            list(threads.map(talk.user, range(options.at_once)))
        chaos.over.set()
        breaking.join()
        took = time.monotonic() - began
        server.client.timeout = 60
        wait_until(server.is_drained, within=600, what=lambda: f"drained: {server.status()}")
        status = server.status()
        wrong = [part for part in status["parts"] if not part["ok"] or part["name"] == "filter"]
        server.stop()
        store = store_in(data_dir)
        held = _said_in(row for row in store.list()[0] if row.payload["kind"] != EPISODE)
        quoted = _said_in(row for row in store.list()[0] if row.payload["kind"] == EPISODE)
        store.close()
    lost = sorted(set(talk.said) - (held.keys() & quoted.keys()))
    doubled = [text for found in (held, quoted) for text, times in found.items() if times > 1]
    print(f"{options.turns} turns in {took:.0f} s; faults: {dict(chaos.made)}")
    print(f"said {len(talk.said)}, the server was away for {talk.away}, slowest answer {talk.slowest:.1f} s")
    dead = status["queue"]["dead"]
    print(f"lost {len(lost)}, doubled {len(doubled)}, failed {len(talk.failed)}, given up {dead}")
    for part in wrong:
        print(f"{part['name']}: {part['detail']}")
    for problem in [*talk.failed[:5], *lost[:5], *doubled[:5]]:
        print(f"  {problem}")
    results = {"lost": len(lost), "doubled": len(doubled), "failed": len(talk.failed)}
    finish(options, {**results, "said": len(talk.said), "faults": dict(chaos.made)})
    sys.exit(any(results.values()))


def _mind(request: Request) -> str:
    """What a model keeps of a message about a locker."""
    new = request.text.partition("New messages:")[2]
    found = dict.fromkeys(_SAID.findall(new))
    return json.dumps({"operations": [{"op": "add", "text": text} for text in found]})


class _Talk:
    """Users that chat, each its own, and what they know of it afterwards."""

    def __init__(self, server: PipelinesServer, turns: int) -> None:
        self._server, self._turns = server, turns
        self._numbers = count()
        self._lock = threading.Lock()
        self.said: list[str] = []
        self.failed: list[str] = []
        self.away, self.slowest = 0, 0.0

    def user(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._server.key}"}
        with httpx.Client(base_url=self._server.url, headers=headers, timeout=60) as client:
            chat = Chat(f"user-{number}")
            while len(self.said) < self._turns:
                turn = next(self._numbers)
                if turn % 5 == 0:
                    chat = Chat(f"user-{number}")
                self._turn(client, chat, f"My locker number {turn} is green.")

    def _turn(self, client: httpx.Client, chat: Chat, text: str) -> None:
        turn = chat.say(text)
        sent = self._post(client, "inlet", turn.inlet, turn.user)
        answered = None
        if sent is not None:
            if not sent["messages"][-1]["content"].endswith(text):
                self.failed.append(f"inlet of {text}: another message")
            answered = self._post(client, "outlet", turn.outlet("I see.", sent=sent), turn.user)
        with self._lock:
            if answered is None:
                self.away += 1
            else:
                self.said.append(text)
        if answered is None:
            time.sleep(0.2)

    def _post(
        self, client: httpx.Client, way: str, body: dict[str, object], user: object
    ) -> dict[str, list[dict[str, str]]] | None:
        """None where the server was away, as a killed one is: Open WebUI goes on without it."""
        began = time.monotonic()
        try:
            answer = client.post(f"/{FILTER}/filter/{way}", json={"body": body, "user": user})
        except httpx.TransportError:
            return None
        took = time.monotonic() - began
        with self._lock:
            self.slowest = max(self.slowest, took)
            if answer.status_code != httpx.codes.OK:
                self.failed.append(f"{way}: HTTP {answer.status_code}")
                return None
        return answer.json()


class _ProxyTalk(_Talk):
    """The same through the proxy, before a model server that always answers."""

    def _turn(self, client: httpx.Client, chat: Chat, text: str) -> None:
        turn = chat.say(text)
        body = {"model": "memory/llama3", "messages": turn.inlet["messages"], "stream": True}
        headers = {
            "X-OpenWebUI-User-Id": turn.user["id"],
            "X-OpenWebUI-Chat-Id": turn.inlet["metadata"]["chat_id"],
        }
        began = time.monotonic()
        try:
            answer = client.post("/memory/v1/chat/completions", json=body, headers=headers)
        except httpx.TransportError:
            answer = None
        with self._lock:
            self.slowest = max(self.slowest, time.monotonic() - began)
            if answer is None:
                self.away += 1
            elif answer.content != b"".join(says("Hello", " there.")):
                self.failed.append(f"HTTP {answer.status_code}")
            else:
                self.said.append(text)
        if answer is None:
            time.sleep(0.2)


class _Chaos:
    """A fault now and then, until it is over; each one ends before the next begins."""

    def __init__(self, server: PipelinesServer, llm: ScriptedLLM, data_dir: Path, options: object) -> None:
        self._server, self._llm, self._data_dir = server, llm, data_dir
        self._every: float = options.every
        self._chance = random.Random(options.seed)
        self.over = threading.Event()
        self.made: Counter[str] = Counter()

    def run(self) -> None:
        faults: dict[str, Callable[[], None]] = {
            "killed": self._kill,
            "restarted": self._restart,
            "frozen": self._freeze,
            "database locked": self._lock,
            "LLM or embedder": self._model,
        }
        if os.path.ismount(self._data_dir):
            faults["disk full"] = self._fill
        while not self.over.wait(self._every / 2):
            name = self._chance.choice(list(faults))
            faults[name]()
            self.made[name] += 1

    def _pause(self) -> None:
        self.over.wait(self._chance.uniform(0.5, 1.5) * self._every / 2)

    def _kill(self) -> None:
        self._server.kill()
        self._server.start()

    def _restart(self) -> None:
        self._server.restart()

    def _freeze(self) -> None:
        os.kill(self._server.pid, signal.SIGSTOP)
        self._pause()
        os.kill(self._server.pid, signal.SIGCONT)

    def _lock(self) -> None:
        with contextlib.closing(sqlite3.connect(self._data_dir / "state.db", timeout=30)) as other:
            other.isolation_level = None
            other.execute("BEGIN IMMEDIATE")
            self._pause()
            self._pause()
            other.execute("ROLLBACK")

    def _fill(self) -> None:
        with filled(self._data_dir):
            self._pause()

    def _model(self) -> None:
        endpoint = self._chance.choice(["chat", "embeddings"])
        kinds: list[dict[str, object]] = [
            {"status": 503},
            {"status": 429},
            {"cut": True},
            {"broken_json": True},
        ]
        kind = self._chance.choice([*kinds, {}])
        with self._llm.fault(endpoint, **kind) if kind else self._llm.hold(endpoint):
            self._pause()


if __name__ == "__main__":
    main()
