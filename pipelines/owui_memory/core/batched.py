"""Some items after the other, as `itertools.batched` of Python 3.12 gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """All items in order, in lists of `size`; the last one may be shorter."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
