"""What is loaded is spared full collections; what a reload leaves behind still goes."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from owui_memory.core.heap import keep_loaded


class Plugin:
    """One of those that refer to themselves, as modules and classes do."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_is_spared_and_what_was_unloaded_goes() -> None:
    plugin = Plugin()
    former = weakref.ref(plugin)

    keep_loaded()
    assert gc.get_freeze_count() > 1_000
    assert not any(one is plugin for one in gc.get_objects()), "no collection looks at it"

    del plugin
    gc.collect()
    assert former() is not None
    keep_loaded()  # the next start in the same process
    assert former() is None
