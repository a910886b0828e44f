"""In which order the queue drains, what happens at a stop, and what is given up and taken up again."""

import json
import threading
from pathlib import Path

import pytest

from owui_memory.__main__ import main
from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.remember.backlog import Counts
from tests.harness.places import library
from tests.harness.remains import Remains, expire_claims
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until
from tests.unit.remember.mind import is_ours
from tests.unit.remember.story import CAT, DOG, FARO, LISBON, TEA, decides, said
from tests.unit.remember.workbench import Bench, OpenBench, Tale

LOCKERS = [f"My locker number {number} is green." for number in range(1, 4)]


def lockers(request: Request) -> str:
    """What a model keeps of a message about a locker."""
    new = request.last_user_text.partition("New messages:")[2]
    found = [text for text in LOCKERS if text in new]
    operations = [{"op": "add", "text": text.replace("My", "The user's")} for text in found]
    return json.dumps({"operations": operations})


@pytest.fixture
def by_one(read: Bench, scripted_llm: ScriptedLLM) -> Bench:
    """A bench whose LLM reads each message by itself."""
    read.settings = read.settings.model_copy(update={"advanced": "batch_max_exchanges=1"})
    scripted_llm.when(is_ours, lockers)
    return read


def asked_about(llm: ScriptedLLM) -> list[str]:
    new = [request.last_user_text.partition("New messages:")[2] for request in llm.chats()]
    return [text for said in new for text in LOCKERS if text in said]


# Order --------------------------------------------------------------------------------------------


def test_users_are_read_side_by_side_and_each_in_order(by_one: Bench, scripted_llm: ScriptedLLM) -> None:
    by_one.settings = by_one.settings.model_copy(
        update={"advanced": "users_at_once=3; batch_max_exchanges=1"}
    )
    users = ("ada", "bob", "cleo", "dan")
    for number, text in enumerate(LOCKERS):
        for user in users:
            by_one.say(text, key=f"{user}\nc\n{number}", user=user)
    with scripted_llm.hold("chat", when=LOCKERS[0]) as first:
        by_one.start()
        wait_until(lambda: first.waiting == 3, what="three are read at once")
        assert asked_about(scripted_llm) == [LOCKERS[0]] * 3, "no fourth user, and nobody's second message"
    by_one.drain()
    assert len(scripted_llm.chats()) == len(users) * len(LOCKERS)
    for user in users:
        added = [change.after for change in by_one.journal.of_user(user)]
        assert added == [text.replace("My", "The user's") for text in LOCKERS]


def test_each_change_lets_messages_go_first_that_wait_for_their_memories(bench: Bench) -> None:
    stored: list[list[str]] = []

    def waits(seconds: float) -> None:
        assert 0 < seconds < 1
        stored.append(bench.texts())

    bench.writer._recalls = waits
    bench.say("My dog is called Rex. I live in Lisbon.")
    bench.drain()
    assert bench.texts() == ["I live in Lisbon.", "My dog is called Rex."]
    assert stored[0] == [], "it waits as it begins"
    assert stored[-1] == ["My dog is called Rex."], "and before each change"
    waited = len(stored)
    bench.say("My cat is called Tom.", key="last")
    bench.writer.stop(20)
    assert len(stored) <= waited + 1, "a stop waits for nobody"


@pytest.mark.usefixtures("quick")
def test_nothing_overtakes_what_is_tried_again(by_one: Bench, scripted_llm: ScriptedLLM) -> None:
    """Of the same user, as long as nobody fares better."""
    for number, text in enumerate(LOCKERS):
        by_one.say(text, key=f"ada\nc\n{number}")
    with scripted_llm.fault("chat", when=LOCKERS[0], status=503):
        by_one.fails(2)
        assert set(asked_about(scripted_llm)) == {LOCKERS[0]}
        assert by_one.texts("ada") == []
    by_one.drain()
    assert [change.source for change in by_one.journal.of_user("ada")] == ["0", "1", "2"]


@pytest.mark.usefixtures("quick")
def test_what_another_user_said_is_not_held_up(by_one: Bench, scripted_llm: ScriptedLLM) -> None:
    by_one.say(LOCKERS[0], key="ada\nc\n0")
    with scripted_llm.fault("chat", when=LOCKERS[0], status=503):
        by_one.fails(2)
        by_one.say(LOCKERS[1], key="bob\nc\n1", user="bob")
        wait_until(lambda: by_one.texts("bob"), what="another user's is remembered")
        assert by_one.texts("ada") == []
    by_one.drain()
    assert len(by_one.texts("ada")) == 1


# Stopping -----------------------------------------------------------------------------------------


def test_a_stop_remembers_what_waits_for_its_chat_to_be_quiet(by_one: Bench) -> None:
    for number, text in enumerate(LOCKERS):
        exchange = Exchange(f"ada\nc\n{number}", "ada", "c", text, "ok", 1.0)
        by_one.outbox.put(exchange, wait_s=3600, batch_max=100)
    assert by_one.outbox.claim() is None
    by_one.start()
    wait_until(lambda: by_one.live.fault is None, what="the backend is open")
    by_one.writer.stop(20)
    assert by_one.outbox.counts() == Counts(pending=0, dead=0)
    assert len(by_one.texts()) == len(LOCKERS)


@pytest.mark.usefixtures("quick")
def test_a_stop_does_not_wait_for_an_llm_that_hangs(
    tmp_path: Path, with_llm: Valves, scripted_llm: ScriptedLLM
) -> None:
    """The next start remembers it, and the thread that was left behind does not disturb it."""
    tale = Tale.begin(tmp_path, with_llm, timeout_s=60)
    first = tale.bench
    with scripted_llm.hold("chat") as hanging:
        first.start()
        wait_until(lambda: hanging.waiting == 1, what="it hangs")
        first.writer.stop(0.2)
        assert hanging.waiting == 1
        assert first.writer._claimed, "its thread is left behind"
        wait_until(lambda: not first.writer._thread.is_alive(), what="it renews its claim no more")
        first.live.close()
        expire_claims(tmp_path)

        tale.bench = Bench(tmp_path, with_llm, library(with_llm, tmp_path))
        tale.bench.start()
        wait_until(lambda: hanging.waiting == 2, what="the next one hangs, too")
    wait_until(lambda: not first.writer._claimed, what="the first one's thread ends")
    tale.ends_well()
    assert tale.bench.metrics.counts()["exchanges remembered"] == 1
    assert first.metrics.counts().get("exchanges remembered", 0) == 0
    assert "failed queue" not in tale.bench.metrics.counts()
    first.engine.dispose()


def test_stopping_twice_and_with_nothing_to_do_ends(bench: Bench) -> None:
    bench.start()
    for _ in range(2):
        bench.writer.stop(20)
    assert not bench.writer._thread.is_alive()


# Given up, and taken up again ---------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_an_answer_that_is_never_readable_is_given_up_and_can_be_tried_again(
    own_data_folder: Path, with_llm: Valves, scripted_llm: ScriptedLLM, capsys: pytest.CaptureFixture[str]
) -> None:
    tale = Tale.begin(own_data_folder, with_llm, timeout_s=20)
    scripted_llm.when(is_ours, "I would remember where the user lives.")
    tale.bench.drain()
    assert tale.bench.outbox.counts() == Counts(pending=0, dead=1)
    assert len(scripted_llm.chats()) == 2 * 10, "ten tries, each with one more chance"
    assert tale.bench.texts() == sorted(tale.known.values())

    scripted_llm._rules.pop(0)
    assert main(["queue", "retry", "all"]) == 0
    assert capsys.readouterr().out == "1 batch will be tried again.\n"
    tale.bench.writer.wake()
    tale.ends_well()


@pytest.mark.usefixtures("quick")
def test_what_was_made_in_part_and_given_up_is_made_whole_and_not_twice(
    own_data_folder: Path, with_llm: Valves, monkeypatch: pytest.MonkeyPatch
) -> None:
    tale = Tale.begin(own_data_folder, with_llm.model_copy(update={"advanced": "retry_max_hours=0.0"}))
    with monkeypatch.context() as broken:
        broken.setattr(LibraryBackend, "replace", lambda *_, **__: 1 / 0)
        tale.bench.drain()
    assert tale.bench.outbox.counts() == Counts(pending=0, dead=1)
    assert [change.made for change in tale.bench.journal.of_user("ada")] == [True, False, True], (
        "what can be, is"
    )

    assert main(["queue", "retry", "all"]) == 0
    tale.bench.writer.wake()
    tale.ends_well()


@pytest.mark.usefixtures("quick")
def test_what_was_made_in_part_and_given_up_is_taken_back_by_an_edit(
    tmp_path: Path, with_llm: Valves, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    tale = Tale.begin(tmp_path, with_llm.model_copy(update={"advanced": "retry_max_hours=0.0"}))
    with monkeypatch.context() as broken:
        broken.setattr(LibraryBackend, "replace", lambda *_, **__: 1 / 0)
        tale.bench.drain()
    assert DOG in tale.bench.texts()

    edited = "I moved to Faro."
    scripted_llm.when(
        lambda request: is_ours(request) and edited in request.text,
        decides({"op": "replace", "id": LISBON, "text": FARO}),
    )
    assert tale.bench.outbox.put(said(edited, name="m2", at=2.0))
    tale.bench.writer.wake()
    tale.bench.drain()
    assert tale.bench.texts() == sorted([CAT, FARO, TEA])
    assert tale.bench.outbox.counts() == Counts(pending=0, dead=0)
    tale.bench.close()


def test_all_wait_for_one_backend_and_are_remembered_together(
    tmp_path: Path, settings: Valves, open_bench: OpenBench
) -> None:
    """Many people at once, and more than may be worked on at the same time."""
    settings = settings.model_copy(update={"advanced": "users_at_once=3"})
    bench = open_bench(settings)
    people = [f"user-{number}" for number in range(8)]
    bench.start()
    talking = [
        threading.Thread(target=bench.say, args=(text,), kwargs={"key": f"{user}\nc\n{text}", "user": user})
        for user in people
        for text in LOCKERS
    ]
    for thread in talking:
        thread.start()
    for thread in talking:
        thread.join()
    bench.drain()
    assert {user: bench.texts(user) for user in people} == dict.fromkeys(people, sorted(LOCKERS))
    bench.close()
    assert Remains(tmp_path).counts == Counts(pending=0, dead=0)
