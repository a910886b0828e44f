"""Which memories are found, and how often is something told that has nothing to do with the question?

    .venv/bin/python -m bench.recall_quality DATA.json     (LoCoMo's format: see bench/locomo.py)

Evidence recall: the share of a question's evidence turns among the first k memories, in per cent; category 5
is left out. One memory a turn ("[date] Speaker: text"), and one a pair of a turn and its answer. Embeddings
are those of the bundled model for all.
Ours: the candidates of the real backend on the sqlite store, ranked, gated and selected as the filter does.
mem0: `Memory.search` of plain mem0 2.2.1 on embedded Qdrant, as it installs. Open WebUI-style: cosine top 8
of the last seven user messages joined, here the question after the six before it in the list.
The weights of the ranking are fixed; "weights left out" chooses them on all conversations but the measured.
Unrelated: 200 everyday messages that no conversation answers (bench/unrelated.txt), against each store.
Aim: recall@10 of 75 or more with one memory a turn, at least 1.45 times mem0's; unrelated under 5 %.
"""

import itertools
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from bench import ROOT
from bench.contenders import plain_mem0, take_environment
from bench.locomo import ADVERSARIAL, Conversation, Question, Session, Turn, load
from bench.measure import arguments, finish, table
from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.memory import Candidate, Memory
from owui_memory.core.scope import View
from owui_memory.core.turn import Turn as Asked
from owui_memory.models.tokens import estimated_tokens
from owui_memory.recall.block import line
from owui_memory.recall.rank import DEFAULT, Weights, ranked
from owui_memory.recall.search import candidates
from owui_memory.recall.select import Gate, select

CUTS = (5, 10, 20)
BUDGETS = (1000, 2000)  # tokens
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
GRID = [
    Weights(meaning=meaning, keyword=1 - meaning, lift=lift)
    for meaning, lift in itertools.product((0.5, 0.6, 0.7), (0.0, 0.2, 0.3, 0.4, 0.5))
]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
THRESHOLD = Valves().relevance_threshold


@dataclass(frozen=True)
class Stored:
    """One memory of a conversation, and the turns that it holds."""

    text: str
    dia_ids: frozenset[str]
    chat: str
    place: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Answer:
    """What was found for a question, best first."""

    question: Question
    conversation: str
    memories: Sequence[Stored]

    def recall(self, first: int) -> float:
        """Share of the evidence among the first memories, in per cent."""
        found = set().union(*(memory.dia_ids for memory in self.memories[:first]))
        return 100 * len(found.intersection(self.question.evidence)) / len(self.question.evidence)

    def within(self, tokens: int) -> float:
        """The same among those that fit, whole and best first."""
        for count, memory in enumerate(self.memories):
            tokens -= estimated_tokens(line(Memory(memory.id, memory.text, NOW), NOW)) + 1
            if tokens < 0:
                return self.recall(count)
        return self.recall(len(self.memories))


def by_turn(conversation: Conversation) -> list[Stored]:
    """One memory a turn."""
    return [
        Stored(_dated(session, _said(turn)), frozenset({turn.dia_id}), _chat(conversation, session), place)
        for session in conversation.sessions
        for place, turn in enumerate(session.turns)
    ]


def by_pair(conversation: Conversation) -> list[Stored]:
    """One memory a pair of turns."""
    memories = []
    for session in conversation.sessions:
        for place, start in enumerate(range(0, len(session.turns), 2)):
            pair = session.turns[start : start + 2]
            text = _dated(session, "\n".join(map(_said, pair)))
            ids = frozenset(turn.dia_id for turn in pair)
            memories.append(Stored(text, ids, _chat(conversation, session), place))
    return memories


def _said(turn: Turn) -> str:
    return f"{turn.speaker}: {turn.text}"


def _dated(session: Session, text: str) -> str:
    return f"[{datetime.fromtimestamp(session.said_at, UTC):%d %B %Y}] {text}"


def _chat(conversation: Conversation, session: Session) -> str:
    return f"{conversation.name}-{session.number}"


# Contenders ---------------------------------------------------------------------------------------


@dataclass
class House:
    """The memories of all conversations in our store; a user is a conversation."""

    backend: LibraryBackend
    stored: Mapping[str, Stored]

    def found(self, user: str, text: str) -> list[Candidate]:
        """The candidates for a message, as the filter gets them."""
        turn = Asked(user_id=user, text=text, key="", exchange_key="")
        return candidates(self.backend, turn, View())

    def told(self, found: Sequence[Candidate], query: str, weights: Weights = DEFAULT) -> list[Stored]:
        """What of it is told, as the filter chooses it, up to twenty."""
        items = ranked(found, query, NOW, weights=weights)
        gate = Gate.of(items, THRESHOLD, self.backend.of_self(query), query)
        chosen = select(
            items, least_worth=gate.least, most=max(CUTS) + 30, room=1_000_000, cost=lambda _: 0
        ).chosen
        return [self.stored[memory.id] for memory in chosen]


@contextmanager
def our_store(memories: Mapping[str, Sequence[Stored]], **settings: Any) -> Iterator[House]:
    """A backend with the default settings, or others, filled with every user's memories."""
    with tempfile.TemporaryDirectory(prefix="bench-recall-") as folder:
        backend = LibraryBackend.open(Valves(**settings), Path(folder))
        store, embed = backend._memory.vector_store, backend._memory.embedding_model.embed_batch
        for user, stored in memories.items():
            payloads = [
                {**_payload(user, one), "chat": one.chat, "place": one.place, "kind": "fact"}
                for one in stored
            ]
            store.insert(embed([one.text for one in stored]), payloads, [one.id for one in stored])
        try:
            yield House(backend, {one.id: one for stored in memories.values() for one in stored})
        finally:
            backend.close()


@contextmanager
def mem0_store(memories: Mapping[str, Sequence[Stored]]) -> Iterator[Any]:
    """Plain mem0 filled with the same."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-recall-") as folder,
        plain_mem0(Path(folder) / "qdrant", None) as memory,
    ):
        for user, stored in memories.items():
            vectors = memory.embedding_model.embed_batch([one.text for one in stored], "add")
            payloads = [_payload(user, one) for one in stored]
            memory.vector_store.insert(vectors, payloads, [one.id for one in stored])
        yield memory


def _payload(user: str, one: Stored) -> dict[str, Any]:
    at = NOW.isoformat()
    return {"user_id": user, "data": one.text, "role": "user", "created_at": at, "updated_at": at}


# Measuring ----------------------------------------------------------------------------------------


def questions_of(conversation: Conversation) -> list[Question]:
    """Those that the conversation answers, with evidence that there is."""
    there = {turn.dia_id for turn in conversation.turns}
    return [
        Question(one.text, one.answer, tuple(there.intersection(one.evidence)), one.category)
        for one in conversation.questions
        if one.category != ADVERSARIAL and there.intersection(one.evidence)
    ]


@dataclass(frozen=True)
class Contest:
    """What each contender found, and how often ours told something unrelated."""

    ours: list[Answer]
    left_out: list[Answer]
    mem0: list[Answer]
    open_webui: list[Answer]
    unrelated: dict[str, float]  # per cent, by conversation


def contest(
    conversations: Sequence[Conversation], split: Callable[[Conversation], list[Stored]], unrelated: list[str]
) -> Contest:
    """All contenders on memories split one way."""
    memories = {one.name: split(one) for one in conversations}
    asked = [(one.name, question) for one in conversations for question in questions_of(one)]
    with our_store(memories) as house:
        found = [house.found(user, question.text) for user, question in asked]
        answers = {
            weights: [
                Answer(question, user, house.told(candidates, question.text, weights))
                for (user, question), candidates in zip(asked, found, strict=True)
            ]
            for weights in {DEFAULT, *GRID}
        }
        joined = _joined(house, asked)
        false = {
            user: 100 * fmean(bool(house.told(house.found(user, text), text)) for text in unrelated)
            for user in memories
            if unrelated
        }
    left_out = []
    for name in memories:
        chosen = max(GRID, key=lambda weights: mean_recall(_of_others(answers[weights], name), 10))
        left_out += [answer for answer in answers[chosen] if answer.conversation == name]
    by_id = {one.id: one for stored in memories.values() for one in stored}
    with mem0_store(memories) as memory:
        plain = [
            Answer(question, user, _found_by_mem0(memory, user, question.text, by_id))
            for user, question in asked
        ]
    return Contest(answers[DEFAULT], left_out, plain, joined, false)


def _found_by_mem0(memory: Any, user: str, text: str, by_id: Mapping[str, Stored]) -> list[Stored]:
    found = memory.search(text, filters={"user_id": user}, top_k=max(CUTS) + 30)["results"]
    return [by_id[row["id"]] for row in found]


def _joined(house: House, asked: Sequence[tuple[str, Question]]) -> list[Answer]:
    """Cosine top 8 of the last seven messages in one query."""
    memory, answers = house.backend._memory, []
    for at, (user, question) in enumerate(asked):
        before = [other.text for name, other in asked[max(at - 6, 0) : at] if name == user]
        vector = memory.embedding_model.embed("\n".join([*before, question.text]))
        rows = memory.vector_store.search(query="", vectors=vector, top_k=8, filters={"user_id": user})
        answers.append(Answer(question, user, [house.stored[row.id] for row in rows]))
    return answers


def _of_others(answers: Sequence[Answer], name: str) -> list[Answer]:
    return [answer for answer in answers if answer.conversation != name]


def mean_recall(answers: Sequence[Answer], first: int) -> float:
    """Mean evidence recall, in per cent."""
    return fmean([answer.recall(first) for answer in answers] or [0.0])


def row(name: str, answers: Sequence[Answer]) -> tuple[Any, ...]:
    recalls = (mean_recall(answers, first) for first in CUTS)
    return (name, *recalls, *(fmean(answer.within(tokens) for answer in answers) for tokens in BUDGETS))


def report(title: str, measured: Contest) -> None:
    """Print the tables of one way to split."""
    head = (title, *(f"@{first}" for first in CUTS), *(f"in {tokens:,} tokens" for tokens in BUDGETS))
    rows = [
        row("ours", measured.ours),
        row("  weights left out", measured.left_out),
        row("mem0 search", measured.mem0),
        row("Open WebUI-style (8)", measured.open_webui),
    ]
    print(table(f"Evidence recall, per cent, {len(measured.ours):,} questions", head, rows))
    ratio = mean_recall(measured.ours, 10) / mean_recall(measured.mem0, 10)
    print(f"\nrecall@10: {ratio:.2f} times mem0's")
    groups = [
        (name, lambda answer, number=number: answer.question.category == number)
        for number, name in CATEGORIES.items()
    ] + [
        (name, lambda answer, name=name: answer.conversation == name)
        for name in dict.fromkeys(answer.conversation for answer in measured.ours)
    ]
    rows = [
        (
            name,
            *(
                mean_recall([a for a in answers if belongs(a)], 10)
                for answers in (measured.ours, measured.mem0)
            ),
        )
        for name, belongs in groups
        if any(map(belongs, measured.ours))
    ]
    print(table("recall@10 by category and conversation", ("", "ours", "mem0"), rows))
    if measured.unrelated:
        print(
            table(
                "Unrelated messages that are told something, per cent",
                ("", "ours"),
                measured.unrelated.items(),
            )
        )
        print(f"\nof all: {fmean(measured.unrelated.values()):.1f} %")


def as_json(measured: Contest) -> dict[str, Any]:
    def cuts(answers: Sequence[Answer]) -> dict[str, float]:
        return {f"recall@{first}": round(mean_recall(answers, first), 2) for first in CUTS}

    return {
        **cuts(measured.ours),
        "left_out": cuts(measured.left_out),
        "mem0": cuts(measured.mem0),
        "open_webui": cuts(measured.open_webui),
        "unrelated_percent": round(fmean(measured.unrelated.values()), 2) if measured.unrelated else None,
    }


def main() -> None:
    parser = arguments(__doc__, sizes=())
    parser.add_argument("data", type=Path, help="conversations in LoCoMo's format")
    options = parser.parse_args()
    take_environment()
    conversations = load(options.data)
    unrelated = (ROOT / "bench" / "unrelated.txt").read_text().splitlines()
    if options.quick:
        conversations, unrelated = conversations[:1], unrelated[:20]
    turns = contest(conversations, by_turn, unrelated)
    report("one memory a turn", turns)
    pairs = contest(conversations, by_pair, unrelated)
    report("one memory a pair", pairs)
    finish(options, {"benchmark": "recall_quality", **as_json(turns), "pairs": as_json(pairs)})


if __name__ == "__main__":
    main()
