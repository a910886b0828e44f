"""The servers that answer the chats, as Open WebUI's own variables name them, and which model answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Literal

Local = Literal["local", "external", "unknown"]
Kind = Literal["openai", "ollama"]  # by whose API it is asked; mem0's providers have the same names

OPENAI_URL = "https://api.openai.com/v1"
_MOST = 20  # servers
_NAME_CHARS = 200
_NEAREST: tuple[Local, ...] = ("local", "unknown", "external")


@dataclass(frozen=True, slots=True)
class ChatServer:
    """A server of models. `url`: with /v1 for OpenAI's API. `key`: "" if it wants none."""

    kind: Kind
    url: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """The model that answered a message, as Open WebUI says.

    model: its id; of a workspace model the id of its base; "" if no connection of Open WebUI has it, as
    with a function's model. local: whether it is local by its connection's type. owner: whose API its
    connection speaks, "" if that is not known.
    """

    model: str = ""
    local: Local = "unknown"
    owner: str = ""

    @classmethod
    def of_all(cls, several: Sequence[AnsweredBy]) -> AnsweredBy:
        """The last one, but as local as the most local: they differ only if settings have changed since."""
        told = {one.local for one in several}
        return replace(several[-1], local=next((one for one in _NEAREST if one in told), "unknown"))

    def most_local(self, other: AnsweredBy) -> AnsweredBy:
        """The more local of both, else the other one: who may read all that both have answered."""
        return self if _NEAREST.index(self.local) < _NEAREST.index(other.local) else other

    def written(self) -> str:
        """As one line that `read` understands."""
        return f"{self.owner or '-'} {self.local} {self.model}" if self.model else f"- {self.local}"

    @classmethod
    def read(cls, line: str) -> AnsweredBy:
        """Reads what `written` gave; of any other text, nothing is known."""
        owner, _, rest = line.partition(" ")
        told, _, model = rest.partition(" ")
        for local in ("local", "external"):
            if told == local:
                return cls(model[:_NAME_CHARS], local, owner.strip("-"))
        return cls(model[:_NAME_CHARS], "unknown", owner.strip("-"))


NOBODY = AnsweredBy()


def read_servers(environ: Mapping[str, str]) -> tuple[ChatServer, ...]:
    """The servers in OPENAI_API_BASE_URL(S), OPENAI_API_KEY(S) and OLLAMA_BASE_URL(S), each once.

    As in Open WebUI, lists have ; between their parts, and win over the single ones. An address alone makes a
    server, a key alone none: it may be for another pipeline. OpenAI's own without a key is left out.
    """
    urls = _listed(environ, "OPENAI_API_BASE_URL")
    keys = _listed(environ, "OPENAI_API_KEY")
    found = []
    for url, key in zip_longest(urls, keys[: len(urls)], fillvalue=""):
        server = ChatServer("openai", (url or OPENAI_URL).rstrip("/"), key)
        if key or server.url != OPENAI_URL:
            found.append(server)
    found += [
        ChatServer("ollama", url.rstrip("/"))
        for url in _listed(environ, "OLLAMA_BASE_URL")
        if url and not url.startswith("/")  # "/ollama" is how Open WebUI's image says that there is none yet
    ]
    return tuple(dict.fromkeys(found))[:_MOST]


def _listed(environ: Mapping[str, str], name: str) -> list[str]:
    text = environ.get(f"{name}S", "").strip() or environ.get(name, "").strip()
    return [part.strip() for part in text.split(";")] if text else []
