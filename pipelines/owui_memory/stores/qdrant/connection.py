"""Qdrant at an address, or embedded in a folder: one way to call either, and errors that say what to do.

An embedded Qdrant is Python inside this process, is not safe for threads and lets no second one into its
folder. So each folder is opened once in this process, behind one lock, for all who name it: when settings
change, the new backend opens before the old one closes.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

from qdrant_client import QdrantClient

from ...core.errors import Drop, Retry, TellAdmin
from ...models.faults import translated
from .. import sqlite_faults

TIMEOUT_S = 5


class Client:
    """qdrant-client's calls, which raise MemoryFault and nothing else; closing it twice is harmless."""

    def __init__(
        self,
        client: Any,
        faults: Callable[[], AbstractContextManager[Any]],
        lock: AbstractContextManager[Any],
        release: Callable[[], None],
    ) -> None:
        self._client, self._faults, self._lock, self._release = client, faults, lock, release
        self._closed = False

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        @wraps(call)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            with self._faults(), self._lock:
                if self._closed:
                    raise Retry(
                        "The memory store was closed.", hint="It is being restarted; try again shortly."
                    )
                return call(*args, **kwargs)

        return guarded

    def rewrite(self, collection: str) -> None:
        """Of an embedded one: the collection's file anew, without what was deleted, which it would keep."""
        with self._faults(), self._lock:
            file = self._client._client.collections[collection].storage.storage
            file.execute("VACUUM")

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._release()


def at_address(url: str, api_key: str = "") -> Client:
    """A Qdrant server. Asks it nothing yet."""
    with translated("store", url):
        # Its check of the server's version would be a request of its own, in a thread that outlives this one.
        client = QdrantClient(url=url, api_key=api_key or None, timeout=TIMEOUT_S, check_compatibility=False)
    return Client(client, lambda: translated("store", url), nullcontext(), client.close)


def in_folder(path: str) -> Client:
    """An embedded Qdrant; the folder is made when absent. Never touches the network.

    Raises:
        TellAdmin: another process has it open, or it cannot be used.
    """
    with _folder_faults(path):
        folder = str(Path(path).resolve())
    with _opening:
        shared = _open.get(folder) or _Embedded(folder)
        _open[folder] = shared
        shared.users += 1
    return Client(shared.client, lambda: _folder_faults(folder), shared.lock, lambda: _leave(shared))


class _Embedded:
    """One folder that is open in this process, and how many have it."""

    def __init__(self, path: str) -> None:
        self.path, self.users = path, 0
        self.lock = threading.RLock()
        with _folder_faults(path), warnings.catch_warnings():
            _see_that_it_is_free(Path(path))
            warnings.filterwarnings("ignore", "Local mode is not recommended")  # the status says it
            self.client = QdrantClient(path=path, force_disable_check_same_thread=True)


def _see_that_it_is_free(folder: Path) -> None:
    """qdrant-client looks only after it has read all that the other one is writing, and leaves files open."""
    import portalocker  # refuses to be imported where no folder can be written to

    with contextlib.suppress(FileNotFoundError), (folder / ".lock").open("r+") as lock:
        try:
            portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.exceptions.LockException:
            raise _taken(str(folder)) from None
        portalocker.unlock(lock)


def _taken(path: str) -> TellAdmin:
    return TellAdmin(
        f"The folder {path} is in use by another server.",
        hint="Stop the other one, use a Qdrant server, or choose vector_store sqlite.",
    )


_opening = threading.Lock()
_open: dict[str, _Embedded] = {}


def _leave(shared: _Embedded) -> None:
    with _opening:
        shared.users -= 1
        if not shared.users:
            _open.pop(shared.path, None)
            with shared.lock:
                shared.client.close()


@contextlib.contextmanager
def _folder_faults(path: str) -> Iterator[None]:
    """What an embedded Qdrant raises has no status; a server would answer these with 404 and 400."""
    with translated("store"), sqlite_faults.translated(path):
        try:
            yield
        except RuntimeError as error:
            if "already accessed by another instance" not in str(error):
                raise
            raise _taken(path) from None
        except KeyError:
            raise Drop("The store does not hold this memory.") from None
        except ValueError as error:
            if str(error).startswith("Collection "):
                hint = "Restart the Pipelines server: it makes the collection anew."
                raise TellAdmin("The store no longer has this collection.", hint=hint) from None
            raise Drop("The store cannot take this input.") from None
