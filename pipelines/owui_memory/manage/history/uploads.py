"""Archives that users have sent, kept until they say whether to import them: one each, for an hour."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_KEPT_S = 3600.0
_NAME_CHARS = 120
_NOTE = ".note"


class Uploads:
    """Files in a private folder of the data folder. Threads may share it; methods block."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "uploads"

    def new(self, user_id: str) -> Path:
        """Where the next archive of a user is to be written; the one before is gone."""
        self.drop(user_id)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.prune()
        file = self._folder / f"{_of(user_id)}-{secrets.token_hex(16)}"
        file.touch(0o600)
        return file

    def prune(self) -> None:
        """Remove what is too old, of all users."""
        for file in self._folder.glob("*"):
            with contextlib.suppress(FileNotFoundError):  # another thread has removed it
                if time.time() - file.stat().st_mtime > _KEPT_S:
                    file.unlink()

    def keep(self, user_id: str, content: IO[bytes]) -> Path:
        """An archive as it was sent."""
        file = self.new(user_id)
        with file.open("wb") as target:
            shutil.copyfileobj(content, target)
        return file

    def find(self, user_id: str, name: str) -> Path | None:
        """The archive of this user with this name, as `new` has called it."""
        mine = [file for file in self._all(user_id) if file.name == name and file.suffix != _NOTE]
        return mine[0] if mine else None

    def note(self, file: Path, found: Mapping[str, Any]) -> None:
        """Keep what was found in an archive beside it, as JSON, for as long as the archive."""
        if file.exists():
            note = file.with_suffix(_NOTE)
            note.touch(0o600)
            note.write_text(json.dumps(found))

    def noted(self, user_id: str) -> Any:
        """What was found in the archive that a user has sent; None as long as that is not known."""
        for note in self._all(user_id):
            if note.suffix == _NOTE and note.with_suffix("").exists():
                with contextlib.suppress(FileNotFoundError, ValueError):  # gone, or being written
                    return json.loads(note.read_text())
        return None

    def drop(self, user_id: str, before: float = math.inf) -> None:
        """Keep nothing of a user's that was sent before a time (Unix)."""
        for file in self._all(user_id):
            with contextlib.suppress(FileNotFoundError):  # another thread has removed it
                if file.stat().st_mtime < before:
                    file.unlink()

    def _all(self, user_id: str) -> list[Path]:
        return list(self._folder.glob(f"{_of(user_id)}-*"))


def _of(user_id: str) -> str:
    """Ids are anybody's choice, and none of them is a path."""
    return hashlib.sha256(user_id.encode(errors="surrogatepass")).hexdigest()[:32]


def shown_name(name: str) -> str:
    """What a browser says that a file is called, as it may be told."""
    return "".join(char for char in name if char.isprintable())[-_NAME_CHARS:]
