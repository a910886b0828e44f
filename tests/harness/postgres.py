"""A real PostgreSQL with pgvector on a free port, from the binaries that the PyPI package pgserver carries.

pgserver's own Python is not used: it wants a home and a system user of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from importlib import util
from pathlib import Path
from typing import Any

import psycopg

from tests.harness.pipelines_server import free_port
from tests.harness.waiting import wait_until

PASSWORD = "p@ss word/%"  # everything that a URL must quote
_MADE: list[Path] = []  # by initdb, which takes seconds: the next ones are copies


# Numbers that count up begin anew; the schema's version stays.
_EMPTIES = """
DO $$ DECLARE name text; BEGIN
  FOR name IN
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_version'
  LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public';
END $$
"""


class PostgresMissingError(Exception):
    """There are no binaries to start."""


class Postgres:
    """`with Postgres() as postgres: psycopg.connect(postgres.url, password=PASSWORD)`."""

    def __init__(self) -> None:
        spec = util.find_spec("pgserver")
        if spec is None or not spec.origin:
            raise PostgresMissingError("pgserver is not installed")
        self._bin = Path(spec.origin).parent / "pginstall" / "bin"
        self._port = free_port()
        self._free: dict[Callable[[str], None] | None, list[str]] = {}

    @property
    def url(self) -> str:
        """Without the password, as an admin writes it."""
        return self.url_of("postgres")

    def url_of(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self._port}/{database}"

    @contextlib.contextmanager
    def database(self, made: Callable[[str], None] | None = None) -> Iterator[str]:
        """The URL of a database of its own.

        made: makes, at a URL, the tables that it begins with, without rows. To make a database takes a tenth
        of a second: one with the same tables is used again, emptied.
        """
        free = self._free.setdefault(made, [])
        name = free.pop() if free else self._new(made)
        try:
            yield self.url_of(name)
        finally:
            if made and self._is_emptied(name):
                free.append(name)
            else:
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _new(self, made: Callable[[str], None] | None) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        if made:
            made(self.url_of(name))
        return name

    def _is_emptied(self, name: str) -> bool:
        """Take out all rows, and everybody who is still connected."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            self.execute(_EMPTIES, self.url_of(name))
        except psycopg.Error:
            return False
        return True

    def execute(self, statement: str, url: str = "") -> list[Any]:
        """Run a statement; its rows."""
        with psycopg.connect(url or self.url, password=PASSWORD, autocommit=True) as connection:
            cursor = connection.execute(statement)  # no literal
            return cursor.fetchall() if cursor.description else []

    def __enter__(self) -> Postgres:
        # Not pytest's folder: PostgreSQL refuses to run as root, and another user cannot enter that one.
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        data, secret = self._folder / "data", self._folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self._folder, secret):
                shutil.chown(path, "nobody")
        if _MADE:
            subprocess.run(["cp", "-a", _MADE[0], data], check=True)
        else:
            self._run("initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret,
                      "-E", "UTF8", "--no-sync", "--locale=C")  # fmt: skip
            _MADE.append(data.with_name("copy"))
            subprocess.run(["cp", "-a", data, _MADE[0]], check=True)
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if not any(made.is_relative_to(self._folder) for made in _MADE):
            shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start, also once more after `stop`: on the same port, with the same databases."""
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._folder / "data", "-h", "127.0.0.1",
                 "-p", str(self._port), "-k", self._folder, "-c", "fsync=off"],
                stdout=log, stderr=log, user=_user(), cwd=self._folder,
            )  # fmt: skip
        wait_until(self._answers, within=60, what=lambda: (self._folder / "log").read_text())

    def stop(self) -> None:
        """End every session and stop."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # fast shutdown: clients may still be there
            self._process.wait(60)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [self._bin / program, *arguments]
        subprocess.run(command, user=_user(), cwd=self._folder, check=True, capture_output=True)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise PostgresMissingError(f"it ended: {(self._folder / 'log').read_text()}")
        try:
            psycopg.connect(self.url, password=PASSWORD).close()
        except psycopg.OperationalError:
            return False
        return True


def _user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None
