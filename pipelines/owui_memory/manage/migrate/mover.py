"""Brings a set of memories to the place that the settings name, while they are served from where they are."""

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
from .copying import Copy, Told
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
        """Use this one from now on; False where the settings have changed since."""

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
                places = Locations(self._engine, arrival.settings.collection)
                place = location_of_backend(arrival.backend, arrival.settings)
                home = settled(places, arrival.settings, self._data_dir, place)
                if home.key == place.key:
                    self._serve(arrival, arrival.backend, place)
                else:
                    self._move(arrival, places, home, place)
                self._collect(arrival, places, place)
            finally:
                self._state, self.idle, self.moved = self._refusal, True, (0, 0)

    def move_now(self, backend: Backend, settings: Valves, told: Told, stop: threading.Event) -> int:
        """For the command line: move without serving, and collect what was left; how many memories there are.

        Raises:
            MemoryFault: what was met. The same call later goes on from there.
        """
        arrival = Arrival(backend, settings, _Nobody(), stop)
        places = Locations(self._engine, settings.collection)
        place = location_of_backend(backend, settings)
        home = settled(places, arrival.settings, self._data_dir, place)
        target = records_of(backend, places)
        if home.key != place.key:
            places.aim(place, empty=not target.heads())
            with opened(home, settings, self._data_dir, places, self._open) as source:
                tell = _both(told, self._telling(places, place))
                self._run(_Move(arrival, places, place, source, target, tell), arrival, places, place, home)
        for known in places.leftovers():
            # One that was left with all of it copied may be switched off by now.
            with nullcontext() if known.pending else suppress(MemoryFault):
                self._collect_from(known, arrival, places, place)
        self._state = self._refusal
        return len(target.heads())

    def _serve(self, arrival: Arrival, backend: Backend, place: Location) -> None:
        if arrival.live.take_over(backend, arrival.superseded):
            self._serving = place.key

    def _move(self, arrival: Arrival, places: Locations, home: Location, place: Location) -> None:
        target = records_of(arrival.backend, places)
        places.aim(place, empty=not target.heads())
        if self._serving != home.key or arrival.live.current is None:
            former = self._former(home, arrival.settings)
            if former is None:
                self._move_unserved(arrival, places, home, place, target)
                return
            self._serve(arrival, former, home)
        if arrival.superseded.is_set():
            return
        current = arrival.live.current
        assert current is not None
        move = _Move(
            arrival, places, place, records_of(current, places), target, self._telling(places, place)
        )
        self._run(move, arrival, places, place, home)

    def _move_unserved(
        self, arrival: Arrival, places: Locations, home: Location, place: Location, target: Records
    ) -> None:
        with ExitStack() as stack:
            try:
                _without_erasures(places, home)
                source = stack.enter_context(
                    opened(home, arrival.settings, self._data_dir, places, self._open)
                )
                source.read([])
            except MemoryFault as fault:
                log.warning("Memories in %s cannot be read yet: %s", home, fault)
                places.arrive(place, pending=True)
                self._serve(arrival, arrival.backend, place)
                return
            telling = self._telling(places, place)
            self._run(_Move(arrival, places, place, source, target, telling), arrival, places, place, home)

    def _run(self, move: _Move, arrival: Arrival, places: Locations, place: Location, home: Location) -> None:
        if not move.hold(self._me):
            self._serve(arrival, arrival.backend, place)
            return
        try:
            if move.copy_most():
                with arrival.live.alone():
                    move.finish()
                    self._serve(arrival, arrival.backend, place)
                self._refusal = _refusal(move.refused, home)
                log.info("Memories are served from %s now.", place)
        finally:
            places.release(place, self._me)

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

    def _collect(self, arrival: Arrival, places: Locations, place: Location) -> None:
        """Bring home what places hold that were left too early, or that another server still wrote to."""
        pause = _AGAIN_FIRST_S
        while not arrival.superseded.is_set():
            fault = None
            for known in places.leftovers():
                try:
                    self._collect_from(known, arrival, places, place)
                except MemoryFault as met:
                    if known.pending:
                        fault = met
                        self._tell_of_rest(known.place, met)
            if fault is None:
                return
            arrival.superseded.wait(pause)
            pause = min(pause * 2, _AGAIN_MOST_S)

    def _collect_from(self, known: Known, arrival: Arrival, places: Locations, place: Location) -> None:
        _without_erasures(places, known.place)
        since = "" if known.pending else (datetime.fromtimestamp(known.left_at, UTC) - _SKEW).isoformat()
        target = records_of(arrival.backend, places)
        with opened(known.place, arrival.settings, self._data_dir, places, self._open) as source:
            copy = Copy(
                source,
                target,
                deletes=False,
                stop=arrival.superseded,
                told=self._telling(places, place) if known.pending else None,
            )
            copy.fill(since=since, without=places.removed_since(known.left_at))
        if not arrival.superseded.is_set():
            places.emptied(known.place)

    def _tell_of_rest(self, place: Location, fault: MemoryFault) -> None:
        self._state = Check(
            "moving",
            False,
            f"what is in {place} cannot be read: {fault}",
            f"{fault.hint} It is tried again by itself; or: {COMMAND} migrate --abandon",
        )

    def _telling(self, places: Locations, place: Location) -> Callable[[int, int], None]:
        told_at = 0.0
        held_at = time.monotonic()

        def tell(copied: int, total: int) -> None:
            nonlocal told_at, held_at
            self._state = Check("moving", True, f"{copied:,} of {total:,} memories are in {place}")
            self.moved = copied, total
            now = time.monotonic()
            if now - told_at >= _TELL_S or copied == total:
                told_at = now
                places.progress(place, copied, total)
            if now - held_at >= _HOLD_AGAIN_S:
                held_at = now
                places.hold(place, self._me, HOLD_S)

        return tell


class _Move:
    """From the home to another place."""

    def __init__(
        self,
        arrival: Arrival,
        places: Locations,
        place: Location,
        source: Records,
        target: Records,
        told: Callable[[int, int], None],
    ) -> None:
        self._arrival, self._places, self._place = arrival, places, place
        self._source, self._target = source, target
        ours = any(known.ours for known in places.known() if known.place.key == place.key)
        self._told = told
        self._copy = Copy(source, target, deletes=ours, stop=arrival.superseded, told=told)

    @property
    def refused(self) -> int:
        return self._copy.refused

    def hold(self, holder: str) -> bool:
        """Wait until nobody else copies; False where somebody has copied all, or the settings changed."""
        while not self._places.hold(self._place, holder, HOLD_S):
            if self._arrived() or self._arrival.superseded.wait(_LOOK_S):
                return False
            for known in self._places.known():
                if known.place.key == self._place.key:
                    self._told(known.copied, known.total)
        return not self._arrived()

    def _arrived(self) -> bool:
        home = self._places.home()
        return home is not None and home.key == self._place.key

    def copy_most(self) -> bool:
        """All but what changes meanwhile; False where it was stopped."""
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
            self._places.renamed(new_ids(self._source, self._target))
        self._places.arrive(self._place, pending=bool(self._copy.refused))


def _without_erasures(places: Locations, place: Location) -> None:
    if places.has_erasures(place):
        raise Retry("something is still to be erased there", hint="That comes first.")


class _Nobody:
    """Serves nothing: for the command line."""

    current = None

    def take_over(self, backend: Backend, superseded: threading.Event) -> bool:  # noqa: ARG002
        return True

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()


def _both(one: Told, other: Told) -> Told:
    def tell(copied: int, total: int) -> None:
        one(copied, total)
        other(copied, total)

    return tell


def _refusal(count: int, left: Location) -> Check | None:
    if not count:
        return None
    told = f"{count:,} memories were refused by the new embedder or store, and stay in {left}"
    return Check("moving", False, told, "Export them there, correct them, and import them again.")


def new_ids(source: Records, target: Records) -> dict[str, str]:
    """The ids that memories had in one place, to those that they have in another one, where they differ."""
    there = target.heads()
    return {
        head.there: there[id_].there
        for id_, head in source.heads().items()
        if id_ in there and there[id_].there != head.there
    }
