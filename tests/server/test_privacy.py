"""Nothing leaves the machine, nothing is written outside the data folder, nothing said is logged.

The server runs with a `sitecustomize` whose audit hook refuses and records every look-up of a foreign name
and every connection that is not loopback. It sees what Python does, not what native code does on its own.
"""

import json
from pathlib import Path

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import fresh, recalled, take, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

FACT = "My dog is called Rex and I live in Lisbon."
QUESTION = "What is my dog called?"

WALL = """
import os, sys

RECORD = os.environ["WALL_RECORD"]
LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def foreign(host):
    host = host.decode() if isinstance(host, bytes) else host
    return bool(host) and not str(host).startswith(LOCAL)


def wall(event, args):
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        blocked = isinstance(address, tuple) and foreign(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        blocked = foreign(args[0])
    else:
        return
    if blocked:
        fd = os.open(RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, f"{event} {args!r}\\n".encode())
        os.close(fd)
        raise OSError(f"the test refuses {event}")


sys.addaudithook(wall)
"""


@pytest.fixture
def walled(pipelines_server: StartServer, tmp_path: Path):
    """Start a server behind the wall; `attempts()` lists what it tried to reach, `strays()` what it left."""
    return Walled(pipelines_server, tmp_path)


class Walled:
    def __init__(self, start: StartServer, folder: Path) -> None:
        self._start = start
        self._record = folder / "wall.txt"
        self._shims = folder / "wall"
        self._shims.mkdir()
        (self._shims / "sitecustomize.py").write_text(WALL)
        self._outside = [folder / name for name in ("home", "tmp", "cache")]
        for outside in self._outside:
            outside.mkdir()

    def start(self, **options: object) -> PipelinesServer:
        home, tmp, cache = map(str, self._outside)
        env = {"WALL_RECORD": str(self._record), "HOME": home, "TMPDIR": tmp, "XDG_CACHE_HOME": cache}
        return self._start(
            env={**env, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}, python_path=[self._shims], **options
        )

    def attempts(self) -> list[str]:
        return self._record.read_text().splitlines() if self._record.exists() else []

    def strays(self) -> list[str]:
        """What lies outside the data folder, but for the bundled encoder's files, the same for everybody."""
        encoder = self._outside[-1] / "owui-memory"
        found = [path for outside in self._outside for path in outside.rglob("*")]
        return [str(path) for path in found if path != encoder and encoder not in path.parents]


def test_the_wall_stands(walled: Walled, tmp_path: Path) -> None:
    plugin = tmp_path / "reach_out.py"
    plugin.write_text(
        "import socket\n"
        "class Pipeline:\n"
        "    async def on_startup(self):\n"
        "        for host in ('192.0.2.1', 'example.com'):\n"
        "            try:\n"
        "                socket.create_connection((host, 80), timeout=1).close()\n"
        "            except OSError:\n"
        "                pass\n"
    )
    walled.start(plugins=[plugin], wait_ready=False)
    assert "192.0.2.1" in walled.attempts()[0]
    assert "example.com" in walled.attempts()[1]


def test_a_whole_turn_on_this_machine_alone(walled: Walled) -> None:
    server = walled.start(embedder=None)  # the defaults: bundled embedder, embedded store, no LLM
    server.wait_until_ready()
    tell(server, FACT)
    assert "Rex" in recalled(server, QUESTION)
    assert recalled(server, QUESTION, user="bob") == ""
    server.reload()
    server.wait_until_ready()
    server.stop()
    assert walled.attempts() == []
    assert walled.strays() == []


def test_with_an_embedder_only_the_embedder_is_reached(walled: Walled) -> None:
    server = walled.start()
    tell(server, FACT)
    assert "Rex" in recalled(server, QUESTION)
    server.stop()
    assert walled.attempts() == []
    assert walled.strays() == []


class TestLog:
    @pytest.fixture
    def server(self, pipelines_server: StartServer) -> PipelinesServer:
        return pipelines_server(env={"GLOBAL_LOG_LEVEL": "DEBUG"})

    def _assert_discreet(self, server: PipelinesServer) -> None:
        told = server.log() + json.dumps(server.status())
        for private in ("Rex", "Lisbon", "dog called", "embedder-key", "test-key", "ada@example.com"):
            assert private not in told, private

    def test_nothing_said_and_no_key_is_logged(self, server: PipelinesServer) -> None:
        tell(server, FACT)
        assert "Rex" in recalled(server, QUESTION)
        self._assert_discreet(server)

    @pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"cut": True}, {"dims": 7}], ids=str)
    def test_not_even_when_something_fails(
        self, server: PipelinesServer, scripted_llm: ScriptedLLM, fault: dict[str, int]
    ) -> None:
        with scripted_llm.fault("embeddings", **fault):
            take(server, Chat().say(FACT))
            wait_until(lambda: server.part("last error")["detail"] != "none", what="the failure is told")
            recalled(server, fresh(QUESTION))
        self._assert_discreet(server)
