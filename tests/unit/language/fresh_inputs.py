"""Inputs written by somebody who had seen neither the code nor the tables that it was tuned on, in 3 rounds.

What was wrong at first, on a real server, round by round: pairs 4 of 48, 1 of 32, 3 of 24; messages 3 of 64,
8 of 60, 4 of 60; secrets 1 of 68, 8 of 67, 12 of 68, harmless texts 0 of 50, 0 of 47, 1 of 47; orders 4 of
32, 5 of 30, 19 of 30, others none of 62; answers of LLMs 3 of 40, 3 of 30, 0 of 20. Then the causes were
mended by all of them. What nothing was tuned on is in `unseen_inputs`.

Keys are put together of parts, so that no scanner takes them for real ones.
"""

from __future__ import annotations

from tests.harness.inputs import Inputs

_OF = Inputs.read("fresh_inputs")
DIFFERENT: tuple[tuple[str, str], ...] = _OF.all("DIFFERENT")
SAME: tuple[tuple[str, str], ...] = _OF.all("SAME")
NOTHING: tuple[str, ...] = _OF.all("NOTHING")
KEPT: tuple[tuple[str, str], ...] = _OF.all("KEPT")
SECRETS: tuple[tuple[str, str], ...] = _OF.all("SECRETS")
HARMLESS: tuple[str, ...] = _OF.all("HARMLESS")
ORDERS: tuple[str, ...] = _OF.all("ORDERS")
NO_ORDERS: tuple[str, ...] = _OF.all("NO_ORDERS")
ANSWERS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = _OF.all("ANSWERS")
