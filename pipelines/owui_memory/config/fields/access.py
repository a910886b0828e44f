"""Who gets memory: of users, of models, and of those who ask the server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..model_patterns import read_rule
from ..valves_codec import PanelModel, Text, read_by

Rule = Annotated[
    Text,
    read_by(
        read_rule,
        "be ids of models or patterns like gpt-* and !gpt-4*, with commas between them, not {wrong}",
    ),
]


class Access(PanelModel):
    """Who gets memory."""

    pipelines: list[str] = Field(
        ["*"],
        title="Models",
        description="The models that get memory: their ids, separated by commas, or * for all.",
    )
    priority: int = Field(
        0, ge=-1000, le=1000, title="Priority", description="Filters with a lower number run first."
    )
    enabled: bool = Field(
        True,
        title="Memory on",
        description="If this is off, nothing is recalled and nothing is remembered, for anyone.",
    )
    user_switch: Literal["follow", "ignore"] = Field(
        "follow",
        title="Users' own Memory switch",
        description=(
            "follow: each user's own switch decides (Settings > Personalization > Memory). ignore: memory "
            "is on for everyone. Choose ignore if you have switched off Open WebUI's own Memories, "
            "because that hides the switch."
        ),
    )
    local_only: bool = Field(
        False,
        title="Local models only",
        description=(
            "Only local models take part: others get no memories, and nothing is learned from their "
            "chats. The type of the connection in Open WebUI decides what is local; OpenAI-compatible "
            "connections are external until you change their type."
        ),
    )
    models_recall: Rule = Field(
        "",
        title="Models that get memories",
        description=(
            "Only these models get memories: ids or patterns such as gpt-*, separated by commas. A "
            "workspace model is also known by the id of its base model. !gpt-* excludes those models, and "
            "!* excludes all. If unset, all models get memories."
        ),
    )
    models_remember: Rule = Field(
        "",
        title="Models that are learned from",
        description=(
            "Only chats with these models are learned from, written in the same way. If unset, chats with "
            "all models are."
        ),
    )
    require_key: bool = Field(
        True,
        title="Require the server's key",
        description="The Pipelines server refuses every request that does not carry its key.",
    )
