"""What a command works on: the state, settings and memories of a Pipelines server, which may be running."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache, partial
from pathlib import Path

import typer
from sqlalchemy import Engine

from ... import COMMAND
from ...backends import open_backend
from ...backends.backend_holder import BackendHolder
from ...backends.base import Backend
from ...backends.library import LibraryBackend
from ...backends.locations import Locations, location_of, naming
from ...config.environment import Environment
from ...config.settings import Valves
from ...config.valves_codec import LenientModel, lenient
from ...core.chat_servers import ChatServer
from ...core.errors import Drop, MemoryFault, TellAdmin
from ...core.memory import Memory, is_id, is_person
from ...digests.template import TEMPLATES
from ...language.sanitize import one_line
from ...manage.command_log import CommandLog
from ...manage.erasure.erase import Eraser
from ...manage.memories import Control
from ...manage.migrate.reach import location_of_backend, settled
from ...manage.outcomes import Asked
from ...manage.past_chats import PastChats
from ...remember.outbox import Outbox
from ...remember.spill import Spill
from ...state import open_state
from .output import ended, waiting

_LIST = "command line"  # stands for the chat in which a list was shown


class Instance:
    """The parts are opened when they are asked for. Methods raise the errors of `core/errors.py`."""

    def __init__(self, engine: Engine, environment: Environment) -> None:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # those of a model that is loaded
        warnings.filterwarnings("ignore", category=FutureWarning)  # mem0 asks its model by an old name
        self.engine, self.environment = engine, environment
        self.outbox, self.orders = Outbox(engine), CommandLog(engine)
        self.spill = Spill(environment.data_dir)

    @cached_property
    def settings(self) -> Valves:
        return settings_in(self.environment)

    @property
    def templates(self) -> Path:
        """The folder of the admin's own templates of digests."""
        return self.environment.data_dir / TEMPLATES

    @cached_property
    def locations(self) -> Locations:
        return Locations(self.engine, self.settings.collection)

    def open_backend(self, settings: Valves, data_dir: Path) -> Backend:
        """Opens a backend, with the names that the server gives to collections."""
        return open_backend(settings, data_dir, named=partial(naming, self.engine, data_dir))

    @contextmanager
    def backend(self) -> Iterator[Backend]:
        """The backend that the settings name, if the memories are there.

        Raises:
            TellAdmin: they are elsewhere.
        """
        with waiting("opening the memories"):
            backend = self._open()
        with contextlib.closing(backend):
            location = location_of_backend(backend, self.settings)
            home = settled(self.locations, self.settings, self.environment.data_dir, location)
            if home.key != location.key:
                raise TellAdmin(
                    f"The settings name {location}, but the memories are in {home}.",
                    hint=f"Run first: {COMMAND} migrate",
                )
            yield backend

    def _open(self) -> Backend:
        settings, data_dir, home = self.settings, self.environment.data_dir, self.locations.home()
        if home is None or not home.is_library or home.settings != location_of(settings).settings:
            return self.open_backend(settings, data_dir)
        # Loading an embedding model takes longer than most commands, and few of them embed anything.
        known, named = (home.model, home.dims), lambda *_: home.name
        return LibraryBackend.open(settings, data_dir, named=named, known=known)

    @contextmanager
    def control(self) -> Iterator[Control]:
        with self.backend() as backend:
            live = BackendHolder(self.environment.data_dir)
            live.take_over(backend, threading.Event())
            yield Control(self.engine, live, lambda: self.settings, self.eraser())

    def past(self, control: Control) -> PastChats:
        return PastChats(self.engine, control.live)

    def eraser(self) -> Eraser:
        return Eraser(self.engine, self.environment.data_dir, lambda: self.settings, self.open_backend)

    def number(self, owner: str, memories: Sequence[Memory], first: int = 1) -> None:
        """What was listed of a user's, or a team's, is numbered so from now on."""
        self.orders.show(owner, _LIST, [memory.id for memory in memories], first=first, anew=first == 1)

    def ids(self, control: Control, owner: str, which: Sequence[str]) -> list[str]:
        """The ids of this user's or team's memories with these ids or numbers.

        Raises:
            Drop: there is no such one.
        """
        listed = self.orders.shown(owner, _LIST)
        mine = {memory.id for memory in control.all(owner)} if any(map(is_id, which)) else set()
        found = []
        for wanted in which:
            if (memory_id := wanted if wanted in mine else listed.get(wanted.lstrip("#"))) is None:
                what = "id" if is_id(wanted) else "number"
                raise Drop(f"There is no {what} {wanted}.", hint="`list`, `search` and `team` show them.")
            found.append(memory_id)
        return control.now_called(found)


def a_person(user_id: str) -> str:
    """Checks that an argument is a user's id, and returns it.

    Raises:
        typer.BadParameter: nobody has it.
    """
    if not is_person(user_id):
        raise typer.BadParameter(f"{user_id!r} is not a user's id.")
    return user_id


def asked_for(user_id: str) -> Asked:
    """A request made on a user's behalf."""
    return Asked(user_id=user_id, key=f"command-line-{uuid.uuid4().hex}", at=time.time())


@contextmanager
def opened(*, make: bool = False) -> Iterator[Instance]:
    """The instance of the environment. What goes wrong is told on standard error, and ends the command.

    make: a data folder that no server has used yet is begun.
    """
    try:
        given = Environment.read(os.environ)
        engine = open_state(given.data_dir, given.state_url, given.state_password, make=make)
        try:
            yield Instance(engine, given)
        finally:
            engine.dispose()
    except MemoryFault as fault:
        ended(one_line(f"{fault} {fault.hint}"))
    except BrokenPipeError:  # whoever read has seen enough
        sys.stdout = None
        ended("")
    except OSError as error:
        ended(f"{error.filename or 'The file'}: {error.strerror}.")
    except KeyboardInterrupt:
        ended("Stopped. Run it again to go on.", code=130)


def settings_in(environment: Environment) -> Valves:
    """The settings in force: the environment's presets, and what was saved in the admin panel.

    Raises:
        TellAdmin: the file of the saved ones cannot be read.
    """
    strict, loading = _classes(tuple(environment.presets.items()), environment.chat_servers)
    try:
        saved = json.loads(environment.valves_file.read_text())
    except FileNotFoundError:
        saved = {}
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno or 0) if isinstance(error, OSError) else "it is no JSON"
        raise TellAdmin(
            f"{environment.valves_file} cannot be read ({why}).",
            hint="Run this as the user of the Pipelines server.",
        ) from error
    return strict.strict_from(loading(**saved))


@lru_cache(maxsize=8)
def _classes(
    presets: tuple[tuple[str, str], ...], servers: tuple[ChatServer, ...]
) -> tuple[type[Valves], type[LenientModel]]:
    """Those that settings are read with. To make them takes long, and `mcp` reads them with each call."""
    environment = Environment(dict(presets), Path(), "", chat_servers=servers)
    strict = environment.settings(stored=lambda: None)
    return strict, lenient(strict)
