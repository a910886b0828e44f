"""Keys with which a user's own clients ask the proxy."""

from __future__ import annotations

from datetime import UTC, datetime

from ...core.errors import Drop
from ...core.text import plain
from ...state.api_keys_table import ApiKeys
from .instance import Instance
from .output import as_json, fields, say, table

_NAME_CHARS = 60


def add(instance: Instance, user_id: str, name: str, to_json: bool) -> None:
    """Prints a new key, this once."""
    key = ApiKeys(instance.engine).add(user_id, plain(name)[:_NAME_CHARS])
    if to_json:
        as_json({"user_id": user_id, "key": key})
    else:
        print(key)
        say("Keep it: it is not shown again. A client sends it as its API key to the proxy.")


def list_(instance: Instance, user_id: str, to_json: bool) -> None:
    """Prints what is known of the keys."""
    keys = ApiKeys(instance.engine).all(user_id)
    if to_json:
        as_json([fields(key, "id", "user_id", "name", "made_at") for key in keys])
    elif not keys:
        say("There are no keys.")
    else:
        made = [f"{datetime.fromtimestamp(key.made_at, UTC):%Y-%m-%d %H:%M}" for key in keys]
        rows = [(key.id, key.user_id, key.name, at) for key, at in zip(keys, made, strict=True)]
        table(("id", "user", "name", "made (UTC)"), rows)


def revoke(instance: Instance, key_id: str, to_json: bool) -> None:
    """Revokes a key."""
    if not ApiKeys(instance.engine).revoke(key_id):
        raise Drop(f"There is no key {key_id}.", hint="`keys list` shows the ids of those there are.")
    if to_json:
        as_json({"revoked": key_id})
    else:
        say(f"Key {key_id} is revoked.")
