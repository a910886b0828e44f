"""What hardly anybody needs to change."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..advanced import EXAMPLE, Advanced, read_advanced
from ..valves_codec import PanelModel, Text, allowed, read_by


SHORT = f"Numbers that rarely need a change, for example {EXAMPLE}."
_EACH = "; ".join(
    f"{name}: {field.description} ({allowed(field)}, {field.default})"
    for name, field in Advanced.model_fields.items()
)


class Expert(PanelModel):
    """What hardly anybody needs to change."""

    advanced: Annotated[Text, read_by(read_advanced, "{wrong}")] = Field(
        "", title="Advanced", description=f"{SHORT} {_EACH}."
    )
