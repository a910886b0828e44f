"""The setting `advanced`: numbers that rarely need a change, by name, in one text."""

from __future__ import annotations

import re
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
    forget_undo_minutes: int = Field(
        10,
        ge=0,
        le=10080,
        description="minutes in which /memory undo brings back what was forgotten; then it is erased",
    )


EXAMPLE = "users_at_once=8; retry_max_hours=72"


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
