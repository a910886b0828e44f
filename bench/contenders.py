"""Filled stores, and the two who search them: the filter itself, and plain mem0 on embedded Qdrant."""

import asyncio
import atexit
import hashlib
import logging
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.memories import DIMS, WordVectors, fact
from tests.harness.pipelines_server import PLUGINS, is_configuration

COLLECTION = "memories"
_BATCH = 1000


def take_environment() -> None:
    """Nothing of the caller's settings, and nothing that mem0 writes, outside a folder that is removed."""
    for name in list(os.environ):
        if is_configuration(name):
            del os.environ[name]
    folder = tempfile.mkdtemp(prefix="bench-mem0-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.update(MEM0_TELEMETRY="False", MEM0_DIR=folder, HF_HUB_OFFLINE="1")
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    warnings.filterwarnings("ignore", category=FutureWarning)  # mem0 asks its model by an old name
    warnings.filterwarnings("ignore", "Local mode is not recommended")  # Qdrant, from 20,000 points on
    logging.getLogger("mem0").setLevel(logging.ERROR)


# Stores -------------------------------------------------------------------------------------------


def sqlite_store(cache: Path, count: int) -> Path:
    """The filter's store with `count` memories: a file, filled once for each version of its code."""

    def fill(path: Path) -> None:
        from owui_memory.stores.sqlite.store import SqliteStore

        store = SqliteStore(COLLECTION, DIMS, str(path))
        insert_all(store, count)
        store.purge()
        store.close()

    code = code_version("sqlite/*.py")
    return filled(cache / f"sqlite-{code}-{_memories_version()}-{count}.db", fill)


def embedded_store(cache: Path, count: int) -> Path:
    """The filter's embedded Qdrant with the same memories and their words: a folder."""

    def fill(path: Path) -> None:
        from owui_memory.stores.qdrant.store import QdrantStore

        store = QdrantStore(COLLECTION, DIMS, path=str(path))
        insert_all(store, count)
        store.close()

    code = f"{metadata.version('qdrant-client')}-{code_version('qdrant/*.py')}"
    return filled(cache / f"embedded-{code}-{_memories_version()}-{count}", fill)


def qdrant_store(cache: Path, count: int) -> Path:
    """mem0's store with the same memories: a folder of embedded Qdrant, filled by mem0's own class."""
    code = f"{metadata.version('mem0ai')}-{metadata.version('qdrant-client')}"

    def fill(path: Path) -> None:
        from mem0.vector_stores.qdrant import Qdrant

        store = Qdrant(COLLECTION, DIMS, path=str(path))
        insert_all(store, count)
        store.client.close()

    return filled(cache / f"qdrant-{code}-{_memories_version()}-{count}", fill)


def insert_all(store: Any, count: int) -> None:
    """Insert the first `count` of the synthetic memories into a mem0 store."""
    vectors = WordVectors()
    for start in range(0, count, _BATCH):
        facts = [fact(number) for number in range(start, min(start + _BATCH, count))]
        store.insert(
            vectors=[vectors.embed(one.text) for one in facts],
            payloads=[one.payload for one in facts],
            ids=[one.id for one in facts],
        )


def filled(path: Path, fill: Callable[[Path], None]) -> Path:
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{os.getpid()}-{path.name}")
    print(f"filling {path} ...", end=" ", flush=True)
    start = time.perf_counter()
    fill(unfinished)
    unfinished.rename(path)
    print(f"{time.perf_counter() - start:.0f} s", flush=True)
    return path


def code_version(pattern: str) -> str:
    sources = sorted((PLUGINS / "owui_memory" / "stores").glob(pattern))
    return hashlib.md5(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def _memories_version() -> str:
    vectors = WordVectors()
    sample = [(one.payload, vectors.embed(one.text)) for one in map(fact, range(100))]
    return hashlib.md5(repr(sample).encode()).hexdigest()[:8]


@contextmanager
def copied(store: Path, name: str) -> Iterator[Path]:
    """A folder with a copy of a filled store under `name`, to be written to and then removed."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=store.parent) as folder:
        (shutil.copytree if store.is_dir() else shutil.copy)(store, Path(folder) / name)
        yield Path(folder)


# The filter ---------------------------------------------------------------------------------------


@asynccontextmanager
async def filter_on(store: Path, vectors: WordVectors, *, embedding: bool = False) -> AsyncIterator[Any]:
    """The filter as the server starts it, with its default settings, on a copy of a filled store.

    It starts with the bundled embedder, whose place `vectors` then takes: a time of 10 ms and more for each
    text, the same for every store, would hide what is measured here. With `embedding`, the bundled embedder
    is asked all the same, for the time that it takes.
    """
    from owui_memory.plugin import Pipeline

    with copied(store, "memories.db") as data_dir:
        os.environ["MEMORY_DATA_DIR"] = str(data_dir)
        pipeline = Pipeline()
        await pipeline.on_startup()
        try:
            backend: Any = await _ready(pipeline)
            mem0 = backend._memory
            mem0.embedding_model = _TakingTime(mem0.embedding_model, vectors) if embedding else vectors
            yield pipeline
        finally:
            await pipeline.on_shutdown()


class _TakingTime:
    """Takes the time of one embedder and gives the vectors of another."""

    def __init__(self, embedder: Any, vectors: WordVectors) -> None:
        self._embedder, self._vectors = embedder, vectors
        self.calibration = vectors.calibration
        self.took_s = 0.0  # in all

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        start = time.perf_counter()
        self._embedder.embed(text, memory_action)
        self.took_s += time.perf_counter() - start
        return self._vectors.embed(text)

    def question(self, text: str) -> list[float]:
        self.embed(text)
        return self._vectors.question(text)

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        return self._vectors.similarities(text, others)

    def embed_batch(self, texts: list[str], memory_action: str = "add") -> list[list[float]]:
        self._embedder.embed_batch(texts, memory_action)
        return self._vectors.embed_batch(texts)


async def _ready(pipeline: Any, within: float = 120) -> Any:
    from owui_memory.core.errors import NotReady

    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        with suppress(NotReady):
            if pipeline._runtime is not None:
                return pipeline._runtime.live.get()
        await asyncio.sleep(0.05)
    raise TimeoutError(f"the backend is not ready after {within} s: {pipeline._chats.status()}")


# Plain mem0 ---------------------------------------------------------------------------------------


@contextmanager
def plain_mem0(folder: Path, vectors: WordVectors | None, llm_base_url: str = "") -> Iterator[Any]:
    """mem0's `Memory` on an embedded Qdrant in `folder`; without `vectors` with the bundled embedder."""
    from mem0 import Memory

    from owui_memory.models.bundled_embedder import BundledEmbedder

    stand_in = {"provider": "openai", "config": {"api_key": "none"}}
    llm = {"provider": "openai", "config": {"api_key": "none", "openai_base_url": llm_base_url, "model": "m"}}
    place = {"path": str(folder), "collection_name": COLLECTION, "embedding_model_dims": DIMS}
    memory = Memory.from_config(
        {
            "vector_store": {"provider": "qdrant", "config": place},
            "embedder": stand_in,
            "llm": llm if llm_base_url else stand_in,
            "history_db_path": str(folder.parent / "history.db"),
        }
    )
    memory.embedding_model = vectors or BundledEmbedder()
    try:
        yield memory
    finally:
        memory.close()
        memory.vector_store.client.close()


def mem0_finds(memory: Any, user_id: str, question: str, text: str, top_k: int) -> bool:
    """One search; whether it found that memory."""
    found = memory.search(question, filters={"user_id": user_id}, top_k=top_k)["results"]
    return any(item["memory"] == text for item in found)
