"""Brings a set of memories to where the settings say, while they are served from where they are."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from ... import COMMAND
from ...backends.base import Backend
from ...backends.locations import HOLD_S, Known, Location, Locations, settings_of
from ...config.settings import Valves
from ...core.errors import MemoryFault, Retry
from ...core.memory import Check
from ...state.clock import PUT_RIGHT_S
from .copying import Copy, OnProgress
from .reach import Open, location_of_backend, opened, records_of, settled
from .records import Records, RemoteRecords

log = logging.getLogger(__name__)

_FEW = 32  # differences that are left for the pass in which nobody writes
_PASSES = 20  # of memories that change faster than they are copied
_HOLD_AGAIN_S = 15.0
_LOOK_S = 2.0  # between looks at what another server copies
_TELL_S = 1.0  # between notes of the progress in the state database
_AGAIN_FIRST_S, _AGAIN_MOST_S = 2.0, 120.0
_SKEW = timedelta(seconds=PUT_RIGHT_S)


class Live(Protocol):
    """What holds the backend in use: see `backends.backend_holder`."""

    @property
    def current(self) -> Backend | None:
        """The backend in use."""

    def take_over(self, backend: Backend, superseded: threading.Event) -> bool:
        """Use this one from now on; False if the settings have changed since."""

    def alone(self) -> AbstractContextManager[None]:
        """Nobody writes meanwhile."""


@dataclass(frozen=True)
class Arrival:
    """A backend that is to take over, and the settings it was opened with."""

    backend: Backend
    settings: Valves
    live: Live
    superseded: threading.Event


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

    def bring(self, live: Live, backend: Backend, settings: Valves, superseded: threading.Event) -> None:
        """Let a backend take over once it holds what the home holds. Blocks until all of that is done.

        At a start with other settings than before, the former backend is opened to serve meanwhile. Where
        its embedder is gone, nothing is served until the memories, which can be read without, are here; where
        they cannot be read, the new one serves at once, and gets them as soon as they can.

        Raises:
            MemoryFault: what was met. The same call later goes on from there.
        """
        arrival = Arrival(backend, settings, live, superseded)
        with self._lock:
            self.idle = False
            try:
                locations = Locations(self._engine, arrival.settings.collection)
                location = location_of_backend(arrival.backend, arrival.settings)
                home = settled(locations, arrival.settings, self._data_dir, location)
                if home.key == location.key:
                    self._serve(arrival, arrival.backend, location)
                else:
                    self._move(arrival, locations, home, location)
                self._collect(arrival, locations, location)
            finally:
                self._state, self.idle, self.moved = self._refusal, True, (0, 0)

    def move_now(
        self, backend: Backend, settings: Valves, on_progress: OnProgress, stop: threading.Event
    ) -> int:
        """For the command line: move without serving, and collect what was left; how many memories there are.

        Raises:
            MemoryFault: what was met. The same call later goes on from there.
        """
        arrival = Arrival(backend, settings, _Nobody(), stop)
        locations = Locations(self._engine, settings.collection)
        location = location_of_backend(backend, settings)
        home = settled(locations, arrival.settings, self._data_dir, location)
        target = records_of(backend, locations)
        if home.key != location.key:
            locations.aim(location, empty=not target.heads())
            with opened(home, settings, self._data_dir, locations, self._open) as source:
                tell = _both(on_progress, self._telling(locations, location))
                self._run(
                    _Move(arrival, locations, location, source, target, tell),
                    arrival,
                    locations,
                    location,
                    home,
                )
        for known in locations.leftovers():
            # One that was left with all of it copied may be switched off by now.
            with nullcontext() if known.pending else suppress(MemoryFault):
                self._collect_from(known, arrival, locations, location)
        self._state = self._refusal
        return len(target.heads())

    def _serve(self, arrival: Arrival, backend: Backend, location: Location) -> None:
        if arrival.live.take_over(backend, arrival.superseded):
            self._serving = location.key

    def _move(self, arrival: Arrival, locations: Locations, home: Location, location: Location) -> None:
        target = records_of(arrival.backend, locations)
        locations.aim(location, empty=not target.heads())
        if self._serving != home.key or arrival.live.current is None:
            former = self._former(home, arrival.settings)
            if former is None:
                self._move_unserved(arrival, locations, home, location, target)
                return
            self._serve(arrival, former, home)
        if arrival.superseded.is_set():
            return
        current = arrival.live.current
        assert current is not None
        move = _Move(
            arrival,
            locations,
            location,
            records_of(current, locations),
            target,
            self._telling(locations, location),
        )
        self._run(move, arrival, locations, location, home)

    def _move_unserved(
        self, arrival: Arrival, locations: Locations, home: Location, location: Location, target: Records
    ) -> None:
        with ExitStack() as stack:
            try:
                _without_erasures(locations, home)
                source = stack.enter_context(
                    opened(home, arrival.settings, self._data_dir, locations, self._open)
                )
                source.read([])
            except MemoryFault as fault:
                log.warning("Memories in %s cannot be read yet: %s", home, fault)
                locations.arrive(location, pending=True)
                self._serve(arrival, arrival.backend, location)
                return
            telling = self._telling(locations, location)
            self._run(
                _Move(arrival, locations, location, source, target, telling),
                arrival,
                locations,
                location,
                home,
            )

    def _run(
        self, move: _Move, arrival: Arrival, locations: Locations, location: Location, home: Location
    ) -> None:
        if not move.hold(self._me):
            self._serve(arrival, arrival.backend, location)
            return
        try:
            if move.copy_most():
                with arrival.live.alone():
                    move.finish()
                    self._serve(arrival, arrival.backend, location)
                self._refusal = _refusal(move.refused, home)
                log.info("Memories are served from %s now.", location)
        finally:
            locations.release(location, self._me)

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

    def _collect(self, arrival: Arrival, locations: Locations, location: Location) -> None:
        """Bring home what locations hold that were left too early, or that another server still wrote to."""
        pause = _AGAIN_FIRST_S
        while not arrival.superseded.is_set():
            fault = None
            for known in locations.leftovers():
                try:
                    self._collect_from(known, arrival, locations, location)
                except MemoryFault as met:
                    if known.pending:
                        fault = met
                        self._tell_of_rest(known.location, met)
            if fault is None:
                return
            arrival.superseded.wait(pause)
            pause = min(pause * 2, _AGAIN_MOST_S)

    def _collect_from(self, known: Known, arrival: Arrival, locations: Locations, location: Location) -> None:
        _without_erasures(locations, known.location)
        since = "" if known.pending else (datetime.fromtimestamp(known.left_at, UTC) - _SKEW).isoformat()
        target = records_of(arrival.backend, locations)
        with opened(known.location, arrival.settings, self._data_dir, locations, self._open) as source:
            copy = Copy(
                source,
                target,
                deletes=False,
                stop=arrival.superseded,
                on_progress=self._telling(locations, location) if known.pending else None,
            )
            copy.fill(since=since, without=locations.removed_since(known.left_at))
        if not arrival.superseded.is_set():
            locations.emptied(known.location)

    def _tell_of_rest(self, location: Location, fault: MemoryFault) -> None:
        self._state = Check(
            "moving",
            False,
            f"what is in {location} cannot be read: {fault}",
            f"{fault.hint} It is tried again by itself; or: {COMMAND} migrate --abandon",
        )

    def _telling(self, locations: Locations, location: Location) -> Callable[[int, int], None]:
        told_at = 0.0
        held_at = time.monotonic()

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
    """From the home to another location."""

    def __init__(
        self,
        arrival: Arrival,
        locations: Locations,
        location: Location,
        source: Records,
        target: Records,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self._arrival, self._locations, self._location = arrival, locations, location
        self._source, self._target = source, target
        ours = any(known.ours for known in locations.known() if known.location.key == location.key)
        self._on_progress = on_progress
        self._copy = Copy(source, target, deletes=ours, stop=arrival.superseded, on_progress=on_progress)

    @property
    def refused(self) -> int:
        return self._copy.refused

    def hold(self, holder: str) -> bool:
        """Wait until nobody else copies; False if somebody has copied all, or the settings changed."""
        while not self._locations.hold(self._location, holder, HOLD_S):
            if self._arrived() or self._arrival.superseded.wait(_LOOK_S):
                return False
            for known in self._locations.known():
                if known.location.key == self._location.key:
                    self._on_progress(known.copied, known.total)
        return not self._arrived()

    def _arrived(self) -> bool:
        home = self._locations.home()
        return home is not None and home.key == self._location.key

    def copy_most(self) -> bool:
        """All but what changes meanwhile; False if it was stopped."""
        for _ in range(_PASSES):
            if self._copy.run() <= _FEW or self._arrival.superseded.is_set():
                break
        return not self._arrival.superseded.is_set()

    def finish(self) -> None:
        """The rest, while nobody writes; then this is the home."""
        self._copy.run()
        if self._arrival.superseded.is_set():
            return
        if RemoteRecords in (type(self._source), type(self._target)):  # others keep the ids
            self._locations.renamed(new_ids(self._source, self._target))
        self._locations.arrive(self._location, pending=bool(self._copy.refused))


def _without_erasures(locations: Locations, location: Location) -> None:
    if locations.has_erasures(location):
        raise Retry("something is still to be erased there", hint="That comes first.")


class _Nobody:
    """Serves nothing: for the command line."""

    current = None

    def take_over(self, backend: Backend, superseded: threading.Event) -> bool:  # noqa: ARG002
        return True

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()


def _both(one: OnProgress, other: OnProgress) -> OnProgress:
    def tell(copied: int, total: int) -> None:
        one(copied, total)
        other(copied, total)

    return tell


def _refusal(count: int, left: Location) -> Check | None:
    if not count:
        return None
    detail = f"{count:,} memories were refused by the new embedder or store, and stay in {left}"
    return Check("moving", False, detail, "Export them there, correct them, and import them again.")


def new_ids(source: Records, target: Records) -> dict[str, str]:
    """The ids that memories had in one location, to those that they have in another, where they differ."""
    there = target.heads()
    return {
        head.there: there[id_].there
        for id_, head in source.heads().items()
        if id_ in there and there[id_].there != head.there
    }
