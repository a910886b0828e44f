"""A chat's turns, as far as its window and its abstract need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PER_MESSAGE = 4  # tokens that a chat's template sets around a message


@dataclass(frozen=True, slots=True)
class Texts:
    """What is counted of a prompt. fixed: what always stays. turns: the texts of each, from its message on.

    fixed_more, more: tokens of these that are no text's, as of images.
    """

    fixed: Sequence[str]
    fixed_more: int
    turns: Sequence[Sequence[str]]
    more: Sequence[int]


@dataclass(frozen=True, slots=True)
class Past:
    """A turn that is over. user, answer: their beginnings and ends; tools' results are among the answer.

    name: how its exchange's key ends, by which it is known whether it may be kept
    (`CutsTable.remembered`).
    after: the position of the message behind it, see `core.turn.Turn`.
    """

    user: str
    answer: str
    name: str
    after: str
