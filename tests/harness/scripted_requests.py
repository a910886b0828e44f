"""What the scripted model server was asked, and what goes wrong with it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# What was asked -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One recorded request: what came in, before any rule or fault."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """`chat`, `embeddings`, `models`, or the path itself."""
        return ENDPOINTS.get(self.path, self.path)

    @property
    def inputs(self) -> list[str]:
        """The texts of an embeddings request."""
        given = self.body.get("input", []) if isinstance(self.body, dict) else []
        return [given] if isinstance(given, str) else [str(text) for text in given]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of a chat request."""
        return self.body.get("messages", []) if isinstance(self.body, dict) else []

    def said_by(self, role: str) -> str:
        """All text of the messages of one role."""
        return "\n".join(text_of(m) for m in self.messages if m.get("role") == role)

    @property
    def last_user_text(self) -> str:
        return next((text_of(m) for m in reversed(self.messages) if m.get("role") == "user"), "")

    @property
    def text(self) -> str:
        """Everything a text predicate looks at."""
        return "\n".join([*self.inputs, *(text_of(m) for m in self.messages)])


ENDPOINTS = {
    "/v1/models": "models",
    "/health": "health",
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
}

Predicate = str | Callable[[Request], bool]
Reply = str | dict[str, Any] | Callable[[Request], "str | dict[str, Any]"]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whose content may be a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))


def matches(predicate: Predicate | None, request: Request) -> bool:
    if predicate is None:
        return True
    if isinstance(predicate, str):
        return predicate.lower() in request.text.lower()
    return predicate(request)


def is_ours(request: Request) -> bool:
    """Whether the filter asks what to remember of a chat."""
    return '"operations"' in request.said_by("system")


# What goes wrong ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with requests to `endpoint` (`chat`, `embeddings`, `models`, `*`)."""

    endpoint: str
    when: Predicate | None = None
    delay: float = 0.0  # seconds before anything else happens
    status: int = 0  # answer with this HTTP status
    broken_json: bool = False  # answer 200 with half a JSON text
    cut: bool = False  # close the connection instead of answering (a stream: in its middle)
    dims: int = 0  # embeddings of this size
    until: threading.Event | None = None  # hang until set

    def hits(self, request: Request) -> bool:
        return self.endpoint in ("*", request.endpoint) and matches(self.when, request)


class Gate:
    """Requests that hang until `release()`; `waiting` tells how many do."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._waiting: Callable[[], int] = lambda: 0

    @property
    def waiting(self) -> int:
        return self._waiting()

    def release(self) -> None:
        self._event.set()
