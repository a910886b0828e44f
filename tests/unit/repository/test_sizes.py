"""Modules that can be read at one sitting."""

from pathlib import Path

_ROOT = Path(__file__).parents[3]
_MOST_LINES = 400


def test_no_module_is_longer_than_can_be_read() -> None:
    found = [*_ROOT.glob("pipelines/owui_memory/**/*.py"), *_ROOT.glob("tests/**/*.py")]
    lengths = {str(one.relative_to(_ROOT)): len(one.read_text("utf-8").splitlines()) for one in found}
    assert len(lengths) > 500
    assert {name: length for name, length in lengths.items() if length >= _MOST_LINES} == {}
