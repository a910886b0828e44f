"""`why`: what recall has weighed for each message of a chat, and what came of it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from ...core.change import REAFFIRMED
from ...core.errors import Drop
from ...recall.block import quoted
from ...recall.select import INJECTED
from ...recall.why import Explanation, Explanations, Weighed
from ...remember.journal import Journal
from .commands import OF_A_USER, Json, command
from .instance import Instance
from .output import as_json
from .queue import age

_SHOWN = 10  # candidates of a message that are not told


@command("why", OF_A_USER)
def why(
    instance: Instance,
    chat: Annotated[str, typer.Argument(help="The chat's id, as in its address.")],
    to_json: Json = False,
) -> None:
    """Explain which memories a chat's messages got, and why."""
    show(instance.engine, chat, to_json=to_json)


def show(engine: Engine, chat_id: str, *, to_json: bool) -> None:
    explanations = Explanations(engine).of_chat(chat_id)
    if not explanations:
        hint = "What a chat was told is kept for a week, by the id in the chat's address."
        raise Drop(f"Nothing is known of chat {chat_id}.", hint=hint)
    journal = Journal(engine)
    if to_json:
        as_json([_plain(one, journal) for one in explanations])
        return
    for number, explanation in enumerate(explanations, 1):
        print("\n".join(_described(number, explanation, journal)))


def _described(number: int, explanation: Explanation, journal: Journal) -> list[str]:
    ago = f"{age(time.time() - explanation.at)} ago"
    if not explanation.looked:
        return [f"{number}. left alone: {explanation.left_alone}, {ago}"]
    opened = explanation.evidence >= explanation.threshold
    gate = "relevant" if opened else "nothing relevant"
    injected = [one for one in explanation.weighed if one.outcome == INJECTED]
    others = [one for one in explanation.weighed if one.outcome != INJECTED]
    lines = [
        f"{number}. {quoted(explanation.query)}, {ago}, {explanation.took_ms:.0f} ms",
        f"   {gate}: the evidence is {explanation.evidence:.2f}, {explanation.threshold:.2f} opens the gate",
    ]
    lines += [f"   {explanation.left_alone}"] if explanation.left_alone else []
    lines += [] if explanation.searched else ["   nothing was looked for: memories_per_turn is 0"]
    for title, ids in (
        ("always told", explanation.profile),
        ("told as corrected", explanation.corrected),
        ("no longer in the prompt, as it was forgotten", explanation.forgotten),
    ):
        lines += [f"   {title}: {_text(memory_id, journal)}" for memory_id in ids]
    lines += [
        f"   in the prompt since message {since}: {_text(memory_id, journal)}"
        for memory_id, since in explanation.standing
    ]
    lines += [_weighed(one, journal) for one in (*injected, *others[:_SHOWN])]
    lines += [f"{_weighed(one, journal)}, of a past chat" for one in explanation.quoted[:_SHOWN]]
    more = max(len(others) - _SHOWN, 0) + explanation.more
    return [*lines, f"   and {more} more candidates"] if more else lines


def _plain(explanation: Explanation, journal: Journal) -> dict[str, Any]:
    memories = {memory_id: _text(memory_id, journal) for memory_id in explanation.memory_ids}
    return {**asdict(explanation), "memories": memories}


def _weighed(one: Weighed, journal: Journal) -> str:
    scores = f"{one.score:.2f} (meaning {one.meaning:.2f}, words {one.keyword:.2f})"
    return f"   {scores} {one.outcome}: {_text(one.memory_id, journal)}"


def _text(memory_id: str, journal: Journal) -> str:
    """What a memory holds now, by the journal."""
    changes = [change for change in journal.of_memory(memory_id) if change.op != REAFFIRMED]
    if not changes:
        return f"memory {memory_id}"
    return quoted(changes[-1].after) if changes[-1].op != "remove" else "(forgotten)"
