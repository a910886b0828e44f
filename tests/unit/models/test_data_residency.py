"""What is on one's own machines or network, and what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.config.hosts import is_local
from owui_memory.config.settings import Valves
from owui_memory.observe.data_residency import data_residency

# 2130706433 is 127.0.0.1 in one number, without a dot, and 134744072 is 8.8.8.8.
LOCAL = """
http://localhost:11434 http://LOCALHOST./v1 http://app.localhost http://127.0.0.1:1 http://127.1 http://2130706433
http://0.0.0.0:8000 http://10.1.2.3 http://172.31.255.255 http://192.168.1.20:11434 http://169.254.1.1
http://[::1]:80 http://[fe80::1%25eth0] http://[fd00::1] http://[::ffff:10.0.0.1]
http://ollama:11434/v1 http://nas.local http://host.docker.internal:11434 http://llm.ai.svc:80
http://llm.ai.svc.cluster.local. https://key:secret@qdrant:6333
postgresql://u@db:5432/memories postgres://u:p@[::1]:5432/m postgresql://u@/m?host=/run/postgresql
postgresql:///m?host=db1:5432,db2:5433
"""
EXTERNAL = """
localhost http:// http://[ https://api.openai.com/v1 http://8.8.8.8 http://134744072 http://0x08080808
http://172.32.0.1 http://192.0.2.1 http://100.64.0.1 http://[2001:db8::1] http://[::ffff:8.8.8.8]
http://10.0.0.1.example.com http://localhost.example.com http://localhost@example.com
http://example\u3002com http://example\uff0ecom http://notlocal.internal.com
postgresql://u@db/m?host=db.example.com postgresql://u@db/m?hostaddr=8.8.8.8
postgresql:///m?host=db1,db.example.com
"""


def test_what_is_on_ones_own_network() -> None:
    assert [url for url in LOCAL.split() if not is_local(url)] == []
    assert [url for url in ("", *EXTERNAL.split()) if is_local(url)] == []


@given(st.ip_addresses(network="8.0.0.0/8") | st.ip_addresses(network="2000::/3"))
def test_no_public_address_is_local_however_it_is_written(address: Any) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    assert not is_local(f"http://{host}:80/")
    if address.version == 4:
        assert not is_local(f"http://{int(address)}")
        assert not is_local(f"http://{int(address):#x}")
        assert not is_local(f"http://[::ffff:{address}]")


ELSEWHERE = "https://models.example.com/v1"
OURS = {"llm_provider": "vllm", "llm_model": "m", "llm_base_url": "http://vllm:8000/v1"}


@pytest.mark.parametrize(
    ("settings", "state", "told"),
    [
        ({}, "", ""),
        (OURS, "postgresql://u@db/state", ""),
        ({"llm_provider": "ollama", "llm_model": "qwen3:8b"}, "", ""),
        ({"llm_provider": "ollama", "llm_model": "gpt-oss:120b-cloud"}, "", "the LLM is"),
        ({"llm_provider": "openai", "llm_api_key": "k"}, "", "the LLM is"),
        ({"llm_provider": "groq", "llm_api_key": "k"}, "", "the LLM is"),
        ({"llm_provider": "openai", "llm_api_key": "k", "extraction": "verbatim"}, "", ""),
        ({"fallback_llm_provider": "openai", "fallback_llm_api_key": "k"}, "", ""),  # none without a first
        (
            {**OURS, "fallback_llm_provider": "openai", "fallback_llm_base_url": ELSEWHERE},
            *("", "the second LLM is"),
        ),
        ({"embedder_provider": "gemini", "embedder_api_key": "k"}, "", "the embedder is"),
        ({"embedder_provider": "openai", "embedder_base_url": "http://tei:80/v1"}, "", ""),
        ({"vector_store": "qdrant", "vector_store_url": "https://x.cloud.example"}, "", "the store is"),
        ({"vector_store": "qdrant", "vector_store_url": "/data/qdrant"}, "", ""),
        (
            {"vector_store": "pgvector", "vector_store_url": "postgresql://u@db.example.com/m"},
            "",
            "the store is",
        ),
        ({}, "postgresql://u@db.example.com/state", "the state (MEMORY_STATE_URL) is"),
        ({"webui_url": "https://chat.example.com"}, "", "Open WebUI (webui_url) is"),
        ({"webui_url": "http://open-webui:8080"}, "", ""),
        ({"backend": "platform", "backend_api_key": "k"}, "", "mem0's platform is"),
        ({"backend": "server", "backend_url": "https://mem0.example.com"}, "", "mem0's server is"),
        (
            {
                "llm_provider": "openai",
                "llm_api_key": "k",
                "embedder_provider": "openai",
                "embedder_api_key": "k",
            },
            *("", "the LLM, the embedder are"),
        ),
    ],
)
def test_what_the_settings_send_away(settings: dict[str, Any], state: str, told: str) -> None:
    (part,) = data_residency(Valves(local_only=True, **settings), state)
    assert part.ok == (not told)
    if told:
        assert part.detail == f"{told} external: what users say leaves your network"
    assert data_residency(Valves(**settings), state) == []


def test_what_a_server_of_mem0_asks_is_not_known() -> None:
    (part,) = data_residency(Valves(local_only=True, backend="server", backend_url="http://mem0:8000"))
    assert part.ok
    assert "not known" in part.detail


def test_where_ollamas_client_goes_by_itself_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "https://ollama.example.com")
    (part,) = data_residency(Valves(local_only=True, llm_provider="ollama", llm_model="qwen3:8b"))
    assert not part.ok
