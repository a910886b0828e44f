"""Which memories a model is told, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..valves_codec import PanelModel


class Recalling(PanelModel):
    """Which memories a model is told, and how."""

    memories_per_turn: int = Field(
        8,
        ge=0,
        le=50,
        title="Memories per message",
        description=(
            "How many memories a chat's first message brings at most; later ones bring half as many, but "
            "at least one. Who the user is and how they want to be answered comes on top "
            "(profile_token_budget in advanced); with 0, nothing else is told."
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
            "How many tokens of memories a message brings at most. A memory that does not fit is left "
            "out, never cut. A conversation holds six times as many; beyond that, its memories are chosen "
            "anew."
        ),
    )
    episode_token_budget: int = Field(
        800,
        ge=0,
        le=16000,
        title="Past chats' token budget",
        description=(
            "How many tokens of quotes of past chats a chat's first message brings at most; later ones bring "
            "half as many, questions about the past three times as many. 0: none are told."
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
    inlet_deadline_ms: int = Field(
        800,
        ge=50,
        le=10000,
        title="Deadline (ms)",
        description=("How long a message waits for memories at most; then it goes on without them."),
    )
