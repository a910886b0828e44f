"""What the environment says: the one place that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..core.chat_servers import ChatServer, read_servers
from .former import SUCCESSORS
from .settings import Valves
from .valves_codec import PanelModel

_COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PUBLIC_DEFAULT_KEY = "0p3n-w3bu!"  # printed in the Pipelines server's own documentation


@dataclass(frozen=True)
class Environment:
    """What the environment says: presets of settings, where state lives, the server's key.

    valves_file: where the Pipelines server keeps what was saved in the admin panel.

    state_url: PostgreSQL's address, where several servers share the state; "" for a file in the data folder.

    traces: whether an OpenTelemetry collector is named, which its own package reads. log_events: in which
    form each event is a line of the log; "" for none.

    chat_servers: where the chats are answered. user_jwt_secret: with which Open WebUI signs who asks.
    """

    presets: Mapping[str, str]
    data_dir: Path
    server_key: str
    valves_file: Path = Path("memory_filter/valves.json")
    state_url: str = field(default="", repr=False)  # may hold a password
    state_password: str = field(default="", repr=False)
    chat_servers: tuple[ChatServer, ...] = ()
    user_jwt_secret: str = field(default="", repr=False)
    traces: bool = False
    log_events: Literal["", "json", "text"] = ""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Environment:
        """The one place that reads the environment."""
        names = (*Valves.model_fields, *SUCCESSORS)
        presets = {name: value for name in names if (value := environ.get(f"MEMORY_{name.upper()}"))}
        plugins = Path(environ.get("PIPELINES_DIR") or "./pipelines")
        return cls(
            presets=presets,
            data_dir=Path(environ.get("MEMORY_DATA_DIR") or plugins / "memory_data").absolute(),
            server_key=environ.get("PIPELINES_API_KEY", PUBLIC_DEFAULT_KEY),
            valves_file=(plugins / "memory_filter" / "valves.json").absolute(),
            state_url=environ.get("MEMORY_STATE_URL", "").strip(),
            state_password=environ.get("MEMORY_STATE_PASSWORD", ""),
            chat_servers=read_servers(environ),
            log_events=_form(environ.get("MEMORY_LOG_EVENTS", "")),
            traces=any(environ.get(name) for name in _COLLECTORS),
            user_jwt_secret=environ.get("FORWARD_USER_INFO_HEADER_JWT_SECRET", "").strip(),
        )

    def settings(self, stored: Callable[[], PanelModel | None]) -> type[Valves]:
        """The class of settings with all that the environment says. stored: as in `PanelModel.bound`."""
        bound = Valves.bound(self.presets, stored)
        bound.chat_servers = self.chat_servers
        return bound


def _form(text: str) -> Literal["", "json", "text"]:
    """What is neither is read as text: whoever set it wants lines."""
    form = text.strip().lower()
    return "json" if form == "json" else "text" if form else ""
