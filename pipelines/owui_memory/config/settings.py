"""All settings as one class. What each is stands in `fields/`, by concern.

`valves.example.json` and `docs/settings.md` are generated from it (`make generate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..core.chat_servers import ChatServer
from .advanced import EACH, SHORT, Advanced, read_advanced
from .cross_checks import objections
from .fields.access import Access
from .fields.models import Models
from .fields.open_webui import OpenWebUI
from .fields.proxy import Proxy
from .fields.recalling import Recalling
from .fields.remembering import Remembering
from .fields.scopes import Scopes
from .fields.sources import Sources
from .fields.storage import Storage
from .former import SUCCESSORS, renewed
from .upstreams import Upstream, of_chat_servers, read_upstreams
from .valves_codec import SettingsError, Text, allowed, read_by

# In the panel's one long list, each title begins with that of its group. By the first setting of each.
GROUPS = {
    "pipelines": "Who gets memory",
    "backend": "mem0",
    "vector_store": "Store",
    "llm_provider": "LLM",
    "embedder_provider": "Embedder",
    "extraction": "Remembering",
    "memories_per_turn": "Recall",
    "context_tokens": "Long chats",
    "documents_dir": "Documents",
    "channels": "Channels",
    "folder_memories": "Who knows what",
    "upstreams": "Proxy",
    "webui_url": "Open WebUI",
    "advanced": "Advanced",
}


class Valves(
    OpenWebUI,
    Proxy,
    Scopes,
    Sources,
    Recalling,
    Remembering,
    Models,
    Storage,
    Access,
):  # in the panel the last one is first, and what stands in here is last
    """All settings, and what follows from several of them.

    Each can be preset by an environment variable `MEMORY_<NAME>`.

    chat_servers: those of the environment, for `llm_provider` auto.
    """

    chat_servers: ClassVar[tuple[ChatServer, ...]] = ()

    advanced: Annotated[Text, read_by(read_advanced, "{wrong}")] = Field(
        "", title="Advanced", description=f"{SHORT} {EACH}."
    )

    @property
    def mode(self) -> Literal["reconcile", "mem0", "verbatim"]:
        """How exchanges are remembered: `extraction`, with auto resolved."""
        if self.extraction != "auto":
            return self.extraction
        return "reconcile" if self.has_llm else self.mode_without_llm

    @property
    def keeps_episodes(self) -> bool:
        """Whether passages of what was said are kept: `episodes`, with auto resolved."""
        return self.episodes == "on" or (self.episodes == "auto" and self.backend == "library")

    def documents_folder(self, data_dir: Path) -> Path | None:
        """Where documents lie, None where none are read."""
        if not self.documents_dir or self.backend != "library":
            return None
        return data_dir / self.documents_dir  # an absolute one stays what it is

    @property
    def observes_channels(self) -> bool:
        """Whether what is said in channels is read."""
        return self.enabled and self.channels == "on" and self.backend == "library"

    @property
    def mode_without_llm(self) -> Literal["mem0", "verbatim"]:
        """The same for an exchange that no LLM here can read; mem0's server and platform have their own."""
        own = self.backend != "library" and self.extraction in ("auto", "mem0")
        return "mem0" if own else "verbatim"

    def model_of(self, role: str) -> tuple[str, str, str, str]:
        """Provider, address, model and key. role: how the names of these settings begin, as in `embedder`."""
        names = (f"{role}_{name}" for name in ("provider", "base_url", "model", "api_key"))
        provider, url, model, key = (str(getattr(self, name)) for name in names)
        return provider, url, model, key

    @property
    def has_llm(self) -> bool:
        """Whether an LLM of ours may read the chats."""
        return bool(self.chat_servers) if self.llm_provider == "auto" else self.llm_provider != "none"

    @property
    def uses_llm(self) -> bool:
        """Whether remembering an exchange costs a call of a language model."""
        return self.mode != "verbatim"

    @property
    def reflects(self) -> bool:
        """Whether an LLM of ours keeps users' memories in order."""
        return self.enabled and self.reflection == "on" and self.uses_llm and self.has_llm

    @property
    def embeds_by_itself(self) -> bool:
        """Whether the embedding model runs in this process."""
        if self.embedder_provider == "huggingface":
            return not self.embedder_base_url
        return self.embedder_provider == "bundled"

    @property
    def recalls_by_itself(self) -> bool:
        """Whether recall waits for no other process: mem0, its store and the embedder run in this one."""
        return self.backend == "library" and self.vector_store == "sqlite" and self.embeds_by_itself

    @property
    def advanced_numbers(self) -> Advanced:
        """What `advanced` says, and the defaults for the rest."""
        return read_advanced(self.advanced)

    @property
    def upstreams_in_use(self) -> tuple[Upstream, ...]:
        """The model servers behind the proxy."""
        return read_upstreams(self.upstreams) or of_chat_servers(self.chat_servers)

    @property
    def notices(self) -> list[str]:
        """One sentence for each setting that was given by its name of the release before."""
        variables = {f"MEMORY_{name.upper()}": SUCCESSORS[name] for name in self.former}
        return [
            f"{name} is now {' and '.join(now)}; it was taken over, and the next release no longer reads it."
            for name, now in {**variables, **{name: SUCCESSORS[name] for name in self._former}}.items()
        ]

    @classmethod
    def schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        shown = super().schema(*args, **options)
        group = ""
        for name, field in cls.model_fields.items():
            described, group = shown["properties"][name], GROUPS.get(name, group)
            if not str(field.title).startswith(group):
                described["title"] = f"{group}: {field.title}"
            kind = allowed(field)
            if "number" in kind:
                described["description"] += f" {kind.capitalize()}; {field.default} by default."
            elif kind.startswith("one of"):
                described["description"] += f" Default: {field.default}."
        return shown

    @classmethod
    def renewed(cls, values: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        return renewed(values, cls.presets, cls.former)

    @classmethod
    def called_now(cls, name: str) -> str:
        return SUCCESSORS.get(name, (name,))[0]

    def check(self) -> None:
        if found := list(objections(self)):
            raise SettingsError.of(found)
