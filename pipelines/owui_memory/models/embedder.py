"""mem0's embedder, as the store and the searches use it: named errors, a small cache, batches."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import MemoryFault, Retry, TellAdmin
from ..core.events import Emit, Event, EventKind, ignore
from ..language.words import terms_of
from .faults import translated
from .health import Health
from .limits import ANSWER_BYTES, bounded
from .text_limit import TextLimit, is_legible

if TYPE_CHECKING:
    from .calibration import Calibration

Vector = list[float]

_LISTS = 32  # of texts that others are compared with, whose vectors are kept
_CACHED = 256  # last texts: a regenerated answer's or second model's question costs no embedding
_ANSWER_BYTES = 300_000  # for each text: 8,192 numbers of 20 digits take half of it
_SECONDS = 10.0  # for an answer, and
_SECONDS_EACH = 1.0  # for each text more
_LOCAL_BYTES = 3_000  # some 30 ms for the bundled model, which makes one mean of all that it reads

# Lengths whose squares, too, fit into the 32 bits that stores keep.
_SHORTEST, _LONGEST = 1e-15, 1e15

_BATCH = 16  # texts encoded at once: each then takes half as long, and more at once gain nothing


class Embedder:
    """Stands in mem0's `Memory` for the embedder it wraps.

    `load`: makes mem0's embedder, when it is first needed.
    `local`: a model in this process. Then one call at a time encodes what all threads wait for.
    `dims`: the size that its vectors must have, once it is known; others are refused, and not kept.
    `name`: the model's.
    `health`: of the calls that it makes; texts from the cache are none.
    `kept`: the folder in which its calibration is kept.
    `emit`: is told of each call that was answered.
    """

    dims = 0
    name = ""
    kept: Path | None = None
    emit: Emit = staticmethod(ignore)

    def __init__(self, load: Callable[[], Any], address: str, *, local: bool) -> None:
        self.health = Health()
        self._load, self._address = load, address
        self._limit = TextLimit(_LOCAL_BYTES) if local else TextLimit()
        self._encode = _Batches(self._encode_all) if local else self._encode_one
        self._watched = threading.local()
        self._cached = lru_cache(_CACHED)(self.embed_now)
        self._lists = lru_cache(_LISTS)(self.embed_batch)
        self._prepared: dict[str, Vector] = {}
        self._calibration: Calibration | None = None
        self._measuring = threading.Lock()

    @cached_property
    def model(self) -> Any:
        """mem0's embedder. Loading it may take seconds; raises a MemoryFault that names the embedder."""
        with translated("embedder", self._address):
            return self._load()

    @property
    def config(self) -> Any:
        """That of mem0's embedder, for mem0."""
        return self.model.config

    @property
    def calibration(self) -> Calibration:
        """What its cosines mean; measured with the first use where `kept` has nothing of this model.

        Raises as `embed`.
        """
        with self._measuring:
            if self._calibration is None:
                from .calibration import Calibration

                adapter = getattr(self.model, "adapter", None)
                found = Calibration.load(self.kept, self.name, self.dims, adapter) if self.kept else None
                if found is None:
                    found = Calibration.measured(self.embed_batch, adapter)
                    if self.kept:
                        found.save(self.kept, self.name, self.dims)
                self._calibration = found
            return self._calibration

    def question(self, text: str) -> Vector:
        """The vector to look for what answers a message. Raises as `embed`."""
        return self.calibration.question(self.embed(text), adapted=len(terms_of(text[:100])) > 1)

    def embed(self, text: str, memory_action: str = "search") -> Vector:  # noqa: ARG002 - none of ours asks
        """One vector; of a text that is too long, that of its beginning and end.

        Raises:
            MemoryFault: the embedder cannot be had, or Drop: the text is empty.
        """
        text = self._limit.cut(text)
        if (vector := self._prepared.pop(text, None)) is not None:
            return vector
        try:
            return list(self._cached(text))
        except MemoryFault as fault:
            getattr(self._watched, "faults", []).append(fault)
            raise

    def prepare(self, texts: Sequence[str]) -> None:
        """Embed several at once: `embed` then gives each of them, once, without a call. Raises as `embed`."""
        if len(self._prepared) > _CACHED:  # of writers that broke off
            self._prepared.clear()
        cut = [self._limit.cut(text) for text in texts]
        self._prepared.update(zip(cut, self.embed_batch(cut), strict=True))

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[Vector]:
        """A vector for each text."""

        def embed(sent: list[str]) -> list[Vector]:
            with bounded(_SECONDS + _SECONDS_EACH * len(sent), ANSWER_BYTES + _ANSWER_BYTES * len(sent)):
                return self._sound(self.model.embed_batch(sent, memory_action), len(sent))

        with self._call(len(texts)):
            batches = self._limit.batches([self._limit.cut(text) for text in texts])
            return [vector for batch in batches for vector in self._limit.fitted(batch, embed)]

    def embed_now(self, text: str, memory_action: str = "search") -> Vector:
        """One vector, not from the cache: tells whether the embedder works."""

        def embed(sent: list[str]) -> list[Vector]:
            with bounded(_SECONDS, ANSWER_BYTES + _ANSWER_BYTES):
                return self._sound([self._encode(sent[0], memory_action)], 1)

        with self._call(1):
            return self._limit.fitted([text], embed)[0]

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """How alike a text and each of the others are, 0 to 1; 0 where there is nothing to read.

        Raises as `embed`.
        """
        legible = tuple(filter(is_legible, others))
        if not legible or not is_legible(text):
            return [0.0] * len(others)
        near = iter(self.calibration.likenesses(self.embed(text), self._lists(legible)))
        return [next(near) if is_legible(other) else 0.0 for other in others]

    @contextmanager
    def _call(self, count: int) -> Iterator[None]:
        began = time.monotonic()
        with self.health.call(), translated("embedder", self._address):
            yield
        self.emit(Event(EventKind.EMBEDDED, count, seconds=time.monotonic() - began))

    @contextmanager
    def watched(self) -> Iterator[list[MemoryFault]]:
        """The faults of `embed` in this thread: mem0's extraction goes on without what was not embedded."""
        self._watched.faults = []
        try:
            yield self._watched.faults
        finally:
            self._watched.faults = []

    def drop(self) -> None:
        """Keep no texts."""
        self._cached.cache_clear()
        self._lists.cache_clear()
        self._prepared.clear()

    def _sound(self, vectors: Any, count: int) -> list[Vector]:
        """The same, if each is one that can be stored and compared."""
        if not isinstance(vectors, list | tuple) or len(vectors) != count or not all(map(_is_sound, vectors)):
            hint = "Look at its log: it must answer with a list of finite numbers, not all of them 0."
            raise Retry("The embedder has sent something that is no vector.", hint=hint)
        sizes = {len(vector) for vector in vectors}
        if self.dims and sizes - {self.dims}:
            raise TellAdmin(
                f"The embedder made vectors of {self.dims} dimensions, and now makes {max(sizes)}.",
                hint="Restart the Pipelines server: then memories are embedded anew, in another collection.",
            )
        return [list(vector) for vector in vectors]

    def _encode_one(self, text: str, action: str) -> Sequence[float]:
        vector: Sequence[float] = self.model.embed(text, action)
        return vector

    def _encode_all(self, texts: list[str]) -> list[Vector]:
        vectors: list[Vector] = self.model.embed_batch(texts, "search")
        return vectors


def _is_sound(vector: Any) -> bool:
    """Whether it is a list of numbers with a length that is neither 0 nor infinite nor none."""
    if not isinstance(vector, list | tuple) or not {int, float}.issuperset(map(type, vector)):
        return False
    try:
        return _SHORTEST < math.hypot(*vector) < _LONGEST
    except OverflowError:
        return False


class _Asked:
    """A text that a thread wants encoded. `woken`: it is, or this thread is to encode the next batch."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.woken = threading.Event()
        self.encodes = False
        self.vector: Vector | None = None
        self.error: BaseException | None = None


class _Batches:
    """One thread at a time encodes what all wait for, up to a batch; then the one that has waited longest.

    Nobody whose text is encoded waits for the next batch: a lock around the encoder would make them.
    """

    def __init__(self, encode: Callable[[list[str]], list[Vector]]) -> None:
        self._encode = encode
        self._lock = threading.Lock()
        self._busy = False  # one encodes, or is about to
        self._waiting: deque[_Asked] = deque()

    def __call__(self, text: str, _action: str) -> Vector:
        mine = _Asked(text)
        with self._lock:
            self._waiting.append(mine)
            mine.encodes, self._busy = not self._busy, True
        try:
            if not mine.encodes:
                mine.woken.wait()
            if mine.encodes:
                self._encode_some()
        except BaseException:
            self._leave(mine)
            raise
        if mine.vector is None:
            raise mine.error or RuntimeError("A batch was broken off.")
        return mine.vector

    def _encode_some(self) -> None:
        """The first that wait, the caller's text before all; wakes them, and the one that encodes next."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        try:
            vectors = self._encode([one.text for one in batch])
            if len(vectors) != len(batch):
                raise ValueError(f"{len(vectors)} vectors for {len(batch)} texts")
            for one, vector in zip(batch, vectors, strict=True):
                one.vector = vector
        except BaseException as error:  # noqa: BLE001 - raised again in each thread that waits
            for one in batch:
                one.error = error
        with self._lock:
            self._hand_over()
        for one in batch:
            one.woken.set()

    def _leave(self, mine: _Asked) -> None:
        """Its thread was interrupted and encodes nothing, so that nobody may wait for it."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                if mine.encodes:
                    self._hand_over()

    def _hand_over(self) -> None:
        """To the one that has waited longest. Under the lock."""
        self._busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].encodes = True
            self._waiting[0].woken.set()
