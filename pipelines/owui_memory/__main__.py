"""The command line: `python -m owui_memory queue [list | retry <batch> | retry all]`.

Run it in the folder that holds this package, with the environment of the Pipelines server
(`MEMORY_DATA_DIR` or `PIPELINES_DIR`): it works on the same state database, also while the server runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence

from .errors import MemoryFault
from .recall.block import quoted
from .remember.outbox import Batch, Outbox
from .settings import Environment
from .state import open_state

_SHOWN_NAME = 8  # characters; `retry` takes any beginning that fits one batch only


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    options = _parser().parse_args(arguments)
    data_dir = Environment.read(os.environ).data_dir
    if not (data_dir / "state.db").exists():
        print(f"There is no queue in {data_dir}. Set MEMORY_DATA_DIR as the Pipelines server has it.")
        return 1
    try:
        engine = open_state(data_dir)
    except MemoryFault as fault:
        print(f"{fault} {fault.hint}")
        return 1
    try:
        queue = Outbox(engine)
        if options.what == "retry":
            return _retry(queue, options.batch)
        _list(queue, show_text=options.show_text)
        return 0
    finally:
        engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m owui_memory", description="Long-term memory's queue.")
    queue = parser.add_subparsers(required=True).add_parser("queue", help="exchanges to be remembered")
    queue.set_defaults(what="list", show_text=False)
    commands = queue.add_subparsers()
    listing = commands.add_parser("list", help="what waits and what was given up (this is the default)")
    listing.add_argument("--show-text", action="store_true", help="also what was said")
    retry = commands.add_parser("retry", help="try again what was given up")
    retry.set_defaults(what="retry")
    retry.add_argument("batch", help="the name in the list, or all")
    return parser


def _list(queue: Outbox, *, show_text: bool) -> None:
    found = {"pending": queue.pending_batches(), "dead": queue.dead_batches()}
    if not any(found.values()):
        print("Nothing waits, and nothing was given up.")
        return
    row = "{:8}  {:8}  {:>6}  {:>9}  {:>8}  {:20}  {}"
    print(row.format("batch", "state", "age", "exchanges", "attempts", "user", "last error").rstrip())
    for state, batches in found.items():
        for batch in batches:
            name, age = batch.name[:_SHOWN_NAME] or "-", _age(time.time() - batch.waiting_since)
            cells = (name, state, age, len(batch.exchanges), batch.attempts, batch.user_id, batch.error)
            print(row.format(*cells).rstrip())
            if show_text:
                print("\n".join(_said(batch)))


def _said(batch: Batch) -> Iterator[str]:
    for exchange in batch.exchanges:
        yield f"    user: {quoted(exchange.user_text)}"
        if exchange.assistant_text:
            yield f"    assistant: {quoted(exchange.assistant_text)}"


def _retry(queue: Outbox, wanted: str) -> int:
    names = [batch.name for batch in queue.dead_batches()]
    chosen = names if wanted == "all" else [name for name in names if name.startswith(wanted)]
    if wanted != "all" and len(chosen) != 1:
        problem = "is the beginning of several names" if chosen else "is not among what was given up"
        print(f"{wanted} {problem}: see `queue list`.")
        return 1
    revived = sum(queue.revive(name) for name in chosen)
    print(f"{revived} batch{'' if revived == 1 else 'es'} will be tried again.")
    return 0


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


if __name__ == "__main__":
    sys.exit(main())
