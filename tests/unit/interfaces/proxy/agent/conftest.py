"""One proxy for the tests of agents; each has a user of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.upstream import Upstream, says
from tests.unit.interfaces.proxy.agent.script import STEPS
from tests.unit.interfaces.proxy.desk import Desk, desk

_users = iter(range(10_000))


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("agent")
    with (
        Upstream() as upstream,
        desk(folder, upstream, agent_steps=str(STEPS), context_tokens="small*: 4000") as one,
    ):
        yield one


@pytest.fixture
def at(running: Desk) -> Desk:
    running.upstream.asked.clear()
    running.upstream._next.clear()
    running.upstream.streams(*says("Hello", " there."))
    return running


@pytest.fixture
def user() -> str:
    return f"agent-user-{next(_users)}"
