"""The files of words of languages, as they are and as somebody who writes one may get them wrong."""

import re
from pathlib import Path

import pytest

from owui_memory import language
from owui_memory.language.phrases import anywhere
from owui_memory.language.tables import LANGUAGES, SECTIONS, read, source, tables

FOLDER = Path(language.__file__).parent / "data"
DOCS = Path("docs/languages.md")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_is_read_and_each_phrase_of_it_is_a_pattern_in_small_letters(code: str) -> None:
    table = read(code, source(code))
    assert table["own"]
    for section in SECTIONS - {"script", "letters"}:
        assert [one for one in table[section] if one != one.lower()] == []
        anywhere(section, table).search("")
    for section in ("numbers", "counts", "month_names", "forms", "endings"):
        assert all("/" in one for one in table[section]), section


def test_each_file_is_in_the_list_and_each_section_explained() -> None:
    files = {path.stem for path in FOLDER.glob("*.txt")}
    assert files == {*LANGUAGES, "secrets", "prompt_injection", "patterns"}
    explained = re.findall(r"^- `(\w+)`: ", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(explained) == sorted(SECTIONS)
    used = {section for table in tables() for section in SECTIONS if table[section]}
    assert used | {"without_spaces", "glued"} == SECTIONS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ich\n[own]\nich", r"xx\.txt, line 1: .*\[own\]"),
        ("[own]\nich\n\n[own]\nmein", r"xx\.txt, line 4: \[own\] stands twice"),
        ("[owns]\nich", "no section is called owns"),
        ("[own]\n# nothing\n[asks]\nwer", r"\[own\] lacks phrases"),
        ("[glued]\nyes", r"\[glued\] holds phrases"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line_or_section(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read("xx", text)


def test_phrases_stand_one_a_line_or_between_commas() -> None:
    table = read("xx", "# A language.\n[own]\n i , my  dear\n\n[asks]\n[0-9]+ who\n[without_spaces]\n")
    assert table["own"] == ("i", "my dear")
    assert table["asks"] == ("[0-9]+ who",)
    assert table["polite"] == ()
    assert not table.spaced
    assert not table.glued
