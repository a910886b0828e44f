"""A dictionary of what was set last."""

from __future__ import annotations

from owui_memory.core.latest import Latest


def test_what_was_set_longest_ago_goes() -> None:
    kept = Latest[str, int](2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        kept[key] = value
    assert list(kept.items()) == [("a", 3), ("c", 4)]
