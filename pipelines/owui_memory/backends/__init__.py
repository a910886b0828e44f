"""mem0 in its three forms behind one Protocol: see `base.Backend`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..config.settings import Valves
from ..core.events import Emit, ignore
from ..models.embedder import Embedder
from ..models.llms import Llms
from ..models.own_models import OwnModels
from . import assemble
from .base import Backend


def open_backend(
    settings: Valves,
    data_dir: Path,
    emit: Emit = ignore,
    named: Callable[[Valves], Callable[[str, int], str]] | None = None,
) -> Backend:
    """The backend that the settings name, which tells `emit` what it costs.

    named: for the settings, a function from embedding model and size to the collection's own name; else it is
    that of the settings.

    Blocks for seconds; raises the errors of `core/errors.py`.
    """
    if settings.backend == "library":
        from .library import LibraryBackend

        return LibraryBackend.open(settings, data_dir, emit, named(settings) if named else None)
    own = _own_models(settings, data_dir, emit)
    own.warm()
    if settings.backend == "server":
        from .server import ServerBackend

        return ServerBackend.open(settings, own)
    from .platform import PlatformBackend

    return PlatformBackend.open(settings, own)


def _own_models(settings: Valves, data_dir: Path, emit: Emit) -> OwnModels:
    def open_llms() -> Llms:
        assemble.import_mem0(data_dir)
        return Llms.open(settings, emit)

    def open_embedder() -> Embedder:
        assemble.import_mem0(data_dir)
        return assemble.open_embedder(settings, data_dir, emit)

    is_auto = settings.llm_provider == "auto"
    reads = settings.has_llm and not (is_auto and settings.mode == "mem0")
    return OwnModels(open_llms if reads else None, open_embedder, may_lack=is_auto)
