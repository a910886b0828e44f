"""What observers keep: it waits, in order, for a memory of whatever answers, and never without a bound."""

import asyncio
import json
import logging
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tests.harness.hang import returns
from tests.harness.observed import KEY, ObservedMemory
from tests.harness.plugins import loaded


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, which does not wait."""
    module = loaded("examples/outbox.py")
    monkeypatch.setattr(module, "GATHER_SECONDS", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.002)
    return module


def message(number: int, text: str = "") -> dict[str, Any]:
    return {"channel": "c", "id": f"m{number}", "author": "a", "text": text or f"Message {number}."}


def run(box: Any, until: Any, say: Any = None) -> list[tuple[str, str, str]]:
    """Let it send until that is true; what it said."""
    said: list[tuple[str, str, str]] = []

    async def keep(*what: str) -> None:
        said.append((what[0], what[1], what[2]))

    async def both() -> None:
        sending = asyncio.create_task(box.run(say or keep))
        while not until(said):
            assert not sending.done(), sending.exception()
            await asyncio.sleep(0.001)
        sending.cancel()

    with returns():
        asyncio.run(both())
    return said


def test_whatever_the_memory_answers_nothing_is_lost_nor_out_of_order(
    outbox: ModuleType, memory: ObservedMemory, tmp_path: Path
) -> None:
    box = outbox.Outbox(str(tmp_path / "box.db"), memory.url + "/", KEY)
    memory.next_answers = [
        *(Response(status_code=status) for status in (500, 401, 403, 404, 204)),
        RedirectResponse("http://127.0.0.1:9/"),
        JSONResponse({}, 429, {"Retry-After": "soon"}),
        JSONResponse({}, 429, {"Retry-After": "9" * 400}),
        *(JSONResponse(told, 202) for told in ([], "no", {"reply": 7}, {"reply": [{}]}, {"refused": [1]})),
        Response("no JSON", 202),
    ]
    box.put([message(number) for number in range(5)], place="7")
    again = outbox.Outbox(str(tmp_path / "box.db"), memory.url, KEY)  # as a restart opens it
    memory.replies = [{"channel": "c", "to": "m1", "text": "Linked."}, {"channel": "c", "text": "A notice."}]
    said = run(again, lambda said: len(said) == 2)
    assert [one["id"] for one in memory.taken] == ["m0", "m1", "m2", "m3", "m4"]
    assert not memory.next_answers
    assert said == [("c", "m1", "Linked."), ("c", "", "A notice.")]
    assert again.mark("place") == "7"
    assert stat.S_IMODE((tmp_path / "box.db").stat().st_mode) == 0o600


def test_one_message_that_the_memory_refuses_stops_no_other(
    outbox: ModuleType, memory: ObservedMemory, tmp_path: Path
) -> None:
    box = outbox.Outbox(str(tmp_path / "box.db"), memory.url, KEY)
    box.put([message(number) for number in range(4)])
    refused = JSONResponse({"detail": "Too large."}, 413)
    memory.next_answers = [refused, refused, refused]  # all four, the first two, the first
    run(box, lambda _: len(memory.taken) == 3)
    assert memory.sizes[:3] == [4, 2, 1]
    assert [one["id"] for one in memory.taken] == ["m1", "m2", "m3"]


def test_what_waits_is_bounded_and_so_is_what_is_sent(
    outbox: ModuleType,
    memory: ObservedMemory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 10)
    monkeypatch.setattr(outbox, "MOST_BYTES", 3_000)
    monkeypatch.setattr(outbox, "MOST_CHARACTERS", 900)
    box = outbox.Outbox(str(tmp_path / "box.db"), memory.url, KEY)
    with caplog.at_level(logging.ERROR):
        for number in range(15):
            box.put([message(number, "\N{EM DASH}x" * 5_000)])
    assert "dropped" in caplog.text
    box.put([{"channel": "c", "id": "m20", "deleted": True}])
    run(box, lambda _: len(memory.taken) >= 10)
    assert [one["id"] for one in memory.taken] == [*(f"m{number}" for number in range(6, 15)), "m20"]
    assert max(memory.sizes) < 3
    assert {len(one["text"]) for one in memory.taken[:-1]} == {900}
    assert json.dumps(memory.taken[-1]) == json.dumps({"channel": "c", "id": "m20", "deleted": True})


def test_an_answer_that_cannot_be_posted_is_given_up(
    outbox: ModuleType, memory: ObservedMemory, tmp_path: Path
) -> None:
    box, tried = outbox.Outbox(str(tmp_path / "box.db"), memory.url, KEY), []

    async def say(channel: str, _message: str, _text: str) -> None:
        tried.append(channel)
        raise RuntimeError("The channel is gone.")

    memory.replies = [{"channel": "gone", "to": "", "text": "Linked."}]
    box.put([message(1)])
    run(box, lambda _: len(tried) == outbox.MOST_TRIES, say)
    assert not box._db.execute("SELECT * FROM replies").fetchone()
    assert tried == ["gone"] * outbox.MOST_TRIES
