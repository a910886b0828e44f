"""Memory's tools in the real Pipelines server: with the filter's memories, its guard, and its reload."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.pipelines_server import ROOT, PipelinesServer, StartServer
from tests.harness.talk import recalled, tell
from tests.harness.upstream import Upstream, completion


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as one:
        yield one


@pytest.fixture
def server(pipelines_server: StartServer, upstream: Upstream) -> PipelinesServer:
    named = [{"name": "main", "base_url": upstream.base_url}]
    return pipelines_server(env={"MEMORY_UPSTREAMS": json.dumps(named), "MEMORY_INLET_DEADLINE_MS": "10000"})


def use(server: PipelinesServer, name: str, arguments: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{server.url}/memory/tools/{name}", json=arguments, headers=headers)


def test_filter_tools_and_agent_share_memories(
    server: PipelinesServer, upstream: Upstream, user: str
) -> None:
    tell(server, "My dog is called Rex.", user=user)
    engine = open_state(server.data_dir)
    own = {"Authorization": f"Bearer {ApiKeys(engine).add(user)}"}
    engine.dispose()
    (found,) = use(server, "search_memory", {"query": "dog"}, **own).json()["results"]
    assert found["text"] == "My dog is called Rex."
    assert use(server, "search_memory", {"query": "dog"}, **{"X-Memory-User-Id": user}).status_code == 401

    async def by_mcp() -> Any:
        async with httpx2.AsyncClient(headers=own, timeout=30) as http:
            transport = streamable_http_client(f"{server.url}/memory/mcp", http_client=http)
            async with Client(transport) as client:
                changed = {"id": found["id"], "text": "My dog is called Max."}
                return await client.call_tool("update_memory", changed)

    assert not asyncio.run(by_mcp()).is_error
    assert "Max" in recalled(server, "What is my dog called?", user=user)

    server.reload()
    server.wait_until_ready()
    call = {"name": "remember", "arguments": json.dumps({"text": "I play the cello."})}
    upstream.answers(200, completion(None, tool_calls=[{"id": "c", "type": "function", "function": call}]))
    upstream.then()
    upstream.answers(200, completion("I will keep that."))
    sent = {"model": "agent/llama3", "messages": [{"role": "user", "content": "Note that I play the cello."}]}
    answer = httpx.post(f"{server.url}/memory/v1/chat/completions", json=sent, headers=own, timeout=30)
    assert answer.json()["choices"][0]["message"]["content"] == "I will keep that."
    assert "cello" in use(server, "search_memory", {"query": "cello"}, **own).text
    assert not [said for said in ("Rex", "cello", own["Authorization"][7:]) if said in server.log()]


def test_the_start_does_not_wait_for_the_mcp_package() -> None:
    loads = "import sys, owui_memory.plugin, owui_memory.app; sys.exit('mcp' in sys.modules)"
    environment = {"PYTHONPATH": str(Path(ROOT, "pipelines"))}
    subprocess.run([sys.executable, "-c", loads], env=environment, check=True)
