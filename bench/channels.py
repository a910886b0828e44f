"""What do a team's channels cost, with 100,000 messages a day fifty times as fast, and is any of it lost?

    .venv/bin/python -m bench.channels

A real Pipelines server with the bundled embedder; a bot tells it what twenty channels say, in requests as the
examples send them, while the server is killed (SIGKILL) five times, and somebody chats. Every 25th message
decides something of its own; the rest is talk. Only the LLM's answers are scripted: it repeats each decision
that it is shown. In the end every message must have been read, and every decision must be there once.
mem0: `Memory.add` of each of some of these messages, with the same LLM, in the same run.
Aims: nothing lost, nothing twice, a hundredth of mem0's calls, and a chat that hardly waits longer meanwhile.
"""

import re
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, func, select, update

from bench.contenders import take_environment
from bench.measure import Latency, arguments, finish, rss_mib, table
from bench.remember import opened_mem0
from bench.scripted import Asked, scripted_llm
from owui_memory.backends.library import LibraryBackend
from owui_memory.backends.locations import naming
from owui_memory.channels.queue import IN_HAND
from owui_memory.config.settings import Valves
from owui_memory.core.scope import channel_owner
from owui_memory.state import channel_memories, channel_messages, open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, with_llm
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until

CHANNELS, DECIDES = 20, 25
PER_SECOND = 100_000 / 86_400 * 50
EACH_S = 0.5  # between requests of the bot
TALK = (
    "Did anybody look at the failing build of last night?",
    "I think that the second test there is only slow, let me try it on my machine.",
    "Thanks!",
    "The customer from Graz asked again whether we could move the call to the afternoon.",
    "lol",
    "No idea, maybe somebody from the platform team can tell us more about that one.",
    "Lunch at the usual place? The soup was excellent on Tuesday, I would go again.",
    "I have pushed a small change to the branch, please have a look when you find the time.",
    "+1",
    "It works on my machine, but only with the older version of the compiler.",
)
BIRDS = ("heron", "plover", "wigeon", "dunlin", "curlew", "godwit", "avocet", "bittern")
_DECISION = re.compile(r"^(\d+)\. [^:]+: We decided that (the \w+ (\d+) .*)\.$", re.MULTILINE)


def message(number: int) -> dict[str, Any]:
    """One of the stream."""
    text = TALK[number * 7 % len(TALK)]
    if number % DECIDES == 0:
        text = f"We decided that {decision(number)[0].lower()}{decision(number)[1:]}"
    author = number * 13 % 40
    return {
        "channel": f"channel-{number * 3 % CHANNELS}",
        "id": f"m{number}",
        "author": f"u{author}",
        "author_name": f"Member {author}",
        "text": text,
    }


def decision(number: int) -> str:
    bird = BIRDS[number // DECIDES % len(BIRDS)]
    return f"The {bird} {number} release goes out with build {number}."


def learned(request: Request) -> dict[str, Any]:
    """The scripted answer: each decision that is shown."""
    found = _DECISION.findall(request.last_user_text.partition("\nNew messages:")[2])
    texts = [(int(at), f"{text[0].upper()}{text[1:]}.") for at, text, _ in found]
    return {"operations": [{"op": "add", "text": text, "kind": "fact", "from": [at]} for at, text in texts]}


@dataclass
class Bot:
    """Tells messages, and keeps those that could not be sent."""

    server: PipelinesServer
    key: str
    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    def send(self, messages: Sequence[dict[str, Any]], until: float) -> None:
        while True:
            began = time.perf_counter()
            try:
                answer = httpx.post(
                    f"{self.server.url}/memory/observe",
                    json={"messages": list(messages)},
                    headers={"Authorization": f"Bearer {self.key}"},
                    timeout=30,
                    trust_env=False,
                )
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 202:
                self.seconds.append(time.perf_counter() - began)
                return
            self.failed += 1
            if time.monotonic() > until:
                raise RuntimeError(f"the server takes nothing: {answer and answer.text}")
            time.sleep(0.5)


class Watch:
    """What waits, and how long a chat waits for its memories, looked at now and then."""

    def __init__(self, server: PipelinesServer, engine: Engine) -> None:
        self._server, self._engine = server, engine
        self.waiting: list[int] = []
        self.inlets: list[float] = []
        self.rss: list[float] = []
        self.up = threading.Event()
        self.up.set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()

        def run() -> None:
            while not over.wait(0.4):
                self.waiting.append(waiting(self._engine))
                if self.up.is_set():
                    self.ask()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def restart(self) -> None:
        """A SIGKILL, and a new start."""
        self.up.clear()
        self._server.kill()
        self._server.start()
        self.up.set()

    def ask(self) -> None:
        turn = Chat("ada").say("What colour is my locker?")
        began = time.perf_counter()
        try:
            self._server.inlet(turn.inlet, turn.user)
        except (httpx.HTTPError, AssertionError, AttributeError):
            return  # it is being killed
        if self.up.is_set():
            self.inlets.append(time.perf_counter() - began)


def waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        count = select(func.count()).where(channel_messages.c.state.in_(IN_HAND))
        return connection.scalar(count) or 0


def stream(server: PipelinesServer, engine: Engine, total: int, kills: int) -> tuple[Bot, Watch, float]:
    """All messages at their pace, with kills between; returns when all that waits was read."""
    bot, watch = Bot(server, ApiKeys(engine).add_observer("bench")), Watch(server, engine)
    kills_at = {total * (one + 1) // (kills + 1) for one in range(kills)}
    began, size = time.monotonic(), max(1, round(PER_SECOND * EACH_S))
    until, dying = began + total / 5 + 600, list[threading.Thread]()
    with watch.watching():
        for at in range(0, total, size):
            time.sleep(max(0.0, began + at / PER_SECOND - time.monotonic()))
            bot.send([message(number) for number in range(at, min(at + size, total))], until)
            if any(at < kill <= at + size for kill in kills_at):
                dying.append(threading.Thread(target=watch.restart))
                dying[-1].start()  # while the bot goes on
        for one in dying:
            one.join()
        took = time.monotonic() - began
        with engine.begin() as connection:  # an hour later
            connection.execute(update(channel_messages).values(put_at=channel_messages.c.put_at - 7200))
        wait_until(lambda: waiting(engine) == 0, within=1200, every=0.5, what="all is read")
    return bot, watch, took


def flaws(folder: Path, engine: Engine, total: int) -> list[str]:
    """What was lost, or is there twice."""
    c = channel_messages.c
    with engine.connect() as connection:
        states = dict(connection.execute(select(c.state, func.count()).group_by(c.state)).all())
        cited = connection.scalar(select(func.count(channel_memories.c.memory_id.distinct())))
    backend = LibraryBackend.open(Valves(), folder, named=naming(engine, folder, Valves()))
    owners = [channel_owner("bench", f"channel-{one}") for one in range(CHANNELS)]
    texts = [memory.text for owner in owners for memory in backend.list_all(owner)]
    backend.close()
    expected = sorted(decision(number) for number in range(0, total, DECIDES))
    found = [] if states == {"read": total} else [f"of {total} messages {states}"]
    missing, more = set(expected) - set(texts), len(texts) - len(set(texts))
    found += [f"{len(missing)} decisions are missing"] if missing else []
    found += [f"{more} memories are there twice"] if more else []
    found += [] if cited == len(texts) else [f"{cited} of {len(texts)} memories say where they are from"]
    return found


def of_mem0(llm: ScriptedLLM, count: int) -> tuple[Asked, float]:
    before, began = len(llm.chats()), time.perf_counter()
    with opened_mem0(llm) as memory:
        for number in range(count):
            one = message(number)
            said = [{"role": "user", "content": f"{one['author_name']}: {one['text']}"}]
            memory.add(said, user_id=one["channel"])
    return Asked.of(llm.chats()[before:]), time.perf_counter() - began


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--adds", type=int, default=100, help="messages that mem0 is given")
    options = parser.parse_args()
    if options.quick:
        options.messages, options.adds = 3_000, 20
    take_environment()
    with scripted_llm() as llm, tempfile.TemporaryDirectory(prefix="bench-channels-") as name:
        llm.when("memory of a team's channel", learned)
        reads = {k: v for k, v in with_llm(llm).items() if "EMBEDDER" not in k}
        env = {**reads, "MEMORY_CHANNELS": "on", "MEMORY_CHANNEL_TOKENS_PER_DAY": "1000000000"}
        server = PipelinesServer(Path(name), env=env)
        with server:
            engine = open_state(server.data_dir)
            quiet = Watch(server, engine)
            for _ in range(20):
                quiet.ask()
            before = rss_mib(server.pid)[0]
            bot, watch, took = stream(server, engine, options.messages, options.kills)
            after, detail = rss_mib(server.pid)[0], server.part("channels")["detail"]
        asked = Asked.of([one for one in llm.chats() if "team's channel" in one.said_by("system")])
        wrong = flaws(server.data_dir, engine, options.messages)
        engine.dispose()
        theirs, mem0_s = of_mem0(llm, options.adds)
    total = options.messages
    ours, adds = asked, options.adds
    rows = [
        ("calls per 1,000 messages", 1000 * ours.calls / total, 1000 * theirs.calls / adds),
        ("prompt tokens per message", ours.tokens / total, theirs.tokens / adds),
        ("prompt tokens per call", ours.tokens / max(ours.calls, 1), theirs.tokens / max(theirs.calls, 1)),
        ("prompt tokens of 10,000 messages", 1e4 * ours.tokens / total, 1e4 * theirs.tokens / adds),
    ]
    print(table(f"{total:,} messages at {PER_SECOND:.0f} a second", ("", "ours", "mem0 add"), rows))
    lines = [("POST /memory/observe", Latency.of(bot.seconds)), ("inlet meanwhile", Latency.of(watch.inlets))]
    lines.append(("inlet before", Latency.of(quiet.inlets)))
    shown = [(what, one.count, one.p50, one.p95, one.p99) for what, one in lines]
    print(table("Milliseconds", ("", "count", "p50", "p95", "p99"), shown))
    pace = f"told in {took:.0f} s instead of {total / PER_SECOND:.0f}"
    print(f"\n{options.kills} kills; the bot tried {bot.failed} times in vain; {pace}")
    print(f"at most {max(watch.waiting):,} messages waited; resident {before:.0f} MiB, later {after:.0f}")
    print(f"mem0 took {mem0_s / options.adds:.2f} s a message; status: {detail}")
    print("lost: " + ("; ".join(wrong) or "nothing"))
    result = {"benchmark": "channels", "messages": total, "ours": asked, "mem0": theirs, "adds": options.adds}
    finish(options, {**result, "wrong": wrong, "waited": max(watch.waiting), "inlet": lines[1][1]})
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
