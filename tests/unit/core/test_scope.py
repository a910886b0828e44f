"""Whose a memory is, by its scope, and under which id it lies."""

import pytest

from owui_memory.core.scope import FOLDER, PERSONA, TEAM, USER, is_of_another_team, scope_for


@pytest.mark.parametrize(
    ("scope", "is_of_another"),
    [(f"{TEAM}design", False), (f"{TEAM}sales", True), (USER, False), (f"{FOLDER}sales", False)],
)
def test_of_another_team(scope: str, is_of_another: bool) -> None:
    assert is_of_another_team(scope, {"design"}) is is_of_another


@pytest.mark.parametrize(
    ("scope", "kind", "meant"),
    [
        (f"{FOLDER}f", "profile", USER),
        (f"{FOLDER}f", "fact", f"{FOLDER}f"),
        (f"{PERSONA}tutor", "profile", f"{PERSONA}tutor"),
        (USER, "fact", USER),
    ],
)
def test_who_the_user_is_belongs_to_every_project(scope: str, kind: str, meant: str) -> None:
    assert scope_for(scope, kind) == meant
