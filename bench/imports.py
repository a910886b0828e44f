"""How fast is a past brought along, and what does a live chat notice of it?

    .venv/bin/python -m bench.imports [--memories 10000] [--inlets 200] [--seconds 60] [--json]

A ChatGPT export of so many exchanges, ten a chat, of made-up people is previewed, put into the queue, and
remembered with the bundled embedder and without an LLM; meanwhile others ask one question after another,
100 ms apart. `--seconds`: for how long that is watched; the rate is of what was remembered by then.
Before, the same inlets with nothing to do beside.
"""

import asyncio
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.contenders import filter_on, sqlite_store, take_environment
from bench.inlet import Stopwatch
from bench.measure import Latency, arguments, finish, table
from bench.memories import Fact, WordVectors, asked, fact
from owui_memory.manage.history import reading
from tests.harness.bodies import Chat

_A_CHAT, _PAUSE_S = 10, 0.1


def export(file: Path, exchanges: int) -> None:
    """A conversations.json."""
    chats = []
    for chat in range(exchanges // _A_CHAT):
        nodes: dict[str, Any] = {}
        last = None
        for at in range(_A_CHAT):
            one = fact(chat * _A_CHAT + at)
            said = {"user": f"{one.text} {one.question}", "assistant": f"You told me: {one.text} " * 5}
            for role, text in said.items():
                name = f"{chat}-{at}-{role}"
                content = {"content_type": "text", "parts": [text]}
                message = {"id": name, "author": {"role": role}, "content": content}
                message["create_time"] = 1.6e9 + chat * 1000 + at
                nodes[name] = {"id": name, "parent": last, "message": message}
                last = name
        chats.append({"id": f"chat-{chat}", "title": "x", "mapping": nodes, "current_node": last})
    file.write_text(json.dumps(chats))


async def inlets(pipeline: Any, facts: list[Fact], until: float) -> Latency:
    """One after another, for each fact or until a time."""
    watch = Stopwatch()
    for one in facts:
        if time.monotonic() > until:
            break
        turn = Chat(one.user_id).say(one.question)
        with watch.question():
            await pipeline.inlet(turn.inlet, turn.user)
        await asyncio.sleep(_PAUSE_S)
    return watch.measured().latency


async def measured(store: Path, exchanges: int, count: int, seconds: float) -> dict[str, Any]:
    """Seconds that a preview takes, exchanges a second, inlets before and meanwhile."""
    facts = asked(1000, count)
    async with filter_on(store, WordVectors(), embedding=True) as pipeline:
        mem0 = pipeline._runtime.live.get()._memory
        mem0.embedding_model = mem0.embedding_model._embedder  # the bundled one itself: all is embedded
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "conversations.json")
            export(file, exchanges)
            archive = partial(reading.read, file)
            before = await inlets(pipeline, facts, time.monotonic() + seconds)
            imports, began = pipeline._runtime.imports, time.perf_counter()
            preview = await asyncio.to_thread(imports.preview, "importing", archive)
            previewed = time.perf_counter()
            beginning = asyncio.create_task(asyncio.to_thread(imports.begin, "importing", archive))
            at_first = await inlets(pipeline, facts, time.monotonic() + seconds)
            await beginning
            begun, until = time.perf_counter(), time.monotonic() + seconds
            pipeline._runtime._writer.wake()
            (one,) = imports.all("importing")
            left, meanwhile = one.left, await inlets(pipeline, facts * 100, until)
            done = left - imports.all("importing")[0].left
        rate = done / (time.perf_counter() - begun)
    times = {"preview_s": previewed - began, "told_s": preview.seconds, "rate": rate}
    each = {"before": before, "beginning": at_first, "meanwhile": meanwhile}
    return {"exchanges": exchanges, **times, **each}


def main() -> None:
    """Print one table."""
    parser = arguments(__doc__, sizes=(10_000,))
    parser.add_argument("--inlets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    if options.quick:
        options.memories, options.inlets, options.seconds = [200], 10, 5.0
    take_environment()
    store = sqlite_store(options.cache, 1000)
    results = [asyncio.run(measured(store, n, options.inlets, options.seconds)) for n in options.memories]
    p95 = "inlet p95 ms before"
    head = ("exchanges", "preview s", "told min", "a second", p95, "beginning", "meanwhile")
    rows = [
        [
            f"{one['exchanges']:,}",
            one["preview_s"],
            one["told_s"] / 60,
            one["rate"],
            *(one[name].p95 for name in ("before", "beginning", "meanwhile")),
        ]
        for one in results
    ]
    print(table("A past that comes along", head, rows))
    finish(options, {"benchmark": "imports", "results": results})


if __name__ == "__main__":
    main()
