"""How long a chat's prompt may become, and what stays of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..context_limits import EXAMPLE, LEAST, MOST, read_limits
from ..valves_codec import PanelModel, Text, read_by

_WANTED = f"0, a number from {LEAST} to {MOST}, or such numbers by model as in {EXAMPLE}"
Limits = Annotated[Text, read_by(read_limits, f"be {_WANTED}, not {{wrong}}")]


class LongChats(PanelModel):
    """How long a chat's prompt may become, and what stays of it."""

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
    context_keep: int = Field(
        40,
        ge=10,
        le=80,
        title="Share that stays (%)",
        description=(
            "How much of the room for messages is still taken after the oldest ones were summarised. Less "
            "means fewer cuts, each of which costs the model's prompt cache once."
        ),
    )
