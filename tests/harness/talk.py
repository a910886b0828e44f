"""Talk to the filter through a running server, as Open WebUI does for its users."""

from __future__ import annotations

import uuid
from typing import Any

from owui_memory.core.memory import EPISODE
from tests.harness.bodies import Chat, Turn, told_text
from tests.harness.pipelines_server import PipelinesServer
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
