"""The words of each language, from the files in `data/`, one a language; docs/languages.md tells their form.

They are read when they are first needed, and once. Beside them are files of all languages together.
"""

# ruff: noqa: SIM905  (lists of names are read as text)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

# Another language is a file with this name, and its name here: of phrases that begin alike, the first counts.
LANGUAGES = """
    en de es fr it pt ru zh ja nl pl ko tr ar sv da_no fi cs_sk hu ro south_slavic uk bg el he fa ur hi bn ta
    th lo km my bo vi id sw tl ka hy am
""".split()
SECTIONS = frozenset(
    """
    without_spaces glued script letters common common_pairs known_by
    own own_verbs own_objects own_endings own_first own_not before_verbs requested impersonal personal keeping
    states points ends_statement ends_no_statement
    openers polite reacts addresses prefers leans_first leans_last leans questions ends_question asks
    requests ends_request always standing supposing ends_supposing conditional roles handling soft_handling
    texts speaking self_leads salutations signoffs headers subjects forwarding wrote resumes
    forgetting asking denying denying_after everything ending corrects
    fillers numbers speaker user links forms endings progressive
    past_questions ago counts days weeks months years month_names
    yesterday day_before_yesterday last_week last_month last_year this_week this_month
    """.split()
)
_FLAGS = ("without_spaces", "glued")


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """The phrases of a language, by section.

    spaced: words stand with spaces between them; else phrases are found within runs, too. glued: they do, but
    particles stick to them.
    """

    language: str
    sections: Mapping[str, tuple[str, ...]]
    spaced: bool = True
    glued: bool = False

    def __getitem__(self, section: str) -> tuple[str, ...]:
        return self.sections[section]

    def having(self, section: str, phrases: Sequence[str], *, spaced: bool) -> Phrases:
        """The same with other phrases in a section."""
        return replace(self, sections={**self.sections, section: tuple(phrases)}, spaced=spaced)


@cache
def tables() -> tuple[Phrases, ...]:
    """All languages, in the order of `LANGUAGES`.

    Raises:
        OSError, ValueError: a file is missing, or which line of it is wrong.
    """
    return tuple(read(language, source(language)) for language in LANGUAGES)


def source(name: str) -> str:
    """The text of a file in `data/`."""
    return files(__package__).joinpath("data", f"{name}.txt").read_text(encoding="utf-8")


def read(language: str, text: str) -> Phrases:
    """A language's file.

    Raises:
        ValueError: which line of it is wrong, and why.
    """
    found = {name: tuple(phrases(lines)) for name, lines in sections(text, f"{language}.txt").items()}
    if unknown := found.keys() - SECTIONS:
        raise ValueError(f"{language}.txt: no section is called {', '.join(sorted(unknown))}")
    if empty := [name for name, listed in found.items() if bool(listed) == (name in _FLAGS)]:
        raise ValueError(f"{language}.txt: [{empty[0]}] {'holds' if empty[0] in _FLAGS else 'lacks'} phrases")
    all_sections = {name: found.get(name, ()) for name in SECTIONS}
    return Phrases(language, all_sections, "without_spaces" not in found, "glued" in found)


def sections(text: str, name: str) -> dict[str, list[str]]:
    """The lines of each section of a file, without comments and empty ones. name: of the file, for errors.

    Raises:
        ValueError: which line stands before the first section, or begins one for the second time.
    """
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] == "#":
            continue
        if line[0] == "[" and line[-1] == "]" and _is_name(section := line[1:-1]):
            if section in found:
                raise ValueError(f"{name}, line {number}: {line} stands twice; put all of it in one place")
            lines = found[section] = []
        elif lines is None:
            raise ValueError(f"{name}, line {number}: before it, a line like [own] must name its section")
        else:
            lines.append(line)
    return found


def phrases(lines: Sequence[str]) -> list[str]:
    """The phrases of lines, which have commas between them."""
    return [" ".join(phrase.split()) for line in lines for phrase in line.split(",") if phrase.strip()]


def rows(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Of lines that begin with the codes of their languages, these and the rest.

    Raises:
        ValueError: the line that does not.
    """
    for line in lines:
        languages, _, rest = line.partition(": ")
        if not rest or not all(map(_is_name, languages.split())):
            raise ValueError(f'"{line[:40]}" does not begin with codes of languages, as in "de nl: ..."')
        yield languages, rest


@cache
def pattern(section: str) -> str:
    """A part of a regular expression, of all languages, from patterns.txt."""
    return "|".join(_patterns()[section])


@cache
def words(section: str) -> frozenset[str]:
    """The words of a section of patterns.txt."""
    return frozenset(" ".join(_patterns()[section]).split())


@cache
def _patterns() -> dict[str, list[str]]:
    return sections(source("patterns"), "patterns.txt")


def _is_name(text: str) -> bool:
    return text.isascii() and text.replace("_", "").isalpha()
