"""What a model is told, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..context_limits import EXAMPLE, LEAST, MOST, read_limits
from ..valves_codec import PanelModel, Text, read_by

_WANTED = f"0, a number from {LEAST} to {MOST}, or such numbers by model as in {EXAMPLE}"
Limits = Annotated[Text, read_by(read_limits, f"be {_WANTED}, not {{wrong}}")]


class Recalling(PanelModel):
    """What a model is told, and how."""

    memories_per_turn: int = Field(
        8,
        ge=0,
        le=50,
        title="Memories per message",
        description=(
            "At most this many memories come with a chat's first message, and half as many, but at least "
            "one, with later ones. Who the user is and how they want to be answered comes on top; with 0, "
            "nothing else is recalled. Quotes of past chats and documents have budgets of their own, in "
            "advanced."
        ),
    )
    relevance_threshold: float = Field(
        0.42,
        ge=0,
        le=1.4,
        title="Relevance",
        description=(
            "Memories are recalled only if at least one is this relevant to the message. Relevance is "
            "similarity (0 to 1) plus 0.4 x the share of the message's words. Raise it if unrelated "
            "memories show up, lower it if the right ones are missing."
        ),
    )
    memory_token_budget: int = Field(
        800,
        ge=50,
        le=16000,
        title="Token budget",
        description=(
            "At most this many tokens of memories come with a message. A memory that does not fit is left "
            "out, never cut. A conversation holds up to six times as many; beyond that, its memories are "
            "chosen anew."
        ),
    )
    placement: Literal["message", "system"] = Field(
        "message",
        title="Where later memories go",
        description=(
            "message: new memories go in front of the message that brings them up, so that the model's "
            "prompt cache stays valid. system: all memories go into the system prompt, which is created "
            "if there is none. A message with a web or file search always uses system."
        ),
    )
    show_memory_notes: bool = Field(
        False,
        title="Notes under answers",
        description=(
            "A folded line under each answer shows which memories were used and what was learned. The "
            "model never sees it."
        ),
    )
    inlet_deadline_ms: int = Field(
        800,
        ge=50,
        le=10000,
        title="Deadline (ms)",
        description="A message waits for memories this long at most; then it goes on without them.",
    )

    context_tokens: Limits = Field(
        "0",
        title="Tokens of a prompt",
        description=(
            "How many tokens a chat's prompt may have, for all models or by their ids or patterns, the "
            f"first that fits: {EXAMPLE}. Beyond that, the model gets a summary in place of the oldest "
            "messages, and what was said in them is recalled like that of past chats. Leave room for the "
            "answer. 0: no limit."
        ),
    )
