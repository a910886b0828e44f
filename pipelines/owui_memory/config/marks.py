"""What is true of a setting besides its value: written on its field, and read here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from pydantic import BaseModel
from pydantic.fields import FieldInfo

MASK = "********"


class Mark(Enum):
    """Written on a field: `Annotated[Text, Mark.OPENS]`."""

    SECRET = auto()  # masked wherever it is shown
    OPENS = auto()  # a change needs a new backend
    LEADS = auto()  # names where memories are kept: written down, so that they are found again


@dataclass(frozen=True)
class Masked:
    """On a setting with secrets inside: from what was given and what is in force, what is meant.

    `unmask` raises ValueError where that cannot be known.
    """

    unmask: Callable[[str, str], str]


@dataclass(frozen=True)
class Belongs:
    """On a secret: it is for what these settings name, and goes nowhere else."""

    to: tuple[str, ...]


def has(field: FieldInfo, mark: Mark) -> bool:
    """Whether a field has it."""
    return mark in field.metadata


def marked(settings: type[BaseModel], mark: Mark) -> tuple[str, ...]:
    """The names of the settings that have it."""
    return tuple(name for name, field in settings.model_fields.items() if has(field, mark))


def belongings(settings: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Each secret that belongs to other settings, and those."""
    return {
        name: mark.to
        for name, field in settings.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Belongs)
    }
