"""The setting `advanced`: numbers that rarely need a change, by name, in one text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .valves_codec import allowed


class Advanced(BaseModel):
    """The numbers, each with its default and bounds."""

    model_config = ConfigDict(frozen=True)

    batch_idle_seconds: int = Field(
        30,
        ge=0,
        le=3600,
        description="seconds without a new message before the LLM reads a chat",
    )
    batch_max_exchanges: int = Field(
        8, ge=1, le=100, description="new exchanges after which a chat is read at once"
    )
    users_at_once: int = Field(2, ge=1, le=32, description="how many users' exchanges are read in parallel")
    retry_max_hours: float = Field(
        48,
        ge=0,
        le=8760,
        description="hours after which an exchange that cannot be remembered is set aside (it is kept)",
    )
    profile_token_budget: int = Field(
        200,
        ge=0,
        le=4000,
        description="tokens for who the user is and how they want to be answered, in every conversation",
    )
    episode_token_budget: int = Field(
        750,
        ge=0,
        le=16000,
        description=(
            "tokens of quotes of past chats with a chat's first message; half as many with later ones, three "
            "times as many with questions about the past"
        ),
    )
    document_token_budget: int = Field(
        600, ge=0, le=16000, description="tokens of quotes of documents with a message"
    )
    context_keep: int = Field(
        40,
        ge=10,
        le=80,
        description="per cent of context_tokens' room for messages that are still taken after a cut",
    )
    agent_steps: int = Field(
        8,
        ge=1,
        le=50,
        description="how often agent/<model> of the proxy asks the model for one message",
    )
    channel_days: int = Field(
        30,
        ge=1,
        le=3650,
        description=(
            "days until messages of channels are deleted once they are read; unread ones after twice as many"
        ),
    )
    channel_tokens_per_day: int = Field(
        500_000,
        ge=0,
        le=1_000_000_000,
        description=(
            "tokens that an LLM may read and write for a channel each day; with 0 what is said there is kept "
            "word for word"
        ),
    )
    forget_undo_minutes: int = Field(
        10,
        ge=0,
        le=10080,
        description="minutes in which /memory undo brings back what was forgotten; then it is erased",
    )


EXAMPLE = "users_at_once=8; retry_max_hours=72"
SHORT = f"Numbers that rarely need a change, for example {EXAMPLE}."
EACH = "; ".join(
    f"{name}: {field.description} ({allowed(field)}, {field.default})"
    for name, field in Advanced.model_fields.items()
)


def written(numbers: Mapping[str, object]) -> str:
    """Numbers by name as `read_advanced` reads them."""
    return "; ".join(f"{name}={number}" for name, number in numbers.items())


@lru_cache(maxsize=16)
def read_advanced(text: str) -> Advanced:
    """Reads "name=value; name=value", with defaults for the rest. Commas and line ends separate as well.

    Raises:
        ValueError: it is not so; the text says what it must do instead.
    """
    given: dict[str, str] = {}
    for part in filter(None, map(str.strip, re.split(r"[;,\n]", text))):
        name, is_pair, value = (piece.strip() for piece in part.partition("="))
        if not is_pair or name not in Advanced.model_fields:
            names = ", ".join(Advanced.model_fields)
            raise ValueError(f"be like {EXAMPLE!r} with any of {names}, not {part[:40]!r}")
        if name in given:
            raise ValueError(f"name {name} once, not twice")
        given[name] = value
    try:
        return Advanced.model_validate(given)
    except ValidationError as invalid:
        name = str(invalid.errors()[0]["loc"][0])
        wanted = allowed(Advanced.model_fields[name])
        raise ValueError(f"give {name} {wanted}, not {given[name][:40]!r}") from None
