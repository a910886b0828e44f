"""Where what was said waits while the state database cannot take it: small files in the data folder.

One file for each record, synced and then renamed: whatever ends the process leaves all of it or nothing.
What the disk does not take either waits in memory, up to a bound, and is told in the status. Needs no
database: it also serves while there is none.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..core.permission import Permission
from ..core.turn import Answered
from ..language.secrets import masked

FOLDER = "spill"
MOST_BYTES = 64 * 1024 * 1024  # of all files
_MOST_IN_MEMORY, _MOST_BYTES_IN_MEMORY = 1000, 16 * 1024 * 1024
_MANY = 50  # files, after which the memory that they took is free again
_LOOKS_S = 5.0  # after which files are counted again that others have written or taken away
_RESERVE, _RESERVE_BYTES = "reserve", 1024 * 1024  # given up where the disk is full
_SYNC_FOLDER = hasattr(os, "O_DIRECTORY")

_SAID, _PERMISSION, _UNFIT, _NEW = ".said", ".permission", ".unfit", ".new"  # how names end
_LEFT_S = 3600.0  # after which a file that is not whole was left by a process that was killed
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Spilled:
    """A finished exchange (`is_said`), or a permission alone, that the state database is still to have.

    keys: what the turn's key may be. permission: None where it has to be looked up. at: Unix seconds.
    """

    user_id: str
    keys: tuple[str, ...]
    at: float
    permission: Permission | None
    user_text: str = ""
    assistant_text: str = ""
    is_said: bool = True

    @classmethod
    def exchange(cls, answered: Answered, permission: Permission | None = None) -> Spilled:
        """What an outlet has heard."""
        texts = answered.user_text, answered.assistant_text
        return cls(answered.user_id, answered.keys, time.time(), permission, *texts)

    @classmethod
    def decision(cls, user_id: str, given: Permission) -> Spilled:
        """What an inlet has decided: that a turn may be remembered."""
        return cls(user_id, (given.key,), time.time(), given, is_said=False)

    def permits(self, key: str) -> bool:
        """Whether it lets the turn with this key be remembered, and nothing was said yet."""
        return not self.is_said and key in self.keys

    @property
    def answered(self) -> Answered:
        """As the outlet had it, but for secrets."""
        return Answered(self.user_id, self.keys, self.user_text, self.assistant_text)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many exchanges wait, and how many of these in memory only; refused since the start; set aside."""

    exchanges: int
    in_memory: int
    refused: int
    unfit: int


class Spill:
    """Of one data folder. Threads and processes may share it."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir, self._folder = data_dir, data_dir / FOLDER
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._now, self._ended = "", threading.Condition(self._lock)  # what is being written; that it was
        self._there, self._looked_at = 0, -math.inf  # bytes of all files, about
        self._in_memory: dict[str, Spilled] = {}  # by name, not on the disk yet
        self._bytes = self._refused = 0
        self._went_on_at = self._cleared_at = -math.inf

    def accept(self, record: Spilled) -> bool:
        """Have it in memory, for `write`; False where there is no room. Never blocks.

        There is more room for permissions: an exchange may wait for room, and is lost without its own.
        """
        more = 1 if record.is_said else 2
        with self._lock:
            size = self._bytes + _size(record)
            if len(self._in_memory) >= more * _MOST_IN_MEMORY or size > more * _MOST_BYTES_IN_MEMORY:
                self._refused += record.is_said
                return False
            self._in_memory[_name(record)], self._bytes = record, size
        return True

    @property
    def has_room(self) -> bool:
        """Whether `accept` takes a short record. Never blocks."""
        with self._lock:
            return len(self._in_memory) < _MOST_IN_MEMORY and self._bytes < _MOST_BYTES_IN_MEMORY // 2

    def write(self) -> bool:
        """Bring to the disk what is in memory only, without secrets; whether all of it is there now."""
        with self._writing:
            with self._lock:
                names = list(self._in_memory)
            try:
                for first in range(0, len(names), _MANY):
                    self._write_some(names[first : first + _MANY])
            except OSError:
                return False
        return True

    def goes_on(self, within_s: float) -> bool:
        """Whether something was written or brought within so many seconds: only a queue is long then."""
        return time.monotonic() - self._went_on_at < within_s

    def has(self, user_id: str) -> bool:
        """Whether something of a user's waits here."""
        mine = _of(user_id)
        return any(mine in name and name.endswith((_SAID, _PERMISSION)) for name in self._listed())

    def pending(self) -> Iterator[tuple[str, Spilled]]:
        """What waits, by name, in the order in which it came."""
        for name in self._names():
            if (record := self._in_memory.get(name) or self._read(name)) is not None:
                yield name, record

    def holds(self, name: str) -> bool:
        """Whether it was neither removed nor erased."""
        return name in self._in_memory or (self._folder / name).exists()

    def remove(self, name: str) -> None:
        """It is where it belongs. This waits for no write but its own, however many there are to do."""
        with self._ended:
            self._dropped(name)
            self._ended.wait_for(lambda: self._now != name)
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()
        self._went_on_at = time.monotonic()

    def set_aside(self, name: str) -> bool:
        """Try it no more, and keep the file; False where the disk cannot."""
        if not self.write():
            return False
        try:
            (self._folder / name).rename(self._folder / f"{name}{_UNFIT}")
        except OSError as error:  # where it was erased, or another process has seen to it, it is well
            return isinstance(error, FileNotFoundError)
        return True

    def erase(self, user_id: str, which: Callable[[Spilled], bool] = lambda _: True) -> int:
        """Take a user's away, those set aside too; how many exchanges it were.

        What a process was writing when it was killed goes, too; one that writes now tries again.
        """
        mine = _of(user_id)
        for name in self._listed():
            if mine in name and name.endswith(_NEW):
                with contextlib.suppress(OSError):
                    (self._folder / name).unlink()
        gone = 0
        for name in [name for name in self._names(_UNFIT) if mine in name]:
            record = self._in_memory.get(name) or self._read(name)
            if record is None or (record.user_id == user_id and which(record)):
                self.remove(name)
                gone += _SAID in name
        return gone

    def waiting(self) -> Waiting:
        names = self._names(_UNFIT)
        with self._lock:
            in_memory = sum(name.endswith(_SAID) for name in self._in_memory)
        unfit = sum(name.endswith(_UNFIT) for name in names)
        return Waiting(sum(name.endswith(_SAID) for name in names), in_memory, self._refused, unfit)

    def reserve(self) -> bool:
        """Have some room on the disk for the day when it is full, and clear up after a crash.

        False where that day is here: the room is given up, and what is left of it is the spill's alone.
        """
        file = self._folder / _RESERVE
        try:
            if time.monotonic() - self._cleared_at > _LEFT_S:
                self._make_folder()
                for left in self._folder.glob(f"*{_NEW}"):
                    with contextlib.suppress(FileNotFoundError):
                        if time.time() - left.stat().st_mtime > _LEFT_S:
                            left.unlink()
                self._cleared_at = time.monotonic()
            if not file.exists():
                self._make_folder()
                self._write_file(file, bytes(_RESERVE_BYTES))
        except OSError as error:
            return error.errno not in _FULL
        return True

    def _write_some(self, names: list[str]) -> None:
        written: list[str] = []
        try:
            for name in names:
                if (record := self._begun(name)) is None:
                    continue
                try:
                    self._write(name, _safe(record))
                finally:
                    with self._ended:
                        self._now = ""
                        self._ended.notify_all()
                self._went_on_at = time.monotonic()
                written.append(name)
        finally:
            if written:
                self._sync_folder()
            with self._lock:
                for name in written:
                    self._dropped(name)

    def _write(self, name: str, record: Spilled) -> None:
        content = json.dumps(asdict(record)).encode()
        self._make_folder()
        # A look takes the longer, the more files there are.
        is_full = self._there + len(content) > MOST_BYTES
        if is_full or time.monotonic() - self._looked_at > _LOOKS_S:
            self._there, self._looked_at = self._bytes_there(), time.monotonic()
        if self._there + len(content) > MOST_BYTES:
            raise OSError(errno.EDQUOT, "the spill is full")
        self._there += len(content)
        try:
            self._write_file(self._folder / name, content)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            (self._folder / _RESERVE).unlink()  # raises where it was used up
            self._write_file(self._folder / name, content)

    def _make_folder(self) -> None:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def _write_file(self, file: Path, content: bytes) -> None:
        new = file.with_name(f"{file.name}.{uuid.uuid4().hex[:8]}{_NEW}")
        try:
            opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "wb") as writing:
                writing.write(content)
                writing.flush()
                os.fsync(writing.fileno())
            new.replace(file)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def _sync_folder(self) -> None:
        """So that the new names outlast a power cut. Not every file system can."""
        if not _SYNC_FOLDER:
            return
        with contextlib.suppress(OSError):
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _read(self, name: str) -> Spilled | None:
        """None where it is gone, or cannot be read now; what is damaged is set aside."""
        file = self._folder / name
        try:
            return _record(json.loads(file.read_bytes()))
        except OSError:
            return None
        except (ValueError, TypeError, KeyError, RecursionError):
            if not name.endswith(_UNFIT):
                with contextlib.suppress(OSError):
                    file.rename(file.with_name(f"{name}{_UNFIT}"))
            return None

    def _names(self, *more: str) -> list[str]:
        ours = {name for name in self._listed() if name.endswith((_SAID, _PERMISSION, *more))}
        # Permissions first, whatever the clock said: an exchange that comes before its own would be lost.
        return sorted(ours, key=lambda name: (_SAID in name, name))

    def _listed(self) -> list[str]:
        """All names, on the disk and in memory, some of them twice."""
        with self._lock:  # before the disk: what is written meanwhile is there in any case
            in_memory = list(self._in_memory)
        try:
            with os.scandir(self._folder) as files:
                return [*in_memory, *(file.name for file in files)]
        except OSError:
            return in_memory

    def _bytes_there(self) -> int:
        there = 0
        with os.scandir(self._folder) as files:
            for file in files:
                with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
                    there += file.stat().st_size if file.name != _RESERVE else 0
        return there

    def _begun(self, name: str) -> Spilled | None:
        """What is being written from now on; None where it was removed."""
        with self._lock:
            if (record := self._in_memory.get(name)) is not None:
                self._now = name
        return record

    def _dropped(self, name: str) -> None:
        """Under the lock."""
        if (record := self._in_memory.pop(name, None)) is not None:
            self._bytes -= _size(record)


def _name(record: Spilled) -> str:
    """Sorts by time, and tells whose it is, so that few files need to be read."""
    kind = _SAID if record.is_said else _PERMISSION
    return f"{int(record.at * 1e6):020}-{_of(record.user_id)}-{uuid.uuid4().hex[:8]}{kind}"


def _of(user_id: str) -> str:
    return blake2b(user_id.encode(errors="surrogatepass"), digest_size=10).hexdigest()


def _size(record: Spilled) -> int:
    return 500 + sys.getsizeof(record.user_text) + sys.getsizeof(record.assistant_text)


def _safe(record: Spilled) -> Spilled:
    said = masked(record.user_text)[0], masked(record.assistant_text)[0]
    return replace(record, user_text=said[0], assistant_text=said[1])


def _record(kept: dict[str, Any]) -> Spilled:
    given = kept["permission"]
    permission = None if given is None else Permission(**given)
    return Spilled(**{**kept, "keys": tuple(kept["keys"]), "permission": permission})
