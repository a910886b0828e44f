"""All settings as one class. What each is stands in `fields/`, by concern.

`valves.example.json` and `docs/settings.md` are generated from it (`make generate`).
"""

from __future__ import annotations

from .cross_checks import objections
from .fields import Fields
from .valves_codec import SettingsError


class Valves(Fields):
    """All settings. Each can be preset by an environment variable `MEMORY_<NAME>`."""

    def check(self) -> None:
        if found := list(objections(self)):
            raise SettingsError.of(found)
