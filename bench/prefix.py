"""How much of a prompt does the model's cache still know from the turn before?

    .venv/bin/python -m bench.prefix DATA.json      (LoCoMo's format: see bench/locomo.py)

Chats of ten questions about a conversation, each answered by its answer, on a store with one memory a turn of
it. A prompt is written as ChatML and split by the bundled model's own tokenizer; what counts is the share of
the tokens sent the turn before with which the next prompt begins. Other tokenizers and templates shift the
numbers little: what breaks a prefix breaks it in all of them.
Ours: `message` (later memories before the message that brings them up, the default) and `system` (all in the
system prompt, newcomers at its end). Peers: the memories found for the last message in front of the system
prompt, anew every turn, as Open WebUI's own memory and the other filters do. Each question of LoCoMo is about
something else, so that nearly every turn brings news: chats that stay with a subject keep more.
"Evidence" is the share of a question's evidence turns that stand in its prompt.
Aim: 95 % or more of what was sent before.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.contenders import take_environment
from bench.locomo import Conversation, Question, load
from bench.measure import arguments, finish, table
from bench.recall_quality import NOW, House, by_turn, our_store, questions_of
from bench.scripted import pieces
from owui_memory.config.settings import Valves
from owui_memory.interfaces.body import read_inlet, with_blocks
from owui_memory.recall.block import Blocks, line, quoted, render
from owui_memory.recall.recall import Recaller
from owui_memory.state import open_state
from tests.harness.bodies import Chat

_TURNS = 10  # of a chat
_SYSTEM = (
    "You are a helpful assistant. Answer briefly and say so when you do not know something. "
    "Use Markdown for lists and code."
)
_AT_ONCE = Valves().memories_per_turn

Messages = Sequence[dict[str, Any]]
Asked = tuple[str, Sequence[Question]]  # a conversation, and a chat's questions about it


@dataclass(frozen=True)
class Kept:
    """Shares in per cent, tokens on average, of one way to place memories."""

    kept: float
    worst: float
    prompt_tokens: float
    fresh_tokens: float  # of a prompt, that no cache knows
    evidence: float  # share of the evidence that stands in the prompt


@contextmanager
def recaller() -> Iterator[Recaller]:
    """The filter's own, with a state database of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-prefix-") as folder:
        engine = open_state(Path(folder))
        try:
            yield Recaller(engine)
        finally:
            engine.dispose()


def ours(house: House, user: str, questions: Sequence[Question], placement: str) -> list[Messages]:
    """The prompts of a chat, as the filter makes them."""
    settings = Valves(placement=placement)
    prompts = []
    with recaller() as recalling:
        chat = Chat(user, options={"system": _SYSTEM})
        for question in questions:
            said = chat.say(question.text)
            turn = read_inlet(said.inlet, said.user)
            recalled = recalling.recall(house.backend, turn, settings, NOW)
            recalling.keep(turn, recalled)
            prompts.append(with_blocks(said.inlet, recalled.blocks)["messages"])
            said.outlet(question.answer)
    return prompts


def peers(house: House, user: str, questions: Sequence[Question]) -> list[Messages]:
    """The prompts of a chat with what is found for its last message in front, anew every turn."""
    prompts = []
    chat = Chat(user, options={"system": _SYSTEM})
    for question in questions:
        said = chat.say(question.text)
        found = sorted(house.found(user, question.text), key=lambda item: item.meaning, reverse=True)
        block = render([line(item.memory, NOW) for item in found[:_AT_ONCE]])
        prompts.append(with_blocks(said.inlet, Blocks(block))["messages"])
        said.outlet(question.answer)
    return prompts


def tokens_of(messages: Messages) -> list[int]:
    """A prompt in ChatML as the bundled model's tokens. Memories' times and texts count as they stand."""
    return pieces("".join(f"<|{message['role']}|>\n{message['content']}\n" for message in messages))


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def measured(house: House, asked: Sequence[Asked], chats: Sequence[Sequence[Messages]]) -> Kept:
    """What the prompts of some chats share with those before."""
    shares, lengths, fresh = [], [], []
    for prompts in chats:
        split = [tokens_of(prompt) for prompt in prompts]
        for before, after in pairwise(split):
            same = common(before, after)
            shares.append(100 * same / len(before))
            lengths.append(len(after))
            fresh.append(len(after) - same)
    evidence = [
        _evidence(house, user, question, prompt)
        for (user, questions), prompts in zip(asked, chats, strict=True)
        for question, prompt in zip(questions, prompts, strict=True)
    ]
    return Kept(fmean(shares), min(shares), fmean(lengths), fmean(fresh), fmean(evidence))


def _evidence(house: House, user: str, question: Question, prompt: Messages) -> float:
    """Share of the question's evidence that stands in a prompt, in per cent."""
    text = "\n".join(str(message["content"]) for message in prompt)
    told: set[str] = set()
    for memory in house.stored.values():
        if memory.chat.rpartition("-")[0] == user and quoted(memory.text) in text:
            told |= memory.dia_ids
    return 100 * len(told.intersection(question.evidence)) / len(question.evidence)


def chats_of(conversation: Conversation, most: int) -> list[list[Question]]:
    """Its questions in chats of ten, in their order."""
    questions = questions_of(conversation)
    return [questions[at : at + _TURNS] for at in range(0, len(questions) - _TURNS + 1, _TURNS)][:most]


def main() -> None:
    parser = arguments(__doc__, sizes=())
    parser.add_argument("data", type=Path, help="conversations in LoCoMo's format")
    parser.add_argument("--chats", type=int, default=8, help="of each conversation")
    options = parser.parse_args()
    take_environment()
    conversations = load(options.data)[: 1 if options.quick else None]
    began = datetime.now()
    with our_store({one.name: by_turn(one) for one in conversations}) as house:
        asked = [
            (one.name, questions)
            for one in conversations
            for questions in chats_of(one, 2 if options.quick else options.chats)
        ]
        prompts = {
            "ours, message (default)": [ours(house, *chat, placement="message") for chat in asked],
            "ours, system": [ours(house, *chat, placement="system") for chat in asked],
            "peers: anew in front": [peers(house, *chat) for chat in asked],
        }
        results = {name: measured(house, asked, chats) for name, chats in prompts.items()}
    head = (
        "",
        "kept of the turn before, %",
        "worst turn, %",
        "prompt tokens",
        "of them not cached",
        "evidence, %",
    )
    rows = [
        (name, one.kept, one.worst, one.prompt_tokens, one.fresh_tokens, one.evidence)
        for name, one in results.items()
    ]
    print(table(f"{len(asked)} chats of {_TURNS} turns ({(datetime.now() - began).seconds} s)", head, rows))
    finish(options, {"benchmark": "prefix", "results": results})


if __name__ == "__main__":
    main()
