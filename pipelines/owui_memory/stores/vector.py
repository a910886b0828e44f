"""A vector as every store takes it."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Drop
from .payload import wrong_size


def fitting(vector: Sequence[float], collection: str, dims: int) -> NDArray[np.float64]:
    """The vector as numbers of 32 bits, which all stores keep at most.

    Raises:
        TellAdmin: it is not of the collection's size.
        Drop: it is no vector.
    """
    try:
        numbers = np.array(array.array("f", vector), np.float64)
    except (TypeError, OverflowError):
        raise Drop("The embedder returned something that is no list of numbers.") from None
    if len(numbers) != dims:
        raise wrong_size(collection, dims, len(numbers))
    if not np.isfinite(numbers).all():
        raise Drop("The embedder returned a number that is not finite.")
    return numbers
