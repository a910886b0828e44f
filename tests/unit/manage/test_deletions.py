"""What is deleted in Open WebUI goes here as well; an Open WebUI that is ill costs nothing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from owui_memory.backends.locations import Locations
from owui_memory.config.settings import Valves
from owui_memory.core.change import CHAT_DELETED, REAFFIRMED, REFLECTED, Change
from owui_memory.core.errors import MemoryFault, Retry, TellAdmin
from owui_memory.core.exchange import Exchange
from owui_memory.core.scope import WEBUI, past_owner
from owui_memory.interfaces.webui import WebUi
from owui_memory.manage import comparison, deletions
from owui_memory.manage.comparison import Comparison
from owui_memory.manage.deletion_worker import DeletionWorker
from owui_memory.manage.deletions import Deletions
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.memories import Control
from owui_memory.manage.migrate.reach import location_of_backend
from owui_memory.manage.outcomes import Asked
from owui_memory.state import channel_memories, put_row, versions, webui_seen
from owui_memory.state.api_keys_table import ApiKeys
from owui_memory.state.episodes_table import EpisodesTable
from tests.harness.channels import learn, said
from tests.harness.chat_events import ChatEvents
from tests.harness.places import library
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.remember.workbench import Bench

CHATS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(8)]
DOG, CELLO, TEA = "My dog is called Rex.", "I play the cello.", "I drink tea in the morning."


class House:
    """A queue, a writer, and what follows deletions."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        Locations(bench.engine, "memories").settle(location_of_backend(bench.backend, bench.settings))
        self.eraser = Eraser(bench.engine, folder, lambda: bench.settings, lambda *_: bench.backend)
        self.control = Control(bench.engine, bench.live, lambda: bench.settings, self.eraser)
        self.deletions = Deletions(self.control, self.eraser)
        self._at = time.time() - 1000

    def says(self, chats: str | Sequence[str], *texts: str, user: str = "ada") -> None:
        for chat in [chats] if isinstance(chats, str) else chats:
            for text in texts:
                self._at += 1
                key = f"{user}\n{chat}\nm{self._at}"
                self.bench.outbox.put(Exchange(key, user, chat, text, "I see that now.", self._at))
        self.bench.writer.wake()
        wait_until(lambda: self.bench.outbox.counts().pending == 0)

    def facts(self, user: str = "ada") -> list[str]:
        return sorted(one.text for one in self.control.all(user))

    def chats(self, user: str = "ada") -> set[str]:
        return {one.chat for one in self.bench.backend.list_all(past_owner(user))}

    def set(self, **changes: object) -> None:
        self.bench.settings = self.bench.settings.model_copy(update=changes)


@pytest.fixture
def house(tmp_path: Path, scripted_llm: ScriptedLLM) -> Iterator[House]:
    settings = Valves(**scripted_llm.embeds())
    bench = Bench(tmp_path, settings, library(settings, tmp_path))
    bench.start()
    yield House(bench, tmp_path)
    bench.close()


def test_a_deleted_chat_takes_its_passages_and_by_the_setting_facts_that_only_it_said(house: House) -> None:
    house.says(CHATS[0], DOG, CELLO)
    house.says(CHATS[1], CELLO)  # said again
    house.control.remember(Asked("ada", "command-1", CHATS[0], at=time.time()), TEA)
    house.says("api-chat", "I live in Bonn.")
    house.deletions.note("bob", CHATS[0])
    house.deletions.note("ada", "of nobody")
    assert house.deletions.carry_out() == 2
    house.deletions.note("ada", CHATS[0])
    house.set(on_chat_deleted="ask")
    assert house.deletions.carry_out() == 1
    assert house.chats() == {CHATS[1], "api-chat"}
    assert [one.text for one in house.deletions.only_deleted("ada")] == [DOG]
    assert house.facts() == sorted(["I live in Bonn.", TEA, CELLO, DOG])
    receipt = [one for one in house.bench.journal.of_user("ada") if one.op == CHAT_DELETED][-1]
    assert (receipt.chat, receipt.refused) == (CHATS[0], "4 passages and 0 facts were erased")
    assert house.deletions.carry_out() == 0

    house.set(on_chat_deleted="erase")
    house.deletions.note("ada", CHATS[0])
    assert house.deletions.carry_out() == 1
    assert house.facts() == sorted(["I live in Bonn.", TEA, CELLO])
    assert house.deletions.only_deleted("ada") == []
    assert house.deletions.note_all_chats("ada") == 2  # those with ids of Open WebUI's
    house.deletions.carry_out()
    assert house.chats() == {"api-chat"}


def test_what_waits_of_a_deleted_chat_is_not_remembered(house: House) -> None:
    house.bench.outbox.put(
        Exchange(f"ada\n{CHATS[0]}\nm", "ada", CHATS[0], DOG, "Rex!", time.time()), wait_s=1000
    )
    house.deletions.note("ada", CHATS[0])
    house.deletions.carry_out()
    house.bench.outbox.hurry()
    house.says(CHATS[1], CELLO)
    assert house.facts() == [CELLO]


def test_a_deleted_user_is_erased(house: House) -> None:
    house.says(CHATS[0], DOG)
    house.says(CHATS[1], DOG, user="bob")
    EpisodesTable(house.bench.engine).switch("eve", False)  # nothing else is known of her
    with house.bench.engine.begin() as connection:
        connection.execute(delete(versions).where(versions.c.user_id == "eve"))
    assert house.deletions.users() == {"ada", "bob", "eve"}
    house.deletions.note("eve")
    house.deletions.note("ada")
    assert house.deletions.carry_out() == 2
    assert EpisodesTable(house.bench.engine).wants("eve")
    assert (house.facts(), house.chats(), house.facts("bob")) == ([], set(), [DOG])
    assert house.bench.journal.of_user("ada") == []


def test_users_are_those_of_whom_something_is_known_and_no_channels(house: House) -> None:
    house.says("c", "My dog is called Rex.")
    of_webui = {"source": WEBUI, "channel": "c1"}
    learn(house.bench.engine, house.bench.backend, "The heron is blue.", said("x", author="bob", **of_webui))
    learn(house.bench.engine, house.bench.backend, "The heron is red.", said("x", author="u1"))
    ApiKeys(house.bench.engine).add_observer("discord")
    assert house.deletions.users() == {"ada", "bob"}
    house.deletions.note("bob")
    house.deletions.carry_out()
    assert house.deletions.users() <= {"ada", "bob"}
    with house.bench.engine.connect() as connection:
        gone = connection.scalars(select(channel_memories.c.author).where(channel_memories.c.gone))
        assert list(gone) == ["bob"]


def test_what_was_merged_from_several_chats_stays(house: House) -> None:
    house.set(on_chat_deleted="erase")
    house.says(CHATS[0], DOG)
    house.says(CHATS[1], CELLO)
    merge = Change(f"{REFLECTED}1", 0, "ada", REAFFIRMED, "", "", "", chat=CHATS[1], made=True)
    dog, cello = (one.id for text in (DOG, CELLO) for one in house.control.all("ada") if one.text == text)
    gone = replace(merge, position=1, op="remove", memory_id=dog)
    house.bench.journal.intend([replace(merge, memory_id=cello), gone])
    house.deletions.note("ada", CHATS[1])
    house.deletions.carry_out()
    assert CELLO in house.facts()


@pytest.mark.parametrize("broken", ["forget", "erase_passages"])
def test_what_is_broken_off_is_gone_on_with(
    house: House, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.set(on_chat_deleted="erase")
    house.says(CHATS[0], DOG)
    call = getattr(house.eraser, broken)

    def breaks(*args: Any, **more: Any) -> None:
        if broken == "forget":
            call(*args, **more)
        raise Retry("A place is away.")

    with monkeypatch.context() as patched:
        patched.setattr(house.eraser, broken, breaks)
        house.deletions.note("ada", CHATS[0])
        with pytest.raises(Retry):
            house.deletions.carry_out()
    assert house.facts() == [], "whatever is away"
    monkeypatch.setattr(deletions, "SETTLED_S", 0.0)
    assert house.deletions.carry_out() == 1
    assert (house.facts(), house.chats()) == ([], set())
    house.control.undo(Asked("ada", "command-1", at=time.time()))
    assert house.facts() == []
    (receipt,) = [one for one in house.bench.journal.of_user("ada") if one.op == CHAT_DELETED]
    assert receipt.refused.startswith("2 passages and ")


def test_what_comes_late_of_a_deleted_chat_goes_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.deletions.note("ada", CHATS[0])  # before anything is known of it
    house.deletions.carry_out()
    house.says(CHATS[0], DOG)
    house.says(CHATS[1], CELLO)
    assert (house.facts(), house.chats()) == ([CELLO], {CHATS[1]})
    passage = replace(house.bench.backend.list_all(past_owner("ada"))[0], id="", chat=CHATS[0])
    house.bench.backend.store(past_owner("ada"), passage)  # of a writer that was killed
    assert house.deletions.carry_out() == 0, "not yet"
    monkeypatch.setattr(deletions, "SETTLED_S", 0.0)
    assert house.deletions.carry_out() == 1
    assert house.chats() == {CHATS[1]}
    assert house.deletions.carry_out() == 0


def test_of_all_chats_only_open_webuis_go(house: House) -> None:
    house.says(CHATS[:3], DOG)
    compared(house, Webui({"ada": {CHATS[0]}}))
    house.says(CHATS[3], CELLO)  # since then
    imported = Exchange("i", "ada", CHATS[4], TEA, "I see.", 1.0)
    with house.bench.engine.begin() as connection:
        house.bench.outbox.insert(connection, imported, time.time(), imported="import-1")
    assert house.deletions.note_all_chats("ada") == 2
    house.deletions.carry_out()
    assert house.chats() >= {CHATS[1], CHATS[2]}
    assert house.chats().isdisjoint({CHATS[0], CHATS[3]})


@dataclass
class Webui:
    """An Open WebUI that answers as it is told to."""

    have: dict[str, set[str]] = field(default_factory=dict)
    me: str = "admin"
    faults: dict[str, Exception] = field(default_factory=dict)
    blind: bool = False

    def _fail(self, what: str) -> None:
        if what in self.faults:
            raise self.faults[what]

    def admin(self) -> str:
        self._fail("admin")
        return self.me

    def users(self) -> frozenset[str]:
        self._fail("users")
        return frozenset({self.me, *self.have})

    def chats_of(self, user_id: str) -> frozenset[str]:
        self._fail("chats_of")
        return frozenset(self.have.get(user_id, ()))

    def has_user(self, user_id: str) -> bool:
        self._fail("has_user")
        return user_id in self.have

    def has_chat(self, chat_id: str) -> bool:
        self._fail("has_chat")
        return not self.blind and any(chat_id in chats for chats in self.have.values())


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [time.time()]

    def later(hours: float) -> None:
        now[0] += hours * 3600
        monkeypatch.setattr(comparison.time, "time", lambda: now[0])

    return later


def compared(house: House, webui: Webui, url: str = "http://webui") -> tuple[tuple[str, str], ...]:
    return Comparison(house.bench.engine, house.deletions, url).run(webui).deleted


def test_what_is_missing_for_a_day_and_was_seen_before_is_deleted(
    house: House, days: Callable[[float], None]
) -> None:
    house.says(CHATS[:3], DOG)
    house.says(CHATS[3], DOG, user="bob")
    house.says("of-the-api", DOG)
    webui = Webui({"ada": set(CHATS[:2]), "bob": {CHATS[3], CHATS[7]}, "eve": set()})
    assert compared(house, webui) == ()
    webui.have["ada"].remove(CHATS[0])
    del webui.have["bob"]
    webui.have["ada"].add(CHATS[6])
    assert compared(house, webui) == ()
    days(2)
    assert compared(house, webui) == ()
    days(22)
    assert compared(house, webui) == (("ada", CHATS[0]),)
    days(6.5 * 24)
    assert compared(house, webui) == (("bob", ""),)
    assert house.deletions.carry_out() == 2
    assert house.chats() == {CHATS[1], CHATS[2], "of-the-api"}, "what was never seen there stays"
    assert house.facts("bob") == []


def test_an_import_that_was_taken_back_is_not_missing(house: House, days: Callable[[float], None]) -> None:
    house.says(CHATS[:2], DOG)
    webui = Webui({"ada": set(CHATS[:3]), "bob": {CHATS[3]}})
    with house.bench.engine.begin() as connection:
        seen = {"webui": Comparison(house.bench.engine, house.deletions, "http://webui")._webui}
        for user, chat in (("ada", CHATS[2]), ("bob", ""), ("bob", CHATS[3])):  # nothing is known of
            row = {"user_id": user, "chat_id": chat, "seen_at": 1.0, "missing_since": 0.0, **seen}
            put_row(connection, webui_seen, row)
    assert Comparison(house.bench.engine, house.deletions, "http://webui").run(webui).missing == ()


def test_a_chat_that_is_there_again_is_remembered(
    house: House, days: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "SETTLED_S", 0.0)
    house.says(CHATS[1], CELLO)
    house.deletions.note("ada", CHATS[0])
    assert house.deletions.carry_out() + house.deletions.carry_out() == 2
    days(1)
    compared(house, Webui({"ada": set(CHATS[:2])}))
    house.says(CHATS[0], DOG)
    assert house.facts() == sorted([CELLO, DOG])


DOWN, ONE = Retry("down"), {"ada": {CHATS[0]}}

# All that an Open WebUI can answer in the place of the truth.
ILL: dict[str, dict[str, Any]] = {
    **{f"no {call}": {"faults": {call: DOWN}} for call in ("users", "admin", "chats_of")},
    "no key": {"faults": {"chats_of": TellAdmin("no key")}},
    "empty": {"have": {}},
    "another": {"have": {"eve": {CHATS[7]}}, "me": "other-admin"},
    "only some": {"have": ONE, "faults": {"has_chat": DOWN}},
    "no access": {"have": ONE, "blind": True},
    "no chats": {"have": {"ada": set()}},
    "for a moment": {"have": {"ada": set(CHATS[1:])}},
}


@pytest.mark.parametrize("how", ILL)
def test_an_open_webui_that_is_ill_costs_nothing(
    house: House, days: Callable[[float], None], how: str
) -> None:
    house.says(CHATS[:5], DOG)
    webui = Webui({"ada": set(CHATS[:5])})
    compared(house, webui)
    for _ in range(1 if how == "for a moment" else 3):
        days(24)
        with suppress(MemoryFault):
            assert compared(house, replace(webui, **ILL[how])) == ()
    assert house.deletions.carry_out() == 0
    assert house.chats() == set(CHATS[:5])


def test_an_admin_who_may_not_see_chats_is_told_what_to_set() -> None:
    with ChatEvents() as server:
        settings = Valves(webui_url=server.url, webui_api_key="sk-another")
        with WebUi.of(settings) as webui, pytest.raises(TellAdmin) as refused:
            webui.chats_of("ada")
    assert "ENABLE_ADMIN_CHAT_ACCESS" in refused.value.hint


def test_another_address_is_another_open_webui(house: House, days: Callable[[float], None]) -> None:
    house.says(CHATS[:2], DOG)
    compared(house, Webui({"ada": set(CHATS[:2])}))
    for _ in range(3):
        days(24)
        assert compared(house, Webui({"ada": {CHATS[1]}}), "http://another") == ()


def test_more_than_anybody_deletes_waits_for_an_admin(
    house: House, days: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "_FEW", 2)
    house.says(CHATS[:6], DOG)
    webui = Webui({"ada": set(CHATS[:6]), "eve": {CHATS[7]}})
    house.says(CHATS[7], DOG, user="eve")
    compared(house, webui)
    webui.have["ada"] = set(CHATS[:3])
    for _ in range(3):
        days(24)
        with pytest.raises(TellAdmin, match="3 of 7 chats are missing in Open WebUI, so nothing was erased"):
            compared(house, webui)
    done = Comparison(house.bench.engine, house.deletions, "http://webui").run(webui, confirmed=True)
    assert {chat for _, chat in done.deleted} == set(CHATS[3:6])


def test_other_settings_are_tried_at_once(house: House) -> None:
    webui = Webui({"ada": set()}, faults={"users": TellAdmin("not this key")})
    settings = Valves(webui_url="http://127.0.0.1:1", webui_api_key="key")
    engine, asked = house.bench.engine, lambda _: nullcontext(webui)
    worker = DeletionWorker(engine, house.deletions, lambda: settings, asked, lambda _: None)
    told = []
    for again in (False, False, True):
        if again:
            worker.ask_again()
        worker.look()
        webui.faults.clear()
        told.append(worker.part())
    assert [part and part.ok for part in told] == [False, False, True]
