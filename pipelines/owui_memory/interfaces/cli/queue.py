"""`queue`: what waits to be remembered, what was given up, and how that is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ...core.errors import Drop
from ...core.exchange import Batch, Exchange
from ...recall.block import quoted
from ...remember.spill import Spilled
from .commands import OF_THE_SERVER, Json, app, command
from .instance import Instance, opened
from .output import answer, as_json, fields, say, table

_SHOWN_NAME = 8  # characters; `retry` takes any beginning that fits one batch only


_queue = typer.Typer(invoke_without_command=True, no_args_is_help=False)
app.add_typer(
    _queue, name="queue", help="Exchanges that wait to be remembered.", rich_help_panel=OF_THE_SERVER
)


@_queue.callback()
def default(context: typer.Context, to_json: Json = False) -> None:
    if context.invoked_subcommand is None:
        with opened() as instance:
            show(instance, to_json=to_json)


@command("list", of=_queue)
def show(
    instance: Instance,
    show_text: Annotated[bool, typer.Option("--show-text", help="Also show what was said.")] = False,
    to_json: Json = False,
) -> None:
    """List what waits and what was given up (this is the default)."""
    found = [("pending", batch) for batch in instance.outbox.pending_batches()]
    # In files, for the state database.
    found += [("spilled", _batch(record)) for _, record in instance.spill.pending() if record.is_said]
    found += [("dead", batch) for batch in instance.outbox.dead_batches()]
    if to_json:
        as_json([_plain(state, batch, show_text) for state, batch in found])
    elif not found:
        say("Nothing waits, and nothing was given up.")
    else:
        head = ["batch", "state", "age", "exchanges", "attempts", "user", "last error"]
        table(head, (_cells(state, batch) for state, batch in found))
        if show_text:
            for _, batch in found:
                print(f"\n{_name(batch)}", *_said(batch), sep="\n")


@command("retry", of=_queue)
def retry(
    instance: Instance,
    wanted: Annotated[
        str, typer.Argument(metavar="BATCH", help="The beginning of its name in the list, or `all`.")
    ],
    to_json: Json = False,
) -> None:
    """Try again what was given up."""
    queue = instance.outbox
    names = [batch.name for batch in queue.dead_batches()]
    chosen = names if wanted == "all" else [name for name in names if name.startswith(wanted)]
    if wanted != "all" and len(chosen) != 1:
        problem = "is the beginning of several names" if chosen else "is not among what was given up"
        raise Drop(f"{wanted} {problem}: see `queue list`.")
    revived = sum(queue.revive(name) for name in chosen)
    told = f"{revived} batch{'' if revived == 1 else 'es'} will be tried again."
    answer(to_json, {"revived": revived}, told)


def age(seconds: float) -> str:
    """An age in the largest unit that fits."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _batch(record: Spilled) -> Batch:
    given, answered = record.permission, record.answered
    key, chat_id = (given.exchange_key, given.chat_id) if given else ("", "")
    said = Exchange(
        key, record.user_id, chat_id, answered.user_text, answered.assistant_text, said_at=record.at
    )
    return Batch("", record.user_id, (said,), 0, record.at, "the state database could not take it")


def _cells(state: str, batch: Batch) -> tuple[object, ...]:
    waited = age(time.time() - batch.waiting_since)
    return _name(batch), state, waited, len(batch.exchanges), batch.attempts, batch.user_id, batch.error


def _name(batch: Batch) -> str:
    return batch.name[:_SHOWN_NAME] or "-"


def _said(batch: Batch) -> Iterator[str]:
    for exchange in batch.exchanges:
        yield f"    user: {quoted(exchange.user_text)}"
        if exchange.assistant_text:
            yield f"    assistant: {quoted(exchange.assistant_text)}"


def _plain(state: str, batch: Batch, show_text: bool) -> dict[str, Any]:
    row = {"batch": batch.name, "state": state, "exchanges": len(batch.exchanges)}
    row |= fields(batch, "user_id", "attempts", "waiting_since", "error")
    if show_text:
        row["said"] = [fields(one, "user_text", "assistant_text", "said_at") for one in batch.exchanges]
    return row
