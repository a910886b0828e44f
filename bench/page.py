"""How long does a browser wait for the page of memories, and for what it searches there?

    .venv/bin/python -m bench.page [--memories N]

The server alone (`owui-memory proxy`) with its default settings, in a process of its own, with one user's
memories, which a browser looks at over one connection. "First byte" is the time until the first byte of the
answer: any page of the list, with and without a filter, and the timeline. "After a change" is the first look
at the list after something was remembered: all of it is read anew. "Search" is a search as you type, with the
text of a memory; "wrong" counts those that do not find it. "Work" is the server's processor time for each.
Aims: first byte under 50 ms (p95), search under 100 ms, with 10,000 memories.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx

from bench import ROOT
from bench.contenders import take_environment
from bench.measure import Latency, arguments, finish, table, worked_s
from bench.memories import fact
from tests.harness.pipelines_server import free_port
from tests.harness.waiting import wait_until

USER = "ada"


class Server:
    """The proxy with `count` memories of one user, signed in."""

    def __init__(self, folder: Path, count: int) -> None:
        self.port = free_port()
        self._environment = {
            **os.environ,
            "MEMORY_DATA_DIR": str(folder),
            "PIPELINES_API_KEY": "bench",
            "PYTHONPATH": str(ROOT / "pipelines"),
        }
        rows = folder / "rows.jsonl"
        texts = (json.dumps({"memory": fact(number).text, "user_id": USER}) for number in range(count))
        rows.write_text("\n".join(texts))
        self._process = subprocess.Popen(
            self._command("proxy", "--port", str(self.port)), env=self._environment
        )
        wait_until(self._is_ready, within=120, what="the server is ready")
        subprocess.run(self._command("import", str(rows)), env=self._environment, check=True)
        self.cookie = f"memory_session={self._session(folder)}"
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def asked(self, view: str) -> tuple[float, str]:
        """Seconds until the first byte, and the page."""
        headers = {"Cookie": self.cookie, **({"HX-Request": "true"} if "q=" in view else {})}
        began = time.perf_counter()
        self._connection.request("GET", f"/memory/{view}", headers=headers)
        answer = self._connection.getresponse()
        took = time.perf_counter() - began
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{view}: {answer.status}")
        return took, text

    def worked(self) -> float:
        """Seconds of the processor's time so far."""
        return worked_s(self._process.pid)

    def change(self, text: str) -> None:
        page = self.asked("")[1]
        csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
        url = f"http://127.0.0.1:{self.port}/memory/remember"
        answer = httpx.post(url, data={"csrf": csrf, "text": text}, headers={"Cookie": self.cookie})
        if answer.status_code != 303:
            raise RuntimeError(f"remember: {answer.status_code}")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def _is_ready(self) -> bool:
        try:
            url, headers = f"http://127.0.0.1:{self.port}/memory/status", {"Authorization": "Bearer bench"}
            parts = httpx.get(url, headers=headers, timeout=20).json()["parts"]
        except httpx.HTTPError:
            return False
        return any(part["name"] == "embedder" and part["ok"] for part in parts)

    def _session(self, folder: Path) -> str:
        from owui_memory.state import open_state
        from owui_memory.state.page_sessions_table import PageSessions, Person

        engine = open_state(folder)
        try:
            return PageSessions(engine).sign_in(Person(USER))
        finally:
            engine.dispose()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "owui_memory", *words]


@dataclass(frozen=True)
class Measured:
    """work: ms of the server's processor time for each."""

    latency: Latency
    work: float


def measured(
    server: Server, times: int, view: Callable[[int], str], wanted: Callable[[int], str]
) -> Measured:
    """`wanted`: what is to be on the page; "" for anything."""
    seconds, wrong, before = [], 0, server.worked()
    for number in range(times):
        took, text = server.asked(view(number))
        seconds.append(took)
        wrong += wanted(number) not in unescape(text)
    work = (server.worked() - before) / times * 1000
    return Measured(Latency.of(seconds, wrong), work)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--memories", type=int, default=10_000, metavar="N")
    options = parser.parse_args()
    count, times = (500, 20) if options.quick else (options.memories, 200)
    take_environment()
    drawn = random.Random(7)
    numbers = [drawn.randrange(count) for _ in range(times)]
    filters = ["", "kind=fact&", "time=week&", "kind=preference&"]
    with tempfile.TemporaryDirectory(prefix="bench-page-") as folder:
        server = Server(Path(folder), count)
        try:
            cold, work = [], 0.0
            for number in range(5):
                server.change(f"I was told the number {number} in a dream.")
                before = server.worked()
                cold.append(server.asked("")[0])
                work += (server.worked() - before) / 5 * 1000
            results = {
                "list": measured(
                    server, times, lambda n: f"?{filters[n % 4]}page={1 + numbers[n] // 20}", lambda _: ""
                ),
                "timeline": measured(server, times // 2, lambda _: "timeline", lambda _: "dream"),
                "after a change": Measured(Latency.of(cold), work),
                "search": measured(
                    server,
                    times,
                    lambda n: "?" + urlencode({"q": fact(numbers[n]).text}, quote_via=quote),
                    lambda n: fact(numbers[n]).text,
                ),
            }
        finally:
            server.close()
    head = ("view", "times", "p50", "p95", "p99", "work", "wrong")
    rows = [
        (
            name,
            one.latency.count,
            one.latency.p50,
            one.latency.p95,
            one.latency.p99,
            one.work,
            one.latency.wrong,
        )
        for name, one in results.items()
    ]
    print(table(f"{count:,} memories, ms to the first byte", head, rows))
    finish(options, dict(results))


if __name__ == "__main__":
    main()
