"""Shared by the tests of which LLM reads what was answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI, Response

from owui_memory.config.settings import Valves
from owui_memory.core.chat_servers import AnsweredBy, ChatServer
from owui_memory.models.llms import Llms
from owui_memory.observe.metrics import Metrics
from tests.harness.web import WebServer

DOWN = ChatServer("ollama", "http://127.0.0.1:9")
ELSEWHERE = "http://models.example:1/v1"  # nobody is there, and its name says that it is not near


def openai(url: str, key: str = "k") -> ChatServer:
    return ChatServer("openai", url, key)


def llms(*servers: ChatServer, **settings: Any) -> Llms:
    class Bound(Valves):
        chat_servers = servers

    return Llms.open(Bound(**settings), Metrics(), timeout_s=5, pause_s=0.01)


def reader(
    of: Llms, answered: AnsweredBy, *, local_only: bool = False, patient: bool = False
) -> tuple[str, str]:
    """Name and address of who reads it first; "" for nobody."""
    with of.reading(answered, local_only=local_only, patient=patient) as name:
        chosen = of._reading.llms
        return name, chosen[0]._address if chosen else ""


def local(model: str) -> AnsweredBy:
    return AnsweredBy(model, "local", "ollama")


def external(model: str) -> AnsweredBy:
    return AnsweredBy(model, "external", "openai")


@contextmanager
def listing(answer: Any, status: int = 200, kind: str = "application/json") -> Iterator[str]:
    """A server whose list of models is this."""
    app = FastAPI()
    text = answer if isinstance(answer, str | bytes) else json.dumps(answer)
    respond = lambda: Response(text, status, media_type=kind)  # noqa: E731
    app.get("/v1/models")(respond)
    app.get("/api/tags")(respond)
    with WebServer(app) as server:
        yield f"{server.url}/v1"
