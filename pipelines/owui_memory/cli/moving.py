"""`export`, `import`, `migrate`: memories to a file, from a file, and to the place that the settings name."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ..backends import open_backend
from ..errors import TellAdmin
from ..moving.copying import BATCH, in_order
from ..moving.mover import Mover
from ..moving.places import Places, naming
from ..moving.reach import opened, place_of_backend, records_of
from ..moving.records import Record, from_json, to_json, without_secrets
from ..panel import lenient
from ..settings import Environment, Valves

_STANDARD = "-"  # standard input or output
_MOST_FLAWS = 5  # lines of a file that are told


class Moving:
    """The commands, with the settings and the state database of the Pipelines server."""

    def __init__(self, engine: Engine, environment: Environment) -> None:
        """Read the settings. TellAdmin where they cannot be read."""
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # those of a model that is loaded
        warnings.filterwarnings("ignore", category=FutureWarning)  # mem0 asks its model by an old name
        self._engine, self._environment = engine, environment
        self._settings = settings_in(environment)
        self._places = Places(engine, self._settings.collection)

    def export(self, file: str, user_id: str) -> int:
        """Write all memories, or a user's, as JSON Lines; the exit code."""
        home = self._places.home()
        if home is None:
            raise TellAdmin("There are no memories yet.", hint="Start the Pipelines server first.")
        pending = [known.place for known in self._places.leftovers() if known.pending]
        written: set[str] = set()
        with _to(file) as lines:
            for place in [home, *pending]:
                with self._opened(place) as records:
                    heads = {id_: head for id_, head in records.heads().items() if id_ not in written}
                    for record in _shown(in_order(records, heads), len(heads), "exporting"):
                        if user_id in ("", record.user_id):
                            lines.write(json.dumps(to_json(record), ensure_ascii=False) + "\n")
                            written.add(record.id)
        print(f"{len(written):,} memories exported.", file=sys.stderr)
        return 0

    def import_(self, file: str) -> int:
        """Add a file's memories, or put them in the place of those with their ids; the exit code."""
        read = [without_secrets(record) for record in _read(file)]
        records, secrets = [record for record, _ in read], sum(count for _, count in read)
        with contextlib.closing(self._open_backend(self._settings, self._environment.data_dir)) as backend:
            place = place_of_backend(backend, self._settings)
            self._places.settle(place)
            home = self._places.home()
            if home is None or home.key != place.key:
                raise TellAdmin(
                    f"The settings name {place}, and the memories are in {home}.",
                    hint="Run first: python -m owui_memory migrate",
                )
            target = records_of(backend, self._places)
            self._places.touch({record.user_id for record in records})
            there = target.heads()
            new = [one for one in records if one.id not in there or there[one.id].digest != one.digest]
            batches = [new[begin : begin + BATCH] for begin in range(0, len(new), BATCH)]
            for batch in _shown(iter(batches), len(batches), f"importing, {BATCH} at a time"):
                target.write(batch)
            self._places.touch({record.user_id for record in new})
        added = sum(record.id not in there for record in new)
        print(
            f"{added:,} memories added, {len(new) - added:,} changed, "
            f"{len(records) - len(new):,} were there already."
        )
        if secrets:
            holding = sum(bool(count) for _, count in read)
            print(
                f"{secrets:,} secrets (keys, passwords, card numbers) in {holding:,} of them were left out."
            )
        return 0

    def migrate(self, *, abandon: bool) -> int:
        """Move the memories to the place that the settings name; the exit code."""
        if abandon:
            return self._abandon()
        before = self._places.home()
        mover = Mover(self._engine, self._environment.data_dir, self._open_backend)
        with contextlib.closing(self._open_backend(self._settings, self._environment.data_dir)) as backend:
            place = place_of_backend(backend, self._settings)
            bar = _bar(None, "moving")
            try:
                count = mover.move_now(backend, self._settings, partial(_advance, bar), threading.Event())
            finally:
                bar.close()
        for part in mover.part():
            print(f"{part.detail}. {part.hint}", file=sys.stderr)
        moved = before is not None and before.key != place.key
        print(f"{count:,} memories are in {place}." if moved else f"Nothing to move: all are in {place}.")
        return 0

    def _abandon(self) -> int:
        pending = [known.place for known in self._places.leftovers() if known.pending]
        for place in pending:
            self._places.emptied(place)
            print(f"What is only in {place} stays there, and is not looked for any more.")
        if not pending:
            print("Nothing is waited for.")
        return 0

    def _open_backend(self, settings: Valves, data_dir: Path) -> Any:
        return open_backend(settings, data_dir, None, partial(naming, self._engine, data_dir))

    def _opened(self, place: Any) -> Any:
        return opened(place, self._settings, self._environment.data_dir, self._places, self._open_backend)


def settings_in(environment: Environment) -> Valves:
    """The settings in force: the environment's presets, and what was saved in the admin panel.

    Raises:
        TellAdmin: the file of the saved ones cannot be read.
    """
    bound = Valves.bound(environment.presets, stored=lambda: None)
    try:
        saved = json.loads(environment.valves_file.read_text())
    except FileNotFoundError:
        saved = {}
    except (OSError, ValueError) as error:
        raise TellAdmin(
            f"{environment.valves_file} cannot be read ({type(error).__name__}).",
            hint="Run this as the user of the Pipelines server.",
        ) from error
    return bound.strict_from(lenient(bound)(**saved))


def _read(file: str) -> list[Record]:
    """All or nothing: what cannot be meant is told before anything is changed."""
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
                records.append(from_json(row))
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


def _shown(items: Iterator[Any], total: int, what: str) -> Iterator[Any]:
    """The same, with a progress bar in a terminal."""
    with _bar(total, what) as bar:
        for item in items:
            yield item
            bar.update()


def _bar(total: int | None, what: str) -> Any:
    from tqdm import tqdm  # type: ignore[import-untyped]

    return tqdm(total=total, desc=what, disable=None)


def _advance(bar: Any, copied: int, total: int) -> None:
    bar.total = total
    bar.update(copied - bar.n)
