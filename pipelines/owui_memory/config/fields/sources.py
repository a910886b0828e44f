"""What is read besides chats: documents, and channels of a team."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..marks import Mark
from ..valves_codec import PanelModel, Text


class Sources(PanelModel):
    """What is read besides chats: documents, and channels of a team."""

    documents_dir: Annotated[Text, Mark.OPENS] = Field(
        "documents",
        title="Folder of documents",
        description=(
            "A folder with a folder for each user, named by the user's id, and everyone, whose files all "
            "users' chats can be told quotes of. A relative path is below the data folder. Empty: no "
            "documents are read. It takes the backend library."
        ),
    )
    channels: Literal["off", "on"] = Field(
        "off",
        title="Channels",
        description=(
            "on: bots that have an observer's key may tell what is said in a team's channels, and what its "
            "members decide there is remembered for that channel alone. It takes the backend library."
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
