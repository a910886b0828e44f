"""The MCP server before the protocol's own conformance suite.

It is made for a server that has everything: most of its scenarios fail here for a tool, prompts, resources or
sampling that a memory does not have, and for nothing else.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from scripts import npm
from tests.harness.upstream import Upstream
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk

CHECKED = ("SUCCESS", "WARNING", "FAILURE")
PASSED = {"server-initialize", "ping", "tools-list", "dns-rebinding-protection"}
OF_SESSIONS = {"server-sse-polling", "server-sse-multiple-streams"}  # a warning that there are none
NOT_HERE = re.compile(r"Method not found|Unknown tool|Tool '\w+' not found")
UNASKED = {"authorization": f"Bearer {KEY}", "x-memory-user-id": "conforming"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not npm.is_installed(), reason="make setup-npm installs the suite"),
]


def with_key(app: ASGIApp) -> ASGIApp:
    """The suite sends no key: this does it, where a request has none."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            there = {name for name, _ in scope["headers"]}
            added = [(name.encode(), value.encode()) for name, value in UNASKED.items()]
            new = [one for one in added if one[0] not in there]
            scope = {**scope, "headers": [*scope["headers"], *new]}
        await app(scope, receive, send)

    return asked


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Upstream() as upstream, desk(tmp_path_factory.mktemp("mcp"), upstream, around=with_key) as one:
        yield one


def test_every_scenario_passes_that_needs_nothing_but_tools(at: Desk, tmp_path: Path) -> None:
    url = f"{at.url}/memory/mcp"
    command = [str(npm.node()), str(npm.CONFORMANCE), "server", "--url", url, "--suite", "all"]
    command += ["--output-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    checks = [
        {"scenario": re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*", "", file.parent.name), **check}
        for file in tmp_path.rglob("checks.json")
        for check in json.loads(file.read_text())
    ]
    of = {status: [one for one in checks if one["status"] == status] for status in CHECKED}
    assert {one["scenario"] for one in of["SUCCESS"]} == PASSED, done.stdout + done.stderr
    assert {one["scenario"] for one in of["WARNING"]} == OF_SESSIONS
    assert [one for one in of["FAILURE"] if not NOT_HERE.search(str(one.get("errorMessage")))] == []
