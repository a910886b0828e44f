"""Where Open WebUI answers, for what the chats' own bodies do not bring."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from ..addresses import checked_url
from ..valves_codec import PanelModel, Secret, SettingsError, Text


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
            "was recalled and learned, and quotes bear their chats' titles. Unset: they do not."
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

    on_chat_deleted: Literal["keep", "ask", "erase"] = Field(
        "keep",
        title="When a chat is deleted",
        description=(
            "What was said in a chat that is deleted in Open WebUI goes from here as well. keep: facts that "
            "were learned there stay. erase: those that nothing else said go, too. ask: /memory status lists "
            "them. It is told by a webhook or, with webui_url and webui_api_key, seen at night."
        ),
    )
    webhook_secret: Secret = Field(
        "",
        title="Webhook's secret",
        description=(
            "24 letters or digits at least, of your choice. Then the webhook for Open WebUI (Admin > "
            "Settings > General) is this server's address and /memory/hooks/open-webui/ with the secret "
            "behind it. Unset: no webhook is listened to."
        ),
    )

    @field_validator("webhook_secret")
    @classmethod
    def _check_secret(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{24,200}", value):
            wanted = "24 letters, digits, - and _ at least, or be unset"
            raise SettingsError("webhook_secret", f"webhook_secret must have {wanted}.")
        return value

    @field_validator("webui_url", "page_url")
    @classmethod
    def _check_webui_url(cls, value: str, info: ValidationInfo) -> str:
        return checked_url(info.field_name or "", value).rstrip("/")
