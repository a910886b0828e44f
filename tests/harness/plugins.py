"""Loads a file that belongs to no package, as the servers load theirs."""

from importlib import util
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).parents[2]


def loaded(file: str) -> ModuleType:
    """The module of a file of the repository, fresh."""
    spec = util.spec_from_file_location(Path(file).stem, _ROOT / file)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
