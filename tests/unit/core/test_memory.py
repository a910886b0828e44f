"""What is stored of a memory is read again, whichever mem0 holds it."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from owui_memory.backends.answers import memory_of
from owui_memory.core.errors import Drop
from owui_memory.core.memory import Memory, in_payload, is_user, metadata_of, owner, payload_of
from owui_memory.core.scope import team_owner

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
FULL = Memory(
    "1",
    "The user has a dog.",
    created_at=NOW,
    updated_at=NOW,
    batch="b",
    kind="plan",
    expires="2999-01-01",
    chat="c",
    ordinal=3,
    scope="folder:f",
    by="Ada",
    said_at=NOW,
    copy_of="2",
    role="user",
    title="Dogs",
    lead="What have you got?",
)
# Files of earlier releases have these for ever.
NAMES = {"batch", "kind", "chat", "place", "scope", "shared_by", "said_at", "copy_of"}
NAMES |= {"said_by", "title", "lead"}


def test_every_field_is_read_as_it_was_stored() -> None:
    assert all(getattr(FULL, one.name) != one.default for one in fields(Memory) if one.name != "origin")
    assert in_payload("1", payload_of("ada", FULL)) == FULL
    row = {"id": "1", "memory": FULL.text, "user_id": "ada", "created_at": NOW.isoformat()}
    row |= {"updated_at": NOW.isoformat(), "expiration_date": FULL.expires}
    assert memory_of({**row, "metadata": metadata_of(FULL)}) == FULL


def test_names_stay_what_they_are() -> None:
    assert set(metadata_of(FULL)) == NAMES
    assert metadata_of(Memory("", "x")) == {"batch": "", "kind": "fact", "chat": "", "place": 0}


def test_of_a_teams_memory_the_owner_says_the_scope() -> None:
    shared = replace(FULL, scope="team:family")
    assert "scope" not in metadata_of(shared)
    assert in_payload("1", payload_of(team_owner("family"), shared)).scope == "team:family"


@pytest.mark.parametrize("value", [None, 7, "", [], {}, True])
def test_what_is_of_another_type_is_left_out(value: Any) -> None:
    wrong = dict.fromkeys(NAMES - {"place"}, value)
    assert in_payload("1", {"data": "x", "place": value and "3", **wrong}) == Memory("1", "x")


@pytest.mark.parametrize("user_id", ["", "*", "a b", " ada", "ada\n", "ada\u3000", "a\ud800"])
def test_what_can_be_nobodys_id(user_id: str) -> None:
    assert not is_user(user_id)
    with pytest.raises(Drop):
        owner(user_id)
