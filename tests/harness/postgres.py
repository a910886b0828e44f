"""A real PostgreSQL with pgvector on a free port, from the binaries that the PyPI package pgserver carries.

pgserver's own Python is not used: it wants a home and a system user of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib import util
from pathlib import Path

import psycopg

from tests.harness.pipelines_server import free_port
from tests.harness.waiting import wait_until

PASSWORD = "p@ss word/%"  # everything that a URL must quote


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

    @property
    def url(self) -> str:
        """Without the password, as an admin writes it."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Postgres:
        # Not pytest's folder: PostgreSQL refuses to run as root, and another user cannot enter that one.
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        data, secret = self._folder / "data", self._folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self._folder, secret):
                shutil.chown(path, "nobody")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret,
                  "-E", "UTF8", "--no-sync", "--locale=C")  # fmt: skip
        self._log = (self._folder / "log").open("w")
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(self._port),
             "-k", self._folder, "-c", "fsync=off"],
            stdout=self._log, stderr=self._log, user=_user(), cwd=self._folder,
        )  # fmt: skip
        wait_until(self._answers, within=60, what=lambda: (self._folder / "log").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()  # clients may still be there
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.send_signal(2)  # fast shutdown
            self._process.wait(20)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

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
