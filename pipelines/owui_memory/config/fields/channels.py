"""Which channels of a team are read, for how long, and what reading them may cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..valves_codec import PanelModel, Text


class Channels(PanelModel):
    """Which channels of a team are read, for how long, and what reading them may cost."""

    channels: Literal["off", "on"] = Field(
        "off",
        title="Channels",
        description=(
            "on: bots that have an observer's key may tell what is said in a team's channels, and what its "
            "members decide there is remembered for that channel alone. It takes the backend library."
        ),
    )
    channel_days: int = Field(
        30,
        ge=1,
        le=3650,
        title="Days of channels",
        description=(
            "After how many days the messages of channels are deleted once they are read; unread ones after "
            "twice as many. What was learned of them stays."
        ),
    )
    channel_tokens_per_day: int = Field(
        500_000,
        ge=0,
        le=1_000_000_000,
        title="Channels' tokens a day",
        description=(
            "How many tokens an LLM may read and write for a channel each day; what comes later waits until "
            "the next day. 0: no LLM reads channels, and what is said is kept word for word."
        ),
    )
    webui_channels: Text = Field(
        "",
        title="Open WebUI's channels",
        description=(
            "Which of Open WebUI's own channels are read with webui_url and webui_api_key: ids or names with "
            "commas between, * for all. Their members are told once, by a message. Unset: none."
        ),
    )
