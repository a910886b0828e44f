"""Scenarios of several turns: their words, a file for each language, and how they are played."""

from __future__ import annotations

from . import chinese, english, german, japanese, russian, spanish
from .script import Scenario

ALL: dict[str, tuple[Scenario, ...]] = {
    "english": english.SCENARIOS,
    "german": german.SCENARIOS,
    "spanish": spanish.SCENARIOS,
    "russian": russian.SCENARIOS,
    "chinese": chinese.SCENARIOS,
    "japanese": japanese.SCENARIOS,
}
