"""`erase-user`: all of a user, from everywhere, with a receipt."""

from __future__ import annotations

import sys
from functools import partial

from sqlalchemy import Engine

from ..backends import open_backend
from ..control.erase import Eraser, Receipt
from ..moving.places import naming
from ..settings import Environment
from .moving import settings_in


def erase_user(engine: Engine, environment: Environment, user_id: str, *, yes: bool) -> int:
    """Erase, after a question where it was not answered before; the exit code.

    1: not done, or not yet everywhere.
    """
    if not yes and not _confirmed(user_id):
        print("Nothing was erased.", file=sys.stderr)
        return 1
    settings = settings_in(environment)

    def opened(given, data_dir):  # type: ignore[no-untyped-def]
        return open_backend(given, data_dir, None, partial(naming, engine, data_dir))

    receipt = Eraser(engine, environment.data_dir, lambda: settings, opened).erase_user(user_id)
    print("\n".join(lines_of(receipt)))
    return 1 if receipt.unreached else 0


def lines_of(receipt: Receipt) -> list[str]:
    """The receipt, for a terminal."""
    lines = [f"{receipt.total:,} entries of {receipt.user_id} erased."]
    lines += [f"  {count:>9,}  {name}" for name, count in receipt.counts.items()]
    lines += [f"Not yet: {told} The server goes on as soon as it can." for told in receipt.unreached]
    return [*lines, *(f"Note: {told}." for told in receipt.keeps)]


def _confirmed(user_id: str) -> bool:
    try:
        answer = input(f"Erase all that is known of {user_id}? This cannot be undone. [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")
