"""What commands print: tables for people, JSON for programs, progress on a terminal only."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ...language.sanitize import one_line

_NOT_A_TERMINAL = 10_000  # columns: a file takes lines of any length, and nothing is folded

Item = TypeVar("Item")
Advance = Callable[[int, int], None]  # how many are done, of how many


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; what stands in cells is of others, and is shown as it is, on one line."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in head:
        shown.add_column(title, justify="right" if title == "#" else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(one_line(str(cell))) for cell in row))
    if sys.stdout.isatty():
        Console(highlight=False).print(shown)
        return
    console = Console(width=_NOT_A_TERMINAL, highlight=False)
    with console.capture() as printed:
        console.print(shown)
    for line in printed.get().splitlines():
        print(line.rstrip())


def as_json(value: object) -> None:
    """Prints a JSON-plain value."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def day_of(at: datetime | None) -> str:
    """A day as it stands in tables."""
    return f"{at:%Y-%m-%d}" if at else ""


def counted(count: int, one: str, more: str) -> str:
    """A number with its noun: 1 page, 1,200 pages."""
    return f"{count:,} {one if count == 1 else more}"


def say(text: str) -> None:
    """Prints a line, which may contain what others said."""
    print(one_line(text))


def ended(text: str, code: int = 1) -> NoReturn:
    """Ends the command, and says on standard error what is wrong."""
    if text:
        print(text, file=sys.stderr)
    raise typer.Exit(code)


def answer(to_json: bool, value: object, *lines: str) -> None:
    """Prints what was done: a JSON-plain value for programs, else lines."""
    if to_json:
        as_json(value)
    else:
        for line in lines:
            say(line)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Shows that something takes seconds."""
    with Console(stderr=True).status(f"{what} ..."):
        yield


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Advance]:
    """A bar, and the function that moves it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)

        def advance(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield advance


def with_progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    with progress(what, total) as advance:
        for done, item in enumerate(items, 1):
            yield item
            advance(done, total)


def fields(one: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}
