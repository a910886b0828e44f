"""Builds mem0's `Memory` from our settings, with nothing of mem0's that phones home or downloads."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from ..config.settings import Valves
from ..core.errors import TellAdmin
from ..core.events import Emit, ignore
from ..models import providers
from ..models.embedder import Embedder
from ..models.faults import translated
from ..models.llms import Llms
from ..stores import opening as stores
from ..stores.protocol import VectorStore

# For mem0's own database, which is in memory: nobody reads its history, and of the messages that its own
# extraction reads once more, the last thousand are kept, whoever's.
_FEW_TRACES = """
CREATE TRIGGER no_history BEFORE INSERT ON history BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER few_messages AFTER INSERT ON messages
    BEGIN DELETE FROM messages WHERE rowid <= NEW.rowid - 1000; END;
"""

_STAND_IN = f"{__package__}.stand_in"


def assemble(
    settings: Valves,
    data_dir: Path,
    emit: Emit = ignore,
    named: Callable[[str, int], str] | None = None,
    known: tuple[str, int] | None = None,
) -> tuple[Any, int]:
    """mem0's `Memory` and the size of its embeddings. Embeds some words; takes seconds.

    named: from embedding model and size to the collection's own name; else it is that of the settings.
    known: this model and size; then nothing is embedded, and the model is loaded when it is needed.

    Raises:
        TellAdmin: mem0 or another package is missing, or a setting cannot work.
        Retry: a server cannot be reached now.
    """
    import_mem0(data_dir)
    embedder = open_embedder(settings, data_dir, emit, known)
    dims = embedder.dims
    llms = Llms.open(settings, emit)
    with translated("store", settings.vector_store_url):
        collection = named(embedder.name, dims) if named else settings.collection
    store = providers.vector_store(settings, data_dir, dims, collection)
    with translated("store", settings.vector_store_url):
        memory = _memory(store, settings)
    memory.embedding_model = embedder
    memory.db.connection.executescript(_FEW_TRACES)
    memory.llm = llms
    return memory, dims


def open_store(settings: Valves, data_dir: Path, collection: str, dims: int) -> VectorStore:
    """Only mem0's store, for whoever reads or moves memories: no embedder is needed.

    Raises:
        TellAdmin, Retry: as `assemble`.
    """
    import_mem0(data_dir)
    from mem0.utils.factory import VectorStoreFactory

    VectorStoreFactory.provider_to_class.update(stores.CLASSES)
    name, config = providers.vector_store(settings, data_dir, dims, collection)
    with translated("store", settings.vector_store_url):
        store: VectorStore = VectorStoreFactory.create(stores.NAMES[name], _Config(config))
    return store


def import_mem0(data_dir: Path) -> None:
    """Import mem0 with its home in the data folder and its telemetry off.

    Raises:
        TellAdmin: a package is missing.
    """
    home = data_dir / "mem0"
    home.mkdir(parents=True, exist_ok=True)  # mem0 cannot even be imported without it
    for left in home.glob("history.db*"):  # of an earlier release; the journal has all that is needed
        left.unlink(missing_ok=True)
    os.environ["MEM0_TELEMETRY"] = "False"
    os.environ["MEM0_DIR"] = str(home)
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        # Its default configuration takes in all of Qdrant's client, three quarters of the time and 60 MiB;
        # the client of its telemetry it imports even where that is off.
        with (
            _replaced("mem0.configs.vector_stores.qdrant", QdrantConfig=_QdrantConfig),
            _replaced("posthog", Posthog=_Posthog),
        ):
            import mem0  # noqa: F401 - the import itself is what may fail
    except ImportError as error:
        raise TellAdmin(
            f"mem0 cannot be imported: {error.name or 'a package'} is missing.",
            hint=(
                "Install pipelines/requirements.txt (PIPELINES_REQUIREMENTS_PATH), then restart the server; "
                "or set backend to server or platform, which need no packages."
            ),
        ) from error
    logging.getLogger("mem0").setLevel(logging.ERROR)  # its INFO and WARNING lines quote memories
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if util.find_spec("en_core_web_sm") is None:
        # Where spaCy is installed without its model, mem0 would download it inside `add`.
        from mem0.utils import spacy_models

        spacy_models._load_failed_full = spacy_models._load_failed_lemma = True


class _QdrantConfig(BaseModel):
    collection_name: str = "mem0"
    embedding_model_dims: int = 1536
    path: str = ""


class _Posthog:
    def __init__(self, *_: Any, **__: Any) -> None:
        self.disabled = True

    def capture(self, *_: Any, **__: Any) -> None:
        """Tell nobody."""

    def shutdown(self) -> None:
        """Nothing is open."""


@contextmanager
def _replaced(name: str, **contents: Any) -> Iterator[None]:
    """While mem0 is imported for the first time, this stands for a module that it would import."""
    if name in sys.modules or "mem0" in sys.modules:
        yield
        return
    module = ModuleType(name)
    vars(module).update(contents)
    sys.modules[name] = module
    try:
        yield
    finally:  # whoever asks for one later gets the real one
        sys.modules.pop(name, None)


def open_embedder(
    settings: Valves, data_dir: Path, emit: Emit = ignore, known: tuple[str, int] | None = None
) -> Embedder:
    """The embedder that the settings name. Embeds some words; takes seconds.

    data_dir: where its calibration is kept. known: as for `assemble`.

    Raises:
        TellAdmin, Retry: as `assemble`.
    """
    address = "" if settings.embeds_by_itself else settings.embedder_base_url
    embedder = Embedder(partial(_embedding_model, settings), address, local=settings.embeds_by_itself)
    embedder.emit, embedder.kept = emit, data_dir / "calibration"
    if known:
        embedder.name, embedder.dims = known
        return embedder
    embedder.name = str(embedder.config.model)
    embedder.dims = len(embedder.embed_now("size"))
    _ = embedder.calibration  # learned now, so that no chat waits for it
    return embedder


def _embedding_model(settings: Valves) -> Any:
    if settings.embedder_provider == "bundled":
        from ..models.bundled_embedder import BundledEmbedder

        return BundledEmbedder()
    from mem0.utils.factory import EmbedderFactory

    name, config = providers.embedder(settings)
    if name == "ollama":
        from ..models.ollama_embedder import ollama_embedder

        return ollama_embedder(config)
    if name == "openai":
        from ..models.openai_embedder import openai_embedder
    try:
        model = openai_embedder(config) if name == "openai" else EmbedderFactory.create(name, config, None)
    except OSError as error:
        if not settings.embeds_by_itself:
            raise
        raise TellAdmin(
            f"sentence-transformers finds no model {settings.embedder_model} on this machine.",
            hint="Nothing is downloaded: name a folder, or put the model into Hugging Face's cache first.",
        ) from error
    if settings.embeds_by_itself:
        import torch

        # More threads than one wait for each other: 113 ms a text instead of 14 on two busy cores.
        torch.set_num_threads(1)
    providers.bound_client(model, providers.EMBED_TIMEOUT_S, config)
    return model


def _memory(store: tuple[str, dict[str, Any]], settings: Valves) -> Any:
    from mem0 import Memory
    from mem0.configs.base import MemoryConfig
    from mem0.embeddings.configs import EmbedderConfig
    from mem0.llms.configs import LlmConfig
    from mem0.utils.factory import EmbedderFactory, LlmFactory, VectorStoreFactory
    from mem0.vector_stores.configs import VectorStoreConfig

    VectorStoreFactory.provider_to_class.update(stores.CLASSES)
    EmbedderFactory.provider_to_class[_STAND_IN] = f"{__name__}.StandIn"
    LlmFactory.register_provider(_STAND_IN, f"{__name__}.StandIn")
    name, config = store
    return Memory(
        # model_construct: mem0's validators refuse a store that is not its own.
        MemoryConfig.model_construct(
            vector_store=VectorStoreConfig.model_construct(
                provider=stores.NAMES[name], config=_Config(config)
            ),
            llm=LlmConfig.model_construct(provider=_STAND_IN, config={}),
            embedder=EmbedderConfig.model_construct(provider=_STAND_IN, config={}),
            history_db_path=":memory:",
            reranker=None,
            version="v1.1",
            custom_instructions=settings.extraction_rules or None,
        )
    )


class StandIn:
    """In mem0's `Memory` until our LLMs and embedder take its place; mem0's own import their clients."""

    def __init__(self, config: Any) -> None:
        self.config = config


class _Config(dict[str, Any]):
    """A store's configuration, which mem0 reads as keyword arguments and by attribute."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value
