"""What hardly anybody needs to change."""

from __future__ import annotations

from pydantic import Field, field_validator

from ..advanced import EXAMPLE, Advanced, read_advanced
from ..valves_codec import PanelModel, SettingsError, Text, allowed


def _described() -> str:
    return "; ".join(
        f"{name}: {field.description} ({allowed(field)}, {field.default})"
        for name, field in Advanced.model_fields.items()
    )


class Expert(PanelModel):
    """What hardly anybody needs to change."""

    advanced: Text = Field(
        "",
        title="Advanced",
        description=f"Numbers that rarely need a change, for example {EXAMPLE}. {_described()}.",
    )

    @field_validator("advanced")
    @classmethod
    def _check_advanced(cls, value: str) -> str:
        try:
            read_advanced(value)
        except ValueError as wrong:
            raise SettingsError("advanced", f"advanced must {wrong}.") from None
        return value
