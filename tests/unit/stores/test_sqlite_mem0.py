"""mem0 itself on top of the sqlite store."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from owui_memory.core.errors import MemoryFault
from owui_memory.stores.sqlite.store import SqliteStore
from tests.unit.stores.sqlite_files import ANNE, BEN, consistent


class WordsEmbedder:
    """A real embedding, if a small one: every word pushes into a direction of its own."""

    def __init__(self, config: Any = None) -> None:
        self.config = config

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        vector = [0.01] * 64
        for word in text.lower().replace(".", "").split():
            vector[sum(word.encode()) % 64] += 1.0
        return vector

    def embed_batch(self, texts: list[str], memory_action: str | None = None) -> list[list[float]]:
        return [self.embed(text) for text in texts]


class SilentLLM:
    def __init__(self, config: Any = None) -> None:
        self.config = config

    def generate_response(self, **_: Any) -> str:
        raise AssertionError("infer=False needs no LLM")


@pytest.fixture
def memory(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MEM0_TELEMETRY", "False")
    monkeypatch.setenv("MEM0_DIR", str(tmp_path / "mem0"))
    from mem0 import Memory
    from mem0.configs.base import MemoryConfig
    from mem0.configs.llms.base import BaseLlmConfig
    from mem0.embeddings.configs import EmbedderConfig
    from mem0.llms.configs import LlmConfig
    from mem0.utils import factory
    from mem0.vector_stores.configs import VectorStoreConfig
    from pydantic import BaseModel

    class StoreConfig(BaseModel):
        collection_name: str = "memories"
        embedding_model_dims: int = 64
        path: str

    here = sys.modules[__name__]
    assert isinstance(here, ModuleType)
    place = "owui_memory.stores.sqlite.store.SqliteStore"
    monkeypatch.setitem(factory.VectorStoreFactory.provider_to_class, "sqlite", place)
    monkeypatch.setitem(factory.EmbedderFactory.provider_to_class, "words", f"{__name__}.WordsEmbedder")
    monkeypatch.setitem(
        factory.LlmFactory.provider_to_class, "silent", (f"{__name__}.SilentLLM", BaseLlmConfig)
    )
    config = MemoryConfig.model_construct(
        vector_store=VectorStoreConfig.model_construct(provider="sqlite", config=StoreConfig(path=path)),
        llm=LlmConfig.model_construct(provider="silent", config={}),
        embedder=EmbedderConfig.model_construct(provider="words", config={}),
        history_db_path=str(tmp_path / "history.db"),
        reranker=None,
        version="v1.1",
        custom_instructions=None,
    )
    memory = Memory(config)
    yield memory
    memory.vector_store.close()
    if memory._entity_store is not None:
        memory._entity_store.close()
    memory.close()


class TestMem0:
    def add(self, memory: Any, text: str, user: str = "anne", **metadata: Any) -> str:
        added = memory.add([{"role": "user", "content": text}], user_id=user, infer=False, metadata=metadata)
        return str(added["results"][0]["id"])

    def test_add_search_update_delete(self, memory: Any, path: str) -> None:
        tea = self.add(memory, "Anne drinks green tea.", kind="preference")
        self.add(memory, "Anne lives in Zürich.", kind="profile")
        self.add(memory, "Ben drinks green tea.", user="ben")
        results = memory.search("green tea", filters=ANNE, top_k=5)["results"]
        assert results[0]["id"] == tea
        assert results[0]["memory"] == "Anne drinks green tea."
        assert results[0]["metadata"]["kind"] == "preference"
        assert {row["user_id"] for row in results} == {"anne"}
        kinds = memory.search("Anne", filters={**ANNE, "kind": "profile"})["results"]
        assert [row["memory"] for row in kinds] == ["Anne lives in Zürich."]

        memory.update(tea, text="Anne drinks black coffee.")
        assert memory.get(tea)["memory"] == "Anne drinks black coffee."
        assert memory.search("black coffee", filters=ANNE)["results"][0]["id"] == tea

        memory.delete(tea)
        assert memory.get(tea) is None
        assert [row["memory"] for row in memory.get_all(filters=ANNE)["results"]] == ["Anne lives in Zürich."]
        assert len(memory.get_all(filters=BEN)["results"]) == 1
        assert len(consistent(path)) == 2

    def test_keywords_take_part_in_the_score(self, memory: Any) -> None:
        tea = self.add(memory, "Anne drinks green tea.")
        result = memory.search("green tea", filters=ANNE, explain=True)["results"][0]
        assert result["id"] == tea
        assert result["score_details"]["bm25_score"] > 0

    def test_delete_all_and_reset(self, memory: Any) -> None:
        for number in range(5):
            self.add(memory, f"Note {number}.")
        self.add(memory, "Another note.", user="ben")
        memory.delete_all(user_id="anne")
        assert memory.get_all(filters=ANNE)["results"] == []
        assert len(memory.get_all(filters=BEN)["results"]) == 1
        memory.reset()
        assert memory.get_all(filters=BEN)["results"] == []

    def test_entities_live_in_a_collection_of_their_own(self, memory: Any) -> None:
        scope = dict(ANNE)
        memory._upsert_entity("Zürich", "PLACE", "memory-1", scope)
        memory._upsert_entity("zürich", "PLACE", "memory-2", scope)
        ((entity,),) = memory.entity_store.list(filters=scope)
        assert entity.payload["linked_memory_ids"] == ["memory-1", "memory-2"]
        assert memory.entity_store.collection_name == "memories_entities"
        memory._remove_memory_from_entity_store("memory-1", scope)
        memory._remove_memory_from_entity_store("memory-2", scope)
        assert memory.entity_store.list(filters=scope) == [[]]
        assert memory.vector_store.count_rows() == 0

    def test_another_embedder_is_noticed_at_the_start(self, memory: Any, path: str) -> None:
        with pytest.raises(MemoryFault, match="64"):
            SqliteStore("memories", 384, path)
