"""The observer of Matrix, with the real matrix-nio, a homeserver on this machine, and a memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.responses import JSONResponse

from tests.harness.matrix import ADA, ALIAS, BOB, BOT, OTHER, ROOM, TOKEN, Matrix
from tests.harness.observed import KEY, ObservedMemory
from tests.harness.observer import Observer
from tests.harness.waiting import wait_until

PROGRAM = """
import asyncio, matrix_observer, outbox
outbox.GATHER_SECONDS = matrix_observer.PAUSE_SECONDS = 0.02
asyncio.run(matrix_observer.main())
"""
ODD = [  # whatever members may send: none of it stops the observer
    {"msgtype": "m.text", "body": "odd", "m.relates_to": ["no", "object"]},
    {"msgtype": "m.text", "body": "odd", "m.relates_to": {"rel_type": "m.replace"}},
    {"msgtype": "m.text", "body": "odd", "m.relates_to": {"rel_type": "m.replace", "event_id": 7}},
    {"msgtype": "m.text", "body": "odd", "m.relates_to": {"m.in_reply_to": "odd"}},
    {"msgtype": ["m.text"], "body": {"odd": 1}},
    {"body": "odd"},
    {},
]


@pytest.fixture
def matrix() -> Iterator[Matrix]:
    with Matrix() as matrix:
        yield matrix


@pytest.fixture
def observer(tmp_path: Path, memory: ObservedMemory) -> Iterator[Observer]:
    observer = Observer(tmp_path, memory, PROGRAM)
    yield observer
    observer.kill()


def test_what_members_write_reaches_the_memory_through_faults_and_kills(
    observer: Observer, matrix: Matrix, memory: ObservedMemory
) -> None:
    matrix.say(ROOM, ADA, "Said before the observer came.")
    rooms = f"{ALIAS}, !not-invited:example.org"
    observer.start(MATRIX_HOMESERVER=matrix.url, MATRIX_TOKEN=TOKEN, MATRIX_ROOMS=rooms)
    wait_until(lambda: matrix.waiting, what=observer.told)

    first = matrix.say(ROOM, ADA, "We deploy on Fridays.")
    matrix.say(OTHER, ADA, "In a room that is not observed.")
    matrix.say(ROOM, BOT, "The observer's own words.")
    matrix.say(ROOM, BOB, {"msgtype": "m.notice", "body": "What a bot says."})
    quoted = "> <@ada:example.org> We deploy on Fridays.\n> every week\n\nWhy?"
    answered = {"m.in_reply_to": {"event_id": first}}
    second = matrix.say(ROOM, BOB, {"msgtype": "m.text", "body": quoted, "m.relates_to": answered})
    matrix.edit(ROOM, BOB, first, "We never deploy.")  # which Ada did not write
    matrix.edit(ROOM, ADA, first, "We deploy on Mondays.")
    for content in ODD:
        matrix.say(ROOM, BOB, content)
    matrix.redact(ROOM, BOB, second)
    wait_until(lambda: f"-{second}" in memory.texts(), what=observer.told)
    said = [text for text in memory.texts() if text != "odd"]
    assert said == ["We deploy on Fridays.", "Why?", "We deploy on Mondays.", f"-{second}"]
    one, two, *_ = memory.taken
    assert one.items() >= {"channel": ROOM, "channel_name": "team", "id": first}.items()
    assert one.items() >= {"author": ADA, "author_name": "Ada", "time": 1_795_856_402.0}.items()
    assert two["reply_to"] == first

    # A memory that is away for a while, and an observer that is killed meanwhile.
    memory.next_answers = [JSONResponse({"detail": "full"}, 429, {"Retry-After": "0"}) for _ in range(9_999)]
    matrix.say(ROOM, ADA, "While the memory is full.")
    before = len(memory.sizes)
    wait_until(lambda: len(memory.sizes) > before, what=observer.told)
    observer.kill()
    missed = [f"While the observer is away: {number}." for number in range(13)]
    for text in missed:
        matrix.say(ROOM, BOB, text)
    memory.next_answers = []
    memory.replies = [
        {"channel": ROOM, "to": first, "text": "You are linked."},
        {"channel": OTHER, "to": "", "text": "Nobody asked here."},
        {"channel": ROOM, "to": "", "text": "This room is read by a memory."},
    ]
    observer.start()
    wait_until(lambda: missed[-1] in memory.texts(), what=observer.told)
    assert memory.texts()[-14:] == ["While the memory is full.", *missed]
    assert matrix.pages
    wait_until(lambda: len(matrix.sent) >= 2, what=observer.told)
    assert matrix.sent == [
        (ROOM, {"msgtype": "m.notice", "body": "You are linked.", "m.relates_to": answered}),
        (ROOM, {"msgtype": "m.notice", "body": "This room is read by a memory."}),
    ]

    # A homeserver that is away.
    matrix.away = True
    matrix.say(ROOM, ADA, "While the homeserver is away.")
    wait_until(lambda: "The homeserver cannot be asked" in observer.told())
    matrix.away = False
    wait_until(lambda: "While the homeserver is away." in memory.texts(), what=observer.told)
    assert not any(
        "not observed" in text or "before" in text or "own words" in text for text in memory.texts()
    )
    assert "!not-invited:example.org cannot be joined: You are not invited." in observer.told()
    assert TOKEN not in observer.told()
    assert KEY not in observer.told()
