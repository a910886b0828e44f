"""`export`, `import`, `migrate`: memories to a file, from a file, and to where the settings say."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ...core.errors import TellAdmin
from ...core.locales.refused import Refused
from ...core.memory import in_payload
from ...core.scope import documents_in, past_in
from ...manage.migrate.copying import BATCH, in_order
from ...manage.migrate.mover import Mover
from ...manage.migrate.reach import location_of_backend, opened, records_of
from ...manage.migrate.records import Record, admitted, from_json
from ...manage.migrate.records import to_json as as_row
from ...remember.admission import NotAdmittedError
from ...remember.episodes import adopt
from .commands import IN_AND_OUT, Json, command
from .history import import_past
from .instance import Instance, a_person
from .output import answer, as_json, progress, say, with_progress

_STANDARD = "-"  # standard input or output
_MOST_FLAWS = 5  # lines of a file that are told


@command("export", IN_AND_OUT)
def export(
    instance: Instance,
    file: Annotated[str, typer.Argument(help="A new file; - is standard output.")] = _STANDARD,
    user_id: Annotated[
        str, typer.Option("--user", metavar="ID", help="Only this user's, not everybody's.")
    ] = "",
) -> None:
    """Write memories as JSON Lines, in the form of mem0's own answers."""
    count = 0
    with _to(file) as lines:
        for record in all_records(instance, "exporting"):
            of_a_file = documents_in(record.user_id)  # which is read again
            if not of_a_file and user_id in ("", record.user_id, past_in(record.user_id)):
                lines.write(json.dumps(as_row(record), ensure_ascii=False) + "\n")
                count += 1
    print(f"{count:,} memories exported.", file=sys.stderr)


def all_records(instance: Instance, what: str) -> Iterator[Record]:
    """All memories, each once, also those that wait in a location that was left. what: the bar's title.

    Raises:
        TellAdmin: there are none yet.
    """
    locations, data_dir = instance.locations, instance.environment.data_dir
    home = locations.home()
    if home is None:
        raise TellAdmin("There are no memories yet.", hint="Start the Pipelines server first.")
    pending = [known.location for known in locations.leftovers() if known.pending]
    seen: set[str] = set()
    for location in [home, *pending]:
        with opened(location, instance.settings, data_dir, locations, instance.open_backend) as records:
            heads = {id_: head for id_, head in records.heads().items() if id_ not in seen}
            seen.update(heads)
            yield from with_progress(in_order(records, heads), len(heads), what)


@command("import", IN_AND_OUT)
def import_(
    instance: Instance,
    file: Annotated[
        str,
        typer.Argument(
            help="What `export` wrote (- is standard input); with --user another program's archive, or "
            "open-webui for the user's chats there."
        ),
    ],
    user_id: Annotated[
        str, typer.Option("--user", metavar="ID", help="For this user: an archive of another program.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Import it without asking.")] = False,
    to_json: Json = False,
) -> None:
    """Add the memories of an export, all or none; or a user's past in other programs, after a preview."""
    if user_id:
        import_past(instance, file, a_person(user_id), yes=yes, to_json=to_json)
    else:
        _import(instance, file, to_json=to_json)


def _import(instance: Instance, file: str, *, to_json: bool) -> None:
    """Add a file's memories, or put them in the place of those with their ids."""
    read = _read(file)
    records, secrets = [record for record, _ in read], sum(count for _, count in read)
    with instance.backend() as backend:
        target = records_of(backend, instance.locations)
        instance.locations.touch({record.user_id for record in records})
        there = target.heads()
        new = [one for one in records if one.id not in there or there[one.id].digest != one.digest]
        batches = [new[begin : begin + BATCH] for begin in range(0, len(new), BATCH)]
        for batch in with_progress(batches, len(batches), f"importing, {BATCH} at a time"):
            target.write(batch)
        instance.locations.touch({record.user_id for record in new})
    adopt(instance.engine, ((one.user_id, in_payload(one.id, one.payload)) for one in records))
    added = sum(record.id not in there for record in new)
    changed, known = len(new) - added, len(records) - len(new)
    if to_json:
        as_json({"added": added, "changed": changed, "known": known, "secrets": secrets})
        return
    say(f"{added:,} memories added, {changed:,} changed, {known:,} were there already.")
    if secrets:
        holding = sum(bool(count) for _, count in read)
        say(f"{secrets:,} secrets (keys, passwords, card numbers) in {holding:,} of them were left out.")


@command("migrate", IN_AND_OUT)
def migrate(
    instance: Instance,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="No longer wait for a former location that cannot be read.")
    ] = False,
    to_json: Json = False,
) -> None:
    """Move all memories now to where the settings say."""
    if abandon:
        _abandon(instance, to_json=to_json)
        return
    before, settings, data_dir = instance.locations.home(), instance.settings, instance.environment.data_dir
    mover = Mover(instance.engine, data_dir, instance.open_backend)
    with contextlib.closing(instance.open_backend(settings, data_dir)) as backend:
        location = location_of_backend(backend, settings)
        with progress("moving") as advance:
            count = mover.move_now(backend, settings, advance, threading.Event())
    for part in mover.part():
        print(f"{part.detail}. {part.hint}", file=sys.stderr)
    moved = before is not None and before.key != location.key
    told = f"{count:,} memories are in {location}."
    if not moved:
        told = f"Nothing to move: all memories are in {location}."
    answer(to_json, {"moved": count if moved else 0, "place": str(location)}, told)


def _abandon(instance: Instance, *, to_json: bool) -> None:
    pending = [known.location for known in instance.locations.leftovers() if known.pending]
    for location in pending:
        instance.locations.emptied(location)
    told = [f"Memories that are only in {one} stay there, and are no longer looked for." for one in pending]
    names = [str(location) for location in pending]
    answer(to_json, {"abandoned": names}, *(told or ["No former location is waited for."]))


def _read(file: str) -> list[tuple[Record, int]]:
    """A file's memories, each with the number of secrets that were left out of it.

    All or nothing: what cannot be meant, or may not become a memory, is told before anything is changed.
    """
    records, flaws = [], []
    with (
        contextlib.nullcontext(sys.stdin)
        if file == _STANDARD
        else Path(file).open(encoding="utf-8") as source
    ):
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("must be an object")  # noqa: TRY004 - all are told alike
                records.append(admitted(from_json(row)))
            except NotAdmittedError as refusal:
                flaws.append(f"line {number}: {refusal.reason}")
            except Refused as flaw:
                flaws.append(f"line {number}: {flaw}")
            except ValueError as error:
                flaws.append(f"line {number}: {'no JSON' if 'Expecting' in str(error) else error}")
    if flaws:
        more = f" and {len(flaws) - _MOST_FLAWS:,} more" if len(flaws) > _MOST_FLAWS else ""
        raise TellAdmin(
            f"Nothing was imported: {'; '.join(flaws[:_MOST_FLAWS])}{more}.",
            hint="Each line is a memory as `export` writes it, with memory and user_id at least.",
        )
    return records


@contextlib.contextmanager
def _to(file: str) -> Iterator[Any]:
    """The file appears once it is whole, and nobody else may read it: it holds what people said."""
    if file == _STANDARD:
        yield sys.stdout
        return
    whole, part = Path(file), Path(f"{file}.partial")
    if whole.exists():
        raise TellAdmin(f"{file} exists already.", hint="Choose another name, or remove it.")
    part.touch(0o600)
    with part.open("w", encoding="utf-8") as lines:
        yield lines
    part.replace(whole)
