"""What do many people at once wait for, and how much memory does that take?

    .venv/bin/python -m bench.crowd

A real Pipelines server with the bundled embedder. Each of `--at-once` users goes on in chats of three
messages, as fast as the server answers, for `--seconds`; a third of what they say asks about the rest.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx

from bench.measure import Latency, arguments, finish, rss_mib, table, worked_s
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import FILTER, PipelinesServer

FACTS = ("My locker number {} is green.", "My sister number {} lives in Oslo.", "I play the cello since {}.")
QUESTIONS = ("What colour is my locker?", "Where does my sister live?", "Which instrument do I play?")


def main() -> None:
    """Print one row."""
    parser = arguments(__doc__)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    seconds = min(options.seconds, 10.0) if options.quick else options.seconds
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = PipelinesServer(Path(folder))
        with server:
            crowd = _Crowd(server)
            crowd.talk(2, 3.0)  # what is made at the first message
            before = rss_mib(server.pid)[0]
            spent = worked_s(server.pid)
            inlets, outlets = crowd.talk(options.at_once, seconds)
            spent = worked_s(server.pid) - spent
            after = rss_mib(server.pid)[0]
            detail = server.part("filter")["detail"]
            began = time.perf_counter()
            server.wait_until_drained(within=600)
            behind = time.perf_counter() - began
            drained = rss_mib(server.pid)[0]
    missed = sum(
        int(part.rpartition(": ")[2])
        for part in detail.split("; ")
        if "deadline" in part or "too many requests" in part
    )
    inlet, outlet = Latency.of(inlets, crowd.failed), Latency.of(outlets)
    rows = [
        [name, str(one.count), f"{one.p50:.0f}", f"{one.p95:.0f}", f"{one.p99:.0f}"]
        for name, one in (("inlet", inlet), ("outlet", outlet))
    ]
    print(table(f"{options.at_once} users, {seconds:g} s", ["", "count", "p50 ms", "p95 ms", "p99 ms"], rows))
    print(f"{missed} inlets were late (no memories), {crowd.failed} failed; writer {behind:.0f} s behind")
    print(f"the server used {spent * 1000 / max(inlet.count, 1):.0f} ms of a processor for each turn")
    print(f"memory: {before:.0f} MiB before, {after:.0f} after, {drained:.0f} when all is remembered")
    memory = {"before": before, "after": after, "drained": drained}
    finish(options, {"inlet": inlet, "outlet": outlet, "late": missed, "rss_mib": memory})


class _Crowd:
    """Users that talk to a server."""

    def __init__(self, server: PipelinesServer) -> None:
        self._server = server
        self._numbers = count()
        self._lock = threading.Lock()
        self.failed = 0

    def talk(self, at_once: int, seconds: float) -> tuple[list[float], list[float]]:
        """Seconds that each inlet and outlet took."""
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(at_once) as threads:
            took = [
                one for some in threads.map(lambda _: list(self._user(until)), range(at_once)) for one in some
            ]
        return [inlet for inlet, _ in took], [outlet for _, outlet in took]

    def _user(self, until: float) -> Iterator[tuple[float, float]]:
        user = f"user-{next(self._numbers)}"
        headers = {"Authorization": f"Bearer {self._server.key}"}
        with httpx.Client(base_url=self._server.url, headers=headers, timeout=60) as client:
            while time.monotonic() < until:
                chat = Chat(user)
                for texts in (FACTS, QUESTIONS, FACTS):
                    number = next(self._numbers)
                    turn = chat.say(texts[number % len(texts)].format(number))
                    began = time.perf_counter()
                    sent = self._post(client, "inlet", turn.inlet, turn.user)
                    middle = time.perf_counter()
                    self._post(client, "outlet", turn.outlet("I see.", sent=sent), turn.user)
                    yield middle - began, time.perf_counter() - middle

    def _post(self, client: httpx.Client, way: str, body: object, user: object) -> dict[str, object]:
        answer = client.post(f"/{FILTER}/filter/{way}", json={"body": body, "user": user})
        if answer.status_code != httpx.codes.OK:
            with self._lock:
                self.failed += 1
            return json.loads(json.dumps(body))
        return answer.json()


if __name__ == "__main__":
    main()
