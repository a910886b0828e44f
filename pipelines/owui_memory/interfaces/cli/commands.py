"""What every command shares: the application, the panels of its help, what arguments are called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from .instance import a_person, opened

OF_A_USER, OF_TEAMS = "Memories of a user", "Memories of teams"
IN_AND_OUT, OF_THE_SERVER = "In and out", "The server"

User = Annotated[
    str,
    typer.Argument(
        metavar="USER", help="The user's id in Open WebUI; `users` lists them.", callback=a_person
    ),
]
AnyUser = Annotated[str, typer.Argument(metavar="[USER]", help="Of this user only.")]
Which = Annotated[str, typer.Argument(metavar="WHICH", help="A number from the last list, or an id.")]
Words = Annotated[list[str], typer.Argument(metavar="WORDS...", help="Words, or a sentence.")]
Team = Annotated[str, typer.Argument(metavar="TEAM", help="A team's name, as the setting `teams` has it.")]
PageNumber = Annotated[int, typer.Option("--page", min=0, help="Which page; with --json all without one.")]
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

Work = TypeVar("Work", bound=Callable[..., None])


def command(
    name: str, panel: str = "", *, of: typer.Typer = app, make: bool = False
) -> Callable[[Work], Work]:
    """Makes a function a command: its docstring is the help, and its first argument the opened instance.

    make: a data folder that no server has used yet is begun.
    """

    def register(work: Work) -> Work:
        _, *others = inspect.signature(work, eval_str=True).parameters.values()

        @functools.wraps(work)
        def run(**given: Any) -> None:
            with opened(make=make) as instance:
                work(instance, **given)

        run.__signature__ = inspect.Signature(others)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in others}
        of.command(name, rich_help_panel=panel or None)(run)
        return work

    return register
