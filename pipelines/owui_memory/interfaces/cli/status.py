"""`status` and `users`: what can be known of a server from outside."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import typer

from ... import COMMAND
from ...core.errors import MemoryFault
from ...core.memory import Check
from ...language.sanitize import one_line
from ...manage.users import counts_of
from ...observe.ledger import Ledger
from ...observe.selfcheck import selfcheck
from ...observe.status import documents_part, past_chats_part
from ...state.documents_table import DocumentsTable
from ...state.episodes_table import EpisodesTable
from ...state.switches_table import Switches
from .commands import OF_THE_SERVER, AnyUser, Json, command
from .instance import Instance
from .moving import all_records
from .output import as_json, counted, say, table, waiting


@command("status", OF_THE_SERVER)
def status(instance: Instance, user_id: AnyUser = "", to_json: Json = False) -> None:
    """Say whether store, embedder and LLM answer, and what waits; or whether a user's memory is on."""
    if user_id:
        _of_user(instance, user_id, to_json)
        return
    # What a running server knows of itself besides is at its `/memory/status`.
    parts = [
        Check("state", True, str(instance.engine.url)),
        *_backend(instance),
        _calls(instance),
        _queue(instance),
        past_chats_part(instance.settings, EpisodesTable(instance.engine).kept()),
        documents_part(
            instance.settings, instance.environment.data_dir, DocumentsTable(instance.engine).folders()
        ),
    ]
    ok = all(part.ok for part in parts)
    if to_json:
        as_json({"ok": ok, "parts": [asdict(part) for part in parts]})
    else:
        rows = [
            ("" if part.ok else "!", part.name, f"{part.detail.rstrip('.')}. {part.hint}".strip())
            for part in parts
        ]
        table(["", "part", ""], rows)
    if not ok:
        raise typer.Exit(1)


def _of_user(instance: Instance, user_id: str, to_json: bool) -> None:
    """Whether a user's memory is on, how many memories there are, and what waits."""
    is_on = Switches(instance.engine).is_on(user_id, "")
    waiting_now = instance.outbox.waiting_of(user_id)
    with instance.control() as control:
        total = len(control.all(user_id))
    kept = EpisodesTable(instance.engine).kept(user_id)
    if to_json:
        counts = {"memories": total, "passages": kept.passages, "chats": kept.chats, "waiting": waiting_now}
        as_json({"user_id": user_id, "on": is_on, **counts})
        return
    say(f"Memory is {'on' if is_on else 'switched off in all chats'}.")
    say(f"{counted(total, 'memory', 'memories')}.")
    chats = counted(kept.chats, "past chat", "past chats")
    say(f"{counted(kept.passages, 'passage', 'passages')} of {chats}.")
    say(f"{counted(waiting_now, 'message waits', 'messages wait')} to be remembered.")


@command("users", OF_THE_SERVER)
def users(instance: Instance, to_json: Json = False) -> None:
    """List who has memories, and how many."""
    counts = counts_of(record.user_id for record in all_records(instance, "counting"))
    rows = [(one.owner, one.memories, one.passages) for one in counts]
    if to_json:
        as_json([dict(zip(("user_id", "memories", "passages"), row, strict=True)) for row in rows])
    elif rows:
        shown = [(owner, f"{one:,}", f"{more:,}") for owner, one, more in rows]
        table(["user", "memories", "passages"], shown)
    else:
        say("There are no memories yet.")


def _backend(instance: Instance) -> list[Check]:
    try:
        with instance.backend() as backend, waiting("asking"):
            return [
                Check("place", True, str(instance.locations.home())),
                *selfcheck(instance.settings, backend),
            ]
    except MemoryFault as fault:
        return [Check("backend", False, str(fault).rstrip("."), fault.hint)]


def _calls(instance: Instance) -> Check:
    """Which LLMs have answered lately: whoever asks here may not know what the server knows."""
    ledger, today = Ledger(instance.engine, lambda *_: None), datetime.now(UTC).date()
    lately = {day: ledger.of(today - timedelta(days=ago)) for ago, day in enumerate(("today", "yesterday"))}
    detail = [
        f"{day} {one_line(model)} {used.calls:,}"
        for day, models in lately.items()
        for model, used in models.items()
    ]
    return Check("LLM calls", True, ", ".join(detail) or "none today or yesterday")


def _queue(instance: Instance) -> Check:
    counts = instance.outbox.counts()
    hint = f"Fix the cause, then run: {COMMAND} queue retry all" if counts.dead else ""
    detail = f"{counts.pending} waiting, {counts.dead} given up"
    if aside := instance.spill.waiting().exchanges:
        detail += f", {aside} set aside until the state database takes them"
    return Check("queue", not counts.dead, detail, hint)
