"""What the proxy adds, beside the model server alone, and beside LiteLLM's proxy where it is installed.

    .venv/bin/python -m bench.proxy [--requests 300] [--streams 10000] [--litellm PATH-TO-ITS-COMMAND]

Time to the first byte of an answer, one request after another, and with a pause between them, as in a chat;
requests a second and p95 at 64 connections; memory of the process before and after many streams; whether all
that was said to a model with memory is stored, and how long after the last answer all of it is remembered.
The model server is a process that answers at once, in 20 pieces; clients speak HTTP over sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.harness.pipelines_server import ROOT, clean_environment, free_port
from tests.harness.upstream import says

KEY = "bench-key"
STREAM = says(*(f"word{at} " for at in range(20)))
CONNECTIONS = 64
PAUSE_S = 0.3
FACTS = ("My dog is called Rex.", "I live in Lisbon.", "I work as a nurse.", "My sister is called Ada.")


async def upstream(
    scope: dict, receive: Callable[[], Awaitable[dict]], send: Callable[..., Awaitable[None]]
) -> None:
    """The model server: an ASGI application."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    kind = b"text/event-stream" if scope["method"] == "POST" else b"application/json"
    pieces = STREAM if scope["method"] == "POST" else [b'{"object": "list", "data": [{"id": "llama3"}]}']
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@dataclass
class Target:
    name: str
    port: int
    model: str
    path: str = "/v1/chat/completions"
    pid: int = 0

    def request(self, text: str, user: str) -> bytes:
        said = [{"role": "user", "content": text}]
        body = json.dumps({"model": self.model, "stream": True, "messages": said}).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
            f"X-OpenWebUI-User-Id: {user}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Connection:
    """One that stays open."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def __aenter__(self) -> Connection:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, text: str, user: str) -> tuple[float, float]:
        """Seconds to the answer's first byte, and to its end."""
        began = time.perf_counter()
        self._writer.write(self._target.request(text, user))
        head = await self._reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0] + b" ":
            raise RuntimeError(f"{self._target.name}: {head[:300]!r}")
        size = await self._reader.readline()
        first = time.perf_counter() - began
        while int(size, 16):
            await self._reader.readexactly(int(size, 16) + 2)
            size = await self._reader.readline()
        await self._reader.readline()
        return first, time.perf_counter() - began


def at(share: float, values: list[float]) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


async def one_by_one(target: Target, requests: int, pause_s: float = 0.0) -> list[float]:
    took = []
    async with Connection(target) as connection:
        for number in range(20):
            await connection.ask(f"Warm up {number}.", "warm")
        for number in range(requests):
            text = f"{FACTS[number % 4]} It is {number}{' now' if pause_s else ''}."
            took.append((await connection.ask(text, f"u{number % 8}"))[0])
            await asyncio.sleep(pause_s)
    return took


async def at_once(target: Target, requests: int) -> tuple[float, list[float]]:
    left = iter(range(requests))
    took: list[float] = []

    async def client() -> None:
        async with Connection(target) as connection:
            for number in left:
                took.append((await connection.ask(f"{FACTS[number % 4]} At {number}.", f"v{number % 50}"))[1])

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return requests / (time.perf_counter() - began), took


def megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def start(command: list[str], port: int, path: str, folder: Path, **env: str) -> subprocess.Popen[bytes]:
    log = (folder / f"{port}.log").open("wb")
    environment = {**clean_environment(), "PYTHONPATH": f"{ROOT / 'pipelines'}:{ROOT}", **env}
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {KEY}"}, timeout=5)
            return process
        except httpx.TransportError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"{command[0]} does not answer:\n{(folder / f'{port}.log').read_text()[-2000:]}")


def numbers(port: int) -> str:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.get(f"http://127.0.0.1:{port}/memory/metrics", headers=headers, timeout=30).text


def drained(port: int, within_s: float) -> str:
    """Wait until all that was said is remembered; in words, how that went."""
    began = time.monotonic()
    lefts = []
    while not lefts or time.monotonic() - began < within_s:
        told = numbers(port)
        left = [total(told, f'queue_exchanges{{state="{state}"}}') for state in ("waiting", "aside")]
        lefts.append(f"{left[0]:.0f} in the queue and {left[1]:.0f} aside")
        if not sum(left):
            took = f"all of it remembered {time.monotonic() - began:.0f} s after the last answer"
            return f"{took}, with which there were {lefts[0]}"
        time.sleep(2)
    return f"{lefts[0]} with the last answer, {lefts[-1]} {within_s:.0f} s after it"


def total(told: str, name: str) -> float:
    found = [one.rpartition(" ")[2] for one in told.splitlines() if one.startswith(f"owui_memory_{name} ")]
    return float(found[0]) if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument(
        "--drain", type=float, default=900.0, help="seconds that the writer may take afterwards"
    )
    parser.add_argument("--litellm", default="", help="LiteLLM's command, from an environment of its own")
    options = parser.parse_args()
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            measure(options, folder, running)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(30)


def measure(options: argparse.Namespace, folder: Path, running: list[subprocess.Popen[bytes]]) -> None:
    model_port, proxy_port = free_port(), free_port()
    serve = [sys.executable, "-m", "uvicorn", "bench.proxy:upstream", "--log-level", "warning", "--port"]
    running.append(start([*serve, str(model_port)], model_port, "/", folder))
    upstreams = [{"name": "main", "base_url": f"http://127.0.0.1:{model_port}/v1"}]
    running.append(
        start(
            [sys.executable, "-m", "owui_memory", "proxy", "--port", str(proxy_port)],
            proxy_port,
            "/memory/health",
            folder,
            PIPELINES_API_KEY=KEY,
            MEMORY_DATA_DIR=str(folder / "data"),
            MEMORY_UPSTREAMS=json.dumps(upstreams),
            MEMORY_INLET_DEADLINE_MS="5000",
        )
    )
    headers = {"Authorization": f"Bearer {KEY}"}
    ready = "owui_memory_backend_ready 1.0"
    while (
        ready
        not in httpx.get(f"http://127.0.0.1:{proxy_port}/memory/metrics", headers=headers, timeout=30).text
    ):
        time.sleep(0.5)
    pid = running[1].pid
    targets = [
        Target("model server alone", model_port, "llama3"),
        Target("proxy, plain", proxy_port, "llama3", pid=pid),
        Target("proxy, memory", proxy_port, "memory/llama3", pid=pid),
    ]
    if options.litellm:
        targets.append(litellm(options.litellm, model_port, folder, running))
    print(f"{'':20} first byte ms: p50    p95    added p50  p95 | at {CONNECTIONS}: req/s   p95 ms | MiB")
    alone: list[float] = []
    said, chat = 0, ""
    for target in targets:
        first = asyncio.run(one_by_one(target, options.requests))
        alone = alone or first
        rate, took = asyncio.run(at_once(target, options.requests * 4))
        said += (20 + options.requests * 5) if "memory" in target.model else 0
        p50, p95 = at(0.5, first) * 1000, at(0.95, first) * 1000
        added = p50 - at(0.5, alone) * 1000, p95 - at(0.95, alone) * 1000
        if "memory" in target.model:
            slow = asyncio.run(one_by_one(target, options.requests // 2, PAUSE_S))
            said += 20 + options.requests // 2  # to warm up, the same again: it counts as repeated
            chat = f"with a pause between: {at(0.5, slow) * 1000:.2f} {at(0.95, slow) * 1000:.2f}"
        size = f"{megabytes(target.pid):.0f}" if target.pid else ""
        print(
            f"{target.name:20} {p50:18.2f} {p95:6.2f} {added[0]:10.2f} {added[1]:6.2f} | "
            f"{rate:13.0f} {at(0.95, took) * 1000:8.1f} | {size}"
        )
    print(chat)
    if options.streams:
        before = megabytes(pid)
        rate, took = asyncio.run(at_once(targets[2], options.streams))
        said += options.streams
        after = megabytes(pid)
        print(
            f"{options.streams} streams, {rate:.1f} a second, p50 {at(0.5, took):.2f} s, "
            f"p95 {at(0.95, took):.2f}, longest {max(took):.1f}; "
            f"process before and after: {before:.0f} and {after:.0f} MiB"
        )
    drain = drained(proxy_port, options.drain)
    told = numbers(proxy_port)
    dead = total(told, 'queue_exchanges{state="dead"}')
    stored = total(told, 'exchanges_total{state="stored"}') + total(told, 'exchanges_total{state="repeated"}')
    print(f"said to a model with memory: {said}, stored or repeated: {stored:.0f}, dead: {dead:.0f}; {drain}")
    print(f"process at the end: {megabytes(pid):.0f} MiB")
    recall = [total(told, f'recall_seconds_{part}{{outcome="memories"}}') for part in ("sum", "count")]
    print(
        f"of the time that memory adds, recall took {recall[0] / max(recall[1], 1) * 1000:.1f} ms on average"
    )


def litellm(command: str, model_port: int, folder: Path, running: list[subprocess.Popen[bytes]]) -> Target:
    port = free_port()
    parameters = {
        "model": "openai/llama3",
        "api_base": f"http://127.0.0.1:{model_port}/v1",
        "api_key": "none",
    }
    config = {
        "model_list": [{"model_name": "llama3", "litellm_params": parameters}],
        "general_settings": {"master_key": KEY},
    }
    (folder / "litellm.json").write_text(json.dumps(config))
    asked = [command, "--config", str(folder / "litellm.json"), "--port", str(port), "--host", "127.0.0.1"]
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "PATH": os.environ["PATH"]}
    running.append(start(asked, port, "/health/liveliness", folder, PYTHONPATH="", **quiet))
    return Target("LiteLLM's proxy", port, "llama3", pid=running[-1].pid)


if __name__ == "__main__":
    main()
