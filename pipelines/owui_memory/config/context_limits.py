"""How many tokens the prompts of a model may have: the setting `context_tokens`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .advanced import written
from .model_patterns import named, read_names

if TYPE_CHECKING:
    from .settings import Valves

LEAST, MOST = 1_000, 10_000_000
_SHARE, _PROFILE_SHARE = 0.08, 0.05  # of the limit, for each kind of memories that one message brings
_QUOTES_LEAST = 250  # tokens: half of it, as later messages bring, holds one quote
EXAMPLE = "llama3*: 8000, gpt-4*: 100000, 32000"


@lru_cache(maxsize=64)
def read_limits(text: str) -> tuple[tuple[str, int], ...]:
    """Patterns of models and what their prompts may have, in order; a number alone is for all others.

    Raises:
        ValueError: it is not so; the text quotes what is wrong.
    """
    rules: list[tuple[str, int]] = []
    rest: list[tuple[str, int]] = []
    for part in filter(None, map(str.strip, text.replace(";", ",").replace("\n", ",").split(","))):
        pattern, _, number = (piece.strip() for piece in part.rpartition(":"))  # ids have colons, too
        if not number.isdecimal() or len(number) > len(str(MOST)) or (":" in part and not pattern):
            raise ValueError(repr(part[:40]))
        if not (limit := int(number)) == 0 and not LEAST <= limit <= MOST:
            raise ValueError(repr(part[:40]))
        if pattern:
            read_names(pattern)
        elif rest:
            raise ValueError(repr(part[:40]))
        (rules if pattern else rest).append((pattern or "*", limit))
    return (*rules, *rest)


def limit_of(text: str, *models: str) -> int:
    """The limit of a model by any of its ids, the first pattern that fits; 0 for none."""
    for pattern, limit in read_limits(text):
        if pattern == "*" or named(pattern, *models):
            return limit
    return 0


def within(settings: Valves, limit: int) -> Valves:
    """The same settings, whose budgets of recall take no more than their share of the limit."""
    share, numbers = int(_SHARE * limit), settings.advanced_numbers.model_dump()
    most = {
        "profile_token_budget": int(_PROFILE_SHARE * limit),
        "episode_token_budget": max(share, _QUOTES_LEAST),
        "document_token_budget": share,
    }
    numbers |= {name: min(numbers[name], tokens) for name, tokens in most.items()}
    budget = min(settings.memory_token_budget, share)
    return settings.model_copy(update={"memory_token_budget": budget, "advanced": written(numbers)})


def expected(settings: Valves) -> int:
    """Tokens of memories that a message in the middle of a chat brings, by these budgets."""
    return (settings.memory_token_budget + settings.advanced_numbers.episode_token_budget) // 2
