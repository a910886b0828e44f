"""What of earlier chats stands in a new chat's prompt? Played through the real server, from end to end.

    .venv/bin/python -m bench.through_product DATA.json [--conversations a,b] [--json]

DATA.json: conversations in LoCoMo's format (bench/locomo.py), or a chat of BEAM's (Tavakoli et al. 2025).
Each is played through the inlet and outlet of a real Pipelines server with default settings and no LLM: in
LoCoMo `speaker_a` is the user, `speaker_b` the assistant, and a session a chat; in BEAM a batch is a chat.
What `speaker_b` says before the user in a session is no exchange, so it is lost. Once the writer is done,
each question is asked in a chat of its own, and the body that the inlet returns is looked at.

told: share of a question's evidence of which a run of six words (all of it, where it is shorter) stands in
the prompt outside the question, mean over the questions, per cent. told_own: the same of what the user said.
Evidence is a turn in LoCoMo; in BEAM a message of the user, one of the assistant standing for the one before.
tokens: of the blocks, by the bundled embedder's tokenizer. Category 5 is left out, as are BEAM's questions
without sources. Unrelated: everyday messages (bench/unrelated.txt) that are told more than the profile.

The time of an exchange is the session's date: while the server runs with its own clock, a trigger in its
state database writes that date into each exchange as it enters the outbox. Questions are asked now. The
deadline is 10 s instead of 0.8, so that a busy machine changes no answer; nothing else differs from the
defaults, but that unrelated messages are asked with profile_token_budget=0.

Beside it: the same with episodes=off; and plain mem0 with infer=False on the same exchanges, its top 10.
Aims: told 72, told_own 78, at most 1,200 tokens, unrelated under 5 %; BEAM told 75.
"""

import json
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from bench import ROOT
from bench.contenders import plain_mem0, take_environment
from bench.locomo import Conversation, load
from bench.measure import Latency, arguments, finish, table
from bench.recall_quality import CATEGORIES, questions_of
from bench.scripted import word_pieces
from tests.harness.bodies import Chat, told_text
from tests.harness.pipelines_server import PipelinesServer

_RUN = 6  # words
_DEADLINE_MS = "10000"
_TOP = 10
_WORD = re.compile(r"\w+")
_OWN_TIMES = """
    CREATE TABLE bench_times (chat_id TEXT PRIMARY KEY, at REAL NOT NULL);
    CREATE TRIGGER bench_said_at AFTER INSERT ON outbox
    WHEN EXISTS (SELECT 1 FROM bench_times WHERE chat_id = NEW.chat_id)
    BEGIN
        UPDATE outbox SET said_at = bench_times.at, exchange = json_set(exchange, '$.said_at', bench_times.at)
        FROM bench_times WHERE bench_times.chat_id = NEW.chat_id AND outbox.id = NEW.id;
    END;
"""


@dataclass(frozen=True)
class Evidence:
    """A text that answers a question; `own`: the user said it."""

    text: str
    own: bool


@dataclass(frozen=True)
class Asked:
    """A question of some kind with all its evidence."""

    text: str
    kind: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Past:
    """A user's earlier chats, each with a name, a time, messages and answers; and questions about them."""

    user: str
    chats: tuple[tuple[str, float, tuple[tuple[str, str], ...]], ...]
    questions: tuple[Asked, ...]


@dataclass
class Measured:
    """What one contender told. took: seconds of each question's inlet. unrelated: per cent, by user."""

    answers: list[tuple[Past, Asked, str]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    unrelated: dict[str, float] = field(default_factory=dict)

    def told(self, *, own: bool = False, of: Callable[[Past, Asked], bool] = lambda *_: True) -> float:
        """Mean share of the evidence, or of the user's `own`, per cent."""
        shares = [
            fmean(100.0 * stands_in(one.text, told) for one in wanted)
            for past, asked, told in self.answers
            if of(past, asked) and (wanted := [one for one in asked.evidence if one.own or not own])
        ]
        return fmean(shares) if shares else float("nan")

    @property
    def tokens(self) -> float:
        """Mean of what was told to a question."""
        return fmean(word_pieces(told) for _, _, told in self.answers)


def stands_in(text: str, told: str) -> bool:
    """Whether a run of six words of a text, or all of a shorter one, stands in what was told."""
    words, there = _words(text), f" {' '.join(_words(told))} "
    runs = (words[at : at + _RUN] for at in range(max(len(words) - _RUN, 0) + 1))
    return bool(words) and any(f" {' '.join(run)} " in there for run in runs)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


# Formats ------------------------------------------------------------------------------------------


def read(path: Path) -> list[Past]:
    """The conversations of a file in either format."""
    raw = json.loads(path.read_text())
    if isinstance(raw, dict):
        return [_beam(raw, path.stem)]
    return [_locomo(one) for one in load(path)]


def _locomo(conversation: Conversation) -> Past:
    turns = {turn.dia_id: turn for turn in conversation.turns}
    chats = tuple(
        (chat[0].chat_id, chat[0].said_at, tuple((one.user_text, one.assistant_text) for one in chat))
        for chat in conversation.chats()
    )
    questions = tuple(
        Asked(
            one.text,
            CATEGORIES[one.category],
            tuple(
                Evidence(turns[id_].text, turns[id_].speaker == conversation.speaker_a)
                for id_ in one.evidence
            ),
        )
        for one in questions_of(conversation)
    )
    return Past(conversation.name, chats, questions)


def _beam(raw: dict[str, Any], name: str) -> Past:
    user = f"beam-{name}"
    said: dict[int, str] = {}  # by a message's id: what the user said there, or just before
    chats = []
    at, last = 0.0, ""
    for number, batch in enumerate(raw["batches"]):
        exchanges: list[tuple[str, str]] = []
        first = next((one["time_anchor"] for one in batch["messages"] if one.get("time_anchor")), None)
        at = max(datetime.strptime(first, "%B-%d-%Y").replace(tzinfo=UTC).timestamp(), at) if first else at
        for message in batch["messages"]:
            if message["role"] == "user":
                last = message["content"]
                exchanges.append((last, ""))
            elif exchanges:
                asked, answer = exchanges[-1]
                exchanges[-1] = asked, f"{answer}\n{message['content']}".strip()
            said[message["id"]] = last
        chats.append((f"{user}-{number}", at, tuple(exchanges)))
    questions = tuple(
        Asked(one["question"], kind, tuple(Evidence(text, own=True) for text in dict.fromkeys(sources)))
        for kind, some in raw["questions"].items()
        for one in some
        if (sources := [said[id_] for id_ in _ids(one.get("source_chat_ids")) if id_ in said])
    )
    return Past(user, tuple(chats), questions)


def _ids(sources: Any) -> Iterator[int]:
    """The ids in lists, or in lists under names."""
    if isinstance(sources, dict | list):
        for one in sources.values() if isinstance(sources, dict) else sources:
            yield from _ids(one)
    elif isinstance(sources, int):
        yield sources


# Contenders ---------------------------------------------------------------------------------------


def ours(pasts: Sequence[Past], unrelated: Sequence[str], **env: str) -> Measured:
    """The product on a server of its own; env: settings beside the defaults."""
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = PipelinesServer(Path(folder), env={"MEMORY_INLET_DEADLINE_MS": _DEADLINE_MS, **env})
        with server:
            _date(server.data_dir / "state.db", pasts)
            for past in pasts:
                for chat_id, _, exchanges in past.chats:
                    chat = Chat(past.user, chat_id)
                    for text, answer in exchanges:
                        turn = chat.say(text)
                        sent = server.inlet(turn.inlet, turn.user)
                        server.outlet(turn.outlet(answer, sent=sent), turn.user)
            server.wait_until_drained(within=900)
            for past in pasts:
                for asked in past.questions:
                    began = time.perf_counter()
                    told = _told(server, past.user, asked.text)
                    measured.took.append(time.perf_counter() - began)
                    measured.answers.append((past, asked, told))
            server.change_valves(advanced="profile_token_budget=0")  # which is told whatever is asked
            for past in pasts if unrelated else ():
                some = [bool(_told(server, past.user, text)) for text in unrelated]
                measured.unrelated[past.user] = 100 * fmean(some)
    return measured


def _date(state: Path, pasts: Iterable[Past]) -> None:
    """From now on, what is said in these chats enters the outbox with its own time."""
    with closing(sqlite3.connect(state, timeout=30)) as connection, connection:
        connection.executescript(_OWN_TIMES)
        rows = [(chat_id, at) for past in pasts for chat_id, at, _ in past.chats if at]
        connection.executemany("INSERT INTO bench_times VALUES (?, ?)", rows)


def _told(server: PipelinesServer, user: str, text: str) -> str:
    turn = Chat(user).say(text)
    return told_text(server.inlet(turn.inlet, turn.user))


def mem0(pasts: Sequence[Past]) -> Measured:
    """Plain mem0: each message a memory, and the ten that it finds for a question."""
    measured = Measured()
    with (
        tempfile.TemporaryDirectory(prefix="bench-mem0-") as folder,
        plain_mem0(Path(folder) / "qdrant", None) as memory,
    ):
        for past in pasts:
            for _, _, exchanges in past.chats:
                for text, answer in exchanges:
                    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]
                    said = [message for message in messages if message["content"]]
                    memory.add(said, user_id=past.user, infer=False)
            for asked in past.questions:
                began = time.perf_counter()
                found = memory.search(asked.text, filters={"user_id": past.user}, top_k=_TOP)["results"]
                measured.took.append(time.perf_counter() - began)
                measured.answers.append((past, asked, "\n".join(one["memory"] for one in found)))
    return measured


# Reporting ----------------------------------------------------------------------------------------


def report(contenders: dict[str, Measured]) -> None:
    """Print what each has told: in all, by kind of question, by conversation."""
    rows = []
    for name, one in contenders.items():
        took = Latency.of(one.took)
        unrelated = fmean(one.unrelated.values()) if one.unrelated else float("nan")
        rows.append((name, one.told(), one.told(own=True), one.tokens, took.p50, took.p95, unrelated))
    count = len(next(iter(contenders.values())).answers)
    head = ("", "told, %", "told_own, %", "tokens", "p50 ms", "p95 ms", "unrelated, %")
    print(table(f"Evidence in the prompt, {count:,} questions", head, rows))
    answers = next(iter(contenders.values())).answers
    kinds = dict.fromkeys(asked.kind for _, asked, _ in answers)
    users = dict.fromkeys(past.user for past, _, _ in answers)
    groups: list[tuple[str, Callable[[Past, Asked], bool]]] = [
        *((kind, lambda _, asked, kind=kind: asked.kind == kind) for kind in kinds),
        *((user, lambda past, _, user=user: past.user == user) for user in users),
    ]
    head = ("", *(f"{name}{own}" for name in contenders for own in ("", ", own")))
    rows = [
        (name, *(one.told(own=own, of=of) for one in contenders.values() for own in (False, True)))
        for name, of in groups
    ]
    print(table("By kind of question and by conversation, told, %", head, rows))


def as_json(measured: Measured) -> dict[str, Any]:
    took = Latency.of(measured.took)
    kinds = dict.fromkeys(asked.kind for _, asked, _ in measured.answers)
    return {
        "told": round(measured.told(), 2),
        "told_own": round(measured.told(own=True), 2),
        "tokens": round(measured.tokens, 1),
        "kinds": {
            kind: round(measured.told(of=lambda _, asked, kind=kind: asked.kind == kind), 2) for kind in kinds
        },
        "unrelated_percent": round(fmean(measured.unrelated.values()), 2) if measured.unrelated else None,
        "p50_ms": round(took.p50, 1),
        "p95_ms": round(took.p95, 1),
    }


def main() -> None:
    """Print the tables."""
    parser = arguments(__doc__)
    parser.add_argument("data", type=Path, nargs="+", help="conversations of LoCoMo, or chats of BEAM")
    parser.add_argument("--conversations", default="", help="only these, by name, split by commas")
    parser.add_argument("--alone", action="store_true", help="without episodes=off and mem0 beside it")
    options = parser.parse_args()
    take_environment()
    pasts = [past for path in options.data for past in read(path)]
    wanted = set(filter(None, options.conversations.split(",")))
    pasts = [past for past in pasts if past.user in wanted or not wanted]
    unrelated = (ROOT / "bench" / "unrelated.txt").read_text().splitlines()
    if options.quick:
        pasts, unrelated = pasts[:1], unrelated[:20]
    if not pasts:
        parser.error("none of these conversations is in the data")
    contenders = {"ours": ours(pasts, unrelated)}
    if not options.alone:
        contenders["episodes=off"] = ours(pasts, unrelated, MEMORY_EPISODES="off")
        contenders["mem0, top 10"] = mem0(pasts)
    report(contenders)
    first, *others = contenders.items()
    beside = {name: as_json(one) for name, one in others}
    finish(options, {"benchmark": "through_product", **as_json(first[1]), "beside": beside})


if __name__ == "__main__":
    main()
