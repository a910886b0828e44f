"""What tests get: a data folder, a clean environment, a model server, PostgreSQL, the Pipelines server."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.kill_samples import Tried, commit, sample
from tests.harness.nursery import Nursery
from tests.harness.pipelines_server import (
    PipelinesServer,
    StartServer,
    clean_environment,
    is_configuration,
    with_embedder,
)
from tests.harness.postgres import Postgres, PostgresMissingError
from tests.harness.scripted_llm import ScriptedLLM

# Before any import of mem0 in this process.
os.environ["MEM0_TELEMETRY"] = "False"
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# A folder in memory where there is one: SQLite waits for a disk at every commit. A kill is no power cut.
IN_MEMORY, NEEDED_BYTES = Path("/dev/shm"), 2 * 1024**3
if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > NEEDED_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))

# One certificate instead of all, which each client of httpx would read anew in 20 ms: none is asked for here.
ONE_CERTIFICATE = Path(__file__).parent / "fixtures" / "certificate.pem"
os.environ["SSL_CERT_FILE"] = str(ONE_CERTIFICATE)

SPECIAL_FOLDERS = ("server", "browser")  # their tests bear the folder's name as a marker

pytest.register_assert_rewrite("tests.server.play")  # its failures are to say what was different


# Of what Hypothesis tries, each commit sees other examples, and the same ones as often as it is run.
_EACH: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("quick", max_examples=25, **_EACH)
settings.register_profile("thorough", max_examples=200, **_EACH)
settings.load_profile("quick")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(int(commit()[:8], 16) if commit() != "none" else 0)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-kill", action="store_true", help="kill at every step, not at a sample of them")


def pytest_report_header(config: pytest.Config) -> str:
    kills = (
        "at every step" if config.getoption("every_kill") else f"at the steps that commit {commit()} draws"
    )
    return f"kills: {kills}"


def pytest_itemcollected(item: pytest.Item) -> None:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    if folder in SPECIAL_FOLDERS:
        item.add_marker(folder)


@pytest.fixture(scope="session")
def tried(pytestconfig: pytest.Config) -> Tried:
    """Of all steps where a process could be killed, those where this run does it."""
    return list if pytestconfig.getoption("every_kill") else partial(sample, seed=commit())


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the caller's configuration, and a data folder that is gone after the test."""
    folder = tmp_path / "memory_data"
    for name in list(os.environ):
        if is_configuration(name) and not name.startswith("PYTHON"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MEM0_TELEMETRY", "False")
    monkeypatch.setenv("MEM0_DIR", str(tmp_path / "mem0"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("MEMORY_DATA_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def _running_llm() -> Iterator[ScriptedLLM]:
    with ScriptedLLM() as llm:
        yield llm


@pytest.fixture
def scripted_llm(_running_llm: ScriptedLLM) -> Iterator[ScriptedLLM]:
    """One model server for the whole run, without the records, rules and faults of the test before."""
    _running_llm.clear()
    yield _running_llm
    _running_llm.clear()


# Tests of behaviour must not depend on how fast this machine is; tests of the deadline set their own.
PATIENT = {"MEMORY_INLET_DEADLINE_MS": "10000"}


@pytest.fixture(scope="session")
def _nursery() -> Iterator[Nursery]:
    with Nursery(clean_environment()) as nursery:
        yield nursery


@contextlib.contextmanager
def _server_starter(folder: Path, llm: ScriptedLLM, nursery: Nursery) -> Iterator[StartServer]:
    with contextlib.ExitStack() as servers:

        def start(
            *,
            env: dict[str, str] | None = None,
            embedder: ScriptedLLM | None = llm,
            forked: bool = True,
            **options: Any,
        ) -> PipelinesServer:
            number = len(list(folder.glob("server-*")))
            preset = {**PATIENT, **(with_embedder(embedder) if embedder else {}), **(env or {})}
            if forked and "python_path" not in options:
                options["nursery"] = nursery
            server = PipelinesServer(folder / f"server-{number}", env=preset, **options)
            servers.callback(server.stop)
            return server.start()

        yield start


@pytest.fixture
def pipelines_server(tmp_path: Path, scripted_llm: ScriptedLLM, _nursery: Nursery) -> Iterator[StartServer]:
    """Start servers: `server = pipelines_server(env={...}, key=..., plugins=[...], wait_ready=False)`.

    The embedder is the scripted server, unless `embedder=None`. `forked=False`: no imports are done before.
    All servers are stopped at the end.
    """
    with _server_starter(tmp_path, scripted_llm, _nursery) as start:
        yield start


@pytest.fixture(scope="module")
def module_servers(
    tmp_path_factory: pytest.TempPathFactory, _running_llm: ScriptedLLM, _nursery: Nursery
) -> Iterator[StartServer]:
    """As `pipelines_server`, for servers that the tests of a module share."""
    with _server_starter(tmp_path_factory.mktemp("shared"), _running_llm, _nursery) as start:
        yield start


@pytest.fixture(scope="module")
def _module_server(module_servers: StartServer) -> PipelinesServer:
    return module_servers()


@pytest.fixture
def shared_server(_module_server: PipelinesServer, scripted_llm: ScriptedLLM) -> PipelinesServer:
    """One server for all tests of a module, with the default settings: for tests that only talk to it.

    Each test takes users of its own (fixture `user`), and leaves nothing in the queue.
    """
    _module_server.wait_until_drained()
    scripted_llm.clear()
    return _module_server


def _running() -> Iterator[Postgres]:
    try:
        running = Postgres()
    except PostgresMissingError as missing:
        pytest.skip(f"no PostgreSQL: {missing}")
    with running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    yield from _running()


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[Postgres]:
    """Another one, which tests may stop."""
    yield from _running()


@pytest.fixture
def user() -> str:
    """A user nobody else is."""
    return f"user-{uuid.uuid4().hex[:8]}"
