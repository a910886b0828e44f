"""Whatever a person is told of what cannot be done is in the catalogue, or marked as English on purpose."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import owui_memory
from owui_memory.commands.faults import refused, why_not_read
from owui_memory.core.errors import Drop
from owui_memory.core.locales import CODES, ENGLISH, locale
from owui_memory.core.reason import Reason
from owui_memory.interfaces.web.rendering import LANGUAGES
from owui_memory.manage.history.entries import Unread

PACKAGE = Path(owui_memory.__file__).parent
# Rooms whose refusals end up before a user, in a chat or on the page.
TOLD = ("manage", "commands", "digests", "interfaces/web", "remember/later.py", "remember/admission.py")
DOCUMENTS = ("extract.py", "extraction.py", "indexing.py")


def modules(places: tuple[str, ...]) -> Iterator[tuple[str, ast.AST]]:
    for place in places:
        path = PACKAGE / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield file.relative_to(PACKAGE).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def called(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def test_what_cannot_be_done_is_refused_with_a_text_of_the_catalogue() -> None:
    """Not with a `Drop`, whose text is English."""
    english = [f"{name}:{call.lineno}" for name, tree in modules(TOLD) for call in called(tree, "Drop")]
    assert english == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_why_something_is_not_imported(code: str) -> None:
    assert [one for one in get_args(Unread) if not locale(code).has(f"page, import: {one}")] == []
    unseen = {Reason.TASK, Reason.NO_USER, Reason.NOT_PERMITTED}  # of no import
    assert [one for one in set(Reason) - unseen if not locale(code).has(f"reason: {one}")] == []


def test_what_is_counted_has_a_plural() -> None:
    """No "1 facts": whatever may be one is told by `n`. Bounds are never one."""
    bounds = {"most", "limit", "files", "budget", "team", "line", "tokens"}
    found = {
        id_: said[0]
        for id_, said in ENGLISH._messages.items()
        for name in re.findall(r"\{(\w+)\} (?:[a-z]+ )?[a-z]+s\b", said[0])
        if len(said) == 1 and name not in bounds
    }
    assert found == {}


def reasons() -> set[str]:
    """Why documents are not read, up to the colon."""
    found: set[str] = set()
    for _, tree in modules(tuple(f"documents/{name}" for name in DOCUMENTS)):
        given = [call.args[0] for call in called(tree, "Unreadable", "Drop") if call.args]
        given += [call.args[1] for call in ast.walk(tree) if _fails(call)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict) and ast.unparse(node).startswith("{'error': "):
                given.append(node.values[0])
        for one in given:
            one = one.values[0] if isinstance(one, ast.JoinedStr) else one
            if isinstance(one, ast.Constant):
                found.add(str(one.value).partition(": ")[0])
    return found


def _fails(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and ast.unparse(call.func) == "storing.fail"


@pytest.mark.parametrize("code", CODES)
def test_why_a_document_is_not_read(code: str) -> None:
    found = reasons()
    assert {"it is damaged", "it cannot be opened", "it is too big", "it is no text"} <= found
    assert [one for one in found if not locale(code).has(f"document: {one}")] == []
    known = {id_ for id_ in locale(code)._messages if id_.startswith("document: ")}
    assert known == {f"document: {one}" for one in found}


def test_what_is_behind_a_colon_is_told_as_it_is() -> None:
    assert (
        why_not_read(locale("de"), "it cannot be opened: No space") == "es lässt sich nicht öffnen: No space"
    )
    assert why_not_read(locale("de"), "the embedder says no") == "the embedder says no"
    assert why_not_read(ENGLISH, "it is damaged") == "it is damaged"


def test_what_a_store_refuses_is_told_without_its_english(caplog: pytest.LogCaptureFixture) -> None:
    fault = Drop("The embedder at http://h:1 cannot take this input (HTTP 400).", hint="Check the model.")
    assert refused(fault, ENGLISH) == "The embedder cannot take this input (HTTP 400). Check the model."
    assert refused(fault, locale("de")) == "Das geht nicht. Dein Admin sieht den Grund im Protokoll."
    assert "HTTP 400" in caplog.text
