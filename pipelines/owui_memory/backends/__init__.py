"""mem0 in its three forms behind one Protocol: see `base.Backend`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..ops.metrics import Metrics
from ..settings import Valves
from . import assemble
from .base import Backend
from .embedder import Embedder
from .llms import Llms
from .own_models import OwnModels


def open_backend(
    settings: Valves,
    data_dir: Path,
    metrics: Metrics | None = None,
    named: Callable[[Valves], Callable[[str, int], str]] | None = None,
) -> Backend:
    """The backend that the settings name, which counts in `metrics` what it costs.

    named: for the settings, a function from embedding model and size to the collection's own name; else it is
    that of the settings.

    Blocks for seconds; raises the errors of `errors.py`.
    """
    if settings.backend == "library":
        from .library import LibraryBackend

        return LibraryBackend.open(settings, data_dir, metrics, named(settings) if named else None)
    own = _own_models(settings, data_dir, metrics)
    own.warm()
    if settings.backend == "server":
        from .server import ServerBackend

        return ServerBackend.open(settings, own)
    from .platform import PlatformBackend

    return PlatformBackend.open(settings, own)


def _own_models(settings: Valves, data_dir: Path, metrics: Metrics | None) -> OwnModels:
    def open_llms() -> Llms:
        assemble.import_mem0(data_dir)
        return Llms.open(settings, metrics)

    def open_embedder() -> Embedder:
        assemble.import_mem0(data_dir)
        return assemble.open_embedder(settings)

    is_auto = settings.llm_provider == "auto"
    reads = settings.has_llm and not (is_auto and settings.mode == "mem0")
    return OwnModels(open_llms if reads else None, open_embedder, may_lack=is_auto)
