"""Who is due, once and for one server; what a profile says until one of its memories is erased."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from owui_memory.core.change import Change
from owui_memory.core.chat_servers import AnsweredBy
from owui_memory.core.errors import ClaimLost
from owui_memory.manage.erasure.erasures import Erasures
from owui_memory.remember.journal import Journal
from owui_memory.state.reflections_table import ENOUGH, Due, Profile, Reflections

NEAR = AnsweredBy("qwen", "local", "ollama")
PARTS = (("I live in Porto.", {"m1": "h1"}), ("", {"m2": "h2", "m3": "h3"}))


def learns(engine: Engine, count: int, user: str = "ada", scope: str = "") -> None:
    changes = (Change(f"{user}{scope}{n}", 0, user, "add", "m", "", "x", scope=scope) for n in range(count))
    for change in changes:
        Journal(engine).intend([change])
    made = {one.id: "m" for one in Journal(engine).of_user(user)}
    Journal(engine).made(user, made)


def test_one_server_has_who_is_due(engine: Engine) -> None:
    table = Reflections(engine)
    table.note("ada", "", AnsweredBy("gpt", "external", "openai"))
    table.note("ada", "", NEAR)
    table.note("ada", "", AnsweredBy("gpt", "external", "openai"))
    table.note("bob", "", NEAR)
    learns(engine, ENOUGH - 1, "bob")
    learns(engine, ENOUGH)
    learns(engine, ENOUGH + 1, scope="folder:1")
    with ThreadPoolExecutor(4) as pool:
        claimed = [one for one in pool.map(lambda _: Reflections(engine).claim(), range(4)) if one]
    assert claimed == [Due("ada", "", NEAR)]
    table.done(claimed[0], Journal(engine).newest_id(), 0, Profile(at=1.0, parts=PARTS))
    table.note("ada", "folder:1", NEAR)
    assert table.profiles("ada")[0] == Profile(at=1.0, parts=PARTS)


def test_what_is_erased_leaves_the_profile_and_keeps_another_out(engine: Engine) -> None:
    table, due = Reflections(engine), Due("ada", "", NEAR)
    table.note(*due)
    table.done(due, 0, table.last_erasure("ada"), Profile(at=1.0, parts=PARTS))
    before = table.last_erasure("ada")
    Erasures(engine).begin_memories("ada", ["m3"], [])
    assert table.profiles("ada") == [Profile(at=1.0, parts=PARTS[:1])]
    assert table.erased_since("ada", before) == [False]
    with pytest.raises(ClaimLost):
        table.done(due, 0, before, Profile(at=2.0, parts=PARTS))
    erasure, _ = Erasures(engine).begin_user("ada")
    Erasures(engine).finish_user(erasure, fresh=True)
    assert table.profiles("ada") == []
    table.done(due, 0, table.last_erasure("ada"), Profile(at=2.0, parts=PARTS))
    assert table.profiles("ada") == [], "nobody who was erased comes back"
