"""Keys with which a user's own clients ask the proxy, and bots tell of channels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ...core.errors import Drop
from ...core.scope import WEBUI, is_source
from ...core.text import plain
from ...state.api_keys_table import ApiKeys
from .commands import OF_THE_SERVER, AnyUser, Json, app, command
from .instance import Instance, a_person
from .output import answer, as_json, fields, say, table

_NAME_CHARS = 60

_keys = typer.Typer(no_args_is_help=True)
app.add_typer(
    _keys,
    name="keys",
    help="Keys for users' own clients of the proxy and the tools, and for bots.",
    rich_help_panel=OF_THE_SERVER,
)


@command("add", of=_keys)
def add(
    instance: Instance,
    user_id: Annotated[
        str, typer.Argument(metavar="[USER]", help="Whose key it is: an id in Open WebUI, or any name.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    observer: Annotated[
        str, typer.Option("--observer", help="For a bot that tells of channels: its source, like discord.")
    ] = "",
    to_json: Json = False,
) -> None:
    """Make a key for a user's clients of the proxy and of the tools, or for a bot. It is shown only once."""
    if bool(user_id) == bool(observer):
        raise Drop("A key is a user's, or an observer's.", hint="Name a user, or --observer and a source.")
    if observer and not is_source(observer):
        raise Drop("This cannot be a source's name.", hint="1 to 40 of a-z, 0-9 and -, like discord.")
    if observer == WEBUI:
        raise Drop("The server observes Open WebUI's channels itself.", hint="Set webui_channels.")
    keys, called = ApiKeys(instance.engine), plain(name)[:_NAME_CHARS]
    key = keys.add_observer(observer) if observer else keys.add(a_person(user_id), called)
    if to_json:
        as_json({"observer": observer, "key": key} if observer else {"user_id": user_id, "key": key})
        return
    print(key)
    told = "A client sends it as its API key to the proxy"
    if observer:
        told = "The bot sends it to POST /memory/observe"
    say(f"Keep it: it is not shown again. {told}.")


@command("list", of=_keys)
def list_(instance: Instance, user_id: AnyUser = "", to_json: Json = False) -> None:
    """List the keys that there are."""
    keys = ApiKeys(instance.engine).all(user_id)
    if to_json:
        as_json([fields(key, "id", "user_id", "name", "made_at", "kind") for key in keys])
    elif not keys:
        say("There are no keys.")
    else:
        made = [f"{datetime.fromtimestamp(key.made_at, UTC):%Y-%m-%d %H:%M}" for key in keys]
        rows = [(key.id, key.user_id, key.name, key.kind, at) for key, at in zip(keys, made, strict=True)]
        table(("id", "user", "name", "kind", "made (UTC)"), rows)


@command("revoke", of=_keys)
def revoke(
    instance: Instance,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
    to_json: Json = False,
) -> None:
    """Revoke a key, at once."""
    if not ApiKeys(instance.engine).revoke(key_id):
        raise Drop(f"There is no key {key_id}.", hint="`keys list` shows the ids of those there are.")
    answer(to_json, {"revoked": key_id}, f"Key {key_id} is revoked.")
