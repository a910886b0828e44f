"""`make up`: Open WebUI and the Pipelines server with the filter, wired together, until Ctrl-C.

Environment: OPENAI_API_BASE_URL and OPENAI_API_KEY, or OLLAMA_BASE_URL (the language model, for chats and for
memory; several with ; between them; without them an Ollama on its usual port, else the demo model), PORT
(9099), WEBUI_PORT (8080), PIPELINES_API_KEY, MEMORY_DATA_DIR and MEMORY_<SETTING>.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NoReturn

from scripts import services
from scripts.processes import Child, ChildDiedError, Supervisor, stop, wait_until
from scripts.progress import step
from scripts.services import RUN, OpenWebUI, Pipelines

START_SECONDS = 300  # a first start makes Open WebUI's database, on a slow disk too
NEWS_SECONDS = 3
FOLLOWS = "waits for the backend"  # of a part that has nothing wrong of its own
LOGS = RUN / "logs"

# What a newcomer is told to try, and what the browser test tries.
TELL = "My dog is called Rex and I live in Lisbon."
ASK = "What is my dog called?"


class CannotStartError(Exception):
    """Something that the reader of the terminal can mend; the text says how."""


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal."""


def main() -> None:
    _on_stop_signals(_request_stop)
    children: list[Child] = []
    try:
        run(os.environ, children)
    except StopRequested:
        print("\nStopping ...")
    except (CannotStartError, ChildDiedError, TimeoutError) as error:
        sys.exit(f"\n{error}")
    finally:
        _on_stop_signals(signal.SIG_IGN)  # the stopping is bounded; a second Ctrl-C would only break it off
        stop(children)
    print("Stopped. Chats and memories are kept in .run/; `make up` goes on with them.")


def run(env: Mapping[str, str], children: list[Child]) -> NoReturn:
    """Start both, say so, and start again whichever dies; ends by an exception only.

    Adds what it starts to `children`.
    """
    pipelines, webui = plan(env)
    children.append(pipelines.start(LOGS / "pipelines.log"))
    children.append(webui.start(LOGS / "open-webui.log"))
    with step("Starting the Pipelines server"):
        wait_until(pipelines.is_healthy, children, START_SECONDS, "The Pipelines server")
    with step("Starting Open WebUI"):
        wait_until(webui.is_healthy, children, START_SECONDS, "Open WebUI")
    status = pipelines.status()
    print(report(status))
    print(welcome(webui, pipelines))
    threading.Thread(target=_tell_news, args=(pipelines, News(status)), daemon=True).start()
    supervisor = Supervisor(children, {children[0]: pipelines.is_healthy})
    forever = threading.Event()
    while True:
        supervisor.check()
        forever.wait(1)


def plan(env: Mapping[str, str]) -> tuple[Pipelines, OpenWebUI]:
    """What to start, from the environment; raises CannotStartError before anything runs."""
    port, webui_port = port_from(env, "PORT", 9099), port_from(env, "WEBUI_PORT", 8080)
    if port == webui_port:
        raise CannotStartError(f"PORT and WEBUI_PORT are both {port}; they must differ.")
    llms, ollama_urls = services.providers(env), services.ollamas(env)
    key = env.get("PIPELINES_API_KEY") or services.kept_secret("pipelines-api-key", RUN)
    demo = env.get("DEMO") == "1" or not (llms or ollama_urls)
    chats = services.chat_variables(llms, ollama_urls)
    pipelines = Pipelines(RUN / "pipelines", port, key, demo=demo, chats=chats, webui_port=webui_port)
    secret = env.get("WEBUI_SECRET_KEY") or services.kept_secret("webui-secret-key", RUN)
    connections = (*llms, pipelines.connection)
    return pipelines, OpenWebUI(RUN / "open-webui", webui_port, secret, connections, ollama_urls)


def port_from(env: Mapping[str, str], name: str, default: int, *, target: str = "up") -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStartError(f"{name} is {text!r}; it must be a port number, such as {default}.")
    if not services.port_is_free(int(text)):
        raise CannotStartError(
            f"Port {text} is in use. Stop what listens there, or choose another port: "
            f"make {target} {name}={int(text) + 1}"
        )
    return int(text)


def report(status: Mapping[str, object] | None) -> str:
    """The filter's self-check, a line a part."""
    if status is None:
        return f"\nThe memory filter does not answer: it was not loaded. Its log: {LOGS / 'pipelines.log'}"
    parts = status.get("parts")
    lines = [_line(part) for part in parts] if isinstance(parts, list) else []
    return "\n".join(["", "Memory", *lines])


class News:
    """What the status says that it did not say before: the admin panel calls every change a success."""

    def __init__(self, status: Mapping[str, object] | None) -> None:
        self._wrong = _wrong(status)

    def of(self, status: Mapping[str, object] | None) -> list[str]:
        """Lines, for parts that are wrong now, in new words, and for those that are mended."""
        if status is None:  # the supervisor tells of a server that is gone
            return []
        before, self._wrong = self._wrong, _wrong(status)
        new = [line for name, line in self._wrong.items() if _bare(before.get(name, "")) != _bare(line)]
        return new + [f"  ok  {name}: works again" for name in before if name not in self._wrong]


def _bare(line: str) -> str:
    """Without times and counts, which change by themselves."""
    return re.sub(r"\d+", "", line)


def _wrong(status: Mapping[str, object] | None) -> dict[str, str]:
    parts = (status or {}).get("parts")
    found = parts if isinstance(parts, list) else []
    ill = (part for part in found if not part.get("ok") and part.get("detail") != FOLLOWS)
    return {str(part.get("name")): _line(part) for part in ill}


def _tell_news(pipelines: Pipelines, news: News) -> NoReturn:
    while True:
        time.sleep(NEWS_SECONDS)
        for line in news.of(pipelines.status()):
            print(line, flush=True)


def _line(part: Mapping[str, object]) -> str:
    line = f"  {'ok ' if part.get('ok') else 'NO '} {part.get('name', '')}: {part.get('detail', '')}"
    hint = part.get("hint")
    return f"{line}\n      {hint}" if hint else line


def welcome(webui: OpenWebUI, pipelines: Pipelines) -> str:
    first = "Create an account: the first one is the administrator, and stays on this machine."
    if webui.has_accounts():
        first = "Sign in with your account."
    return f"""
  Open WebUI is at {webui.url}

  {_model(webui, pipelines)}
  1. {first}
  2. Tell the chat something about yourself, such as: {TELL}
  3. Start a new chat and ask: {ASK}

  What is remembered: {pipelines.page_url}/
  Settings: Admin Panel > Settings > Pipelines. Logs: .run/logs. Stop with Ctrl-C.
"""


def _model(webui: OpenWebUI, pipelines: Pipelines) -> str:
    places = [one.url for one in webui.connections if one != pipelines.connection]
    places += [f"Ollama at {url}" for url in webui.ollama_urls]
    if places:
        return (
            f"The language model comes from {', '.join(places)}.\n"
            "  It also reads the chats for memory, unless llm_provider says otherwise: see LLM above."
        )
    return (
        "No language model was found, so there is a demo model that shows what memory gives it.\n"
        "  For a real one, set OPENAI_API_BASE_URL and OPENAI_API_KEY, or start Ollama."
    )


def _request_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise StopRequested


def _on_stop_signals(action: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, action)


if __name__ == "__main__":
    main()
