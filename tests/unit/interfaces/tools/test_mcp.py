"""The MCP server before the official client: over HTTP, and started by the client at its standard streams."""

import asyncio
import http.client
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import mcp_types as types
import pytest
from mcp import Client, ClientSession, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from owui_memory.__main__ import main
from owui_memory.interfaces.tools.verbs import VERBS
from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.interfaces.proxy.desk import KEY, Desk
from tests.unit.interfaces.tools.conftest import Tool, journal_of, key_of

DOG = "My dog is called Rex."
ROOT = Path(__file__).parents[4]


@asynccontextmanager
async def client(at: Desk, **headers: str) -> AsyncIterator[Client]:
    """Connected; with the mode that a client chooses by itself."""
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{at.url}/memory/mcp", http_client=http)
        async with Client(transport) as one:
            yield one


def with_key(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def answered(result: Any) -> Any:
    (content,) = result.content
    told = json.loads(content.text)
    assert result.structured_content == told
    return told


async def use(session: Any) -> None:
    """What every client can do."""
    tools = (await session.list_tools()).tools
    assert [tool.name for tool in tools] == list(VERBS)
    assert {tool.name for tool in tools if tool.annotations.read_only_hint} == {
        *("search_memory", "search_chats", "get_profile", "why")
    }
    assert answered(await session.call_tool("remember", {"text": DOG})) == {"remembered": DOG}
    found = answered(await session.call_tool("search_memory", {"query": "dog"}))["results"]
    assert [one["text"] for one in found] == [DOG]
    for arguments in ({}, {"text": 7}, {"text": "x" * 1001}):
        refused = await session.call_tool("remember", arguments)
        assert refused.is_error
        assert "text" in answered(refused)["error"]
    with pytest.raises(MCPError) as error:
        await session.call_tool("rm_rf", {})
    assert error.value.code == types.INVALID_PARAMS
    with pytest.raises(MCPError) as error:
        await session.list_prompts()
    assert error.value.code == types.METHOD_NOT_FOUND


def test_a_client_over_http(at: Desk, user: str) -> None:
    async def talk() -> None:
        async with client(at, **with_key(key_of(at, user))) as one:
            await use(one)

    asyncio.run(talk())
    assert journal_of(at, user) == [("add", "unknown", DOG)]


def test_a_client_that_shakes_hands_first(at: Desk, user: str) -> None:
    """As those of before 2026 do; nothing of it is kept, so a session that nobody knows is served, too."""

    async def talk() -> None:
        headers = {**with_key(KEY), "X-OpenWebUI-User-Id": user, "Mcp-Session-Id": "of another server"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            streamable_http_client(f"{at.url}/memory/mcp", http_client=http) as streams,
            ClientSession(*streams[:2]) as session,
        ):
            begun = await session.initialize()
            assert begun.server_info.name == "memory"
            assert begun.instructions
            await session.send_ping()
            await use(session)

    asyncio.run(talk())


def test_calls_in_parallel_and_one_that_nobody_waits_for(at: Desk, user: str, tool: Tool) -> None:
    async def talk() -> None:
        async with client(at, **with_key(key_of(at, user))) as one:
            calls = [one.call_tool("remember", {"text": f"My locker {n} is green."}) for n in range(5)]
            gone = asyncio.create_task(one.call_tool("search_memory", {"query": "locker"}))
            await asyncio.sleep(0)
            gone.cancel()
            assert not any(done.is_error for done in await asyncio.gather(*calls))
            assert not (await one.call_tool("get_profile", {})).is_error

    asyncio.run(talk())
    assert len(journal_of(at, user)) == 5


def post(at: Desk, body: Any, **headers: str) -> httpx.Response:
    told = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json", **headers}
    content = body if isinstance(body, bytes) else json.dumps(body)
    return httpx.post(f"{at.url}/memory/mcp", content=content, headers=told)


PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def test_blanks_behind_a_header_are_no_part_of_it(at: Desk, user: str) -> None:
    headers = {**with_key(key_of(at, user)), "Accept": "application/json", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(at.url.removeprefix("http://"), timeout=30)
    for version in ("2025-06-18", "2025-06-18 \t"):
        sent = {**headers, "MCP-Protocol-Version": version}
        connection.request("POST", "/memory/mcp", json.dumps(PING), sent)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read()).get("result")) == (200, {})
    connection.close()


def test_who_has_no_key_is_asked_for_one(at: Desk, user: str) -> None:
    for headers in ({}, with_key("mk-wrong"), {"X-Memory-User-Id": user}):
        refused = post(at, PING, **headers)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert post(at, PING, **with_key(KEY)).status_code == 400, "the server's key names nobody"
    assert post(at, PING, **with_key(KEY), X_Memory_User_Id=user).status_code == 400
    named = {**with_key(KEY), "X-Memory-User-Id": user}
    assert post(at, PING, **named).json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    for method in ("GET", "DELETE"):
        assert httpx.request(method, f"{at.url}/memory/mcp/", headers=named).status_code == 405


@pytest.mark.parametrize(
    ("origin", "is_known"),
    [
        ("", True),
        ("http://localhost:6274", True),
        ("http://memory.localhost", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("https://192.168.1.7", True),
        ("https://chat.example.org", True),
        ("https://chat.example.org:8443", True),
        ("chrome-extension://abcdefgh", True),
        ("app://notes.example", True),
        ("http://evil.example", False),
        ("http://evil.example:9099", False),
        ("https://chat.example.org.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil-localhost", False),
        ("http://127.0.0.1@evil.example", False),
        ("null", False),
        ("evil.example", False),
        ("http://", False),
        ("http://[::1", False),
        ("http://" + "a" * 8000, False),
    ],
)
def test_pages_of_any_other_name_are_refused(at: Desk, user: str, origin: str, is_known: bool) -> None:
    """By DNS rebinding such a page's own name may lead here: it is in `Host`, too."""
    headers = {"Origin": origin, "Host": origin.rpartition("/")[2] or "any.example"}
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = httpx.options(f"{at.url}/memory/mcp", headers={**headers, **asks})
    answer = post(at, PING, **with_key(key_of(at, user)), **headers)
    assert answer.status_code == (200 if is_known else 403)
    assert (preflight.headers.get("access-control-allow-origin") == "*") is is_known
    if not is_known:
        assert preflight.status_code == 403
        assert "page_url" in answer.json()["error"]
        url = f"{at.url}/memory/tools/search_memory"
        asked = httpx.post(url, json={"query": "dog"}, headers={**headers, **with_key(key_of(at, user))})
        assert asked.status_code == 200, "there a key is enough"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[" * 50_000, 400),
        ([PING, PING], 400),
        ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, 400),
        ({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}, 202),
        (b"x" * 70_000, 413),
    ],
)
def test_what_is_no_request_is_refused_and_not_written_down(
    at: Desk, user: str, body: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(at, body, **with_key(key_of(at, user)))
    assert answer.status_code == status, answer.text
    assert not caplog.records


def test_without_the_package_it_says_what_to_install(
    at: Desk, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    answer = post(at, PING, **with_key(key_of(at, user)))
    assert (answer.status_code, "requirements.txt" in answer.json()["error"]) == (501, True)


def test_a_client_that_starts_the_command(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`owui-memory mcp --user ada`, at its standard streams."""
    for name, value in with_embedder(scripted_llm).items():
        monkeypatch.setenv(name, value)
    command = ["-m", "owui_memory", "mcp", "--user", "ada"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "pipelines")}
    server = StdioServerParameters(command=sys.executable, args=command, env=environment)

    async def run() -> None:
        async with Client(server) as one:
            await use(one)
            parallel = [one.call_tool("search_memory", {"query": "dog"}) for _ in range(3)]
            assert not any(done.is_error for done in await asyncio.gather(*parallel))

    asyncio.run(run())
    assert "Traceback" not in capfd.readouterr().err
    assert main(["list", "ada", "--json"]) == 0
    assert [one["memory"] for one in json.loads(capfd.readouterr().out)["memories"]] == [DOG]
