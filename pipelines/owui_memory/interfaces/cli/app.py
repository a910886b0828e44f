"""The commands, their arguments and options: what `--help` shows."""

from __future__ import annotations

from typing import Annotated

import typer

from . import digests, erase, history, keys, mcp, memories, moving, past_chats, queue, status, teams, why
from .documents import list_documents
from .instance import a_person, opened

_OF_A_USER, _OF_TEAMS = "Memories of a user", "Memories of teams"
_IN_AND_OUT, _OF_THE_SERVER = "In and out", "The server"

User = Annotated[
    str,
    typer.Argument(
        metavar="USER", help="The user's id in Open WebUI; `users` lists them.", callback=a_person
    ),
]
Which = Annotated[str, typer.Argument(metavar="WHICH", help="A number from the last list, or an id.")]
Words = Annotated[list[str], typer.Argument(metavar="WORDS...", help="Words, or a sentence.")]
Team = Annotated[str, typer.Argument(metavar="TEAM", help="A team's name, as the setting `teams` has it.")]
Page = Annotated[int, typer.Option("--page", min=0, help="Which page; with --json all without one.")]
Whole = Annotated[bool, typer.Option("--all", help="All of them, without pages.")]
Chat = Annotated[
    str, typer.Option("--chat", metavar="ID", help="Only in this chat, by the id in its address.")
]
Now = Annotated[
    bool, typer.Option("--now", help="Erase at once. Otherwise `undo` brings it back for a while.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

app = typer.Typer(
    help="Long-term memory for Open WebUI: the commands of /memory for any user, and the server's upkeep.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_queue = typer.Typer(invoke_without_command=True, no_args_is_help=False)
app.add_typer(
    _queue, name="queue", help="Exchanges that wait to be remembered.", rich_help_panel=_OF_THE_SERVER
)
_keys = typer.Typer(no_args_is_help=True)
app.add_typer(_keys, name="keys", help="Keys of users for the proxy.", rich_help_panel=_OF_THE_SERVER)


def _page(page: int, whole: bool, json: bool) -> int:
    """The page that is asked for; 0: all, which programs get where they ask for none."""
    return 0 if whole or (json and not page) else page or 1


@app.command("list", rich_help_panel=_OF_A_USER)
def list_(user: User, page: Page = 0, whole: Whole = False, json: Json = False) -> None:
    """List what is remembered of a user, newest first, with the numbers that other commands take."""
    with opened() as instance:
        memories.list_(instance, user, _page(page, whole, json), json)


@app.command(rich_help_panel=_OF_A_USER)
def search(user: User, words: Words, page: Page = 0, json: Json = False) -> None:
    """Find the memories and passages of past chats that match some words, best first."""
    with opened() as instance:
        memories.search(instance, user, " ".join(words), _page(page, False, json), json)


@app.command(rich_help_panel=_OF_A_USER)
def profile(user: User, json: Json = False) -> None:
    """Show what is written of a user in short, what it was made of, and what contradicts itself."""
    with opened() as instance:
        memories.profile(instance, user, json)


@app.command(rich_help_panel=_OF_A_USER)
def remember(user: User, text: Words, json: Json = False) -> None:
    """Remember a text for a user, word for word."""
    with opened() as instance:
        memories.remember(instance, user, " ".join(text), json)


@app.command(rich_help_panel=_OF_A_USER)
def edit(user: User, which: Which, text: Words, json: Json = False) -> None:
    """Change the text of a memory."""
    with opened() as instance:
        memories.edit(instance, user, which, " ".join(text), json)


@app.command(rich_help_panel=_OF_A_USER)
def forget(
    user: User,
    which: Annotated[
        list[str],
        typer.Argument(metavar="WHICH...", help="Numbers from the last list, ids, words, or `everything`."),
    ],
    now: Now = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Forget memories, everywhere. Words forget only a memory that alone contains all of them."""
    with opened() as instance:
        if [word.lower() for word in which] == ["everything"]:
            erase.erase_user(instance, user, yes=yes, to_json=json)
        else:
            memories.forget(instance, user, which, at_once=now, to_json=json)


@app.command(rich_help_panel=_OF_A_USER)
def chats(
    user: User,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS...]", help="What to look for.")] = None,
    page: Page = 0,
    whole: Whole = False,
    json: Json = False,
) -> None:
    """List the past chats of which something is kept, newest first; with words, those that match."""
    with opened() as instance:
        past_chats.list_(instance, user, " ".join(words or ()), _page(page, whole, json), json)


@app.command(rich_help_panel=_OF_A_USER)
def documents(user: User, json: Json = False) -> None:
    """List the documents that were read, and why some cannot be."""
    with opened() as instance:
        list_documents(instance, user, json)


@app.command(rich_help_panel=_OF_A_USER)
def make(
    user: User,
    template: Annotated[str, typer.Argument(help="What to make; without it, what there is.")] = "",
    about: Annotated[list[str] | None, typer.Argument(metavar="[ABOUT...]", help="Its subject.")] = None,
    language: Annotated[str, typer.Option(help="Of its own words: en, de, es, fr, ja, ru or zh.")] = "en",
) -> None:
    """Make a text of all that is known of a user, with its sources, in Markdown."""
    with opened() as instance:
        if template:
            digests.make(instance, user, template, " ".join(about or ()), language)
        else:
            digests.list_templates(instance)


@app.command("forget-chat", rich_help_panel=_OF_A_USER)
def forget_chat(
    user: User,
    which: Annotated[
        str, typer.Argument(metavar="WHICH", help="A number of the list that `chats` showed last, or an id.")
    ],
    now: Now = False,
    json: Json = False,
) -> None:
    """Forget what was said in a chat. Facts that were learned there stay."""
    with opened() as instance:
        past_chats.forget(instance, user, which, at_once=now, to_json=json)


@app.command(rich_help_panel=_OF_A_USER)
def episodes(
    user: User,
    state: Annotated[str, typer.Argument(metavar="on|off")],
    json: Json = False,
) -> None:
    """Say or change whether what a user says is kept, beside the facts."""
    if state not in ("on", "off"):
        raise typer.BadParameter(f"{state!r} is neither on nor off.")
    with opened() as instance:
        past_chats.switch(instance, user, on=state == "on", to_json=json)


@app.command(rich_help_panel=_OF_A_USER)
def undo(user: User, json: Json = False) -> None:
    """Take back the last change of a user's memories. For some minutes, that includes what was forgotten."""
    with opened() as instance:
        memories.undo(instance, user, json)


@app.command(rich_help_panel=_OF_A_USER)
def off(user: User, chat: Chat = "", json: Json = False) -> None:
    """Switch a user's memory off, in all chats or in one."""
    with opened() as instance:
        memories.switch(instance, user, chat, on=False, to_json=json)


@app.command(rich_help_panel=_OF_A_USER)
def on(user: User, chat: Chat = "", json: Json = False) -> None:
    """Switch a user's memory on again."""
    with opened() as instance:
        memories.switch(instance, user, chat, on=True, to_json=json)


@app.command("why", rich_help_panel=_OF_A_USER)
def why_(
    chat: Annotated[str, typer.Argument(help="The chat's id, as in its address.")], json: Json = False
) -> None:
    """Explain which memories a chat's messages got, and why."""
    with opened() as instance:
        why.show(instance.engine, chat, to_json=json)


@app.command(rich_help_panel=_OF_TEAMS)
def team(name: Team, page: Page = 0, whole: Whole = False, json: Json = False) -> None:
    """List what a team knows, newest first."""
    with opened() as instance:
        teams.list_(instance, name, _page(page, whole, json), json)


@app.command(rich_help_panel=_OF_TEAMS)
def share(user: User, which: Which, team: Team, json: Json = False) -> None:
    """Share with a team what a user's memory says now."""
    with opened() as instance:
        teams.share(instance, user, which, team, json)


@app.command(rich_help_panel=_OF_TEAMS)
def withdraw(team: Team, which: Which, json: Json = False) -> None:
    """Take back what was shared with a team. The number is that of `team`."""
    with opened() as instance:
        teams.withdraw(instance, team, which, json)


@app.command(rich_help_panel=_IN_AND_OUT)
def export(
    file: Annotated[str, typer.Argument(help="A new file; - is standard output.")] = "-",
    user: Annotated[
        str, typer.Option("--user", metavar="ID", help="Only this user's, not everybody's.")
    ] = "",
) -> None:
    """Write memories as JSON Lines, in the form of mem0's own answers."""
    with opened() as instance:
        moving.Moving(instance).export(file, user)


@app.command("import", rich_help_panel=_IN_AND_OUT)
def import_(
    file: Annotated[
        str,
        typer.Argument(
            help="What `export` wrote (- is standard input); with --user another program's archive, or "
            "open-webui for the user's chats there."
        ),
    ],
    user: Annotated[
        str, typer.Option("--user", metavar="ID", help="For this user: an archive of another program.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Import it without asking.")] = False,
    json: Json = False,
) -> None:
    """Add the memories of an export, all or none; or a user's past in other programs, after a preview."""
    with opened() as instance:
        if user:
            history.import_(instance, file, a_person(user), yes=yes, to_json=json)
        else:
            moving.Moving(instance).import_(file, to_json=json)


@app.command("imports", rich_help_panel=_IN_AND_OUT)
def imports(
    user: Annotated[str, typer.Argument(metavar="[USER]", help="Of this user only.")] = "",
    json: Json = False,
) -> None:
    """List what was imported for users, and how far it is."""
    with opened() as instance:
        history.list_(instance, user, json)


@app.command("undo-import", rich_help_panel=_IN_AND_OUT)
def undo_import(
    user: User,
    which: Annotated[str, typer.Argument(metavar="ID", help="As `imports` shows it.")],
    json: Json = False,
) -> None:
    """Take back all that an import has brought to a user."""
    with opened() as instance:
        history.undo(instance, user, which, json)


@app.command("compare", rich_help_panel=_OF_THE_SERVER)
def compare(
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase what is missing there, however much it is.")
    ] = False,
    json: Json = False,
) -> None:
    """Look which users and chats Open WebUI no longer has, as the server does at night."""
    with opened() as instance:
        history.compare(instance, erase=erase, to_json=json)


@app.command(rich_help_panel=_IN_AND_OUT)
def migrate(
    abandon: Annotated[
        bool, typer.Option("--abandon", help="No longer wait for a former location that cannot be read.")
    ] = False,
    json: Json = False,
) -> None:
    """Move all memories now to where the settings say."""
    with opened() as instance:
        moving.Moving(instance).migrate(abandon=abandon, to_json=json)


@app.command("erase-user", rich_help_panel=_IN_AND_OUT)
def erase_user(user: User, yes: Yes = False, json: Json = False) -> None:
    """Erase everything about a user, everywhere, and print a receipt."""
    with opened() as instance:
        erase.erase_user(instance, user, yes=yes, to_json=json)


@app.command("status", rich_help_panel=_OF_THE_SERVER)
def status_(
    user: Annotated[str, typer.Argument(metavar="[USER]", help="Of this user only.")] = "",
    json: Json = False,
) -> None:
    """Say whether store, embedder and LLM answer, and what waits; or whether a user's memory is on."""
    with opened() as instance:
        if user:
            status.of_user(instance, user, json)
        else:
            status.of_all(instance, json)


@app.command(rich_help_panel=_OF_THE_SERVER)
def users(json: Json = False) -> None:
    """List who has memories, and how many."""
    with opened() as instance:
        status.users(instance, json)


@_keys.command("add")
def keys_add(
    user: User,
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    json: Json = False,
) -> None:
    """Make a key for a user's clients of the proxy and of the tools. It is shown only once."""
    with opened() as instance:
        keys.add(instance, user, name, json)


@_keys.command("list")
def keys_list(
    user: Annotated[str, typer.Argument(metavar="[USER]", help="Of this user only.")] = "",
    json: Json = False,
) -> None:
    """List the keys that there are."""
    with opened() as instance:
        keys.list_(instance, user, json)


@_keys.command("revoke")
def keys_revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")], json: Json = False
) -> None:
    """Revoke a key, at once."""
    with opened() as instance:
        keys.revoke(instance, key, json)


@app.command(rich_help_panel=_OF_THE_SERVER)
def proxy(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", envvar="PORT", help="On which port.")] = 9098,
    host: Annotated[
        str, typer.Option("--host", envvar="HOST", help="The address to listen on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
) -> None:
    """Serve an OpenAI-compatible API in front of any model servers, whose models memory/<model> remember."""
    context.obj(host, port)


@app.command("mcp", rich_help_panel=_OF_THE_SERVER)
def mcp_(
    user: Annotated[str, typer.Option("--user", metavar="ID", help="Whose memories.", callback=a_person)],
) -> None:
    """Serve a user's memory to an MCP client that starts this command, at standard input and output."""
    with opened(make=True) as instance:
        mcp.serve(instance, user)


ShowText = Annotated[bool, typer.Option("--show-text", help="Also show what was said.")]


@_queue.callback()
def queue_(context: typer.Context, json: Json = False) -> None:
    if context.invoked_subcommand is None:
        queue_list(json=json)


@_queue.command("list")
def queue_list(show_text: ShowText = False, json: Json = False) -> None:
    """List what waits and what was given up (this is the default)."""
    with opened() as instance:
        queue.show(instance.outbox, instance.spill, show_text=show_text, to_json=json)


@_queue.command("retry")
def queue_retry(
    batch: Annotated[str, typer.Argument(help="The beginning of its name in the list, or `all`.")],
    json: Json = False,
) -> None:
    """Try again what was given up."""
    with opened() as instance:
        queue.retry(instance.outbox, batch, to_json=json)
