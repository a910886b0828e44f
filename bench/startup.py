"""When is the first question answered with memories, and in how much memory?

Ours: the real Pipelines server with the filter and its bundled embedder, from the start of the process to
the first answer of an inlet that carries the memory asked for. mem0: a process that builds plain `Memory`
on embedded Qdrant with the same embedder, and answers one search. The caches of the disk are warm for both.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.contenders import copied, mem0_finds, plain_mem0, qdrant_store, sqlite_store, take_environment
from bench.measure import arguments, finish, percentile, rss_mib, table
from bench.memories import fact
from tests.harness.bodies import Chat, told_text
from tests.harness.pipelines_server import PipelinesServer, clean_environment
from tests.harness.talk import recalled, tell
from tests.harness.waiting import wait_until

_USER = fact(0).user_id
_TOLD = "My dog is called Rex and sleeps under the piano."
_QUESTION = "What is my dog called?"


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process; MiB resident after the first answer, after more, at most."""

    listens_s: float | None
    answers_s: float
    first_mib: float
    later_mib: float
    peak_mib: float


@contextmanager
def prepared_server(store: Path | None) -> Iterator[PipelinesServer]:
    """A stopped server whose user has told it one thing, beside what is in the store."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = PipelinesServer(Path(folder))
        server.data_dir.mkdir(parents=True)
        if store:
            shutil.copy(store, server.data_dir / "memories.db")
        with server:
            tell(server, _TOLD, user=_USER)
        server.wait_ready = False
        yield server


def start_server(server: PipelinesServer, questions: int) -> Start:
    """Start it once."""
    begin = time.perf_counter()
    with server:  # returns when the server listens
        listens_s = time.perf_counter() - begin
        wait_until(lambda: _TOLD in recalled(server, _QUESTION, user=_USER), within=120)
        answers_s = time.perf_counter() - begin
        first_mib, _ = rss_mib(server.pid)
        for number in range(questions):
            one = fact(number)
            turn = Chat(one.user_id).say(one.question)
            assert told_text(server.inlet(turn.inlet, turn.user)) is not None
        return Start(listens_s, answers_s, first_mib, *rss_mib(server.pid))


@contextmanager
def prepared_mem0(store: Path | None) -> Iterator[Path]:
    """A folder with the store, and in it the same thing told."""
    with copied(store, "qdrant") if store else _empty_folder() as folder:
        with plain_mem0(folder / "qdrant", None) as memory:
            memory.add(_TOLD, user_id=_USER, infer=False)
        yield folder / "qdrant"


@contextmanager
def _empty_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def start_mem0(folder: Path, questions: int) -> Start:
    """Start a process with it once."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "bench.startup", "--mem0-process", str(folder), str(questions)]
    environment = {**clean_environment(), "MEM0_TELEMETRY": "False", "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout is not None
        lines = (line for line in process.stdout if line.startswith("{"))
        first = json.loads(next(lines))
        answers_s = time.perf_counter() - begin
        last = json.loads(next(lines))
    return Start(None, answers_s, first["mib"], last["mib"], last["peak_mib"])


def mem0_process(folder: Path, questions: int) -> None:
    """What runs in that process."""
    take_environment()
    with plain_mem0(folder, None) as memory:
        assert mem0_finds(memory, _USER, _QUESTION, _TOLD, 8)
        print(json.dumps({"mib": rss_mib(os.getpid())[0]}), flush=True)
        for number in range(questions):
            one = fact(number)
            mem0_finds(memory, one.user_id, one.question, one.text, 8)
        now, peak = rss_mib(os.getpid())
        print(json.dumps({"mib": now, "peak_mib": peak}), flush=True)


def median(starts: list[Start]) -> Start:
    """The start that took the median time."""
    middle = percentile([start.answers_s for start in starts], 50)
    return next(start for start in starts if start.answers_s == middle)


def main() -> None:
    if sys.argv[1:2] == ["--mem0-process"]:
        return mem0_process(Path(sys.argv[2]), int(sys.argv[3]))
    parser = arguments(__doc__, sizes=(0, 100_000))
    parser.add_argument("--starts", type=int, default=3, help="of each; the median is shown")
    parser.add_argument("--questions", type=int, default=200, help="to ours after the first")
    parser.add_argument("--searches", type=int, default=10, help="of mem0 after the first")
    options = parser.parse_args()
    if options.quick:
        options.memories, options.starts, options.questions = [0, 1000], 1, 20
    take_environment()

    results: list[dict[str, Any]] = []
    for size in options.memories:
        with prepared_server(sqlite_store(options.cache, size) if size else None) as server:
            ours = median([start_server(server, options.questions) for _ in range(options.starts)])
        with prepared_mem0(qdrant_store(options.cache, size) if size else None) as folder:
            plain = median([start_mem0(folder, options.searches) for _ in range(options.starts)])
        results.append({"memories": size, "filter": ours, "mem0": plain})

    rows: list[tuple[Any, ...]] = []
    for result in results:
        for name, start in (("Pipelines server", result["filter"]), ("mem0 process", result["mem0"])):
            memory = (start.first_mib, start.later_mib, start.peak_mib)
            rows.append((f"{result['memories']:,} {name}", start.listens_s or "-", start.answers_s, *memory))
    later = f"after {options.questions} (mem0: {options.searches}) more"
    head = ("memories", "chats go on s", "first answer s", "MiB then", later, "peak")
    print(table("Start-up and memory, with the bundled embedder", head, rows))
    finish(options, {"benchmark": "startup", "results": results})
    return None


if __name__ == "__main__":
    main()
