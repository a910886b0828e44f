"""The model servers behind the proxy, and which of their models take part in memory."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainSerializer

from ..marks import Mark, Masked
from ..model_patterns import read_names
from ..upstreams import EXAMPLE, masked, read_upstreams, unmasked
from ..valves_codec import PanelModel, Text, read_by

Upstreams = Annotated[
    str,
    PlainSerializer(lambda v: masked(v) or None, return_type=str | None, when_used="json"),
    Mark.SECRET,
    Masked(unmasked),
    read_by(read_upstreams, f"be like {EXAMPLE}: {{wrong}}"),
]
Patterns = Annotated[
    Text,
    read_by(read_names, "be ids of models or patterns like llama*, with commas between them, not {wrong}"),
]


class Proxy(PanelModel):
    """The model servers behind the proxy, and which of their models take part in memory."""

    upstreams: Upstreams = Field(
        "",
        title="Model servers behind the proxy",
        description=(
            f"One line of JSON: {EXAMPLE}; models may limit one to patterns, as in gpt-*, o3*. The "
            "first that has a model answers. Unset: those of OPENAI_API_BASE_URL and OLLAMA_BASE_URL."
        ),
    )
    memory_by_default: Patterns = Field(
        "",
        title="Models of the proxy with memory by default",
        description=(
            "Ids or patterns like llama*, separated by commas: these take part without memory/ in front of "
            "their name. Unset: only with it."
        ),
    )
