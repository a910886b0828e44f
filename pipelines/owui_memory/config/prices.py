"""What the admin says that models cost: the setting `llm_prices`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """US dollars."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


def read_prices(text: str) -> dict[str, Price]:
    """Each model's price, of "model in out", with commas, semicolons or line ends between models.

    Raises:
        ValueError: it is not so.
    """
    return dict(_entries(re.split(r"[,;\n]", text)))


def _entries(entries: Iterable[str]) -> Iterable[tuple[str, Price]]:
    for entry in filter(str.strip, entries):
        model, *numbers = entry.split()
        tokens_in, tokens_out = map(float, numbers)  # ValueError for more or fewer, too
        if not (0 <= tokens_in < math.inf and 0 <= tokens_out < math.inf):
            raise ValueError("a price is no amount")
        yield model, Price(tokens_in, tokens_out)


def costs(used: Mapping[str, tuple[int, int]], prices: Mapping[str, Price]) -> str:
    """Of tokens in and out of each model, in words: "about $0.002"; "" if no price is known."""
    known = {model: tokens for model, tokens in used.items() if model in prices}
    if not known:
        return ""
    told = _dollars(sum(prices[model].of(*tokens) for model, tokens in known.items()))
    unknown = sorted(set(used) - set(known))
    return f"{told} without {', '.join(unknown)} (not in llm_prices)" if unknown else told


def _dollars(amount: float) -> str:
    if 0 < amount < 0.001:
        return "under $0.001"
    return f"about ${amount:,.2f}" if amount == 0 or amount >= 1 else f"about ${amount:.3f}"
