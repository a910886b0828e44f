"""The sentences of calibration_sentences.txt, by which an embedder is measured: see calibration.py."""

from __future__ import annotations

from importlib.resources import files

from ..language.tables import rows, sections

_TEXT = files(__package__).joinpath("calibration_sentences.txt").read_text(encoding="utf-8")
_SECTIONS = sections(_TEXT, "calibration_sentences.txt")


def _by_language(section: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, sentence in rows(_SECTIONS[section]):
        found[language] = (*found.get(language, ()), sentence)
    return found


QUESTIONS, FACTS, OTHER, FURTHER = (
    tuple(_by_language(section).values()) for section in ("questions", "facts", "other", "further")
)
DATED = _by_language("dated")["en"]
# By the number of their language among the facts.
_LANGUAGES = list(_by_language("facts"))
RESTATED = {_LANGUAGES.index(code): texts for code, texts in _by_language("restated").items()}
# Of each language's facts, those that speak of "the user".
THIRD_PERSON = (0, 2, 4)
