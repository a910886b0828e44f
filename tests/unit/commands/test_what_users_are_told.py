"""Of faults, users are told what does not work, and never where it is."""

import sqlite3
from collections.abc import Iterator

import httpx
import pytest

from owui_memory.commands.faults import without_addresses
from owui_memory.core.errors import MemoryFault
from owui_memory.models.faults import fault_of
from owui_memory.stores import sqlite_faults
from owui_memory.stores.qdrant.connection import _taken
from tests.unit.commands.desk import Desk

HOSTS = (
    "hidden",
    "hidden-1:6333",
    "hidden.internal",
    "hidden.internal:6333",
    "10.9.8.7:11434",
    "[fd00::9:8:7]:443",
    "localhost",
    "localhost:9876",
    "hidden_one",
    "xn--hidden-7ya.example:1",
)
PATHS = ("/srv/hidden/memories.db", "/srv/hidden is here/m.db", "/h/hidden and was/ä 1.db", "/hidden")
WHERE = ("hidden", "9.8.7", "9:8:7", "localhost", "9876", "6333", "/srv", "/h/")
CODES = ("BUSY", "FULL", "IOERR", "CANTOPEN", "READONLY", "CORRUPT", "NOTADB", "TOOBIG", "ERROR")


def _answered(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://hidden.internal:6333/srv")
    return httpx.HTTPStatusError("hidden", request=request, response=httpx.Response(status, request=request))


def _faults() -> Iterator[MemoryFault]:
    errors = (
        *map(_answered, (400, 401, 404, 413, 429, 500, 503)),
        httpx.ConnectError("hidden.internal:6333 is away"),
        httpx.ReadTimeout("hidden"),
        ImportError("no hidden", name="hidden"),
        UnicodeEncodeError("utf-8", "hidden", 0, 1, "hidden"),
        ValueError("hidden"),
        OSError(2, "hidden", "/srv/hidden"),
    )
    for host in HOSTS:
        for part in ("store", "embedder", "LLM", "mem0 server"):
            for error in errors:
                yield fault_of(part, f"https://user:hidden@{host}/srv?key=hidden", error)
    for path in PATHS:
        yield _taken(path)
        for name in CODES:
            error = sqlite3.OperationalError("hidden")
            error.sqlite_errorcode, error.sqlite_errorname = (
                getattr(sqlite3, f"SQLITE_{name}"),
                f"SQLITE_{name}",
            )
            with pytest.raises(MemoryFault) as told, sqlite_faults.translated(path):
                raise error
            yield told.value
        with pytest.raises(MemoryFault) as told, sqlite_faults.translated(path):
            raise PermissionError(13, "hidden", path)
        yield told.value


def test_no_fault_tells_where_something_is() -> None:
    for fault in _faults():
        told = without_addresses(str(fault))
        assert not [one for one in WHERE if one in told], told
        assert len(told) > 15, "what it is stays"


def test_the_status_of_a_user_tells_no_addresses(shared_desk: Desk) -> None:
    desk = shared_desk
    desk.knows("My dog is called Rex.")
    everywhere = {
        name: f"http://hidden.internal:6333/{name}"
        for name in ("webui_url", "vector_store_url", "llm_base_url", "embedder_base_url", "page_url")
        if name in type(desk.settings).model_fields
    }
    desk.settings = desk.settings.model_copy(update={**everywhere, "documents_dir": "/srv/hidden"})
    seen = {type(fault): fault for fault in _faults() if "hidden" in str(fault)}
    backend = desk.live.current
    for fault in seen.values():
        for current in (backend, None):
            desk.live._backend, desk.live._fault = current, fault
            for command in ("/memory status", "/memory why", "/memory", "/memory documents", "/memory chats"):
                told = desk.ask(command)
                assert not [one for one in WHERE if one in told], told
            if current is None:
                assert "hidden" in desk.ask("/memory status", is_admin=True), "admins are told"
    desk.live._backend, desk.live._fault = backend, None
