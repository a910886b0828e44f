"""Whatever answers at Open WebUI's address, posts are bounded in number and time, and the check tells."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from owui_memory.config.settings import Valves
from owui_memory.interfaces.live import poster as poster_module
from owui_memory.interfaces.live.poster import Poster
from owui_memory.interfaces.live.titles import Titles
from tests.harness.chat_events import KEY, ChatEvents
from tests.harness.hang import returns
from tests.harness.hostile_server import HostileServer
from tests.harness.waiting import wait_until

EVENT = {"type": "status", "data": {"description": "1 memory used", "done": True}}


@contextmanager
def a_poster(url: str) -> Iterator[Poster]:
    settings = Valves(webui_url=url, webui_api_key=KEY)
    poster = Poster(lambda: settings)
    try:
        yield poster
    finally:
        poster.close()


@pytest.mark.parametrize(
    "kind", ["silence", "drops", "endless body", "redirects", "gzip bomb", "deep nesting", "no JSON"]
)
def test_what_is_no_open_webui_is_told_and_gives_no_title(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are measured where the bounds are: see `tests/unit/models/test_limits.py`."""
    if kind in ("silence", "drops"):
        monkeypatch.setattr(poster_module, "_TIMEOUT_S", 0.2)
    with HostileServer(kind) as server, a_poster(server.url) as poster, returns(kind):
        check = poster.check()
        assert check
        assert not check.ok
        assert Titles(poster).of("ada", "c1") == ""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take its time."""
    for name in ("_TIMEOUT_S", "_LATE_S", "_LOOK_S"):
        monkeypatch.setattr(poster_module, name, 60.0)


@pytest.mark.usefixtures("patient")
def test_one_users_events_leave_room_for_others() -> None:
    with ChatEvents() as server, a_poster(server.url) as poster:
        server.goes_on.clear()
        for user in ("eve", "ada"):
            for number in range(50):
                poster.post(user, "c", f"{user}{number}", lambda: EVENT)
        server.goes_on.set()
        wait_until(lambda: len(server.posted) >= 2 * 8, what="all that had room are posted")
        wait_until(lambda: not poster._waiting, what="nothing waits")
        assert len(server.posted) == 2 * 8
        check = poster.check()
        assert check
        assert f"{2 * 42} dropped" in check.detail


def test_what_comes_late_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poster_module, "_LATE_S", -1.0)
    with ChatEvents() as server, a_poster(server.url) as poster:
        poster.post("ada", "c", "m1", lambda: EVENT)
        wait_until(lambda: not poster._waiting, what="nothing waits")
        assert not server.posted


@pytest.mark.usefixtures("patient")
def test_what_makes_an_event_may_fail_and_nothing_is_posted_after_the_end() -> None:
    with ChatEvents() as server, a_poster(server.url) as poster:
        poster.post("ada", "c", "m1", lambda: EVENT["nothing"])
        poster.post("ada", "c", "m2", lambda: None)
        poster.post("ada", "c", "m3", lambda: EVENT)
        server.wait_for("m3", "status")
        poster.close()
        poster.post("ada", "c", "m4", lambda: EVENT)
        wait_until(lambda: not poster._waiting, what="nothing waits")
        assert [message for _, message, _ in server.posted] == ["m3"]
