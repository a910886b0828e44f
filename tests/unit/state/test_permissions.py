"""That an answer may be remembered: given by the inlet, for its user, unless that user was erased since."""

import time

import pytest
from sqlalchemy import Engine

from owui_memory.core.permission import Permission
from owui_memory.state import erasures
from owui_memory.state.permissions import Permissions


@pytest.mark.parametrize(
    ("user", "since", "is_kept"), [("ada", -1, False), ("ada", 1, True), ("bob", -1, True)]
)
def test_one_from_before_its_user_was_erased_is_not_kept(
    engine: Engine, user: str, since: float, is_kept: bool
) -> None:
    now = time.time()
    with engine.begin() as connection:
        asked = {"user_id": "ada", "whole": True, "memory_ids": "[]", "batches": "[]", "locations": "[]"}
        connection.execute(erasures.insert().values(**asked, asked_at=now))
    permissions = Permissions(engine)
    given = Permission("c", f"{user}\nc\nm", "start", "", "", now, "key")
    permissions.remind(user, given)
    assert permissions.allow(user, given, since=now + since) is is_kept
    assert (Permissions(engine).allowed(user, ["key"]) is not None) is is_kept
