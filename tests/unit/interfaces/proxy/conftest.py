"""One proxy for the tests of this folder; each has a user of its own."""

from collections.abc import Iterator

import pytest

from tests.harness.upstream import Upstream, says
from tests.unit.interfaces.proxy.desk import Desk, desk


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("proxy")
    settings = {"advanced": "agent_steps=4", "context_tokens": "small*: 4000"}
    with Upstream() as upstream, desk(folder, upstream, **settings) as one:
        yield one


@pytest.fixture
def at(running: Desk) -> Desk:
    """With an upstream as if nobody had asked yet."""
    running.upstream.asked.clear()
    running.upstream._next.clear()
    running.upstream.left.clear()
    running.upstream.streams(*says("Hello", " there."))
    return running


_users = iter(range(10_000))


@pytest.fixture
def user() -> str:
    return f"user-{next(_users)}"
