"""`make up` and its parts: what is started with what, and what is said when it cannot be."""

import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from owui_memory.core.chat_servers import ChatServer, read_servers
from scripts import services, up
from scripts.processes import (
    MOST_FAILURES,
    MOST_RESTARTS,
    PROBE_SECONDS,
    RESTARTS_SECONDS,
    Child,
    ChildDiedError,
    Supervisor,
    stop,
    wait_until,
)
from scripts.services import Connection, OpenWebUI, Pipelines
from tests.harness.web import WebServer


def webui(folder: Path, key: str = "key-1", port: int = 9099) -> OpenWebUI:
    return OpenWebUI(folder, 8080, "secret", (Connection(f"http://127.0.0.1:{port}", key),), (), {})


def child(folder: Path, code: str) -> Child:
    command = [sys.executable, "-c", code]
    return Child("A child", command, env=os.environ, cwd=folder, log=folder / "child.log")


# The language model


@pytest.mark.parametrize(
    ("env", "found"),
    [
        ({}, ()),
        ({"OPENAI_API_KEY": "sk"}, (Connection(services.OPENAI_URL, "sk"),)),
        ({"OPENAI_API_BASE_URL": "http://127.0.0.1:8000/v1/"}, (Connection("http://127.0.0.1:8000/v1", ""),)),
        (
            {"OPENAI_API_BASE_URLS": "http://a:1/v1;http://b:2/v1", "OPENAI_API_KEYS": "one"},
            (Connection("http://a:1/v1", "one"), Connection("http://b:2/v1", "")),
        ),
        ({"OPENAI_API_BASE_URL": services.OPENAI_URL}, ()),  # without a key it answers nobody
    ],
)
def test_the_models_come_from_the_environment(env: dict[str, str], found: tuple[Connection, ...]) -> None:
    assert services.providers(env) == found


def test_the_filter_is_told_where_the_chats_are_answered_and_nothing_else(tmp_path: Path) -> None:
    inherited = {
        "OPENAI_API_BASE_URL": "http://other:1/v1",
        "OPENAI_API_KEY": "other",
        "OLLAMA_BASE_URL": "x",
    }
    connections = [Connection("http://a:1/v1", "one"), Connection("http://b:2/v1", "")]
    chats = services.chat_variables(connections, ["http://o:11434"])
    env = Pipelines(tmp_path, 9099, "key", inherited=inherited, chats=chats).environment()
    assert read_servers(env) == (
        ChatServer("openai", "http://a:1/v1", "one"),
        ChatServer("openai", "http://b:2/v1"),
        ChatServer("ollama", "http://o:11434"),
    )
    none = Pipelines(tmp_path, 9099, "key", inherited=inherited, chats=services.chat_variables([], []))
    assert read_servers(none.environment()) == ()
    assert "one" not in repr(none) + repr(read_servers(env))


def test_an_ollama_that_does_not_answer_is_none() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert services.ollamas({"OLLAMA_BASE_URL": url}) == ()


# Ports


def test_a_port_in_use_names_the_variable_to_set() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            up.CannotStartError, match=f"Port {port} is in use.*make up WEBUI_PORT={port + 1}"
        ):
            up.port_from({"WEBUI_PORT": str(port)}, "WEBUI_PORT", 8080)


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(up.CannotStartError, match=r"PORT is .* must be a port number"):
        up.port_from({"PORT": text}, "PORT", 9099)


# The Pipelines server's folder


def test_the_demo_model_is_there_only_when_asked_for(tmp_path: Path) -> None:
    Pipelines(tmp_path, 9099, "key", demo=True).prepare()
    assert (tmp_path / "demo_model.py").exists()

    Pipelines(tmp_path, 9099, "key").prepare()
    assert not (tmp_path / "demo_model.py").is_symlink()
    assert (tmp_path / "memory_filter.py").exists()
    assert (tmp_path / "owui_memory" / "__init__.py").exists()


def test_the_filters_settings_come_from_the_environment(tmp_path: Path) -> None:
    given = {"MEMORY_LLM_PROVIDER": "ollama", "MEMORY_DATA_DIR": "/data", "PIPELINES_DIR": "/elsewhere"}
    env = Pipelines(tmp_path, 9099, "key", inherited=given).environment()

    assert (env["MEMORY_LLM_PROVIDER"], env["MEMORY_DATA_DIR"]) == ("ollama", "/data")
    assert env["PIPELINES_DIR"] == str(tmp_path)
    assert Pipelines(tmp_path, 9099, "key", inherited={}).environment()["MEMORY_DATA_DIR"] == str(
        tmp_path / "memory_data"
    )


# What Open WebUI keeps in its database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "webui.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE config (key TEXT PRIMARY KEY, value JSON)")
        connection.executemany(
            "INSERT INTO config VALUES (?, '1')", [("openai.api_keys",), ("ollama.enable",), ("ui.banners",)]
        )
    connection.close()
    return file


def kept(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    keys = [row[0] for row in connection.execute("SELECT key FROM config ORDER BY key")]
    connection.close()
    return keys


@pytest.mark.parametrize("changed", [{"key": "key-2"}, {"port": 9100}])
def test_a_changed_key_or_port_drops_the_connections_open_webui_keeps(
    tmp_path: Path, database: Path, changed: dict[str, object]
) -> None:
    webui(tmp_path).forget_old_wiring()
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO config VALUES ('openai.enable', '1')")
    connection.close()

    webui(tmp_path).forget_old_wiring()
    assert "openai.enable" in kept(database)

    webui(tmp_path, **changed).forget_old_wiring()
    assert kept(database) == ["ui.banners"]


def test_open_webui_is_told_of_each_ollama(tmp_path: Path) -> None:
    inherited = {"OLLAMA_BASE_URLS": "http://gone:1;http://a:1"}
    one = OpenWebUI(tmp_path, 8080, "s", (Connection("u", "k"),), ("http://a:1",), inherited).environment()
    assert (one["OLLAMA_BASE_URL"], one["OLLAMA_BASE_URLS"]) == ("http://a:1", "")
    urls = ("http://a:1", "http://b:2")
    two = OpenWebUI(tmp_path, 8080, "s", (Connection("u", "k"),), urls, inherited).environment()
    assert two["OLLAMA_BASE_URLS"] == "http://a:1;http://b:2"
    none = OpenWebUI(tmp_path, 8080, "s", (Connection("u", "k"),), (), inherited).environment()
    assert (none["ENABLE_OLLAMA_API"], none["OLLAMA_BASE_URLS"]) == ("False", "")


@pytest.mark.parametrize(
    ("told", "first"),
    [({"onboarding": True}, "Create an account"), ({"name": "x"}, "Sign in"), (None, "Create")],
)
def test_a_second_start_says_to_sign_in(tmp_path: Path, told: object, first: str) -> None:
    app = FastAPI()
    if told is not None:
        app.add_api_route("/api/config", lambda: told)
    with WebServer(app) as server:
        port = int(server.url.rpartition(":")[2])
        one = OpenWebUI(tmp_path, port, "s", (Connection("http://u", "k"),), (), {})
        said = up.welcome(one, Pipelines(tmp_path, 9099, "key", demo=True))
    assert f"1. {first}" in said


def test_secrets_are_kept_and_private(tmp_path: Path) -> None:
    first = services.kept_secret("key", tmp_path / "run")

    assert services.kept_secret("key", tmp_path / "run") == first
    assert (tmp_path / "run" / "key").stat().st_mode & 0o077 == 0


# Child processes


def test_a_child_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    dying = child(tmp_path, "print('no such table'); raise SystemExit(3)")

    with pytest.raises(ChildDiedError, match=r"A child has stopped \(exit code 3\)(?s:.*)no such table"):
        wait_until(lambda: False, [dying], 30, "never")
    stop([dying])


def test_a_child_that_does_not_listen_is_killed_with_what_it_started(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(grandchild.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    stubborn = child(tmp_path, code)
    wait_until(lambda: bool(stubborn.tail().strip()), [stubborn], 30, "the grandchild's pid")
    grandchild = int(stubborn.tail())

    stop([stubborn], grace=0)

    with pytest.raises(ChildDiedError):
        stubborn.check()
    wait_until(lambda: not is_running(grandchild), [], 10, "the grandchild is gone")


def wait_until_dead(dying: Child) -> None:
    def is_dead() -> bool:
        try:
            dying.check()
        except ChildDiedError:
            return True
        return False

    wait_until(is_dead, [], 30, "the child ends")


def test_a_killed_child_is_started_again_and_said_so(tmp_path: Path) -> None:
    lines: list[str] = []
    sleeper = child(tmp_path, "print('up', flush=True); import time; time.sleep(600)")
    other = child(tmp_path, "import time; time.sleep(600)")
    supervisor = Supervisor([sleeper, other], say=lines.append)
    first, untouched = sleeper.pid, other.pid

    os.killpg(first, signal.SIGKILL)
    wait_until_dead(sleeper)
    supervisor.check()

    assert sleeper.pid != first
    assert is_running(sleeper.pid)
    assert other.pid == untouched
    assert lines == [
        f"A child has stopped (killed by SIGKILL) and is started again. Its log: {tmp_path / 'child.log'}"
    ]
    stop([sleeper, other], grace=0)


def test_a_child_that_keeps_dying_is_given_up_but_not_one_that_dies_now_and_then(tmp_path: Path) -> None:
    now = 0.0
    dying = child(tmp_path, "raise SystemExit(3)")
    supervisor = Supervisor([dying], say=lambda line: None, clock=lambda: now)
    for _ in range(MOST_RESTARTS + 2):
        now += RESTARTS_SECONDS / 2
        wait_until_dead(dying)
        supervisor.check()

    now += RESTARTS_SECONDS
    for _ in range(MOST_RESTARTS):
        wait_until_dead(dying)
        supervisor.check()
    wait_until_dead(dying)
    with pytest.raises(ChildDiedError, match="exit code 3"):
        supervisor.check()
    stop([dying])


def test_a_child_that_hangs_is_started_again_but_not_one_that_has_not_answered_yet(tmp_path: Path) -> None:
    now, answers, lines = 0.0, False, list[str]()
    hanging = child(tmp_path, "import time; time.sleep(600)")
    supervisor = Supervisor([hanging], {hanging: lambda: answers}, say=lines.append, clock=lambda: now)
    first = hanging.pid

    def probe(times: int) -> None:
        nonlocal now
        for _ in range(times):
            now += PROBE_SECONDS
            supervisor.check()

    probe(MOST_FAILURES + 1)
    assert hanging.pid == first  # it may still be starting
    answers = True
    probe(1)
    answers = False
    probe(MOST_FAILURES - 1)
    assert hanging.pid == first
    probe(1)

    assert hanging.pid != first
    assert not is_running(first)
    assert lines == [
        f"A child does not answer any more and is started again. Its log: {tmp_path / 'child.log'}"
    ]
    stop([hanging], grace=0)


def is_running(pid: int) -> bool:
    """False for a process that has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# What is printed


def test_the_report_has_a_line_a_part_and_its_hint() -> None:
    parts = [
        {"name": "store", "ok": True, "detail": "sqlite", "hint": ""},
        {"name": "embedder", "ok": False, "detail": "no answer", "hint": "Start it."},
    ]

    assert up.report({"parts": parts}).splitlines()[2:] == [
        "  ok  store: sqlite",
        "  NO  embedder: no answer",
        "      Start it.",
    ]


def test_a_filter_that_was_not_loaded_is_told() -> None:
    assert "was not loaded" in up.report(None)


def test_what_goes_wrong_later_is_told_once_and_that_it_is_mended() -> None:
    store = {"name": "store", "ok": True, "detail": "sqlite", "hint": ""}
    error = {"name": "last error", "ok": False, "detail": "10:15:01 UTC, recall", "hint": ""}
    news = up.News({"parts": [store, error]})
    gone = {**store, "ok": False, "detail": "q:1 cannot be reached", "hint": "Start it."}
    assert news.of({"parts": [gone, error]}) == ["  NO  store: q:1 cannot be reached\n      Start it."]
    assert news.of({"parts": [gone, {**error, "detail": "10:15:09 UTC, recall"}]}) == []
    assert news.of(None) == []
    assert news.of({"parts": [store, error]}) == ["  ok  store: works again"]
    starting = {"name": "backend", "ok": False, "detail": "Memory is still starting.", "hint": ""}
    follows = {**store, "ok": False, "detail": "waits for the backend"}
    assert news.of({"parts": [starting, follows, error]}) == ["  NO  backend: Memory is still starting."]


def test_an_upload_in_the_panel_does_not_write_into_the_checkout(tmp_path: Path) -> None:
    pipelines = Pipelines(tmp_path, 9, "key", demo=False)
    pipelines.prepare()
    plugin = tmp_path / "memory_filter.py"
    ours = services.ROOT / "pipelines" / "memory_filter.py"
    assert plugin.read_text() == ours.read_text()
    assert not plugin.is_symlink()
    plugin.write_text("uploaded")
    assert ours.read_text() != "uploaded"
    pipelines.prepare()
    assert plugin.read_text() == ours.read_text()
