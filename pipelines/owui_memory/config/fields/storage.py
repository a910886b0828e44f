"""Which mem0 is in use, and where memories are kept."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from ..addresses import checked_url, folder_of
from ..marks import Belongs, Mark
from ..valves_codec import PanelModel, Secret, SettingsError, Text


class Storage(PanelModel):
    """Which mem0 is in use, and where memories are kept."""

    backend: Annotated[Literal["library", "server", "platform"], Mark.OPENS, Mark.LEADS] = Field(
        "library",
        title="mem0",
        description=(
            "library: mem0 runs inside this server, with the store, LLM and embedder below. server: your "
            "own mem0 REST server. platform: mem0's hosted service."
        ),
    )
    backend_url: Annotated[Text, Mark.OPENS, Mark.LEADS] = Field(
        "",
        title="mem0 server's address",
        description=(
            "The address of your mem0 server, for example http://mem0:8000, or of the platform if it is not "
            "the usual one."
        ),
    )
    # Whatever `backend` says now, for the way back to stay open.
    backend_api_key: Annotated[Secret, Mark.OPENS, Belongs(("backend_url",))] = Field(
        "",
        title="mem0 key",
        description=(
            "The key for mem0's server or platform. For a server: its ADMIN_API_KEY, or email:password of "
            "one of its users. An API key (m0sk_...) works as well, but makes the server slow."
        ),
    )

    vector_store: Annotated[Literal["sqlite", "qdrant", "pgvector"], Mark.OPENS, Mark.LEADS] = Field(
        "sqlite",
        title="Store",
        description=(
            "sqlite: an embedded store that needs nothing else. qdrant, pgvector: a server at the address "
            "below. Qdrant can also be embedded, in a folder."
        ),
    )
    vector_store_url: Annotated[Text, Mark.OPENS, Mark.LEADS] = Field(
        "",
        title="Store's address",
        description=(
            "For qdrant: http://host:6333, or a folder (/data/qdrant or file:///data/qdrant) for an "
            "embedded one, which is slower than sqlite and serves one server only. For pgvector: "
            "postgresql://user@host:5432/database."
        ),
    )
    vector_store_api_key: Annotated[Secret, Mark.OPENS, Belongs(("vector_store", "vector_store_url"))] = (
        Field(
            "",
            title="Store's key or password",
            description="Qdrant's API key or PostgreSQL's password, if there is one.",
        )
    )
    collection: Annotated[str, Mark.OPENS] = Field(
        "memories",
        title="Collection",
        description="The collection's name in the store: letters, digits and underscores.",
    )

    @field_validator("collection")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,47}", value):
            allowed = "letters, digits and underscores, 48 at most and no digit first"
            raise SettingsError("collection", f"collection must be {allowed}, not {value[:40]!r}.")
        return value

    @field_validator("backend_url")
    @classmethod
    def _check_backend_url(cls, value: str) -> str:
        return checked_url("backend_url", value)

    @field_validator("vector_store_url")
    @classmethod
    def _check_store_url(cls, value: str, info: ValidationInfo) -> str:
        store = info.data.get("vector_store")
        if store == "pgvector":
            return checked_url("vector_store_url", value, ("postgresql", "postgres"))
        if store == "qdrant":
            return (
                value
                if folder_of(value)
                else checked_url("vector_store_url", value, or_a="folder like /data/qdrant")
            )
        return checked_url("vector_store_url", value)
