"""What does it cost to remember, in calls and tokens of an LLM, and how fast is it?

LoCoMo's conversations as chats: a user each, a chat each session, an exchange each thing said and its
answer. Ours: put into the real outbox with the default settings, claimed, gated and reconciled by the real
writer into a real mem0 on the sqlite store. mem0: `Memory.add(infer=True)` of each exchange, as its users
call it. Only the LLM's answers are scripted (see `bench.scripted`): calls, prompts and tokens are what is
really sent.

Nobody waits 30 seconds here: after each exchange the writer remembers all that is ready. By the outbox's
own rules that is a chat in which eight wait, and what waits in a chat when its user goes on in the next. So
it is where messages follow each other within `batch_idle_seconds`; where none does, it is one exchange a
call, as in the row of batches of one.
Aim: at most 0.3 calls an exchange, and a tenth of mem0's tokens.
"""

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.contenders import plain_mem0, take_environment
from bench.locomo import load
from bench.measure import arguments, finish, table
from bench.memories import WordVectors
from bench.scripted import Asked, asking, scripted_llm
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.observe.metrics import Metrics
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.writer import Writer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

Chats = Sequence[Sequence[Exchange]]

_LEFT_OUT = "not worth remembering: "
_REFUSED = "changes refused: "
_LLM_TAKES_S = 0.05
_BATCH_SIZES = (1, 4, 8, 16)
_USERS_AT_ONCE = (1, 2, 4, 8, 20)


@dataclass(frozen=True)
class Cost:
    """Of so many exchanges. `gated` and `refused`: exchanges and changes, by reason."""

    exchanges: int
    asked: Asked
    memories: int
    gated: dict[str, int]
    refused: dict[str, int]

    def each(self, count: int) -> float:
        """So many of an exchange."""
        return count / self.exchanges


class House:
    """The outlet's side of the filter, in a folder. `vectors` take the place of the embedder."""

    def __init__(self, folder: Path, settings: Valves, vectors: WordVectors | None = None) -> None:
        from owui_memory.backends.backend_holder import BackendHolder
        from owui_memory.backends.library import LibraryBackend
        from owui_memory.recall.injected import Injected
        from owui_memory.remember.journal import Journal
        from owui_memory.state import open_state

        self.settings, self.metrics = settings, Metrics()
        self.backend = LibraryBackend.open(settings, folder, self.metrics)
        if vectors:
            self.backend._memory.embedding_model = vectors
        self.engine = open_state(folder)
        self.outbox = Outbox(self.engine)
        self.live = BackendHolder(folder, lambda *_: self.backend)
        self.writer = Writer(
            self.outbox,
            self.live,
            Journal(self.engine),
            Injected(self.engine),
            lambda: settings,
            self.metrics,
        )
        self.live.use(settings)
        wait_until(lambda: self.live.fault is None, what="the backend is open")

    def say(self, exchange: Exchange) -> None:
        """As the filter's outlet."""
        wait_s = self.settings.advanced_numbers.batch_idle_seconds if self.settings.uses_llm else 0.0
        self.outbox.put(exchange, wait_s=wait_s, batch_max=self.settings.advanced_numbers.batch_max_exchanges)

    def remember_ready(self) -> None:
        """What the writer's threads do, here and now, so that a batch is never larger than in life."""
        while batch := self.outbox.claim(self.settings.advanced_numbers.batch_max_exchanges):
            self.writer._settle(self.backend, batch)

    def reasons(self, prefix: str) -> dict[str, int]:
        """Counters whose name begins with `prefix`, the largest first."""
        counts = Counter(self.metrics.counts())
        return {
            name.removeprefix(prefix): count
            for name, count in counts.most_common()
            if name.startswith(prefix)
        }

    def check(self) -> None:
        """Raises what went wrong, if anything did."""
        error, counts = self.metrics.last_error, self.outbox.counts()
        if error or counts.pending or counts.dead:
            raise RuntimeError(f"not all was remembered: {counts}, {error}")


@contextmanager
def opened(settings: Valves, vectors: WordVectors | None = None) -> Iterator[House]:
    """A house with nothing in it, removed afterwards."""
    with TemporaryDirectory(prefix="bench-") as folder:
        house = House(Path(folder), settings, vectors)
        try:
            yield house
        finally:
            house.live.close()
            house.engine.dispose()


@contextmanager
def opened_mem0(llm: ScriptedLLM, vectors: WordVectors | None = None) -> Iterator[Any]:
    """Plain mem0 with nothing in it, removed afterwards."""
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        plain_mem0(Path(folder) / "qdrant", vectors, llm.base_url) as memory,
    ):
        yield memory


# Calls and tokens ---------------------------------------------------------------------------------


def ours(chats: Chats, llm: ScriptedLLM, vectors: WordVectors | None = None, **settings: Any) -> Cost:
    """All chats, in order."""
    before = len(llm.chats())
    with opened(asking(llm, **settings), vectors) as house:
        for _, of_user in itertools.groupby(chats, key=lambda chat: chat[0].user_id):
            for exchange in itertools.chain(*of_user):
                house.say(exchange)
                house.remember_ready()
            house.outbox.hurry()
            house.remember_ready()
        house.check()
        return Cost(
            exchanges=sum(map(len, chats)),
            asked=Asked.of(llm.chats()[before:]),
            memories=house.metrics.counts().get("memories changed", 0),
            gated=house.reasons(_LEFT_OUT),
            refused=house.reasons(_REFUSED),
        )


def mem0(chats: Chats, llm: ScriptedLLM, vectors: WordVectors | None = None) -> Cost:
    """All chats, in order, each exchange an `add`."""
    before = len(llm.chats())
    with opened_mem0(llm, vectors) as memory:
        memories = sum(_add(memory, exchange) for chat in chats for exchange in chat)
    return Cost(sum(map(len, chats)), Asked.of(llm.chats()[before:]), memories, {}, {})


def _add(memory: Any, exchange: Exchange) -> int:
    messages = [{"role": "user", "content": exchange.user_text}]
    if exchange.assistant_text:
        messages.append({"role": "assistant", "content": exchange.assistant_text})
    return len(memory.add(messages, user_id=exchange.user_id)["results"])


def first(chats: Chats, exchanges: int) -> Chats:
    """The first exchanges of each user, `exchanges` of all together or somewhat more; 0: all."""
    users = len({chat[0].user_id for chat in chats})
    left = Counter({chat[0].user_id: -(-exchanges // users) for chat in chats})
    if not exchanges:
        return chats
    taken = []
    for chat in chats:
        user_id = chat[0].user_id
        if part := chat[: left[user_id]]:
            taken.append(part)
            left[user_id] -= len(part)
    return taken


# Exchanges a second -------------------------------------------------------------------------------


def of_users(chats: Chats, users: int, each: int) -> list[Exchange]:
    """So many exchanges of so many users, a chat each, from the data in its order, over and over."""
    said = itertools.islice(itertools.cycle(itertools.chain(*chats)), users * each)
    return [
        replace(one, user_id=f"user-{at // each}", chat_id=f"chat-{at // each}", key=f"\n{at // each}\n{at}")
        for at, one in enumerate(said)
    ]


def writer_speed(said: Sequence[Exchange], settings: Valves, vectors: WordVectors | None = None) -> float:
    """Exchanges a second through the writer's own threads, all of them ready when it starts."""
    with opened(settings, vectors) as house:
        for exchange in said:
            house.say(exchange)
        house.outbox.hurry()
        start = time.perf_counter()
        house.writer.start()
        wait_until(lambda: not house.outbox.counts().pending, within=1800, every=0.02)
        took = time.perf_counter() - start
        house.writer.stop(10)
        house.check()
        return len(said) / took


def mem0_speed(said: Sequence[Exchange], llm: ScriptedLLM, vectors: WordVectors | None = None) -> float:
    """Exchanges a second, one `add` after another."""
    with opened_mem0(llm, vectors) as memory:
        start = time.perf_counter()
        for exchange in said:
            _add(memory, exchange)
        return len(said) / (time.perf_counter() - start)


@dataclass(frozen=True)
class Speed:
    """Exchanges a second, with the bundled embedder and without its time."""

    who: str
    per_second: float
    without_embedder: float


def speeds(chats: Chats, llm: ScriptedLLM, options: Any) -> list[Speed]:
    """The writer with an LLM, for each number of users at once; without one; mem0."""
    said = of_users(chats, options.users, options.each)
    verbatim = Valves()
    with llm.fault("chat", delay=_LLM_TAKES_S):
        found = [
            Speed(f"writer, users_at_once {users}", *(writer_speed(said, settings, v) for v in _embedders()))
            for users in options.users_at_once
            for settings in [asking(llm, advanced=f"users_at_once={users}")]
        ]
        found.append(
            Speed("writer, verbatim, no LLM", *(writer_speed(said, verbatim, v) for v in _embedders()))
        )
        some = said[: options.adds]
        found.append(Speed("mem0 add, one by one", *(mem0_speed(some, llm, v) for v in _embedders())))
    return found


def _embedders() -> tuple[None, WordVectors]:
    return None, WordVectors()


# Tables -------------------------------------------------------------------------------------------


def cost_table(filter_cost: Cost, mem0_cost: Cost) -> str:
    a, b = filter_cost, mem0_cost

    def row(name: str, count: Any) -> tuple[Any, ...]:
        mine, theirs = a.each(count(a)), b.each(count(b))
        return name, mine, theirs, theirs / mine if mine else float("nan")

    def per_call(name: str, count: Any) -> tuple[Any, ...]:
        mine, theirs = (count(cost) / max(cost.asked.calls, 1) for cost in (a, b))
        return name, mine, theirs, theirs / mine if mine else float("nan")

    rows = [
        ("exchanges", a.exchanges, b.exchanges, ""),
        row("calls per exchange", lambda cost: cost.asked.calls),
        row("prompt tokens per exchange", lambda cost: cost.asked.tokens),
        row("  by the project's estimate", lambda cost: cost.asked.estimated),
        per_call("prompt tokens per call", lambda cost: cost.asked.tokens),
        per_call("  of them instructions", lambda cost: cost.asked.instructions),
        per_call("  the rest", lambda cost: cost.asked.tokens - cost.asked.instructions),
        row("memories stored per exchange", lambda cost: cost.memories),
        ("exchanges gated %", 100 * a.each(sum(a.gated.values())), 0.0, ""),
        *((f"  {reason} %", 100 * a.each(count), "", "") for reason, count in a.gated.items()),
        *((f"changes refused: {reason}", count, "", "") for reason, count in a.refused.items()),
    ]
    return table("What remembering costs", ("", "ours", "mem0", "times less"), rows)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("data", type=Path, help="LoCoMo's conversations, JSON")
    parser.add_argument("--exchanges", type=int, default=300, help="of mem0, each user's first; 0: all")
    parser.add_argument("--users", type=int, default=20, help="whose exchanges wait for the writer")
    parser.add_argument("--each", type=int, default=16, help="exchanges of each of them")
    parser.add_argument("--adds", type=int, default=60, help="of mem0, for its speed")
    options = parser.parse_args()
    options.users_at_once, sizes = _USERS_AT_ONCE, _BATCH_SIZES
    chats = [chat for conversation in load(options.data) for chat in conversation.chats()]
    if options.quick:
        chats = list(first(chats, 40))
        options.exchanges, options.users, options.each, options.adds = 20, 4, 4, 8
        options.users_at_once, sizes = (1, 4), (1, 8)
    take_environment()

    with scripted_llm() as llm:
        filter_cost, mem0_cost = ours(chats, llm), mem0(first(chats, options.exchanges), llm)
        by_size = {
            size: ours(chats, llm, WordVectors(), advanced=f"batch_max_exchanges={size}") for size in sizes
        }
        fast = speeds(chats, llm, options)

    print(cost_table(filter_cost, mem0_cost))
    print("\nTokens are pieces of the bundled model's tokenizer; only the LLM's answers are scripted.")
    print(f"mem0: the first exchanges of each user, {mem0_cost.exchanges} of {filter_cost.exchanges}.")
    rows = [
        (str(size), cost.each(cost.asked.calls), cost.each(cost.asked.tokens))
        for size, cost in by_size.items()
    ]
    head = ("batch_max_exchanges", "calls per exchange", "prompt tokens")
    print(table("What batches save (vectors from words)", head, rows))
    print(
        table(
            f"Exchanges a second, with an LLM that takes {_LLM_TAKES_S * 1000:.0f} ms",
            ("", "bundled embedder", "without its time"),
            [(speed.who, speed.per_second, speed.without_embedder) for speed in fast],
        )
    )
    print(
        f"\n{options.each} exchanges each, all waiting when the writer starts; mem0: {options.adds} of them."
    )
    finish(
        options,
        {
            "benchmark": "remember",
            "ours": filter_cost,
            "mem0": mem0_cost,
            "by_batch_max_exchanges": by_size,
            "exchanges_per_second": fast,
        },
    )


if __name__ == "__main__":
    main()
