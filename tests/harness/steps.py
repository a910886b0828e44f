"""Steps: every call of the writer or of an erasure that changes something, and a SIGKILL at one of them.

`watch` wraps the methods of the queue, the journal, the backend, the store and the LLM, and
what an erasure goes through. What only reads is left out by name, so that a new method that writes is a step.

A step is called `before Journal.intend 2` or `after Journal.intend 2`: the second call of this process.
Plugged into a Pipelines server (this file is a plugin too), the step of DIE_AT kills that server.
"""

import functools
import itertools
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

DIE_AT = "DIE_AT_STEP"

# Those that only read; and `put`, `hurry` and `renew`, which other threads call whenever they like.
_LEFT_OUT = {
    "Outbox": {"put", "hurry", "renew"},
    "Journal": {"of_batch", "of_user", "of_memory", "from_message", "taken_back", "added_in"}
    | {"newest_id", "asked_to_forget", "brought_back"},
    "Llms": {"open", "part", "generate_response", "hang_up"},
    "LibraryBackend": {"open", "search", "similarities", "get", "get_all", "of_kind"}
    | {"list_all", "added_by", "ask", "check", "close"},
    "SqliteStore": {"create_col", "list_cols", "col_info", "get", "get_all", "of_kind", "list", "count"}
    | {"scan", "count_rows", "search", "keyword_search", "search_batch", "checkpoint", "close"},
    "Erasures": {"teams", "since", "newest", "open", "get", "copying"},
    "Claims": {"due"},
    "StoreSite": {"memories", "named", "close"},
}


class Steps:
    """What has been called so far. `seen` gets the name of each step."""

    def __init__(self, seen: Callable[[str], None]) -> None:
        self._seen = seen
        self._count: Counter[str] = Counter()
        self._lock = threading.Lock()

    def watch(self, cls: type) -> None:
        """Wrap the methods of `cls` that are steps."""
        for name, method in list(vars(cls).items()):
            if callable(method) and not name.startswith("_") and name not in _LEFT_OUT[cls.__name__]:
                wrap = self._wrapped_claim if name == "claim" else self._wrapped
                setattr(cls, name, wrap(f"{cls.__name__}.{name}", method))

    def _wrapped(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **options: Any) -> Any:
            number = self._begin(name)
            answer = method(*args, **options)
            self._seen(f"after {name} {number}")
            return answer

        return call

    def _wrapped_claim(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """The writer asks again and again: a step is only what came of it, and the first time."""

        @functools.wraps(method)
        def call(*args: Any, **options: Any) -> Any:
            if not self._count[f"asked {name}"]:
                self._count[f"asked {name}"] = 1
                self._seen(f"before {name} 1")
            batch = method(*args, **options)
            if batch is not None:
                with self._lock:
                    self._count[name] += 1
                self._seen(f"after {name} {self._count[name]}")
            return batch

        return call

    def _begin(self, name: str) -> int:
        with self._lock:
            self._count[name] += 1
            number = self._count[name]
        self._seen(f"before {name} {number}")
        return number


def die_at(step: str) -> Callable[[str], None]:
    """For `Steps`: SIGKILL to this very process at that step, or at the one with that number, from 1."""
    number = itertools.count(1)

    def seen(name: str) -> None:
        if step in (name, str(next(number))):
            os.kill(os.getpid(), signal.SIGKILL)

    return seen


def everything() -> Iterable[type]:
    """All classes that have steps. mem0 must be imported already."""
    from owui_memory.backends.library import LibraryBackend
    from owui_memory.channels.claims import Claims
    from owui_memory.models.llms import Llms
    from owui_memory.remember.journal import Journal
    from owui_memory.remember.outbox import Outbox
    from owui_memory.stores.sqlite.store import SqliteStore

    return Outbox, Claims, Journal, Llms, LibraryBackend, SqliteStore, *of_erasures()


def of_erasures() -> Iterable[type]:
    """What an erasure goes through besides."""
    from owui_memory.manage.erasure.erasures import Erasures
    from owui_memory.manage.erasure.sites import StoreSite

    return Erasures, StoreSite


class Pipeline:
    """For the Pipelines server: a plugin that does nothing but watch."""

    def __init__(self) -> None:
        from owui_memory.backends.library import LibraryBackend
        from owui_memory.remember.journal import Journal
        from owui_memory.remember.outbox import Outbox

        steps = Steps(die_at(os.environ.get(DIE_AT, "")))
        for cls in (Outbox, Journal, LibraryBackend, *of_erasures()):
            steps.watch(cls)
