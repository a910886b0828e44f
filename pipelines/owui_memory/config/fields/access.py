"""Who gets memory: of users, of models, and of those who ask the server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from ..model_patterns import read_patterns
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
