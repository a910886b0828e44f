"""`import` for a user, `imports` and `undo-import`: a past that is brought along from other programs."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ...commands.parse import read_command
from ...manage.comparison import Comparison
from ...manage.deletions import Deletions
from ...manage.history import reading
from ...manage.history.imports import Imports
from ...manage.history.previews import Preview
from ..webui import OPEN_WEBUI, WebUi
from .commands import IN_AND_OUT, OF_THE_SERVER, AnyUser, Json, User, command
from .instance import Instance
from .output import answer, as_json, counted, fields, say, table, waiting

_MOST_TOLD = 20  # of what cannot be read


def imports_of(instance: Instance) -> Imports:
    return Imports(instance.engine, lambda: instance.settings, lambda text: read_command(text) is not None)


def import_past(instance: Instance, file: str, user_id: str, *, yes: bool, to_json: bool) -> None:
    """Tell what an archive would bring to a user, and bring it where that is wanted."""
    if file != OPEN_WEBUI:
        _import(instance, Path(file), user_id, yes=yes, to_json=to_json)
        return
    with tempfile.TemporaryDirectory() as folder, WebUi.of(instance.settings) as webui:
        fetched = Path(folder, OPEN_WEBUI)
        with waiting("asking Open WebUI"):
            webui.fetch_past(user_id, fetched)
        _import(instance, fetched, user_id, yes=yes, to_json=to_json)


def _import(instance: Instance, file: Path, user_id: str, *, yes: bool, to_json: bool) -> None:
    imports, archive = imports_of(instance), partial(reading.read, file)
    with waiting("reading the archive"):
        told = imports.preview(user_id, archive)
    is_new = bool(told.exchanges or told.facts)
    if not to_json:
        _show(told)
    if is_new and not yes and not to_json and sys.stdin.isatty():
        yes = typer.confirm("Import it?")
    if is_new and yes:
        with waiting("bringing it to the queue"):
            told = imports.begin(user_id, archive, file.name)
        instance.locations.touch({user_id})
    if to_json:
        as_json(_row(told))
    elif told.id:
        say(f"Import {told.id[:8]} has begun. The server remembers it when nothing else is to be done.")
        say("`imports` says how far it is, `undo-import` takes all of it back.")
    elif is_new:
        say("Nothing was imported yet: --yes imports it.")
    else:
        say("Nothing in it is new.")


@command("imports", IN_AND_OUT)
def list_(instance: Instance, user_id: AnyUser = "", to_json: Json = False) -> None:
    """List what was imported for users, and how far it is."""
    found = imports_of(instance).all(user_id or None)
    if to_json:
        as_json([fields(one, *one.__slots__) for one in found])
    elif not found:
        say("Nothing was imported.")
    else:
        rows = []
        for one in found:
            what = (one.import_id[:8], one.user_id, one.source, one.name, _day(one.begun_at))
            rows.append((*what, one.count, one.left, one.dead))
        table(["id", "user", "from", "file", "day", "brought", "left", "given up"], rows)


@command("undo-import", IN_AND_OUT)
def undo(
    instance: Instance,
    user_id: User,
    which: Annotated[str, typer.Argument(metavar="ID", help="As `imports` shows it.")],
    to_json: Json = False,
) -> None:
    """Take back all that an import has brought to a user."""
    imports = imports_of(instance)
    ids = [one.import_id for one in imports.all(user_id) if which and one.import_id.startswith(which)]
    with instance.control() as control:
        count = imports.undo(user_id, ids[0] if len(ids) == 1 else which, control.live)
    told = f"Taken back: {counted(count, 'exchange or memory', 'exchanges and memories')}."
    answer(to_json, {"undone": count}, told)


@command("compare", OF_THE_SERVER)
def compare(
    instance: Instance,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase what is missing there, however much it is.")
    ] = False,
    to_json: Json = False,
) -> None:
    """Look which users and chats Open WebUI no longer has, as the server does at night."""
    with instance.control() as control, WebUi.of(instance.settings) as webui:
        deletions = Deletions(control, instance.eraser())
        comparison = Comparison(instance.engine, deletions, instance.settings.webui_url)
        with waiting("asking Open WebUI"):
            done = comparison.run(webui, confirmed=erase)
            erased = deletions.carry_out()
    if to_json:
        as_json({**fields(done, "users", "chats", "missing", "deleted"), "erased": erased})
        return
    seen = f"{done.chats:,} chats of {done.users:,} users were seen there before"
    say(f"{seen}; {len(done.missing):,} are missing.")
    for user_id, chat_id in done.missing:
        say(f"Missing: {f'chat {chat_id} of ' if chat_id else 'user '}{user_id}.")
    say(f"Erased: {counted(erased, 'chat or user', 'chats and users')}.")


def _show(told: Preview) -> None:
    say(f"From {', '.join(told.labels)}, for {told.user_id}:")
    say(
        f"{counted(told.exchanges, 'exchange', 'exchanges')} in {counted(told.chats, 'chat', 'chats')} and "
        f"{counted(told.facts, 'memory', 'memories')} are new; {told.known:,} were there already."
    )
    if told.first:
        say(f"Said from {_day(told.first)} to {_day(told.last)}.")
    if told.exchanges or told.facts:
        minutes = -(-told.seconds // 60)
        said = f"It takes about {counted(minutes, 'minute', 'minutes')}"
        if told.calls:
            said += (
                f", {told.calls:,} calls of the LLM, {told.tokens_in:,} tokens in and {told.tokens_out:,} out"
            )
        say(f"{said}{f', {told.cost}' if told.cost else ''}.")
    for reason, count in told.skipped.most_common():
        say(f"Left out: {count:,}, {reason}.")
    for (where, reason), count in told.flaws.most_common(_MOST_TOLD):
        times = f" ({count:,} times)" if count > 1 else ""
        say(f"Cannot be read: {f'{where}, ' if where else ''}{reason}{times}.")
    if len(told.flaws) > _MOST_TOLD:
        say(f"And {len(told.flaws) - _MOST_TOLD:,} more that cannot be read.")


def _row(told: Preview) -> dict[str, Any]:
    flaws = [{"where": where, "reason": why, "count": count} for (where, why), count in told.flaws.items()]
    plain = {name: value for name, value in vars(told).items() if name not in ("flaws", "skipped")}
    return {**plain, "labels": list(told.labels), "skipped": dict(told.skipped), "flaws": flaws}


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
