"""Whoever writes changes only memories that their chat may see: each writer, each scope, a real store."""

import ast
import inspect
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from owui_memory.backends.base import Backend
from owui_memory.core.errors import Drop
from owui_memory.core.exchange import Batch
from owui_memory.core.memory import Memory
from owui_memory.core.scope import TEAM, team_owner, writing_view
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.memories import Asked, Control
from owui_memory.remember.verbatim import decide_verbatim
from tests.harness.package import calls
from tests.unit.remember.mind import SAID_AT, Mind, add, batch, exchange, remove, replaces

SCOPES = ("", "folder:garden", "folder:thesis", "persona:tutor", "persona:pirate")
TEXTS = ("My dog is called Rex.", "I live in Lisbon.", "The shed is green.")
WHO = ("ada", "bob", team_owner("design"))

Rows = dict[str, tuple[str, str, str]]  # by id: owner, scope, text


def rows(mind: Mind) -> Rows:
    return {
        memory.id: (user, memory.scope, memory.text) for user in WHO for memory in mind.backend.list_all(user)
    }


@pytest.fixture
def everywhere(mind: Mind) -> Mind:
    """The same three memories of two users in each scope, and of a team."""
    for text in TEXTS:
        for scope in SCOPES:
            mind.backend.store("ada", Memory("", text, batch="before", scope=scope))
        mind.backend.store("bob", Memory("", text, batch="before"))
        mind.backend.store(team_owner("design"), Memory("", text, batch="shared by bob"))
    return mind


class Live:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def get(self) -> Backend:
        return self._backend

    @contextmanager
    def writing(self) -> Any:
        yield self._backend


def control_of(mind: Mind) -> Control:
    eraser = Eraser(mind.engine, mind.folder, lambda: mind.settings, lambda *_: mind.backend)
    return Control(mind.engine, Live(mind.backend), lambda: mind.settings, eraser)


def said(text: str, scope: str) -> Batch:
    return batch(replace(exchange(text), scope=scope))


def forgets_without_an_llm(mind: Mind, scope: str) -> None:
    told = said("Forget my dog Rex.", scope)
    mind.making.make(mind.backend, told, lambda: decide_verbatim(mind.backend, told))


def states_without_an_llm(mind: Mind, scope: str) -> None:
    told = said("I live in Lisbon. My cat is called Tilly.", scope)
    mind.making.make(mind.backend, told, lambda: decide_verbatim(mind.backend, told))


def an_llm_removes_all(mind: Mind, scope: str) -> None:
    removals = [remove(number) for number in range(1, 13)]
    mind.hears(said("Forget everything: my dog Rex, Lisbon, the shed.", scope), *removals)


def an_llm_replaces_all(mind: Mind, scope: str) -> None:
    replaced = [replaces(number, f"Number {number}.") for number in range(1, 13)]
    mind.hears(said("My dog Rex, Lisbon and the shed have changed.", scope), *replaced)


def an_llm_adds(mind: Mind, scope: str) -> None:
    added = [add(text) for text in (*TEXTS, "The user's cat is called Tilly.")]
    mind.hears(
        said("My dog is called Rex. I live in Lisbon. The shed is green. My cat is Tilly.", scope), *added
    )


WRITERS = (
    forgets_without_an_llm,
    states_without_an_llm,
    an_llm_removes_all,
    an_llm_replaces_all,
    an_llm_adds,
)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("write", WRITERS)
def test_what_a_chat_says_changes_only_what_it_sees(
    everywhere: Mind, write: Callable[[Mind, str], None], scope: str
) -> None:
    before = rows(everywhere)
    write(everywhere, scope)
    after = rows(everywhere)
    view = writing_view(scope)
    changed = [
        (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)
    ]
    assert changed
    for row in (row for pair in changed for row in pair if row):
        assert row[0] == "ada"
        assert view.sees(row[1]), row


def _ids(mind: Mind, **which: str) -> list[str]:
    return [key for key, row in rows(mind).items() if row[1].startswith(which.get("scope", ""))]


COMMANDS: dict[str, Callable[[Control, Asked, list[str]], object]] = {
    "remember": lambda control, asked, ids: control.remember(asked, "I have a boat."),
    "edit": lambda control, asked, ids: control.edit(asked, ids[0], "I have a boat."),
    "forget": lambda control, asked, ids: control.forget(asked, ids),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_change_no_teams_memories(everywhere: Mind, name: str) -> None:
    before = rows(everywhere)
    control = control_of(everywhere)
    asked = Asked("ada", "k1", "c", "m1", SAID_AT)
    try:
        COMMANDS[name](control, asked, _ids(everywhere, scope=TEAM))
    except Drop:
        assert rows(everywhere) == before
    else:
        assert name == "remember"
        (new,) = {row for key, row in rows(everywhere).items() if key not in before}
        assert new[:2] == ("ada", "")


@pytest.mark.parametrize("name", ["edit", "forget"])
def test_commands_change_what_was_meant_and_nothing_else(everywhere: Mind, name: str) -> None:
    before = rows(everywhere)
    (meant,) = [key for key, row in before.items() if row == ("ada", "persona:tutor", TEXTS[0])]
    control = control_of(everywhere)
    COMMANDS[name](control, Asked("ada", "k1", "c", "m1", SAID_AT), [meant])
    after = rows(everywhere)
    assert {key for key in {*before, *after} if before.get(key) != after.get(key)} == {meant}


def test_remember_keeps_what_only_looks_known(mind: Mind) -> None:
    control = control_of(mind)
    for number, text in enumerate(("My left knee hurts.", "My right knee hurts.", "the left knee hurts!")):
        control.remember(Asked("ada", f"k{number}", "c", "m1", SAID_AT), text)
    assert mind.texts() == ["My left knee hurts.", "My right knee hurts."]


# The last one: all that a channel remembers is one view.
OWN_LISTS = ("memories.py", "past_chats.py", "documents.py", "channels/reader.py")


def test_a_search_has_no_view_unless_its_caller_names_one() -> None:
    """The type checker refuses a call without; `None`, all of the user's own, is for the user's own lists."""
    assert inspect.signature(Backend.search).parameters["view"].default is inspect.Parameter.empty
    searches = [(name, call) for name, call, method in calls() if method.attr == "search"]
    assert len(searches) > 5
    for name, call in searches:
        views = [*call.args[3:4], *(one.value for one in call.keywords if one.arg == "view")]
        if any(isinstance(view, ast.Constant) and view.value is None for view in views):
            assert name.endswith(OWN_LISTS), f"{name}:{call.lineno}"
