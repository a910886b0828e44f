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
            "reconcile: one short LLM call adds, replaces and removes. mem0: mem0's own, which only adds. "
            "verbatim: the user's own sentences, no LLM. auto: reconcile where there is an LLM below, else "
            "verbatim (mem0 for its server and platform, which have an LLM of their own)."
        ),
    )
    extraction_rules: Annotated[Text, Mark.OPENS] = Field(
        "",
        title="Extraction rules",
        description="Your own words for the LLM on what to remember and what not. One line.",
    )
    episodes: Literal["auto", "on", "off"] = Field(
        "auto",
        title="Keep past chats",
        description=(
            "Whether what was said is kept, passage by passage, beside the facts learned from it. auto: "
            "where this server itself keeps memories (backend library). With mem0's server or platform, all "
            "that is said goes there: only with on."
        ),
    )
