"""Settings by the names that they had in the release before: still read in this one, and told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .advanced import Advanced, read_advanced, written
from .model_patterns import read_patterns
from .valves_codec import SettingsError, allowed, inside, is_unset

_BOTH = ("models_recall", "models_remember")
SUCCESSORS: Mapping[str, tuple[str, ...]] = {
    "models_off": _BOTH,
    "models_on": _BOTH,
    "recall_only": ("models_remember",),
    "learn_only": ("models_recall",),
    **dict.fromkeys(Advanced.model_fields, ("advanced",)),
}


def renewed(
    values: Mapping[str, Any], presets: Mapping[str, Any], former: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values by their names of today, and those that had another.

    Where a successor is given, too, it still allows nothing that the former one excludes. presets: what the
    environment says, by today's names. former: what it says by those of before.

    Raises:
        SettingsError: one of them cannot be meant, or `advanced` says another number.
    """
    old = {name: values[name] for name in SUCCESSORS if not is_unset(values.get(name))}
    new = {name: value for name, value in values.items() if name not in SUCCESSORS}
    for name, value in old.items():
        _check(name, value)
        for successor in SUCCESSORS[name]:
            if successor == "advanced":
                meant = _numbers(old, str(presets.get("advanced", "")))
            else:
                meant = ", ".join(_rule(successor, {**former, **old}))
            given = values.get(successor)
            if not isinstance(given, str) or is_unset(given) or given == meant:
                new[successor] = meant
            elif successor == "advanced" and _named(given).get(name, str(value)) != str(value):
                raise SettingsError(name, f"{name} must be unset where advanced names it, too.")
            else:
                new[successor] = _joined(successor, given, meant)
    return new, old


def _check(name: str, value: Any) -> None:
    """Raises SettingsError."""
    number = Advanced.model_fields.get(name)
    wanted = allowed(number) if number else "ids of models or patterns like gpt-*"
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise SettingsError(name, f"{name} must be {wanted}.")
    try:
        read_advanced(f"{name}={value}") if number else read_patterns(str(value))
    except ValueError as wrong:
        told = repr(inside(value)) if number else wrong
        raise SettingsError(name, f"{name} must be {wanted}, not {told}.") from None


def _rule(successor: str, old: Mapping[str, Any]) -> Iterator[str]:
    """What the lists of before say, as the patterns of today's."""
    if not is_unset(old.get("models_on")):
        only = [pattern for pattern in _patterns(old["models_on"]) if not pattern.startswith("!")]
        yield from only or ["!*"]  # which named no model that there is
    for name in ("models_off", "learn_only" if successor == "models_recall" else "recall_only"):
        if not is_unset(old.get(name)):
            yield from (f"!{pattern}" for pattern in _patterns(old[name]) or ["!"])


def _joined(successor: str, given: str, former: str) -> str:
    if successor == "advanced":
        named = _named(given)
        more = [part for part in former.split("; ") if part.partition("=")[0] not in named]
        return "; ".join([given, *more])
    known = _patterns(given)
    allowed = [one for one in _patterns(former) if not one.startswith("!")]
    if allowed:  # only what both allow
        own = [one for one in known if not one.startswith("!")]
        both = [one for one in own if one in allowed] or ["!*"] if own else allowed
        known = [*(one for one in known if one.startswith("!")), *both]
    return ", ".join([*known, *(p for p in _patterns(former) if p.startswith("!") and p not in known)])


def _named(advanced: str) -> dict[str, str]:
    parts = (part.partition("=") for part in re.split(r"[;,\n]", advanced))
    return {name.strip(): number.strip() for name, _, number in parts}


def _patterns(text: Any) -> list[str]:
    return [pattern for part in str(text).split(",") if (pattern := part.strip())]


def _numbers(old: Mapping[str, Any], preset: str) -> str:
    numbers = read_advanced(preset).model_dump(exclude_unset=True)
    numbers |= {name: old[name] for name in Advanced.model_fields if name in old}
    return written(numbers)
