"""Talk to the filter through a running server, as Open WebUI does for its users."""

import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from owui_memory.core.memory import EPISODE
from tests.harness.bodies import Chat, Turn, told_text
from tests.harness.pipelines_server import PLUGINS, PipelinesServer, clean_environment
from tests.harness.remains import store_in


def take(server: PipelinesServer, turn: Turn, answer: str = "Hello from the model.") -> dict[str, Any]:
    """A whole turn, inlet and outlet; returns the body that the model got."""
    sent = server.inlet(turn.inlet, turn.user)
    server.outlet(turn.outlet(answer, sent=sent), turn.user)
    return sent


def tell(server: PipelinesServer, text: str, *, user: str = "ada", chat: Chat | None = None) -> Chat:
    """Say something and wait until it is remembered. A new chat unless one is given."""
    chat = chat or Chat(user)
    take(server, chat.say(text))
    server.wait_until_drained()
    return chat


def recalled(server: PipelinesServer, question: str, *, user: str = "ada", chat: Chat | None = None) -> str:
    """The memories that the model gets with `question`, "" if none; a new chat unless one is given."""
    turn = (chat or Chat(user)).say(question)
    return told_text(server.inlet(turn.inlet, turn.user))


def told(server: PipelinesServer, turn: Turn) -> str:
    """The same of any turn."""
    return told_text(server.inlet(turn.inlet, turn.user))


def ask(server: PipelinesServer, text: str, *, user: str = "ada", chat: Chat | None = None) -> str:
    """What the user reads in the end after they sent this command."""
    return answer_of(server, (chat or Chat(user)).say(text))


def answer_of(server: PipelinesServer, turn: Turn, model_says: str = "OK") -> str:
    """The same of a turn. The model is told no more than which word to say."""
    sent = server.inlet(turn.inlet, turn.user)
    assert [message["content"] for message in sent["messages"]] == ["Reply with: OK"]
    return read(server.outlet(turn.outlet(model_says, sent=sent), turn.user))


def read(body: dict[str, Any]) -> str:
    """The answer of an outlet's body, which must stand in both of its places."""
    last = body["messages"][-1]
    (item,) = last["output"]
    (part,) = item["content"]
    assert (item["type"], part["type"]) == ("message", "output_text")
    assert part["text"] == last["content"]
    return str(last["content"])


def rows(answer: str) -> list[str]:
    """The texts in an answer's table, in order."""
    return [line.split(" | ")[1] for line in answer.splitlines() if re.match(r"\| \d", line)]


def command_line(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`owui-memory` at a shell with this environment."""
    return subprocess.run(
        [sys.executable, "-m", "owui_memory", *arguments],
        env={**clean_environment(), **env, "PYTHONPATH": str(PLUGINS)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def missing(folder: Path, *packages: str) -> Path:
    """A folder for a server's `python_path`: as if these packages were not installed."""
    folder.mkdir(exist_ok=True)
    for name in packages:
        told = f"No module named '{name}'"
        (folder / f"{name}.py").write_text(f'raise ModuleNotFoundError("{told}", name="{name}")\n')
    return folder


def facts_in(told: str) -> str:
    """What is told without the quotes of past chats, which say for ever what was said on a day."""
    return told.partition("Quotes from earlier chats")[0]


def fresh(question: str) -> str:
    """The question in words that nobody has used before, so that no cache of embeddings answers it."""
    return f"{question} {uuid.uuid4().hex[:6]}"


def stored(server: PipelinesServer, collection: str = "memories") -> list[tuple[str, str]]:
    """User and text of every fact in the embedded store, read from its file; the server may run or not.

    Passages of past chats have another owner, and are not among them.
    """
    rows = rows_of(server, collection)
    return [
        (row.payload["user_id"], row.payload["data"]) for row in rows if row.payload.get("kind") != EPISODE
    ]


def held(server: PipelinesServer, user: str) -> list[tuple[str, str]]:
    """Text and last day of everything that the embedded store has of a user, expired or not."""
    return [
        (row.payload["data"], row.payload.get("expiration_date") or "")
        for row in rows_of(server)
        if row.payload["user_id"] == user
    ]


def rows_of(server: PipelinesServer, collection: str = "memories") -> list[Any]:
    """The rows of the embedded store."""
    store = store_in(server.data_dir, collection)
    try:
        return store.list()[0]
    finally:
        store.close()
