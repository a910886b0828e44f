"""Whether what the settings name works, found out when a backend has been opened and not with each status."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..backends.backend_holder import Open
from ..backends.base import Backend
from ..config.settings import Valves
from ..core.errors import MemoryFault, TellAdmin
from ..core.memory import Check
from ..models.health import in_ms
from ..models.probe import explained, is_ollama, lacking
from ..remember.operations import UnreadableAnswerError, read_operations

if TYPE_CHECKING:
    from ..models.embedder import Embedder
    from ..models.llm import Llm

# The shape that reconcile wants, in the fewest tokens.
QUESTION = (
    {
        "role": "system",
        "content": 'This is a self-check. Answer with this JSON and nothing else: {"operations": []}',
    },
    {"role": "user", "content": "Answer now."},
)
_AGAIN_S = 60.0  # after which what did not work is checked again
_SILENT_S = 20.0  # after which a check that is under way is told of
_PATIENCE_S = 3.0  # that a status waits for a check that is under way

Compare = Callable[[Valves, Backend], Check | None]


def selfcheck(settings: Valves, backend: Backend) -> list[Check]:
    """A line for store, embedder and each LLM: the time it took, or what is wrong and what to do.

    Blocks, up to a minute for an LLM that does not answer. Asks each LLM once, which costs some tokens.
    """
    parts = _Check(settings).run(backend)
    if settings.llm_provider == "auto" and not settings.has_llm and settings.backend == "library":
        hint = "The /memory/status of a running server says which LLM it reads with."
        parts.append(
            Check("LLM", True, "auto: this command's environment names no server of the chats", hint)
        )
    return parts


def health_of(backend: Backend) -> list[Check]:
    """The line of the models' health; none for mem0's server and platform, which keep theirs."""
    embedder, llms, _ = backend.models
    asked = [("embedder", embedder.health)] if embedder else []
    asked += [(f"{llm.part} {llm.name}", llm.health) for llm in llms]
    wrong = [f"{name}: {trouble}" for name, health in asked if (trouble := health.trouble())]
    detail = "; ".join(f"{name}: {health.described()}" for name, health in asked)
    return [Check("health", not wrong, detail, " ".join(wrong))] if asked else []


def reading_of(backend: Backend) -> Check | None:
    """The LLM's line as it is now, with `llm_provider` auto; else None."""
    readers = backend.models.readers
    return readers.part() if readers else None


class SelfChecks:
    """Checks each backend in a thread of its own once it has been opened, and what did not work again."""

    def __init__(
        self,
        again_s: float = _AGAIN_S,
        patience_s: float = _PATIENCE_S,
        compare: Compare = lambda _settings, _backend: None,
    ) -> None:
        """compare: a line where the store lacks what was remembered; see `comparison`."""
        self._compare = compare
        self._again_s, self._patience_s = again_s, patience_s
        self._lock = threading.Lock()
        self._checks: WeakKeyDictionary[Backend, _Check] = WeakKeyDictionary()

    def opening(self, open_backend: Open) -> Open:
        """The same opener, whose backends are checked and whose faults name a model that is not there.

        Raises, beside the opener's own:
            TellAdmin: the server of the embedder does not have its model.
        """

        def opened(settings: Valves, data_dir: Path) -> Backend:
            embeds = settings.backend == "library"
            # mem0 would make Ollama download it now, however long that takes.
            if embeds and is_ollama(settings, "embedder") and (fault := lacking(settings, "embedder")):
                raise fault
            try:
                backend = open_backend(settings, data_dir)
            except MemoryFault as fault:
                if embeds and str(fault).startswith("The embedder"):
                    raise explained(fault, settings, "embedder") from fault.__cause__
                raise
            with self._lock:
                check = self._checks[backend] = _Check(settings, self._compare)
            self._begin(check, backend)
            return backend

        return opened

    def part(self, backend: Backend) -> list[Check]:
        """The line of the status. Waits some seconds for the first check."""
        with self._lock:
            check = self._checks.get(backend)
        if check is None:
            return []
        if not check.done.wait(self._patience_s):
            if check.waits_s < _SILENT_S:
                return [Check("self-check", True, "under way")]
            silent = f"under way for {check.waits_s:.0f} s"
            return [Check("self-check", False, silent, "Do the LLM and the embedder answer at all?")]
        ill = not check.ok or not all(part.ok for part in health_of(backend))
        if ill and check.age_s > self._again_s:
            self._begin(check, backend)
        wrong = [part for part in check.parts if not part.ok]
        detail = "; ".join(f"{part.name}: {part.detail}" for part in check.parts)
        return [Check("self-check", not wrong, detail, " ".join(part.hint for part in wrong))]

    def fault(self, backend: Backend) -> MemoryFault | None:
        """What is wrong with a backend that was opened, if anything is. Blocks until it has been checked."""
        with self._lock:
            check = self._checks.get(backend)
        if check is None:
            return None
        if check.done.is_set() and not check.ok:
            self._begin(check, backend)
        with check.busy:  # until a run that is under way has ended
            pass
        wrong = next((part for part in check.parts if not part.ok), None)
        return TellAdmin(f"{wrong.name}: {wrong.detail}", hint=wrong.hint) if wrong else None

    def _begin(self, check: _Check, backend: Backend) -> None:
        if check.busy.acquire(blocking=False):
            threading.Thread(
                target=self._run, args=(check, backend), name="memory-selfcheck", daemon=True
            ).start()

    @staticmethod
    def _run(check: _Check, backend: Backend) -> None:
        try:
            check.run(backend)
        finally:
            check.busy.release()


class _Check:
    """What was found of one backend. It does not hold it: a backend that nobody uses is to go."""

    def __init__(self, settings: Valves, compare: Compare = lambda _settings, _backend: None) -> None:
        self._settings, self._compare = settings, compare
        self._answered: WeakKeyDictionary[Llm, Check] = WeakKeyDictionary()  # they are not asked again
        self._at, self._began = 0.0, time.monotonic()
        self.parts: list[Check] = []
        self.busy, self.done = threading.Lock(), threading.Event()

    @property
    def ok(self) -> bool:
        return all(part.ok for part in self.parts)

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._at

    @property
    def waits_s(self) -> float:
        """Seconds since the backend was opened."""
        return time.monotonic() - self._began

    def run(self, backend: Backend) -> list[Check]:
        """Runs all checks. Never raises."""
        embedder, llms, readers = backend.models
        store = "store" if embedder else "backend"
        parts = [_tried(store, lambda: self._compare(self._settings, backend) or _read(backend))]
        if embedder:
            parts.append(_tried("embedder", lambda: self._embed(embedder)))
        if self._settings.uses_llm:
            if readers:
                parts.append(_tried("LLM", readers.check))
            parts += [_tried(llm.part, lambda llm=llm: self._ask(llm)) for llm in llms]  # type: ignore[misc]
        self.parts, self._at = parts, time.monotonic()
        self.done.set()
        return parts

    def _embed(self, embedder: Embedder) -> Check:
        began = time.monotonic()
        try:
            embedder.embed_now("size")  # raises where the size is another than the collection's
        except MemoryFault as fault:
            raise explained(fault, self._settings, "embedder") from None
        return Check("embedder", True, _since(began) + _note(self._settings, "embedder"))

    def _ask(self, llm: Llm) -> Check:
        if (known := self._answered.get(llm)) and not llm.health.trouble():
            return known
        began = time.monotonic()
        try:
            answer = llm.ask(QUESTION)
        except MemoryFault as fault:
            raise explained(fault, llm.settings, llm.prefix) from None
        took = _since(began)
        try:
            read_operations(answer)
        except UnreadableAnswerError:
            hint = f"Set {llm.prefix}_model to a model that can answer in JSON."
            part = Check(
                llm.part, False, f"{llm.name} answered in {took}, but not in JSON as it was asked to", hint
            )
        else:
            part = Check(llm.part, True, took + _note(llm.settings, llm.prefix))
        self._answered[llm] = part
        return part


def _note(settings: Valves, role: str) -> str:
    """Of one that works although its name is not listed: some servers take any name."""
    return f" ({fault})" if (fault := lacking(settings, role)) else ""


def _read(backend: Backend) -> Check:
    began = time.monotonic()
    backend.added_by("nobody", "self-check")
    return Check("", True, _since(began))


def _tried(name: str, ask: Callable[[], Check]) -> Check:
    try:
        part = ask()
    except MemoryFault as fault:
        return Check(name, False, str(fault), fault.hint)
    except Exception as error:  # noqa: BLE001 - the status reports what it meets
        return Check(name, False, f"failed ({type(error).__name__})", "Look at the server's log.")
    return Check(name, part.ok, part.detail, part.hint)


def _since(began: float) -> str:
    return in_ms((time.monotonic() - began) * 1000)
