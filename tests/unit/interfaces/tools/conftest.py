"""One running server for all tests of tools; each test has users of its own."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from owui_memory.remember.journal import Journal
from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.upstream import Upstream
from tests.unit.interfaces.proxy.desk import Desk, desk

Tool = Callable[..., httpx.Response]
SETTINGS = {
    "teams": "design: ada-in-design bob-in-design",
    "personas": "tutor-*",
    "page_url": "https://Chat.example.org/memory",
}


@pytest.fixture(scope="session")
def running_tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Upstream() as upstream, desk(tmp_path_factory.mktemp("tools"), upstream, **SETTINGS) as one:
        yield one


@pytest.fixture
def at(running_tools: Desk) -> Desk:
    running_tools.upstream.asked.clear()
    return running_tools


_users = iter(range(10_000))


@pytest.fixture
def user() -> str:
    return f"tool-user-{next(_users)}"


@pytest.fixture
def tool(at: Desk, user: str) -> Tool:
    """Call a tool over HTTP, as this user or another one."""

    def call(name: str, arguments: Any = None, *, by: str = user, **headers: str) -> httpx.Response:
        named = {"X-Memory-User-Id": by} if by else {}
        sent = {**named, **{key.replace("_", "-"): value for key, value in headers.items()}}
        content = arguments if isinstance(arguments, bytes) else json.dumps(arguments or {}).encode()
        return at.client.post(f"/memory/tools/{name}", content=content, headers=sent)

    return call


def found(answer: httpx.Response) -> list[dict[str, Any]]:
    return list(answer.raise_for_status().json()["results"])


def key_of(at: Desk, user: str) -> str:
    engine = open_state(at.data_dir)
    try:
        return ApiKeys(engine).add(user)
    finally:
        engine.dispose()


def journal_of(at: Desk, user: str) -> list[tuple[str, str, str]]:
    """Each change that was made: what, by which model, and the text."""
    engine = open_state(at.data_dir)
    try:
        made = [one for one in Journal(engine).of_user(user) if one.made]
        return [(one.op, one.model, one.after) for one in made]
    finally:
        engine.dispose()


def noted(at: Desk, user: str) -> list[str]:
    """What notes under answers have told of so far."""
    engine = open_state(at.data_dir)
    try:
        journal = Journal(engine)
        return [one.after for one in journal.learned(user, 0, journal.newest_id())]
    finally:
        engine.dispose()
