"""What the contract's tests share: each backend with what stands behind it, and ways to make that fail."""

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends.api import Timeouts
from owui_memory.backends.assemble import assemble
from owui_memory.backends.base import Backend
from owui_memory.backends.library import LibraryBackend
from owui_memory.backends.platform import PlatformBackend
from owui_memory.backends.remote import RemoteBackend
from owui_memory.backends.server import ServerBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import MemoryFault
from owui_memory.core.memory import Memory
from owui_memory.models import providers
from tests.harness.mem0_http import StandIn
from tests.harness.mem0_platform import Platform
from tests.harness.mem0_server import RestServer
from tests.harness.places import library, measured
from tests.harness.postgres import PASSWORD
from tests.harness.scripted_llm import ScriptedLLM

KEY = "the-right-key"
SECRET = "my secret is a blue giraffe"  # must never show up in an error
LIBRARIES = ["sqlite", "qdrant", "pgvector"]
REMOTES = ["server", "platform"]
NOBODYS = "00000000-0000-4000-8000-000000000000"  # of no memory


@dataclass
class Case:
    """A backend with what stands behind it, and ways to make that fail."""

    kind: str
    backend: Backend
    failing: Callable[..., AbstractContextManager[Any]]  # all requests are answered with this HTTP status
    hanging: Callable[[], AbstractContextManager[Any]]
    impatient: Callable[[], None]  # make it wait for fractions of a second only
    stop: Callable[[], None]  # what stands behind it goes away
    memory: Any  # mem0's, in this process or behind the server
    behind: Any = None
    settings: Valves = field(default_factory=Valves)

    def holds(self, user: str, count: int) -> list[str]:
        """Put so many memories of a user into the store, a second apart from each other; their texts."""
        texts = [f"{user} owns boat {number}." for number in range(count)]
        fill(self.memory, user, texts)
        return texts


def fill(memory: Any, user: str, texts: Sequence[str]) -> None:
    """Put memories into mem0's store without an embedding for each, in an order that says nothing."""
    vector, first = memory.embedding_model.embed("boat"), datetime(2026, 1, 1, tzinfo=UTC)
    payloads = []
    for number, text in enumerate(texts):
        at = (first + timedelta(seconds=number)).isoformat()
        payloads.append({"data": text, "user_id": user, "created_at": at, "updated_at": at})
    payloads = payloads[1::2] + payloads[::2]
    for start in range(0, len(payloads), 500):
        some = payloads[start : start + 500]
        ids = [str(uuid.uuid4()) for _ in some]
        memory.vector_store.insert(vectors=[vector] * len(some), payloads=some, ids=ids)


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def found_texts(backend: Backend, user: str, query: str, limit: int = 5) -> list[str]:
    found = backend.search(user, query, limit)
    return [item.memory.text for item in sorted(found, key=lambda item: item.meaning, reverse=True)]


def added_texts(backend: Backend, batch: str, user: str = "ada") -> set[str]:
    return {memory.text for memory in backend.added_by(user, batch)}


def keep(backend: Backend, user: str, *texts: str, batch: str = "b") -> list[str]:
    """Each as it stands; their ids."""
    return [backend.store(user, Memory("", text, batch=batch)) for text in texts]


CALLS: dict[str, Callable[[Backend], object]] = {
    "search": lambda backend: backend.search("ada", SECRET, 5),
    "extract": lambda backend: backend.extract("ada", said(SECRET), batch="b"),
    "added_by": lambda backend: backend.added_by("ada", "b"),
    "store": lambda backend: backend.store("ada", Memory("", SECRET)),
    "get": lambda backend: backend.get(NOBODYS),
    "get_all": lambda backend: backend.get_all([NOBODYS]),
    "of_kind": lambda backend: backend.of_kind("ada", "fact", 5),
    "list_all": lambda backend: backend.list_all("ada"),
    "replace": lambda backend: backend.replace(NOBODYS, SECRET, expires=""),
    "remove": lambda backend: backend.remove(NOBODYS),
    "erase": lambda backend: backend.erase("ada"),
}


def faults_of(backend: Backend, names: Iterable[str] = CALLS) -> dict[str, MemoryFault | None]:
    """What each of these calls raises now, by its name. Nothing of it may tell what was sent."""
    faults: dict[str, MemoryFault | None] = {}
    for name in names:
        faults[name] = None
        try:
            CALLS[name](backend)
        except MemoryFault as fault:
            faults[name] = fault
    assert "giraffe" not in "".join(f"{fault} {fault and fault.hint}" for fault in faults.values())
    return faults


def reactions(backend: Backend, names: Iterable[str] = CALLS) -> dict[str, type | None]:
    """The same, by their types alone."""
    return {name: fault and type(fault) for name, fault in faults_of(backend, names).items()}


def listed(backend: Backend, user: str = "ada") -> list[str]:
    return [memory.text for memory in backend.list_all(user)]


# Opening ------------------------------------------------------------------------------------------


def library_settings(llm: ScriptedLLM, **more: Any) -> Valves:
    return Valves(
        **llm.reads("scripted-chat"),
        **llm.embeds("scripted-embed"),
        collection=f"memories_{uuid.uuid4().hex[:8]}",
        **more,
    )


def library_case(kind: str, settings: Valves, llm: ScriptedLLM, folder: Path) -> Case:
    backend = library(settings, folder)

    def impatient() -> None:
        providers.bound_client(backend._memory.embedding_model.model, 0.2, {})

    def stop() -> None:
        embedder = backend._memory.embedding_model.model
        embedder.client = embedder.client.with_options(base_url="http://127.0.0.1:9/v1")

    return Case(
        kind,
        backend,
        failing=lambda status, **_: llm.fault("*", status=status),
        hanging=lambda: llm.hold("*"),
        impatient=impatient,
        stop=stop,
        memory=backend._memory,
        settings=settings,
    )


def store_settings(kind: str, request: pytest.FixtureRequest) -> dict[str, str]:
    if kind == "sqlite":
        return {}
    if kind == "qdrant":
        return {"vector_store": "qdrant", "vector_store_url": request.getfixturevalue("shared_qdrant").url}
    url = request.getfixturevalue("postgres").url
    return {"vector_store": "pgvector", "vector_store_url": url, "vector_store_api_key": PASSWORD}


@contextlib.contextmanager
def stand_in(kind: str, llm: ScriptedLLM, folder: Path) -> Iterator[StandIn]:
    settings = library_settings(llm)
    measured(settings.embedder_model, folder)
    memory, _ = assemble(settings, folder)
    try:
        with (RestServer if kind == "server" else Platform)(memory, KEY) as server:
            yield server
    finally:
        LibraryBackend(memory, Valves(), 0).close()


def remote_backend(kind: str, url: str, key: str = KEY, **options: Any) -> RemoteBackend:
    if kind == "server":
        return ServerBackend(url, key, **options)
    return PlatformBackend(url, key, pauses_s=(0, 0, 0), **options)


def remote_case(kind: str, server: StandIn) -> Case:
    backend = remote_backend(kind, server.url)

    def impatient() -> None:
        backend._timeouts = Timeouts(connect=2.0, search=0.05, add=0.05)

    return Case(
        kind, backend, server.fail, server.hold, impatient, server.stop, memory=server.memory, behind=server
    )


@contextlib.contextmanager
def opened(kind: str, request: pytest.FixtureRequest, llm: ScriptedLLM, folder: Path) -> Iterator[Case]:
    """A backend of this kind, closed at the end."""
    with ExitStack() as stack:
        if kind in LIBRARIES:
            settings = library_settings(llm, **store_settings(kind, request))
            case = library_case(kind, settings, llm, folder / "data")
        else:
            case = remote_case(kind, stack.enter_context(stand_in(kind, llm, folder / "mem0")))
        stack.callback(case.backend.close)
        yield case


def emptied(case: Case) -> Case:
    """As it was when it was opened."""
    store, kept, server = case.memory.vector_store, case.memory.db, case.behind
    store.delete_all([str(row.id) for row in store.list()[0]])
    case.memory.embedding_model.drop()
    with kept._lock, kept.connection as connection:
        connection.execute("DELETE FROM messages")
    if isinstance(case.backend, RemoteBackend):
        case.backend._seen.forget()
        case.backend._under_way.clear()
        server.key = KEY
        server.requests.clear()
    if isinstance(server, RestServer):
        server.is_admin, server.key_costs_s = False, 0.0
        server.users.clear()
        server.tokens.clear()
    elif isinstance(server, Platform):
        server.fail_events = False
        server.events.clear()
    return case
