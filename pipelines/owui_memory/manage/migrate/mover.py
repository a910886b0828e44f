"""Brings a set of memories to where the settings say, while they are served from where they are."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from ... import COMMAND
from ...backends.backend_holder import BackendHolder, Open
from ...backends.base import Backend
from ...backends.locations import HOLD_S, Known, Location, Locations, settings_of
from ...config.settings import Valves
from ...core.errors import MemoryFault, Retry
from ...core.memory import Check
from ...state.clock import PUT_RIGHT_S
from .copying import Copy, OnProgress
from .reach import location_of_backend, opened, records_of, settled
from .records import Records, RemoteRecords

log = logging.getLogger(__name__)

_FEW = 32  # differences that are left for the pass in which nobody writes
_PASSES = 20  # of memories that change faster than they are copied
_HOLD_AGAIN_S = 15.0
_LOOK_S = 2.0  # between looks at what another server copies
_TELL_S = 1.0  # between notes of the progress in the state database
_AGAIN_FIRST_S, _AGAIN_MOST_S = 2.0, 120.0
_SKEW = timedelta(seconds=PUT_RIGHT_S)


@dataclass(frozen=True)
class Arrival:
    """A backend that is to take over, the settings it was opened with, and its location among all."""

    backend: Backend
    settings: Valves
    live: BackendHolder
    superseded: threading.Event
    locations: Locations
    location: Location

    @property
    def records(self) -> Records:
        """All that it holds."""
        return records_of(self.backend, self.locations)


class Mover:
    """One for each server, which moves one set of memories at a time.

    idle: nothing is being moved or collected.
    """

    def __init__(self, engine: Engine, data_dir: Path, opener: Open) -> None:
        self._engine, self._data_dir, self._open = engine, data_dir, opener
        self._me = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._lock = threading.Lock()
        self._serving = ""  # key of the place of the backend in use
        self._state: Check | None = None
        self._refusal: Check | None = None
        self.idle = True
        self.moved = (0, 0)  # memories that are there, and all, while it is not idle

    def part(self) -> list[Check]:
        """The status' line, while something is moved or cannot be."""
        return [self._state] if self._state else []

    def bring(
        self, live: BackendHolder, backend: Backend, settings: Valves, superseded: threading.Event
    ) -> None:
        """Let a backend take over once it holds what the home holds. Blocks until all of that is done.

        At a start with other settings than before, the former backend is opened to serve meanwhile. Where
        its embedder is gone, nothing is served until the memories, which can be read without, are here; where
        they cannot be read, the new one serves at once, and gets them as soon as they can.

        Raises:
            MemoryFault: what was met. The same call later goes on from there.
        """
        with self._lock:
            self.idle = False
            try:
                arrival = self._arrival(backend, settings, live, superseded)
                home = settled(arrival.locations, settings, self._data_dir, arrival.location)
                if home.key == arrival.location.key:
                    self._serve(arrival)
                else:
                    self._move(arrival, home)
                self._collect(arrival)
            finally:
                self._state, self.idle, self.moved = self._refusal, True, (0, 0)

    def move_now(
        self, backend: Backend, settings: Valves, on_progress: OnProgress, stop: threading.Event
    ) -> int:
        """For the command line: move without serving, and collect what was left; how many memories there are.

        Raises:
            MemoryFault: what was met. The same call later goes on from there.
        """
        arrival = self._arrival(backend, settings, BackendHolder(self._data_dir), stop)
        locations, target = arrival.locations, arrival.records
        home = settled(locations, settings, self._data_dir, arrival.location)
        if home.key != arrival.location.key:
            locations.aim(arrival.location, empty=not target.heads())
            with self._read(arrival, home) as source:
                tell = _both(on_progress, self._telling(arrival))
                self._run(_Move(arrival, home, source, target, tell))
        for known in locations.leftovers():
            # One that was left with all of it copied may be switched off by now.
            with nullcontext() if known.pending else suppress(MemoryFault):
                self._collect_from(known, arrival)
        self._state = self._refusal
        return len(target.heads())

    def _arrival(
        self, backend: Backend, settings: Valves, live: BackendHolder, superseded: threading.Event
    ) -> Arrival:
        locations = Locations(self._engine, settings.collection)
        location = location_of_backend(backend, settings)
        return Arrival(backend, settings, live, superseded, locations, location)

    def _read(self, arrival: Arrival, location: Location) -> AbstractContextManager[Records]:
        """Another location, to be read."""
        return opened(location, arrival.settings, self._data_dir, arrival.locations, self._open)

    def _serve(self, arrival: Arrival) -> None:
        if arrival.live.take_over(arrival.backend, arrival.superseded):
            self._serving = arrival.location.key

    def _move(self, arrival: Arrival, home: Location) -> None:
        target = arrival.records
        arrival.locations.aim(arrival.location, empty=not target.heads())
        if self._serving != home.key or arrival.live.current is None:
            former = self._former(home, arrival.settings)
            if former is None:
                self._move_unserved(arrival, home, target)
                return
            self._serve(replace(arrival, backend=former, location=home))
        if arrival.superseded.is_set():
            return
        current = arrival.live.current
        assert current is not None
        source = records_of(current, arrival.locations)
        self._run(_Move(arrival, home, source, target, self._telling(arrival)))

    def _move_unserved(self, arrival: Arrival, home: Location, target: Records) -> None:
        with ExitStack() as stack:
            try:
                _without_erasures(arrival.locations, home)
                source = stack.enter_context(self._read(arrival, home))
                source.read([])
            except MemoryFault as fault:
                log.warning("Memories in %s cannot be read yet: %s", home, fault)
                arrival.locations.arrive(arrival.location, pending=True)
                self._serve(arrival)
                return
            self._run(_Move(arrival, home, source, target, self._telling(arrival)))

    def _run(self, move: _Move) -> None:
        arrival = move.arrival
        if not move.hold(self._me):
            self._serve(arrival)
            return
        try:
            if move.copy_most():
                with arrival.live.alone():
                    move.finish()
                    self._serve(arrival)
                self._refusal = move.refusal()
                log.info("Memories are served from %s now.", arrival.location)
        finally:
            arrival.locations.release(arrival.location, self._me)

    def _former(self, home: Location, settings: Valves) -> Backend | None:
        earlier = settings_of(home, settings)
        try:
            former = self._open(earlier, self._data_dir)
        except MemoryFault as fault:
            log.warning("Memories are in %s, which cannot serve meanwhile: %s", home, fault)
            return None
        if location_of_backend(former, earlier).key == home.key:
            return former
        former.close()  # these settings mean another model by now, as that of a new release
        return None

    def _collect(self, arrival: Arrival) -> None:
        """Bring home what locations hold that were left too early, or that another server still wrote to."""
        pause = _AGAIN_FIRST_S
        while not arrival.superseded.is_set():
            fault = None
            for known in arrival.locations.leftovers():
                try:
                    self._collect_from(known, arrival)
                except MemoryFault as met:
                    if known.pending:
                        fault = met
                        self._tell_of_rest(known.location, met)
            if fault is None:
                return
            arrival.superseded.wait(pause)
            pause = min(pause * 2, _AGAIN_MOST_S)

    def _collect_from(self, known: Known, arrival: Arrival) -> None:
        locations = arrival.locations
        _without_erasures(locations, known.location)
        since = "" if known.pending else (datetime.fromtimestamp(known.left_at, UTC) - _SKEW).isoformat()
        tell = self._telling(arrival) if known.pending else None
        with self._read(arrival, known.location) as source:
            copy = Copy(source, arrival.records, deletes=False, stop=arrival.superseded, on_progress=tell)
            copy.fill(since=since, without=lambda: locations.removed_since(known.left_at))
        if not arrival.superseded.is_set():
            locations.emptied(known.location)

    def _tell_of_rest(self, location: Location, fault: MemoryFault) -> None:
        self._state = Check(
            "moving",
            False,
            f"what is in {location} cannot be read: {fault}",
            f"{fault.hint} It is tried again by itself; or: {COMMAND} migrate --abandon",
        )

    def _telling(self, arrival: Arrival) -> OnProgress:
        locations, location = arrival.locations, arrival.location
        told_at, held_at = 0.0, time.monotonic()

        def tell(copied: int, total: int) -> None:
            nonlocal told_at, held_at
            self._state = Check("moving", True, f"{copied:,} of {total:,} memories are in {location}")
            self.moved = copied, total
            now = time.monotonic()
            if now - told_at >= _TELL_S or copied == total:
                told_at = now
                locations.progress(location, copied, total)
            if now - held_at >= _HOLD_AGAIN_S:
                held_at = now
                locations.hold(location, self._me, HOLD_S)

        return tell


class _Move:
    """From the home to another location, that of an arrival."""

    def __init__(
        self, arrival: Arrival, home: Location, source: Records, target: Records, on_progress: OnProgress
    ) -> None:
        self.arrival, self._home, self._source, self._target = arrival, home, source, target
        self._locations, self._location, self._stop = arrival.locations, arrival.location, arrival.superseded
        ours = any(known.ours for known in self._known())
        self._on_progress = on_progress
        self._copy = Copy(source, target, deletes=ours, stop=self._stop, on_progress=on_progress)

    def _known(self) -> list[Known]:
        """What is known of the location, if anything is."""
        return [one for one in self._locations.known() if one.location.key == self._location.key]

    def refusal(self) -> Check | None:
        """The status' line on what was refused, if anything was."""
        if not (count := self._copy.refused):
            return None
        detail = f"{count:,} memories were refused by the new embedder or store, and stay in {self._home}"
        return Check("moving", False, detail, "Export them there, correct them, and import them again.")

    def hold(self, holder: str) -> bool:
        """Wait until nobody else copies; False if somebody has copied all, or the settings changed."""
        while not self._locations.hold(self._location, holder, HOLD_S):
            if self._arrived() or self._stop.wait(_LOOK_S):
                return False
            for known in self._known():
                self._on_progress(known.copied, known.total)
        return not self._arrived()

    def _arrived(self) -> bool:
        home = self._locations.home()
        return home is not None and home.key == self._location.key

    def copy_most(self) -> bool:
        """All but what changes meanwhile; False if it was stopped."""
        for _ in range(_PASSES):
            if self._copy.run() <= _FEW or self._stop.is_set():
                break
        return not self._stop.is_set()

    def finish(self) -> None:
        """The rest, while nobody writes; then this is the home."""
        self._copy.run()
        if self._stop.is_set():
            return
        if RemoteRecords in (type(self._source), type(self._target)):  # others keep the ids
            self._locations.renamed(new_ids(self._source, self._target))
        self._locations.arrive(self._location, pending=bool(self._copy.refused))


def _without_erasures(locations: Locations, location: Location) -> None:
    if locations.has_erasures(location):
        raise Retry("something is still to be erased there", hint="That comes first.")


def _both(one: OnProgress, other: OnProgress) -> OnProgress:
    def tell(copied: int, total: int) -> None:
        one(copied, total)
        other(copied, total)

    return tell


def new_ids(source: Records, target: Records) -> dict[str, str]:
    """The ids that memories had in one location, to those that they have in another, where they differ."""
    there = target.heads()
    return {
        head.there: there[id_].there
        for id_, head in source.heads().items()
        if id_ in there and there[id_].there != head.there
    }
