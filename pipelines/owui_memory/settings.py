"""Every setting: its name, title, description, default and bounds, in the order an admin meets them.

`valves.example.json` and `docs/settings.md` are generated from this file (`make generate`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationInfo, field_validator

from .chat_servers import ChatServer, read_servers
from .combinations import objections
from .ops.prices import read_prices
from .panel import PanelModel, Secret, SettingsError, Text
from .patterns import read_patterns
from .scopes import read_teams

PUBLIC_DEFAULT_KEY = "0p3n-w3bu!"  # printed in the Pipelines server's own documentation

NamedLlm = Literal[
    "none",
    "openai",
    "ollama",
    "lmstudio",
    "vllm",
    "anthropic",
    "gemini",
    "groq",
    "together",
    "deepseek",
    "xai",
]
LlmProvider = Literal["auto", NamedLlm]
EmbedderProvider = Literal["bundled", "openai", "ollama", "lmstudio", "huggingface", "gemini", "together"]


class Valves(PanelModel):
    """All settings. Each can be preset by an environment variable `MEMORY_<NAME>`.

    chat_servers: those of the environment, for `llm_provider` auto.
    """

    chat_servers: ClassVar[tuple[ChatServer, ...]] = ()

    pipelines: list[str] = Field(
        ["*"],
        title="Models",
        description="Ids of the models that get memory, separated by commas; * means all of them.",
    )
    priority: int = Field(
        0, ge=-1000, le=1000, title="Priority", description="Filters with a lower number run first."
    )
    enabled: bool = Field(
        True, title="Memory on", description="Off: nothing is recalled and nothing is remembered, for anyone."
    )
    user_switch: Literal["follow", "ignore"] = Field(
        "follow",
        title="Users' own Memory switch",
        description=(
            "follow: Settings > Personalization > Memory decides for each. ignore: memory is on for all: "
            "choose this if you have switched Open WebUI's own Memories off, which hides that switch."
        ),
    )
    local_only: bool = Field(
        False,
        title="Local models only",
        description=(
            "Nothing is told to or learned from models that are not local by their connection's type in Open "
            "WebUI; an OpenAI-compatible one is external until you change that."
        ),
    )
    models_off: Text = Field(
        "",
        title="Models without memory",
        description=(
            "Ids or patterns like gpt-*, with commas between them: of models or of workspace models' bases. "
            "They are told nothing, and nothing is learned from their chats."
        ),
    )
    models_on: Text = Field(
        "", title="Models with memory", description="The same, for the only ones that get it. Unset: all."
    )
    recall_only: Text = Field(
        "",
        title="Models that only recall",
        description="The same, for models from whose chats nothing is learned. * means all.",
    )
    learn_only: Text = Field(
        "",
        title="Models that only learn",
        description="The same, for models that are told nothing. * means all.",
    )
    require_key: bool = Field(
        True,
        title="Require the server's key",
        description="Refuse every request to the Pipelines server that does not carry its key.",
    )

    backend: Literal["library", "server", "platform"] = Field(
        "library",
        title="mem0",
        description=(
            "library: mem0 inside this server, with the store, LLM and embedder below. "
            "server: your own mem0 REST server. platform: mem0's hosted service."
        ),
    )
    backend_url: Text = Field(
        "",
        title="mem0 server's address",
        description="For server (and platform, if it is not the usual address).",
    )
    backend_api_key: Secret = Field(
        "",
        title="mem0 key",
        description=(
            "For server and platform. Of a server: its ADMIN_API_KEY, or email:password of one of its users; "
            "an API key (m0sk_...) makes it slow."
        ),
    )

    vector_store: Literal["sqlite", "qdrant", "pgvector"] = Field(
        "sqlite",
        title="Store",
        description=(
            "sqlite: embedded, needs nothing else. qdrant, pgvector: a server, at the address below; qdrant "
            "also embedded, in a folder."
        ),
    )
    vector_store_url: Text = Field(
        "",
        title="Store's address",
        description=(
            "For qdrant: http://host:6333, or a folder for an embedded one (/data/qdrant or "
            "file:///data/qdrant), slower than sqlite and for one server only. For pgvector: "
            "postgresql://user@host:5432/database."
        ),
    )
    vector_store_api_key: Secret = Field(
        "",
        title="Store's key or password",
        description="Qdrant's API key or PostgreSQL's password, if it has one.",
    )
    collection: str = Field(
        "memories",
        title="Collection",
        description="Name of the collection in the store: letters, digits and underscores.",
    )

    llm_provider: LlmProvider = Field(
        "auto",
        title="LLM for extraction",
        description=(
            "Who reads the chats and says what to remember. auto: the model that answered, on the same "
            "server, where the Pipelines server is told of it (OPENAI_API_BASE_URL and OPENAI_API_KEY, or "
            "OLLAMA_BASE_URL); else as none. none: the user's own sentences are kept."
        ),
    )
    llm_base_url: Text = Field(
        "",
        title="LLM's address",
        description=(
            "With /v1 for OpenAI-compatible servers (llama.cpp, LocalAI). Unset: the provider's own. Not "
            "used with auto."
        ),
    )
    llm_model: Text = Field(
        "",
        title="LLM's model",
        description="The model's name at the provider. Unset with auto: the model that answered.",
    )
    llm_api_key: Secret = Field(
        "",
        title="LLM's key",
        description="Leave unset for a local server without keys. Not used with auto.",
    )

    fallback_llm_provider: NamedLlm = Field(
        "none",
        title="Second LLM",
        description=(
            "Asked when the first is down, refuses or does not answer in time. "
            "none: exchanges wait for the first."
        ),
    )
    fallback_llm_base_url: Text = Field(
        "",
        title="Second LLM's address",
        description="With /v1 for OpenAI-compatible servers. Unset: the provider's own.",
    )
    fallback_llm_model: Text = Field(
        "", title="Second LLM's model", description="The model's name at the provider."
    )
    fallback_llm_api_key: Secret = Field(
        "", title="Second LLM's key", description="Leave unset for a local server without keys."
    )

    llm_timeout_s: int = Field(
        120,
        ge=5,
        le=3600,
        title="LLM's time-out (s)",
        description=(
            "An answer that takes longer is not waited for: a chat is then read in smaller parts, or by the "
            "second LLM. Raise it for a large model without a graphics card."
        ),
    )
    llm_prices: Text = Field(
        "",
        title="LLM prices",
        description=(
            "For the costs in the status: each model's US dollars per million tokens in and out, with commas "
            "between models. For example: gpt-4.1-mini 0.40 1.60, qwen3:8b 0 0."
        ),
    )

    embedder_provider: EmbedderProvider = Field(
        "bundled",
        title="Embedder",
        description=(
            "Turns text into vectors. bundled: Google's multilingual Universal Sentence Encoder, on this "
            "machine. huggingface: a text-embeddings-inference server; without an address a model of "
            "sentence-transformers on this machine, where that is installed."
        ),
    )
    embedder_base_url: Text = Field(
        "",
        title="Embedder's address",
        description="With /v1 for OpenAI-compatible servers. Unset: the provider's own.",
    )
    embedder_model: Text = Field(
        "", title="Embedding model", description="The model's name at the provider, or a folder."
    )
    embedder_api_key: Secret = Field(
        "", title="Embedder's key", description="Leave unset for a local server without keys."
    )

    extraction: Literal["auto", "reconcile", "mem0", "verbatim"] = Field(
        "auto",
        title="Extraction",
        description=(
            "reconcile: one short LLM call adds, replaces and removes. mem0: mem0's own, which only adds. "
            "verbatim: the user's own sentences, no LLM. auto: reconcile where there is an LLM below, else "
            "verbatim (mem0 for its server and platform, which have an LLM of their own)."
        ),
    )
    extraction_rules: Text = Field(
        "",
        title="Extraction rules",
        description="Your own words for the LLM on what to remember and what not. One line.",
    )
    batch_idle_seconds: int = Field(
        30,
        ge=0,
        le=3600,
        title="Wait for a quiet chat (s)",
        description="With an LLM: seconds without a new message before a chat is read. 0: at once.",
    )
    batch_max_exchanges: int = Field(
        8,
        ge=1,
        le=100,
        title="Exchanges per call",
        description="With an LLM: a chat is read without waiting once it has this many new exchanges.",
    )
    users_at_once: int = Field(
        2,
        ge=1,
        le=32,
        title="Users at once",
        description=(
            "What so many users said is read at the same time. More is faster with a cloud LLM; a local one "
            "serves the chats as well."
        ),
    )
    retry_max_hours: float = Field(
        48,
        ge=0,
        le=8760,
        title="Keep trying (h)",
        description="An exchange that cannot be stored for so many hours is set aside as dead, and kept.",
    )

    memories_per_turn: int = Field(
        8,
        ge=0,
        le=50,
        title="Memories per message",
        description=(
            "At most so many are told with a chat's first message, and half as many (at least one) with "
            "later ones. Who the user is and how they want to be answered is told besides and not counted "
            "(profile_token_budget); with 0 nothing else is."
        ),
    )
    relevance_threshold: float = Field(
        0.42,
        ge=0,
        le=1.4,
        title="Relevance",
        description=(
            "Nothing is told unless one memory is this relevant to the message: similarity (0 to 1) plus 0.4 "
            "x share of the message's words. Raise it if unrelated ones show up, lower it if the right ones "
            "are missing."
        ),
    )
    memory_token_budget: int = Field(
        800,
        ge=50,
        le=16000,
        title="Token budget",
        description=(
            "Tokens of memories that a message may bring. None is cut: those that do not fit stay out. A "
            "conversation holds six times as many, then it is told anew."
        ),
    )
    profile_token_budget: int = Field(
        200,
        ge=0,
        le=4000,
        title="Profile's token budget",
        description=(
            "Tokens for who the user is and how they want to be answered: told in every "
            "conversation. 0: only where relevant."
        ),
    )
    placement: Literal["message", "system"] = Field(
        "message",
        title="Where later memories go",
        description=(
            "message: before the message that brings them up, so that the model's cache of the prompt holds. "
            "system: all into the system prompt, which is made where there is none. A message with a web or "
            "file search always uses system."
        ),
    )
    show_memory_notes: bool = Field(
        False,
        title="Notes under answers",
        description=(
            "A folded line under each answer tells which memories were used for it and what was learned. The "
            "model never sees it."
        ),
    )
    forget_undo_minutes: int = Field(
        10,
        ge=0,
        le=10080,
        title="Undo of forgetting (min)",
        description=(
            "What a user forgets is hidden at once and erased for good after so many minutes; until then "
            "/memory undo brings it back. 0: erased at once."
        ),
    )
    inlet_deadline_ms: int = Field(
        800,
        ge=50,
        le=10000,
        title="Deadline (ms)",
        description="A message waits at most so long for memories, then goes on without them.",
    )

    folder_memories: Literal["shared", "own"] = Field(
        "shared",
        title="Chats in folders",
        description=(
            "own: facts and plans that are said in a folder's chats stay in that folder. shared: they are "
            "known in all chats. Who the user is and how they want to be answered is known in all chats."
        ),
    )
    personas: Text = Field(
        "",
        title="Models with memories of their own",
        description=(
            "Ids of workspace models, or patterns like tutor-*, separated by commas: what is said to one of "
            "them stays with it. It knows what other chats were told, and they do not know what it was told."
        ),
    )
    teams: Text = Field(
        "",
        title="Teams",
        description=(
            "Who is in which, by e-mail address or user id: design: ada@example.org bob@example.org; sales: "
            "... Members see what one of them shares with /memory share."
        ),
    )

    @field_validator("teams")
    @classmethod
    def _check_teams(cls, value: str) -> str:
        try:
            read_teams(value)
        except ValueError as error:
            example = "'design: ada@example.org bob@example.org; sales: eve@example.org'"
            raise SettingsError("teams", f"teams must be like {example}: {error}.") from None
        return value

    @field_validator("collection")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,47}", value):
            allowed = "letters, digits and underscores, 48 at most and no digit first"
            raise SettingsError("collection", f"collection must be {allowed}, not {value[:40]!r}.")
        return value

    @field_validator(
        "backend_url", "llm_base_url", "fallback_llm_base_url", "embedder_base_url", "vector_store_url"
    )
    @classmethod
    def _check_url(cls, value: str, info: ValidationInfo) -> str:
        store = info.data.get("vector_store") if info.field_name == "vector_store_url" else None
        scheme, also = ("postgresql", "postgres") if store == "pgvector" else ("http", "https")
        if value and not is_url(value, (scheme, also)) and not (store == "qdrant" and folder_of(value)):
            name = info.field_name or ""
            folder = ", or a folder like /data/qdrant" if store == "qdrant" else ""
            raise SettingsError(name, f"{name} must be an address like {scheme}://host:port{folder}.")
        return value

    @field_validator("models_off", "models_on", "recall_only", "learn_only")
    @classmethod
    def _check_patterns(cls, value: str, info: ValidationInfo) -> str:
        name = info.field_name or ""
        try:
            read_patterns(value)
        except ValueError as wrong:
            wanted = "ids of models or patterns like gpt-*, with commas between them"
            raise SettingsError(name, f"{name} must be {wanted}, not {wrong}.") from None
        return value

    @field_validator("llm_prices")
    @classmethod
    def _check_prices(cls, value: str) -> str:
        try:
            read_prices(value)
        except ValueError:
            example = "'gpt-4.1-mini 0.40 1.60', with commas between models"
            raise SettingsError("llm_prices", f"llm_prices must be like {example}.") from None
        return value

    @classmethod
    def of(cls, environment: Environment, stored: Callable[[], PanelModel | None]) -> type[Self]:
        """As `bound`, with all that the environment says."""
        bound = cls.bound(environment.presets, stored)
        bound.chat_servers = environment.chat_servers
        return bound

    def check(self) -> None:
        for objection in objections(self):
            raise objection

    @property
    def mode(self) -> Literal["reconcile", "mem0", "verbatim"]:
        """How exchanges are remembered: `extraction`, with auto resolved."""
        if self.extraction != "auto":
            return self.extraction
        return "reconcile" if self.has_llm else self.mode_without_llm

    @property
    def mode_without_llm(self) -> Literal["mem0", "verbatim"]:
        """The same for an exchange that no LLM here can read; mem0's server and platform have their own."""
        own = self.backend != "library" and self.extraction in ("auto", "mem0")
        return "mem0" if own else "verbatim"

    @property
    def has_llm(self) -> bool:
        """Whether an LLM of ours may read the chats."""
        return bool(self.chat_servers) if self.llm_provider == "auto" else self.llm_provider != "none"

    @property
    def uses_llm(self) -> bool:
        """Whether remembering an exchange costs a call of a language model."""
        return self.mode != "verbatim"

    @property
    def embeds_by_itself(self) -> bool:
        """Whether the embedding model runs in this process."""
        if self.embedder_provider == "huggingface":
            return not self.embedder_base_url
        return self.embedder_provider == "bundled"


def folder_of(url: str) -> str:
    """The folder that a store's address names, by its full path or as file:///...; "" if it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        path = unquote(parts.path)
    else:
        path = url if url.startswith("/") and not url.startswith("//") else ""
    return path if path.isprintable() and path.startswith("/") and path.strip("/.") else ""


def is_url(value: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Whether it is an address with one of these schemes and a host."""
    try:
        parts = urlsplit(value)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and has_port and not re.search(r"\s", value)


@dataclass(frozen=True)
class Environment:
    """What the environment says: presets of settings, where state lives, the server's key.

    valves_file: where the Pipelines server keeps what was saved in the admin panel.

    state_url: PostgreSQL's address, where several servers share the state; "" for a file in the data folder.

    chat_servers: where the chats are answered.
    """

    presets: Mapping[str, str]
    data_dir: Path
    server_key: str
    valves_file: Path = Path("memory_filter/valves.json")
    state_url: str = field(default="", repr=False)  # may hold a password
    state_password: str = field(default="", repr=False)
    chat_servers: tuple[ChatServer, ...] = ()

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Environment:
        """The one place that reads the environment."""
        presets = {
            name: value for name in Valves.model_fields if (value := environ.get(f"MEMORY_{name.upper()}"))
        }
        plugins = Path(environ.get("PIPELINES_DIR") or "./pipelines")
        return cls(
            presets=presets,
            data_dir=Path(environ.get("MEMORY_DATA_DIR") or plugins / "memory_data").absolute(),
            server_key=environ.get("PIPELINES_API_KEY", PUBLIC_DEFAULT_KEY),
            valves_file=(plugins / "memory_filter" / "valves.json").absolute(),
            state_url=environ.get("MEMORY_STATE_URL", "").strip(),
            state_password=environ.get("MEMORY_STATE_PASSWORD", ""),
            chat_servers=read_servers(environ),
        )
