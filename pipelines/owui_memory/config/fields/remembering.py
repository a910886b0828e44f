"""How what was said becomes memories."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..marks import Mark
from ..valves_codec import PanelModel, Text


class Remembering(PanelModel):
    """How what was said becomes memories."""

    extraction: Literal["auto", "reconcile", "mem0", "verbatim"] = Field(
        "auto",
        title="Extraction",
        description=(
            "How chats become memories. reconcile: one short LLM call adds, replaces and removes "
            "memories. mem0: mem0's own extraction, which only adds. verbatim: users' own sentences, "
            "without an LLM. auto: reconcile if there is an LLM above; otherwise verbatim, or mem0 with "
            "its server or platform, which have an LLM of their own."
        ),
    )
    extraction_rules: Annotated[Text, Mark.OPENS] = Field(
        "",
        title="Extraction rules",
        description=(
            "In your own words, on one line: what the LLM is to remember, and what not. For example: "
            "Remember which tools they use, and nothing about clients."
        ),
    )
    episodes: Literal["auto", "on", "off"] = Field(
        "auto",
        title="Keep past chats",
        description=(
            "Whether passages of past chats are kept beside the facts learned from them. auto: if this "
            "server keeps the memories itself (backend library). With mem0's server or platform, "
            "everything that is said is sent there: only on does that."
        ),
    )
    episode_days: int = Field(
        0,
        ge=0,
        le=36500,
        title="Past chats for (days)",
        description="What was said longer ago than this many days is erased; facts stay. 0: it is kept.",
    )
    reflection: Literal["on", "off"] = Field(
        "on",
        title="Keep memories in order",
        description=(
            "on: after ten of a user's memories have changed, and once a day at most, the LLM above reads "
            "them in one call. What says the same becomes one, what is outdated ends, and /memory profile "
            "shows a short profile and what contradicts. /memory undo takes it back. Needs an LLM."
        ),
    )
