"""An LLM and an embedder of ours beside mem0's server or platform, as far as settings and packages allow.

With the LLM, `reconcile` decides here what mem0 stores; with the embedder, kinds and copies are told by
meaning. The embedder is loaded with the backend; without their packages the rest works.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..core.chat_servers import AnsweredBy
from ..core.errors import MemoryFault, TellAdmin
from ..core.memory import Check, Message, Reply
from .embedder import Embedder
from .llms import Llms

_AGAIN_S = 60.0  # before an embedder that failed is tried again


class OwnModels:
    """Threads may share it.

    `open_llms`, `open_embedder`: make them, and may raise a MemoryFault; None where the settings name none.
    `may_lack`: nobody has asked for an LLM of ours, so that it is no fault where there can be none.
    """

    def __init__(
        self,
        open_llms: Callable[[], Llms] | None = None,
        open_embedder: Callable[[], Embedder] | None = None,
        *,
        may_lack: bool = False,
    ) -> None:
        self._may_lack = may_lack
        self._open_llms, self._open_embedder = open_llms, open_embedder
        self._llms: Llms | None = None
        self._embedder: Embedder | None = None
        self._lock = threading.Lock()
        self._again = 0.0

    def llms(self) -> Llms | None:
        """The LLMs; None where there is none, or its packages are missing."""
        try:
            return self._opened_llms() if self._open_llms else None
        except MemoryFault:
            return None

    @contextmanager
    def reading(self, answered: AnsweredBy, *, local_only: bool, patient: bool) -> Iterator[str]:
        """As in `Llms`. Where its packages are missing, there is nobody: `part` tells it."""
        if (opened := self.llms()) is None:
            yield ""
            return
        with opened.reading(answered, local_only=local_only, patient=patient) as name:
            yield name

    def part(self) -> Check | None:
        """How the LLM fares, for the status; None where there is none."""
        if self._open_llms is None:
            return None
        try:
            return self._opened_llms().part()
        except MemoryFault as fault:
            detail = f"mem0's own reads: {fault}" if self._may_lack else str(fault)
            return Check("LLM", self._may_lack, detail, fault.hint)

    def ask(self, messages: Sequence[Message], *, for_exchanges: bool = False) -> Reply:
        """The LLM's answer. Raises TellAdmin where there is no LLM, and what asking it raises."""
        return self._opened_llms().ask(messages, for_exchanges=for_exchanges)

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """Cosine of a text and each of the others, 0 to 1; zeros where there is no embedder."""
        embedder = self._opened_embedder()
        return embedder.similarities(text, others) if embedder else [0.0] * len(others)

    def warm(self) -> None:
        """Load the embedder now, so that no message waits for it. Blocks for a second; raises nothing."""
        self._opened_embedder()

    def _opened_llms(self) -> Llms:
        if self._open_llms is None:
            raise TellAdmin("There is no LLM for extraction.", hint="Set `llm_provider`.")
        with self._lock:
            if self._llms is None:
                self._llms = self._open_llms()
            return self._llms

    def _opened_embedder(self) -> Embedder | None:
        with self._lock:
            if self._embedder is None and self._open_embedder is not None and time.monotonic() >= self._again:
                try:
                    self._embedder = self._open_embedder()
                except TellAdmin:
                    self._open_embedder = None  # packages are missing: the image has none of ours
                except MemoryFault:
                    self._again = time.monotonic() + _AGAIN_S
            return self._embedder
