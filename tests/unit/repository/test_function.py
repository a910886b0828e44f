"""single_file/memory_function.py as Open WebUI loads it: a chat waits for no server that does not answer."""

from __future__ import annotations

import asyncio
import importlib.util
from types import ModuleType
from typing import Any

import pytest

from scripts.generate import ROOT
from tests.harness.hostile_server import HostileServer

BODY = {"messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(scope="module")
def function() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "memory_function", ROOT / "single_file" / "memory_function.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
