"""mem0 in its three forms behind one Protocol: see `base.Backend`."""

from __future__ import annotations

from pathlib import Path

from ..ops.metrics import Metrics
from ..settings import Valves
from .base import Backend


def open_backend(settings: Valves, data_dir: Path, metrics: Metrics | None = None) -> Backend:
    """The backend that the settings name, which counts in `metrics` what it costs.

    Blocks for seconds; raises the errors of `errors.py`.
    """
    if settings.backend == "library":
        from .library import LibraryBackend

        return LibraryBackend.open(settings, data_dir, metrics)
    if settings.backend == "server":
        from .server import ServerBackend

        return ServerBackend.open(settings)
    from .platform import PlatformBackend

    return PlatformBackend.open(settings)
