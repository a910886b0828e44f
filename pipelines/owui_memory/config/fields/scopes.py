"""Who knows what was said: folders, workspace models, teams."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ...core.scope import read_teams
from ..valves_codec import PanelModel, Text, read_by

_EXAMPLE = "'design: ada@example.org bob@example.org; sales: eve@example.org'"
Teams = Annotated[Text, read_by(read_teams, f"be like {_EXAMPLE}: {{wrong}}")]


class Scopes(PanelModel):
    """Who knows what was said: folders, workspace models, teams."""

    folder_memories: Literal["shared", "own"] = Field(
        "shared",
        title="Chats in folders",
        description=(
            "own: facts and plans from a folder's chats stay in that folder. shared: all chats know them. "
            "Who the user is and how they want to be answered is known in all chats either way."
        ),
    )
    personas: Text = Field(
        "",
        title="Models with memories of their own",
        description=(
            "Ids of workspace models, or patterns such as tutor-*, separated by commas. What is said to "
            "one of them stays with it: it knows what other chats know, but they do not know what it was "
            "told."
        ),
    )
    teams: Teams = Field(
        "",
        title="Teams",
        description=(
            "Who is in which team, by e-mail address or user id. For example: design: ada@example.org "
            "bob@example.org; sales: eve@example.org. Members see what one of them shares with /memory "
            "share."
        ),
    )
