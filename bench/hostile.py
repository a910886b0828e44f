"""What does the longest and oddest text cost, and does anybody else wait for it?

    .venv/bin/python -m bench.hostile --sizes 10000 100000 1000000 10000000

Texts of repeated fragments go through the real filter, each in every place of a body where a text may stand.
Of each place the worst text is told: how long the call took, and for how long the event loop stood still
meanwhile, on which all other users wait. `server`: what the stock server does for such a body without any
filter, on that same loop: reading and writing JSON. A size is that of the JSON, in bytes.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.contenders import take_environment
from bench.measure import arguments, finish, table
from tests.harness.bodies import Body, Chat, inlet_body, new_id, outlet_body
from tests.harness.heartbeat import Heartbeat
from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
FRAGMENTS = (
    *("x", "x ", "\n", "é", "字", "😀", "a\ud800", "\ud800", "\0", "<", "[", "1 "),
    *("see <details type= ", '<details type="reasoning" done="true" duration="3">\n', "</details>"),
    *("<think>\n", "<think>x</think>", "</think>", "<user_memories>\n", "</user_memories>", "\n- "),
    *("\nUSER: ", "\nUSER: /memory\n", "/memory ", "wlan-", "password ", "sk-", "a:b@", "I am Ada. "),
)
_CALL_S = 300.0
IDS = {"chat_id": "", "message_id": "", "user_message_id": ""}  # of the turn whose outlet is next


@dataclass(frozen=True)
class Place:
    """Where a text stands: `way` of the filter, and the body with it. An outlet has its inlet before it."""

    name: str
    way: str
    body: Callable[[str], Body]
    inlet: Callable[[str], Body] | None = None


def _later(role: str, text: str) -> Body:
    return Chat("mallory", history=[{"id": "1", "role": role, "content": text}]).say("And?").inlet


def _asked(_: str) -> Body:
    """A message whose answer may be remembered, under ids of its own."""
    IDS.update(chat_id=new_id(), message_id=new_id(), user_message_id=new_id())
    return inlet_body("I am Ada.", user_id="mallory", **IDS)


def _parts(text: str) -> Body:
    body = Chat("mallory").say("x").inlet
    body["messages"][-1]["content"] = [{"type": "text", "text": text}]
    return body


PLACES = (
    Place("inlet: message", "inlet", lambda text: Chat("mallory").say(text).inlet),
    Place("inlet: message in parts", "inlet", _parts),
    Place("inlet: earlier message", "inlet", lambda text: _later("user", text)),
    Place("inlet: earlier answer", "inlet", lambda text: _later("assistant", text)),
    Place("inlet: system prompt", "inlet", lambda text: Chat("mallory").say("Hi", system=text).inlet),
    Place("inlet: task", "inlet", lambda text: Chat("mallory").say(text, task="title_generation").inlet),
    Place("inlet: command", "inlet", lambda text: Chat("mallory").say(f"/memory search {text}").inlet),
    Place("outlet: answer", "outlet", lambda text: outlet_body("I am Ada.", text, **IDS), _asked),
    Place("outlet: message", "outlet", lambda text: outlet_body(text, "Fine.", **IDS), _asked),
)


@dataclass(frozen=True)
class Cost:
    """Milliseconds: of a call, of the loop's longest standstill in it, of the server's own work."""

    fragment: str
    call: float
    stall: float
    server: float


def of_size(fragment: str, size: int) -> str:
    """A text of a fragment, so long in JSON."""
    return fragment * max(1, size // (len(json.dumps(fragment)) - 2))


def server_ms(body: Body) -> float:
    """What the stock server does with a body, before and after a filter."""
    from fastapi.encoders import jsonable_encoder

    raw = json.dumps(body)
    began = time.perf_counter()
    read = json.loads(raw)
    json.dumps(jsonable_encoder(read), ensure_ascii=False).encode(errors="replace")
    return (time.perf_counter() - began) * 1000


async def cost(pipeline: Any, place: Place, fragment: str, size: int) -> Cost:
    """Of one call."""
    user = Chat("mallory").user
    if place.inlet:
        await pipeline.inlet(place.inlet(fragment), user)
    body = place.body(of_size(fragment, size))
    async with Heartbeat() as heart:
        began = time.perf_counter()
        await asyncio.wait_for(getattr(pipeline, place.way)(body, user), _CALL_S)
        took = time.perf_counter() - began
    return Cost(fragment, took * 1000, heart.longest_s * 1000, server_ms(body))


async def measured(sizes: list[int], fragments: tuple[str, ...]) -> dict[str, dict[int, Cost]]:
    """For each place and size, the fragment that takes longest."""
    from owui_memory.plugin import Pipeline

    pipeline = Pipeline()
    await pipeline.on_startup()
    worst: dict[str, dict[int, Cost]] = {place.name: {} for place in PLACES}
    await cost(pipeline, PLACES[0], "x", 10)  # what is made at the first message
    await asyncio.sleep(2)
    for size in sizes:
        for place in PLACES:
            costs = [await cost(pipeline, place, fragment, size) for fragment in fragments]
            slowest = max(costs, key=lambda one: one.call)
            stall = max(one.stall for one in costs)
            worst[place.name][size] = Cost(slowest.fragment, slowest.call, stall, slowest.server)
    await pipeline.on_shutdown()
    return worst


def main() -> None:
    """Print one table a size."""
    parser = arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="BYTES")
    options = parser.parse_args()
    sizes = options.sizes[:2] if options.quick else options.sizes
    take_environment()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ScriptedLLM() as llm:
        os.environ.update(with_embedder(llm), MEMORY_DATA_DIR=folder)
        worst = asyncio.run(measured(sizes, FRAGMENTS[::4] if options.quick else FRAGMENTS))
    for size in sizes:
        rows = [
            (name, *(one.call, one.stall, one.server), repr(one.fragment)[:32])
            for name, one in ((name, costs[size]) for name, costs in worst.items())
        ]
        head = ("place", "call ms", "loop stood ms", "server ms", "worst text")
        print(table(f"{size:,} bytes", head, rows), flush=True)
    finish(options, {"benchmark": "hostile", "worst": worst})


if __name__ == "__main__":
    main()
