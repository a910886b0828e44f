"""The backend in use, as those need it who list and change memories."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from ..backends.base import Backend, EditableBackend
from ..core.errors import TellAdmin


class Live(Protocol):
    """What holds the backend in use: see `backends.backend_holder`."""

    def get(self) -> Backend:
        """The backend. Raises MemoryFault: why there is none."""

    def writing(self) -> AbstractContextManager[Backend]:
        """The same, to change memories: inside, nobody moves them."""


def editable(backend: object) -> EditableBackend:
    """The same backend. Raises TellAdmin if its memories cannot be listed."""
    if not isinstance(backend, EditableBackend):
        raise TellAdmin("This backend cannot list memories.", hint="Choose another one in the settings.")
    return backend
