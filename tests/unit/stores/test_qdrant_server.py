"""Qdrant at an address: what is asked of it, and who gets the key."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from owui_memory.core.errors import MemoryFault, Retry
from owui_memory.stores.qdrant.store import QdrantStore
from tests.harness.qdrant_server import QdrantServer
from tests.harness.web import WebServer

VECTOR = [1.0, 0.0, 0.0, 0.0]
ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with QdrantServer() as server:
        yield server


def opened(server: WebServer, dims: int = 4, **more: Any) -> Any:
    return contextlib.closing(QdrantStore("memories", dims, url=server.url, **more))


def put_one(store: QdrantStore, **more: Any) -> None:
    store.put([ID], [VECTOR], [{"data": "My dog is called Rex.", "user_id": "ada", **more}])


def schemas(server: QdrantServer) -> dict[str, dict[str, Any]]:
    def plain(schema: Any) -> dict[str, Any]:
        values = schema if isinstance(schema, dict) else schema.model_dump(mode="json")
        return {name: value for name, value in values.items() if value is not None}

    return {field: plain(schema) for (_, field), schema in server.schemas.items()}


# Indexes ------------------------------------------------------------------------------------------


def test_the_user_is_the_tenant_and_all_that_is_filtered_by_is_indexed(server: QdrantServer) -> None:
    with opened(server):
        pass

    assert schemas(server) == {
        "user_id": {"type": "keyword", "is_tenant": True},
        "batch": {"type": "keyword"},
        "kind": {"type": "keyword"},
        "chat": {"type": "keyword"},
        "scope": {"type": "keyword"},
        "created_at": {"type": "datetime"},
    }


def test_indexes_that_are_there_are_not_asked_for_again(server: QdrantServer) -> None:
    with opened(server):
        server.indexes.clear()
    with opened(server):
        pass

    assert server.indexes == []


def test_an_index_of_plain_mem0_on_users_becomes_the_tenants(server: QdrantServer) -> None:
    from mem0.vector_stores.qdrant import Qdrant

    plain = Qdrant("memories", 4, url=server.url)
    plain.client.close()
    assert schemas(server)["user_id"] == {"type": "keyword"}

    with opened(server):
        assert schemas(server)["user_id"] == {"type": "keyword", "is_tenant": True}


def test_a_key_that_may_not_index_will_do(server: QdrantServer, caplog: pytest.LogCaptureFixture) -> None:
    server.may_index = False

    with caplog.at_level(logging.WARNING), opened(server) as store:
        put_one(store, kind="profile", created_at="2026-01-01T00:00:00+00:00")
        assert [row.id for row in store.of_kind("ada", "profile", 5)] == [ID]

    assert "No index on user_id in Qdrant: The store at 127.0.0.1" in caplog.text


# Requests -----------------------------------------------------------------------------------------


def test_each_call_is_as_few_requests_as_can_be(server: QdrantServer) -> None:
    def asked() -> list[str]:
        paths = [path.partition("/collections/memories/")[2] for path in server.requests]
        server.requests.clear()
        return paths

    with opened(server) as store:
        server.requests.clear()
        put_one(store)
        assert asked() == ["points"]
        store.search_owners("Rex", VECTOR, 5, ["ada", "past/ada"])
        assert asked() == ["points/query/batch"]
        store.update(ID, payload={"data": "My dog is called Fido.", "user_id": "ada"})
        assert asked() == ["points", "points/batch"]
        store.get_all([ID] * 50)
        assert asked() == ["points"]
        store.scan(None, 1000)
        assert asked() == ["points/scroll"]
        store.delete_all([ID])
        assert asked() == ["points/delete"]


def test_a_collection_that_was_made_without_words_is_searched_by_meaning(server: QdrantServer) -> None:
    from qdrant_client import QdrantClient, models

    plain = QdrantClient(url=server.url, check_compatibility=False)
    plain.create_collection(
        "memories", vectors_config=models.VectorParams(size=4, distance=models.Distance.COSINE)
    )
    plain.close()

    with opened(server) as store:
        put_one(store)
        (by_meaning, by_words), past = store.search_owners("Rex", VECTOR, 5, ["ada", "past/ada"])
        store.update(ID, payload={"data": "My dog is called Fido.", "user_id": "ada"})

        assert [row.id for row in by_meaning] == [ID]
        assert by_words is None
        assert past == ([], None)
        assert store.keyword_search("Rex") is None
        assert store.get(ID).payload["data"] == "My dog is called Fido."


# The key ------------------------------------------------------------------------------------------


class Elsewhere(WebServer):
    """Answers nothing and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        app = FastAPI()
        app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])(self._answer)
        super().__init__(app)

    def _answer(self, request: Request) -> dict[str, Any]:
        self.asked.append(dict(request.headers))
        return {}


class Redirecting(WebServer):
    """Sends all who ask to another server."""

    def __init__(self, to: str) -> None:
        self.asked: list[dict[str, str]] = []
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
        def send_away(path: str, request: Request) -> RedirectResponse:
            self.asked.append(dict(request.headers))
            return RedirectResponse(f"{to}/{path}")

        super().__init__(app)


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_the_key_goes_to_the_configured_host_only() -> None:
    with Elsewhere() as elsewhere, Redirecting(elsewhere.url) as redirecting:
        with pytest.raises(Retry, match="HTTP 307"):
            QdrantStore("memories", 4, url=redirecting.url, api_key="the key")

        assert [headers["api-key"] for headers in redirecting.asked] == ["the key"]
        assert elsewhere.asked == []


def test_without_a_key_none_is_sent(server: QdrantServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QDRANT_API_KEY", "the environment's key")
    with Elsewhere() as elsewhere:
        with pytest.raises(MemoryFault):
            QdrantStore("memories", 4, url=elsewhere.url)

        assert elsewhere.asked
        assert not any("api-key" in headers for headers in elsewhere.asked)
