"""`Control`: what one user may do with their memories, with the embedded store and with mem0's servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from owui_memory.backends.backend_holder import BackendHolder
from owui_memory.backends.base import Backend
from owui_memory.backends.library import LibraryBackend
from owui_memory.backends.locations import Location, Locations, location_of
from owui_memory.config.settings import Valves
from owui_memory.core.errors import ClaimLost, Drop
from owui_memory.manage import memories, outcomes
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.memories import Control
from owui_memory.manage.migrate.reach import location_of_backend
from owui_memory.manage.outcomes import Asked, Imported, Page
from owui_memory.remember.journal import Journal
from tests.harness import places
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.backends.contract import KEY, Case, opened, remote_backend

DOG, CITY, PHONE = "My dog is called Rex.", "I live in Lisbon.", "My phone number is 555-0199."


class Room:
    """A user's control over an open backend; each request has a key of its own."""

    def __init__(self, engine: Engine, live: BackendHolder, backend: Backend, eraser: Eraser) -> None:
        self.engine, self.backend = engine, backend
        self.control = Control(engine, live, Valves, eraser)
        self._requests = 0

    def asked(self, user: str = "ada") -> Asked:
        self._requests += 1
        key = f"command-{self._requests}"
        return Asked(user, key, chat_id="c", message_id=f"m{self._requests}", at=float(self._requests))

    def knows(self, *texts: str, user: str = "ada") -> list[str]:
        """Ids, in the order of the texts."""
        for text in texts:
            self.control.remember(self.asked(user), text)
        ids = {memory.text: memory.id for memory in self.control.all(user)}
        return [ids[text] for text in texts]

    def texts(self, user: str = "ada") -> list[str]:
        return sorted(memory.text for memory in self.control.all(user))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backend")


@pytest.fixture(scope="module", params=["sqlite", "server", "platform"])
def case(request: pytest.FixtureRequest, _running_llm: ScriptedLLM, folder: Path) -> Iterator[Case]:
    with opened(request.param, request, _running_llm, folder / request.param) as case:
        yield case


@pytest.fixture
def room(case: Case, folder: Path, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Room]:
    case.memory.vector_store.delete_all([row.id for row in case.memory.vector_store.list()[0]])
    engine = places.opened(tmp_path / "state")
    live = BackendHolder(tmp_path, lambda *_: case.backend)
    live.use(Valves())
    wait_until(lambda: live.current is not None, what="the backend is in use")
    settings, location = leading_to(case)
    Locations(engine, settings.collection).settle(location)
    data_dir = folder / case.kind / "data"
    eraser = Eraser(engine, data_dir, lambda: settings, lambda *_: remote_backend(case.kind, case.behind.url))
    yield Room(engine, live, case.backend, eraser)
    engine.dispose()


def leading_to(case: Case) -> tuple[Valves, Location]:
    if isinstance(case.backend, LibraryBackend):
        return case.settings, location_of_backend(case.backend, case.settings)
    settings = Valves(backend=case.kind, backend_url=case.behind.url, backend_api_key=KEY)
    return settings, location_of(settings)


def test_what_is_remembered_is_listed_newest_first_with_its_chat(room: Room) -> None:
    room.knows(DOG, CITY)
    page = Page.of(room.control.all("ada"), 1)
    assert [memory.text for memory in page.items] == [CITY, DOG]
    assert {memory.chat for memory in page.items} == {"c"}
    assert (page.total, page.number, page.pages, page.first) == (2, 1, 1, 1)


def test_pages_go_on_where_the_one_before_ended(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "PAGE", 2)
    room.knows(DOG, CITY, PHONE)
    second = Page.of(room.control.all("ada"), 2)
    assert [memory.text for memory in second.items] == [DOG]
    assert (second.first, second.pages) == (3, 2)
    for number in (0, 3):
        with pytest.raises(Drop, match="2 pages"):
            Page.of(room.control.all("ada"), number)


def test_what_is_known_is_not_remembered_twice(room: Room) -> None:
    room.knows(DOG)
    done = room.control.remember(room.asked(), "my dog is called rex")
    assert done.known.text == DOG
    assert room.texts() == [DOG]


def test_a_memory_is_one_line_that_every_store_takes(room: Room) -> None:
    for text in ("", " \n ", "...", "x" * 1001):
        with pytest.raises(Drop):
            room.control.remember(room.asked(), text)
    room.control.remember(room.asked(), "I like\n\n  tea \ud800 and\0cake")
    assert room.texts() == ["I like tea \ufffd and\ufffdcake"]


def test_edited_text_is_found_and_undone(room: Room) -> None:
    (dog,) = room.knows(DOG)
    done = room.control.edit(room.asked(), dog, "My dog is called Max.")
    assert (done.before, done.after) == (DOG, "My dog is called Max.")
    assert room.control.search("ada", "dog")[0].memory.text == "My dog is called Max."
    (change,) = room.control.undo(room.asked())
    assert change.op == "replace"
    assert room.texts() == [DOG]


def test_a_memory_that_is_gone_cannot_be_edited(room: Room) -> None:
    (dog,) = room.knows(DOG)
    room.control.forget(room.asked(), [dog])
    assert room.control.edit(room.asked(), dog, CITY).before == ""
    assert room.texts() == []


def test_forgotten_is_what_was_named_and_nothing_else(room: Room) -> None:
    dog, city, _ = room.knows(DOG, CITY, PHONE)
    done = room.control.forget(room.asked(), [dog, city])
    assert (done.count, done.gone) == (2, 0)
    assert room.texts() == [PHONE]
    again = room.control.forget(room.asked(), [dog])
    assert (again.count, again.gone) == (0, 1)


def test_everything_is_everything_of_this_user_only(room: Room) -> None:
    room.knows(DOG, CITY)
    room.knows(PHONE, user="bob")
    assert room.control.forget_all(room.asked()).count == 2
    assert room.texts() == []
    assert room.texts("bob") == [PHONE]


def test_a_teams_memory_is_not_for_one_member_to_change(room: Room) -> None:
    """Numbers of the list of what teams know name it."""
    (dog,) = room.knows(DOG)
    room.control.share(room.asked(), dog, "design")
    (shared,) = room.control.of_teams(["design"])
    for change in (
        lambda asked: room.control.edit(asked, shared.id, CITY),
        lambda asked: room.control.forget(asked, [dog, shared.id]),
        lambda asked: room.control.share(asked, shared.id, "sales"),
    ):
        with pytest.raises(Drop, match="belongs to a team"):
            change(room.asked("bob"))
    with pytest.raises(Drop, match="only what you have shared"):
        room.control.withdraw(room.asked("bob"), shared.id)
    assert [memory.text for memory in room.control.of_teams(["design", "sales"])] == [DOG]
    assert room.texts() == [DOG]
    room.control.withdraw(room.asked(), shared.id)
    assert room.control.of_teams(["design"]) == []


def test_a_request_that_is_tried_again_does_nothing_twice(room: Room) -> None:
    room.knows(DOG, CITY)
    asked = room.asked()
    room.control.remember(asked, PHONE)
    again = replace(asked, again=True)
    assert room.control.remember(again, PHONE).known is None, "it tells the same as the first time"
    assert room.texts() == sorted([DOG, CITY, PHONE])

    undo = room.asked()
    room.control.undo(undo)
    again = replace(undo, again=True)
    assert [change.after for change in room.control.undo(again)] == [PHONE]
    assert room.texts() == sorted([DOG, CITY])


def test_who_lost_the_command_changes_nothing_more(room: Room) -> None:
    def confirm() -> None:
        raise ClaimLost("Another server does it.")

    (dog,) = room.knows(DOG)
    with pytest.raises(ClaimLost):
        room.control.forget(room.asked(), [dog], confirm)
    assert room.texts() == [DOG]


def test_undo_goes_back_step_by_step_and_ends(room: Room) -> None:
    dog, city = room.knows(DOG, CITY)
    room.control.forget(room.asked(), [dog, city])
    assert {change.before for change in room.control.undo(room.asked())} == {DOG, CITY}
    assert room.texts() == sorted([DOG, CITY])
    room.control.undo(room.asked())
    room.control.undo(room.asked())
    assert room.texts() == []
    assert room.control.undo(room.asked()) == []


def test_nobody_takes_back_what_another_did(room: Room) -> None:
    room.knows(DOG)
    assert room.control.undo(room.asked("bob")) == []
    assert room.texts() == [DOG]


def test_by_words_only_memories_that_have_all_of_them(room: Room) -> None:
    room.knows(DOG, CITY, PHONE)
    found, exact = room.control.holding("ada", "the phone number")
    assert ([memory.text for memory in found], exact) == ([PHONE], True)
    found, exact = room.control.holding("ada", "phones of my dog")
    assert not exact


def test_an_export_is_an_import_for_another_user(room: Room) -> None:
    room.knows(DOG, CITY)
    rows = [json.loads(json.dumps(row)) for row in room.control.export("ada")]
    assert [(row["memory"], row["user_id"]) for row in rows] == [(DOG, "ada"), (CITY, "ada")]
    room.knows("I live in Lisbon!", user="bob")
    assert room.control.import_(room.asked("bob"), rows) == Imported(added=1, known=1)
    assert room.texts("bob") == sorted([DOG, "I live in Lisbon!"])
    assert room.texts() == sorted([DOG, CITY])


def test_an_import_tells_what_is_wrong_and_takes_the_rest(room: Room) -> None:
    rows = [{"memory": DOG}, {}, {"memory": 3}, {"memory": "y" * 2000}, {"memory": CITY, "metadata": []}]
    done = room.control.import_(room.asked(), rows)
    assert done.added == 2
    assert [flaw.line for flaw in done.flaws] == [2, 3, 4]
    room.control.undo(room.asked())
    assert room.texts() == [], "an import is taken back as a whole"


def test_too_large_an_import_adds_nothing(room: Room) -> None:
    rows = [{"memory": f"I own boat {number}."} for number in range(memories.MOST_IMPORTED + 1)]
    with pytest.raises(Drop, match="500"):
        room.control.import_(room.asked(), rows)
    assert room.texts() == []


def test_every_change_names_the_message_it_came_from(room: Room) -> None:
    (dog,) = room.knows(DOG)
    room.control.edit(room.asked(), dog, CITY)
    changes = [change for change in Journal(room.engine).of_user("ada") if change.made]
    assert [(change.op, change.source, change.chat) for change in changes] == [
        ("add", "m1", "c"),
        ("replace", "m2", "c"),
    ]
