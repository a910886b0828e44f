"""Who gets memory: of users, of models, and of those who ask the server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from ..model_patterns import read_rule
from ..valves_codec import PanelModel, SettingsError, Text


class Access(PanelModel):
    """Who gets memory."""

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
            "Memories are kept from models that are not local: they are told nothing, and nothing is "
            "learned from their chats. The type of the connection in Open WebUI decides; that of "
            "OpenAI-compatible ones is external until you change it."
        ),
    )
    models_recall: Text = Field(
        "",
        title="Models that are told memories",
        description=(
            "Which models are told memories: ids, or patterns like gpt-*, separated by commas. A "
            "workspace model goes by the id of its base, too. !gpt-* excludes these models, !* excludes "
            "all. Unset: all models are told."
        ),
    )
    models_remember: Text = Field(
        "",
        title="Models that are learned from",
        description=(
            "Which models' chats are learned from, written in the same way. Unset: those of all models."
        ),
    )
    require_key: bool = Field(
        True,
        title="Require the server's key",
        description="Refuse every request to the Pipelines server that does not carry its key.",
    )

    @field_validator("models_recall", "models_remember")
    @classmethod
    def _check_rule(cls, value: str, info: ValidationInfo) -> str:
        name = info.field_name or ""
        try:
            read_rule(value)
        except ValueError as wrong:
            wanted = "ids of models or patterns like gpt-* and !gpt-4*, with commas between them"
            raise SettingsError(name, f"{name} must be {wanted}, not {wrong}.") from None
        return value
