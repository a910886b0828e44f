"""The verbs of `/memory`, for an admin and any user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from ...core.errors import Drop
from ...core.memory import Memory, is_id, is_over
from ...manage.memories import Control
from ...manage.outcomes import PAGE, Forgotten, Item, Page
from ...manage.profile import profile_of
from ...manage.rows import row_of
from ...state.switches_table import Switches
from .commands import OF_A_USER, Chat, Json, Now, PageNumber, User, Which, Whole, Words, Yes, command
from .erase import erase_user
from .instance import Instance, asked_for
from .output import answer, as_json, counted, day_of, fields, say, table

_FOUND_MOST = 500  # of a search that is told whole


@command("list", OF_A_USER)
def list_(
    instance: Instance, user_id: User, page: PageNumber = 0, whole: Whole = False, to_json: Json = False
) -> None:
    """List what is remembered of a user, newest first, with the numbers that other commands take."""
    with instance.control() as control:
        memories = control.all(user_id)
    shown = paged(memories, page, whole, to_json)
    instance.number(user_id, shown.items, shown.first)
    if to_json:
        rows = numbered(user_id, shown.items, shown.first)
        counts = {"total": shown.total, "page": shown.number, "pages": shown.pages}
        as_json({"user_id": user_id, **counts, "memories": rows})
    elif not memories:
        say(f"Nothing is remembered of {user_id}.")
    else:
        show(shown.items, shown.first)
        say_pages(shown, "memories")


@command("search", OF_A_USER)
def search(
    instance: Instance, user_id: User, words: Words, page: PageNumber = 0, to_json: Json = False
) -> None:
    """Find the memories and passages of past chats that match some words, best first."""
    query, page = " ".join(words), page or (0 if to_json else 1)  # 0: all
    most = _FOUND_MOST if page == 0 else page * PAGE
    with instance.control() as control:
        found = control.search(user_id, query, most)
        said = instance.past(control).found(user_id, query)[:most]
    begin = (page - 1) * PAGE if page else 0
    if begin and begin >= max(len(found), len(said)):
        raise Drop("There is no such page.", hint="--page 1 shows the best.")
    facts, passages = found[begin:], [one.memory for one in said[begin:]]
    memories = [one.memory for one in facts]
    instance.number(user_id, [*memories, *passages])
    if to_json:
        rows = numbered(user_id, [*memories, *passages])
        for row, one in zip(rows, facts, strict=False):
            row |= fields(one, "score", "meaning", "keyword")
        as_json(rows)
    elif not (memories or passages):
        say("No memory matches these words, and nothing that was said.")
    else:
        if memories:
            show(memories)
        if passages:
            say("From past chats:")
            show_passages(passages, len(memories) + 1)


@command("profile", OF_A_USER)
def profile(instance: Instance, user_id: User, to_json: Json = False) -> None:
    """Show what is written of a user in short, what it was made of, and what contradicts itself."""
    with instance.control() as control:
        told = profile_of(control, user_id)
    instance.number(user_id, told.memories)
    if to_json:
        at = told.at.isoformat() if told.at else None
        rows = numbered(user_id, told.memories)
        parts = fields(told, "statements", "contradictions")
        as_json({"user_id": user_id, "written_at": at, **parts, "memories": rows})
    elif not told.memories:
        say(f"Nothing is known of {user_id} that would make a profile.")
    else:
        for text, numbers in told.statements or [("No profile is written yet. New chats are told:", ())]:
            say(f"{text} ({', '.join(map(str, numbers))})" if numbers else text)
        show(told.memories)
        for numbers in told.contradictions:
            say(f"{', '.join(map(str, numbers))} contradict each other: edit or forget what does not hold.")


@command("remember", OF_A_USER)
def remember(instance: Instance, user_id: User, text: Words, to_json: Json = False) -> None:
    """Remember a text for a user, word for word."""
    with instance.control() as control:
        instance.locations.touch({user_id})
        done = control.remember(asked_for(user_id), " ".join(text))
    memory = done.known.text if done.known else done.text
    told = f"Known already: {memory}" if done.known else f"Remembered: {memory}"
    answer(to_json, {"memory": memory, "known": bool(done.known)}, told)


@command("edit", OF_A_USER)
def edit(instance: Instance, user_id: User, which: Which, text: Words, to_json: Json = False) -> None:
    """Change the text of a memory."""
    with instance.control() as control:
        (memory_id,) = instance.ids(control, user_id, [which])
        done = control.edit(asked_for(user_id), memory_id, " ".join(text))
    if not done.before:
        raise Drop("That memory no longer exists.", hint="`list` shows the memories that there are.")
    if to_json:
        as_json(fields(done, "before", "after"))
    else:
        table(["before", "now"], [[done.before, done.after]])


@command("forget", OF_A_USER)
def forget(
    instance: Instance,
    user_id: User,
    which: Annotated[
        list[str],
        typer.Argument(metavar="WHICH...", help="Numbers from the last list, ids, words, or `everything`."),
    ],
    at_once: Now = False,
    yes: Yes = False,
    to_json: Json = False,
) -> None:
    """Forget memories, everywhere. Words forget only a memory that alone contains all of them."""
    if [word.lower() for word in which] == ["everything"]:
        erase_user(instance, user_id, yes, to_json)
        return
    with instance.control() as control:
        if all(is_id(one) or one.lstrip("#").isdecimal() for one in which):
            ids = instance.ids(control, user_id, which)
        else:
            ids = _holding(instance, control, user_id, " ".join(which))
        instance.orders.erase_answers(user_id)  # they may hold what is forgotten
        done = control.forget(asked_for(user_id), ids, at_once=at_once)
    if to_json:
        as_json({"forgotten": done.count, **fields(done, "gone", "texts", "passages")})
        return
    for text in done.texts:
        say(f"Forgotten: {text}")
    if done.passages:
        say(f"With {counted(done.passages, 'passage', 'passages')} of past chats that say so.")
    if done.gone:
        say(f"Gone already: {done.gone:,}.")
    say_what_follows(done)


def say_what_follows(done: Forgotten) -> None:
    """For how long it can be brought back, and whether it is still somewhere."""
    if done.count and done.undo_minutes:
        minutes = counted(done.undo_minutes, "minute", "minutes")
        say(f"`undo` brings back what was forgotten within {minutes}; then the server erases it for good.")
    if not done.reached:
        say("A store could not be reached yet: the server erases it there as soon as it can.")


def _holding(instance: Instance, control: Control, user_id: str, words: str) -> list[str]:
    memories, exact = control.holding(user_id, words)
    if exact and len(memories) == 1:
        return [memories[0].id]
    if not memories:
        raise Drop("No memory contains these words, and none comes near. Nothing was forgotten.")
    instance.number(user_id, memories)
    show(memories)
    said = "Several memories contain these words." if exact else "No memory contains exactly these words."
    raise Drop(f"{said} Nothing has been forgotten yet: name one by its number.")


@command("undo", OF_A_USER)
def undo(instance: Instance, user_id: User, to_json: Json = False) -> None:
    """Take back the last change of a user's memories. For some minutes, that includes what was forgotten."""
    with instance.control() as control:
        done = control.undo(asked_for(user_id))
    if to_json:
        as_json([fields(change, "op", "memory_id", "before", "after") for change in done])
    elif not done:
        say("There is no change to take back.")
    else:
        says = {"add": "no longer remembered", "remove": "remembered again", "replace": "as it was"}
        rows = [[says[change.op], change.after if change.op == "add" else change.before] for change in done]
        table(["taken back", "memory"], rows)


@command("off", OF_A_USER)
def off(instance: Instance, user_id: User, chat_id: Chat = "", to_json: Json = False) -> None:
    """Switch a user's memory off, in all chats or in one."""
    _switch(instance, user_id, chat_id, on=False, to_json=to_json)


@command("on", OF_A_USER)
def on(instance: Instance, user_id: User, chat_id: Chat = "", to_json: Json = False) -> None:
    """Switch a user's memory on again."""
    _switch(instance, user_id, chat_id, on=True, to_json=to_json)


def _switch(instance: Instance, user_id: str, chat_id: str, *, on: bool, to_json: bool) -> None:
    Switches(instance.engine).set(user_id, chat_id, on)
    where = f"chat {chat_id}" if chat_id else "all chats"
    told = f"Memory of {user_id} is {'on' if on else 'off'} in {where}."
    answer(to_json, {"user_id": user_id, "chat_id": chat_id, "on": on}, told)


def paged(rows: Sequence[Item], page: int, whole: bool, to_json: bool) -> Page[Item]:
    """The page that is asked for; or all rows, which programs get where they name no page.

    Raises:
        Drop: there is no such page.
    """
    is_all = whole or (to_json and not page)
    return Page(tuple(rows), len(rows)) if is_all else Page.of(rows, page or 1)


def say_pages(shown: Page[Any], what: str) -> None:
    """Which page it was, where there are several."""
    if shown.pages > 1:
        of = f"Page {shown.number} of {shown.pages}, of {shown.total:,} {what}"
        say(f"{of}: --page N shows another, --all all of them.")


def show_passages(passages: Iterable[Memory], first: int = 1) -> None:
    """A numbered table of what was said."""
    rows = [
        (number, one.role, one.text, day_of(one.created_at), one.chat)
        for number, one in enumerate(passages, first)
    ]
    table(["#", "who", "said", "day", "chat"], rows)


def show(memories: Iterable[Memory], first: int = 1) -> None:
    rows = []
    for number, one in enumerate(memories, first):
        text = f"{one.text} (its day is over)" if is_over(one) else one.text
        rows.append((number, text, one.kind, day_of(one.updated_at or one.created_at), one.scope, one.chat))
    table(["#", "memory", "kind", "day", "scope", "chat"], rows)


def numbered(owner: str, memories: Iterable[Memory], first: int = 1) -> list[dict[str, Any]]:
    """The same as JSON-plain values, as `export` has them."""
    return [{"number": number, **row_of(owner, memory)} for number, memory in enumerate(memories, first)]
