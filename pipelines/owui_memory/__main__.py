"""The command line: `python -m owui_memory queue | why | export | import | migrate | erase-user`.

Run it in the folder that holds this package, with the environment of the Pipelines server
(`MEMORY_STATE_URL`, `MEMORY_DATA_DIR` or `PIPELINES_DIR`): it works on the same state database, also while
the server runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from sqlalchemy import Engine

from .cli import queue, why
from .errors import MemoryFault
from .remember.outbox import Outbox
from .settings import Environment
from .state import open_state


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    options = _parser().parse_args(arguments)
    given = Environment.read(os.environ)
    try:
        engine = open_state(given.data_dir, given.state_url, given.state_password, make=False)
    except MemoryFault as fault:
        print(f"{fault} {fault.hint}")
        return 1
    try:
        return _run(options, engine, given)
    except MemoryFault as fault:
        print(f"{fault} {fault.hint}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'The file'}: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run it again to go on.", file=sys.stderr)
        return 130
    finally:
        engine.dispose()


def _run(options: argparse.Namespace, engine: Engine, environment: Environment) -> int:
    if options.what in ("export", "import", "migrate"):
        return _move(options, engine, environment)
    if options.what == "erase":
        from .cli import erase  # loads mem0

        return erase.erase_user(engine, environment, options.user, yes=options.yes)
    if options.what == "why":
        return why.show(engine, options.chat)
    if options.what == "retry":
        return queue.retry(Outbox(engine), options.batch)
    queue.show(Outbox(engine), show_text=options.show_text)
    return 0


def _move(options: argparse.Namespace, engine: Engine, environment: Environment) -> int:
    from .cli.moving import Moving  # loads mem0

    moving = Moving(engine, environment)
    if options.what == "export":
        return moving.export(options.file, options.user)
    if options.what == "import":
        return moving.import_(options.file)
    return moving.migrate(abandon=options.abandon)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m owui_memory", description="Long-term memory.")
    commands = parser.add_subparsers(required=True)
    listed = commands.add_parser("queue", help="exchanges to be remembered")
    listed.set_defaults(what="list", show_text=False)
    of_queue = listed.add_subparsers()
    listing = of_queue.add_parser("list", help="what waits and what was given up (this is the default)")
    listing.add_argument("--show-text", action="store_true", help="also what was said")
    retry = of_queue.add_parser("retry", help="try again what was given up")
    retry.set_defaults(what="retry")
    retry.add_argument("batch", help="the name in the list, or all")
    explain = commands.add_parser("why", help="why a chat's messages were told what they were told")
    explain.set_defaults(what="why")
    explain.add_argument("chat", help="the chat's id, as in its address")
    export = commands.add_parser("export", help="write memories as JSON Lines")
    export.set_defaults(what="export")
    export.add_argument("--user", default="", metavar="ID", help="only this user's; else everybody's")
    export.add_argument("file", nargs="?", default="-", help="a new file; else standard output")
    imported = commands.add_parser("import", help="add memories from such a file, all or none")
    imported.set_defaults(what="import")
    imported.add_argument("file", help="the file, or - for standard input")
    migrate = commands.add_parser("migrate", help="move all memories to where the settings say, now")
    migrate.set_defaults(what="migrate")
    migrate.add_argument(
        "--abandon", action="store_true", help="no longer wait for a former place that cannot be read"
    )
    erase = commands.add_parser("erase-user", help="erase all of a user, everywhere, with a receipt")
    erase.set_defaults(what="erase")
    erase.add_argument("user", help="the user's id in Open WebUI")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    return parser


if __name__ == "__main__":
    sys.exit(main())
