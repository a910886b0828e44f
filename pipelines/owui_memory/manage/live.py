"""The backend in use, as those need it who list and change memories."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from ..backends.base import Backend


class Live(Protocol):
    """What holds the backend in use: see `backends.backend_holder`."""

    def get(self) -> Backend:
        """The backend. Raises MemoryFault: why there is none."""

    def writing(self) -> AbstractContextManager[Backend]:
        """The same, to change memories: inside, nobody moves them."""
