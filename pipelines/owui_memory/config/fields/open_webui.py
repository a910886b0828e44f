"""Where Open WebUI answers, for what the chats' own bodies do not bring."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from ..addresses import checked_url
from ..valves_codec import PanelModel, Secret, Text


class OpenWebUI(PanelModel):
    """Where Open WebUI answers, for what the chats' own bodies do not bring."""

    webui_url: Text = Field(
        "",
        title="Open WebUI's address",
        description=(
            "As this server reaches it, for example http://open-webui:8080. Unset: nothing is asked of "
            "Open WebUI, and nothing is sent to it."
        ),
    )
    webui_api_key: Secret = Field(
        "",
        title="Open WebUI's API key",
        description=(
            "An admin's key (Open WebUI: Settings > Account > API keys). With it, running chats show what "
            "was recalled and learned. Unset: they do not."
        ),
    )

    page_url: Text = Field(
        "",
        title="Memory page's address",
        description=(
            "As browsers reach it, for example https://chat.example.org/memory: docs/page.md tells how to "
            "set that up. /memory page and memories that a running chat names link to it. Unset: no links."
        ),
    )

    @field_validator("webui_url", "page_url")
    @classmethod
    def _check_webui_url(cls, value: str, info: ValidationInfo) -> str:
        return checked_url(info.field_name or "", value).rstrip("/")
