"""`chats` and `forget-chat`: what is kept of a user's past chats."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.errors import Drop
from ...manage.past_chats import PastChat
from ...state.episodes_table import EpisodesTable
from .commands import OF_A_USER, Json, Now, PageNumber, User, Whole, command
from .instance import Instance, asked_for
from .memories import numbered, paged, say_pages, say_what_follows, show_passages
from .output import answer, as_json, counted, day_of, say, table

_LIST = "command line, chats"  # stands for the chat in which a list of chats was shown


@command("chats", OF_A_USER)
def list_(
    instance: Instance,
    user_id: User,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS...]", help="What to look for.")] = None,
    page: PageNumber = 0,
    whole: Whole = False,
    to_json: Json = False,
) -> None:
    """List the past chats of which something is kept, newest first; with words, those that match."""
    query = " ".join(words or ()).strip()
    with instance.control() as control:
        past = instance.past(control)
        chats = past.found_by_chat(user_id, query) if query else past.all(user_id)
    shown = paged(chats, page, whole, to_json)
    names = [one.chat for one in shown.items]
    instance.orders.show(user_id, _LIST, names, first=shown.first, anew=shown.first == 1)
    if to_json:
        rows = [_row(user_id, number, one) for number, one in enumerate(shown.items, shown.first)]
        counts = {"total": shown.total, "page": shown.number, "pages": shown.pages}
        as_json({"user_id": user_id, **counts, "chats": rows})
    elif not chats:
        say("Nothing that was said fits." if query else f"Nothing is kept of {user_id}'s past chats.")
    elif query:
        for number, one in enumerate(shown.items, shown.first):
            say(f"#{number} {one.title or one.chat}")
            show_passages(one.shown)
    else:
        cells = [
            (number, one.chat, day_of(one.at), one.count, one.title or one.shown[0].text)
            for number, one in enumerate(shown.items, shown.first)
        ]
        table(["#", "chat", "day", "passages", "begins"], cells)
        say_pages(shown, "chats")


@command("forget-chat", OF_A_USER)
def forget(
    instance: Instance,
    user_id: User,
    which: Annotated[
        str, typer.Argument(metavar="WHICH", help="A number of the list that `chats` showed last, or an id.")
    ],
    at_once: Now = False,
    to_json: Json = False,
) -> None:
    """Forget what was said in a chat. Facts that were learned there stay."""
    chat = instance.orders.shown(user_id, _LIST).get(which.lstrip("#"), which)
    with instance.control() as control:
        passages = instance.past(control).of_chat(user_id, chat)
        if not passages:
            raise Drop(f"Nothing is kept of a chat {which}.", hint="`chats` shows those that there are.")
        done = control.forget(asked_for(user_id), [one.id for one in passages], at_once=at_once)
    if to_json:
        as_json({"chat": chat, "forgotten": done.count})
        return
    say(f"Forgotten: {counted(done.count, 'passage', 'passages')}. Facts that were learned there stay.")
    say_what_follows(done)


def _on_or_off(state: str) -> str:
    if state not in ("on", "off"):
        raise typer.BadParameter(f"{state!r} is neither on nor off.")
    return state


@command("episodes", OF_A_USER)
def switch(
    instance: Instance,
    user_id: User,
    state: Annotated[str, typer.Argument(metavar="on|off", callback=_on_or_off)],
    to_json: Json = False,
) -> None:
    """Say or change whether what a user says is kept, beside the facts."""
    on = state == "on"
    EpisodesTable(instance.engine).switch(user_id, on)
    told = f"What {user_id} says is {'kept' if on else 'no longer kept'}; facts are learned all the same."
    answer(to_json, {"user_id": user_id, "episodes": on}, told)


def _row(user_id: str, number: int, one: PastChat) -> dict[str, object]:
    at = one.at.isoformat() if one.at else None
    row = {"number": number, "chat": one.chat, "title": one.title, "passages": one.count}
    return {**row, "last_said_at": at, "shown": numbered(user_id, one.shown)}
