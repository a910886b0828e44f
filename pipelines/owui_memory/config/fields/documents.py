"""Which documents are read, and how much of them a model is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..marks import Mark
from ..valves_codec import PanelModel, Text


class Documents(PanelModel):
    """Which documents are read, and how much of them a model is told."""

    documents_dir: Annotated[Text, Mark.OPENS] = Field(
        "documents",
        title="Folder of documents",
        description=(
            "A folder with a folder for each user, named by the user's id, and everyone, whose files all "
            "users' chats can be told quotes of. A relative path is below the data folder. Empty: no "
            "documents are read. It takes the backend library."
        ),
    )
    document_token_budget: int = Field(
        600,
        ge=0,
        le=16000,
        title="Documents' token budget",
        description="How many tokens of quotes of documents come with a message at most. 0: none are told.",
    )
