"""The interpreter's heap after a start."""

from __future__ import annotations

import gc


def keep_loaded() -> None:
    """Spare what is loaded now, modules mostly, the cyclic garbage collector's later full passes.

    Each took some 80 ms here, in which no thread goes on, once in 150 messages. Blocks as long, once.
    """
    gc.unfreeze()  # of a start before, as after a reload
    gc.collect()
    gc.freeze()
