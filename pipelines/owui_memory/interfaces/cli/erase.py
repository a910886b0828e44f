"""`erase-user`: erases everything about a user, everywhere, with a receipt."""

from __future__ import annotations

import sys
from dataclasses import asdict

import typer

from ...manage.erasure.erase import Receipt
from .commands import Json, User, Yes
from .instance import Instance
from .output import as_json, ended, say, table, waiting


def erase_user(instance: Instance, user_id: User, yes: Yes = False, to_json: Json = False) -> None:
    """Erase everything about a user, everywhere, and print a receipt."""
    if not yes and not confirmed(f"all that is known of {user_id}"):
        ended("Nothing was erased.")
    with waiting("erasing"):
        receipt = instance.eraser().erase_user(user_id)
    show(receipt, to_json)


def show(receipt: Receipt, to_json: bool) -> None:
    """Print a receipt. Ends the command with 1 where something is left to be erased."""
    if to_json:
        as_json({**asdict(receipt), "total": receipt.total})
    else:
        say(f"{receipt.total:,} entries of {receipt.user_id} erased.")
        if receipt.counts:
            table(["erased", "where"], [(f"{count:,}", name) for name, count in receipt.counts.items()])
        for where in receipt.unreached:
            say(f"Not erased yet: {where} The server goes on as soon as it can.")
        for what in receipt.keeps:
            say(f"Note: {what}.")
    if receipt.unreached:
        raise typer.Exit(1)


def confirmed(what: str) -> bool:
    """Whether whoever is at the terminal says that this is to be erased."""
    print(f"Erase {what}? This cannot be undone. [y/N] ", end="", file=sys.stderr)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
