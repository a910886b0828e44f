"""Ids of models, and patterns of them, as an admin writes them: `gpt-*, claude-*`."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

_NEVER = "(?!)"  # what `translate` makes of a range without anything in it: [z-a]


@lru_cache(maxsize=64)
def read_patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a setting: *, ? and [...] as in file names, in capitals or not.

    Raises:
        ValueError: one of them can match nothing, or not what is meant by it; the text quotes it.
    """
    patterns = [pattern for part in text.lower().split(",") if (pattern := part.strip())]
    for pattern in patterns:
        if re.search(r"\s", pattern) or _NEVER in translate(pattern) or _is_open(pattern):
            raise ValueError(repr(pattern[:40]))
    return tuple(re.compile(translate(pattern)) for pattern in patterns)


def named(text: str, *ids: str) -> bool:
    """Whether a setting's patterns name one of these ids. An empty id is none."""
    patterns = read_patterns(text)
    return any(pattern.match(name.lower()) for pattern in patterns for name in ids if name)


def read_names(text: str) -> tuple[re.Pattern[str], ...]:
    """The same of a setting that names no exceptions, where an id with ! before it would name nothing."""
    if excepted := [pattern for part in text.split(",") if (pattern := part.strip()).startswith("!")]:
        raise ValueError(repr(excepted[0][:40]))
    return read_patterns(text)


@lru_cache(maxsize=64)
def read_rule(text: str) -> tuple[str, str]:
    """A setting that says which models may do something, as two lists of patterns: only these, and not those.

    Those begin with !, as in `gpt-*, !gpt-4*`. Where there are only such, it is all others.

    Raises:
        ValueError: as `read_patterns`; or it names nothing.
    """
    parts = [pattern for part in text.split(",") if (pattern := part.strip())]
    only = ",".join(part for part in parts if not part.startswith("!"))
    never = ",".join(part[1:].strip() for part in parts if part.startswith("!"))
    read_patterns(only)
    read_patterns(never)
    if (text.strip() and not parts) or any(part == "!" for part in parts):
        raise ValueError(repr(text[:40]))
    return only, never


def is_ollama_cloud(model: str) -> bool:
    """Whether Ollama passes what is said to a model of this name on to its makers: gpt-oss:120b-cloud."""
    return model.rpartition("/")[2].partition(":")[2].lower().endswith("cloud")


def _is_open(pattern: str) -> bool:
    """A bracket that is not closed stands for itself, which nobody means: no id has one."""
    rest = re.sub(r"\[!?\]?+[^]]*\]", "", pattern)
    return "[" in rest
