"""Who knows what was said: folders, workspace models, teams."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ...core.scope import read_teams
from ..valves_codec import PanelModel, SettingsError, Text


class Scopes(PanelModel):
    """Who knows what was said: folders, workspace models, teams."""

    folder_memories: Literal["shared", "own"] = Field(
        "shared",
        title="Chats in folders",
        description=(
            "own: facts and plans that are said in a folder's chats stay in that folder. shared: they are "
            "known in all chats. Who the user is and how they want to be answered is known in all chats."
        ),
    )
    personas: Text = Field(
        "",
        title="Models with memories of their own",
        description=(
            "Ids of workspace models, or patterns like tutor-*, separated by commas: what is said to one of "
            "them stays with it. It knows what other chats were told, and they do not know what it was told."
        ),
    )
    teams: Text = Field(
        "",
        title="Teams",
        description=(
            "Who is in which, by e-mail address or user id: design: ada@example.org bob@example.org; sales: "
            "... Members see what one of them shares with /memory share."
        ),
    )

    @field_validator("teams")
    @classmethod
    def _check_teams(cls, value: str) -> str:
        try:
            read_teams(value)
        except ValueError as error:
            example = "'design: ada@example.org bob@example.org; sales: eve@example.org'"
            raise SettingsError("teams", f"teams must be like {example}: {error}.") from None
        return value
