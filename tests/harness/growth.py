"""Texts that a pattern may take long for, and their repetition."""

import random
import re
from collections.abc import Callable, Iterator

# The parser of patterns, public in all but name.
from re import _constants as codes
from re import _parser as parser
from types import ModuleType
from typing import Any

Work = Callable[[str], object]

PUMP = "\N{SYMBOL FOR RECORD SEPARATOR}"


def repeated(fragment: str, chars: int) -> str:
    """The fragment again and again; of one with `PUMP` in it, only what stands behind that."""
    head, pump, rest = fragment.partition(PUMP)
    unit = rest if pump else fragment
    return (head * bool(pump) + unit * (chars // len(unit) + 1))[:chars]


def patterns_of(*modules: ModuleType) -> Iterator[re.Pattern[str]]:
    """The patterns of texts that modules have as names of their own, or in tuples, lists and mappings."""
    for module in modules:
        for value in vars(module).values():
            inner = value.values() if isinstance(value, dict) else value
            for one in inner if isinstance(inner, tuple | list | type({}.values())) else (value,):
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    yield one


def fragments_of(pattern: re.Pattern[str], count: int = 1) -> Iterator[str]:
    """Texts that it matches, and such that it nearly does: the same ones each time."""
    chance = random.Random(pattern.pattern)
    parsed = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    for _ in range(count):
        text = _example(parsed, chance, {})[:200]
        yield from filter(None, (text, text[: len(text) // 2], text[:-1], f"{text} "))
        if len(text) > 1:
            middle = len(text) // 2
            yield f"{text[:-1]}{PUMP}{text[-1]}"
            yield f"{text[:middle]}{PUMP}{text[middle]}"


_IN_CATEGORY = {
    codes.CATEGORY_DIGIT: "7",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_NOT_WORD: "-",
}
_ANY = "a 7.\n<"


def _example(parsed: Any, chance: random.Random, groups: dict[int, str]) -> str:
    return "".join(_one(code, value, chance, groups) for code, value in parsed)


def _one(code: Any, value: Any, chance: random.Random, groups: dict[int, str]) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        least, most, inner = value
        times = min(least + chance.choice((0, 1, 2)), most, 64)
        return "".join(_example(inner, chance, groups) for _ in range(times))
    if code is codes.BRANCH:
        return _example(chance.choice(value[1]), chance, groups)
    if code is codes.SUBPATTERN:
        groups[value[0] or 0] = text = _example(value[-1], chance, groups)
        return text
    if code is codes.IN:
        return _in(value, chance)
    if code is codes.ATOMIC_GROUP:
        return _example(value, chance, groups)
    if code is codes.GROUPREF:
        return groups.get(value, "")
    if code is codes.NOT_LITERAL:
        return next(char for char in _ANY if char != chr(value))
    return chance.choice(_ANY) if code is codes.ANY else ""  # what looks around or ahead takes no characters


def _in(choices: Any, chance: random.Random) -> str:
    (first, _), *_ = choices
    if first is codes.NEGATE:
        banned = {chr(value) for code, value in choices if code is codes.LITERAL}
        return next((char for char in "a .7-" if char not in banned), "~")
    code, value = chance.choice(choices)
    if code is codes.RANGE:
        return chr(chance.randint(*value))
    return _IN_CATEGORY.get(value, "a") if code is codes.CATEGORY else chr(value)
