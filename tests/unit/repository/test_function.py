"""single_file/memory_function.py as Open WebUI loads it: a chat waits for no server that does not answer."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI

from owui_memory.commands.parse import read_command
from tests.harness.hostile_server import HostileServer
from tests.harness.plugins import loaded
from tests.harness.web import WebServer

BODY = {"messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(scope="module")
def function() -> ModuleType:
    return loaded("single_file/memory_function.py")


@pytest.mark.parametrize(
    "kind", ["silence", "drops", "endless spaces", "redirects", "deep nesting", "no JSON"]
)
def test_it_fails_open_within_its_deadline(
    function: ModuleType, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function, "_OUTLET_S", 0.3)
    with HostileServer(kind) as server:
        one = function.Filter()
        one.valves = function.Filter.Valves(url=server.url, key="k", deadline_ms=300)
        for way in (one.inlet, one.outlet):
            assert asyncio.run(asyncio.wait_for(way(BODY, {"id": "ada"}), 30)) is BODY


def test_it_asks_nothing_for_who_has_it_off(function: ModuleType) -> None:
    user: dict[str, Any] = {"id": "ada", "valves": function.Filter.UserValves(memory="off")}
    with HostileServer("silence") as server:
        one = function.Filter()
        one.valves = function.Filter.Valves(url=server.url)
        assert asyncio.run(one.inlet(BODY, user)) is BODY
        assert server.asked == 0


class MemoryServer(WebServer):
    """Answers what it is told to once `goes_on` is set."""

    def __init__(self) -> None:
        app, self.events, self.goes_on = FastAPI(), [], threading.Event()
        self.patience_s = 60.0

        @app.post("/memory/function/{way}")
        def asked(way: str) -> Any:
            self.goes_on.wait(self.patience_s)
            return {"body": {"from": way}, "events": self.events}

        super().__init__(app)


@pytest.fixture
def server() -> Iterator[MemoryServer]:
    with MemoryServer() as one:
        yield one
        one.goes_on.set()


@pytest.mark.parametrize(
    "text", ["/memory", "  `/M\u00c9MOIRE aide`", "\uff0f\u30e1\u30e2\u30ea", "Memory, is it good?"]
)
def test_a_command_is_waited_for(function: ModuleType, server: MemoryServer, text: str) -> None:
    one, body = (
        function.Filter(),
        {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]},
    )
    one.valves = function.Filter.Valves(url=server.url, deadline_ms=100)
    is_command = read_command(text) is not None
    server.patience_s = 0.5 if is_command else 60.0
    told = asyncio.run(one.inlet(body, {"id": "ada"}))
    assert (told is not body) == is_command


@pytest.mark.parametrize(("owner", "kinds"), [("ada", ["status", "source"]), ("bob", []), (None, [])])
def test_sources_are_shown_in_the_users_own_chats_and_long_bodies_hold_up_no_others(
    function: ModuleType,
    server: MemoryServer,
    monkeypatch: pytest.MonkeyPatch,
    owner: str | None,
    kinds: list[str],
) -> None:
    class Chats:
        @staticmethod
        async def is_chat_owner(chat_id: str, user_id: str) -> bool:
            return (chat_id, user_id) == ("c1", owner)

    class Written:
        def __str__(self) -> str:
            threads.append(threading.current_thread())
            return ""

    if owner:
        module = ModuleType("open_webui.models.chats")
        module.Chats = Chats
        monkeypatch.setitem(sys.modules, module.__name__, module)
    server.goes_on.set()
    server.events += [{"type": "status", "data": {}}, {"type": "source", "data": {}}]
    threads: list[threading.Thread] = []
    shown: list[str] = []

    async def emit(event: dict[str, Any]) -> None:
        shown.append(event["type"])

    one = function.Filter()
    one.valves = function.Filter.Valves(url=server.url)
    body = {**BODY, "chat_id": "c1", "written": Written()}
    assert asyncio.run(one.outlet(body, {"id": "ada"}, emit)) == {"from": "outlet"}
    assert shown == kinds
    assert threading.main_thread() not in threads
    assert threads
