"""What lies below `documents_dir`: a folder a user, and one for everyone; links are not followed."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.memory import is_person
from ..core.scope import FOLDER, USER, is_scope
from .extraction import format_of

_PROJECTS = "projects"  # below it, a folder for each of Open WebUI's folders, by its id
_DEEPEST, _MOST_FILES = 20, 100_000
MOST_BYTES = 64 << 20  # of a file
SAVED = "saved"  # below it lies what programs have sent, which is nowhere else
DIGESTS = "digests"  # below it lies what was made of all this, which is not read
_DIGEST = re.compile(r"[a-z0-9][a-z0-9-]{0,39} [0-9]{4}-[0-9]{2}-[0-9]{2}\.md|\.[0-9]{1,20}-[0-9]{1,20}")
_LARGEST = 2**63 - 1  # that a database takes


@dataclass(frozen=True, slots=True)
class File:
    """A file below a user's folder. `changed`: nanoseconds; `placed`: Unix time since which it lies there."""

    path: str
    size: int
    changed: int
    placed: float

    @property
    def scope(self) -> str:
        """What it is about: a project, if it lies in that one's folder."""
        first, _, rest = self.path.partition("/")
        project = FOLDER + rest.partition("/")[0]
        return project if first == _PROJECTS and "/" in rest and is_scope(project) else USER

    @property
    def is_too_big(self) -> bool:
        return self.size > MOST_BYTES


class Folders:
    """The folders of all users. Methods raise OSError where the disk fails."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def users(self) -> list[str]:
        """Who has a folder."""
        with os.scandir(self.root) as found:
            names = [one.name for one in found if one.is_dir(follow_symlinks=False)]
        return sorted(filter(may_have_folder, names))

    def files(self, user_id: str) -> Iterator[File]:
        """The files of a user that can be read, hidden ones left out."""
        count = 0
        top = self.root / user_id
        for at, folders, names, descriptor in os.fwalk(top, onerror=_raised, follow_symlinks=False):
            below = os.path.relpath(at, top)
            if below.count(os.sep) >= _DEEPEST:
                folders.clear()
            hidden = {DIGESTS} if below == "." else set()
            folders[:] = sorted(name for name in folders if name not in hidden and not name.startswith("."))
            for name in sorted(names):
                if name.startswith(".") or not format_of(name):
                    continue
                with suppress(FileNotFoundError):
                    found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                    if stat.S_ISREG(found.st_mode):
                        path = name if below == "." else f"{below}/{name}"
                        # Names need not be UTF-8; what is stored must be.
                        yield File(os.fsencode(path).decode("utf-8", "replace"), *_about(found))
                        count += 1
                if count >= _MOST_FILES:
                    return

    def remove(self, user_id: str, path: str) -> None:
        """Delete a user's file that a program has sent."""
        if not is_saved(path):
            return
        with (
            suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError),  # then it is not there
            self._beside(user_id, path) as folder,
        ):
            os.unlink(Path(path).name, dir_fd=folder)

    def remove_digests(self, user_id: str, is_wanted: Callable[[float], bool]) -> None:
        """Delete a user's digests of which this, told since when each lies there (Unix time), says False.

        Files that the user has put beside them stay.
        """
        for digest in self.digests(user_id):
            with suppress(FileNotFoundError):
                if not is_wanted(digest.stat().st_ctime):
                    digest.unlink()

    def digests(self, user_id: str) -> list[Path]:
        """A user's digests, and parts of such: files that are called so, none of them a link."""
        folder = self.root / user_id / DIGESTS
        if folder.is_symlink():
            return []
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
            return [
                Path(one.path) for one in found if is_digest(one.name) and one.is_file(follow_symlinks=False)
            ]
        return []

    @contextmanager
    def opened(self, user_id: str, path: str) -> Iterator[int]:
        """A descriptor of a user's file; none of its folders may be a link."""
        with self._beside(user_id, path) as folder:
            file = os.open(Path(path).name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        try:
            yield file
        finally:
            os.close(file)

    @contextmanager
    def _beside(self, user_id: str, path: str) -> Iterator[int]:
        """A descriptor of the folder of a user's file, which no link leads to."""
        parts = Path(path).parts
        if ".." in parts:
            raise PermissionError(errno.EACCES, "outside of the folder")
        at = os.open(self.root / user_id, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for folder in parts[:-1]:
                inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
                os.close(at)
                at = inner
            yield at
        finally:
            os.close(at)


def _raised(error: OSError) -> None:
    """What cannot be looked at is not gone."""
    raise error


def may_have_folder(user_id: str) -> bool:
    """Whether a user's id can be the name of a folder."""
    return is_person(user_id) and user_id.isprintable() and "/" not in user_id and user_id[:1] != "."


def is_saved(path: str) -> bool:
    """Whether a file was sent by a program: it goes with what is kept of it."""
    return path.startswith(f"{SAVED}/")


def is_digest(name: str) -> bool:
    """Whether a file is called as a digest is, or a part of one."""
    return _DIGEST.fullmatch(name) is not None


def _about(found: os.stat_result) -> tuple[int, int, float]:
    return found.st_size, min(max(found.st_mtime_ns, -_LARGEST), _LARGEST), found.st_ctime
