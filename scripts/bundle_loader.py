"""The working part of single_file/memory_filter.py, in which `scripts/bundle.py` puts the sources below it.

Imports a package from texts, under a name that holds a hash of them: the Pipelines server loads an uploaded
file anew, but what that file imports would stay as it was.
"""

import re
import sys
from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec

SOURCES: dict[str, str] = {}


class Bundle(MetaPathFinder, ExecutionLoader):
    """Finds and loads the modules of one package, whose files are the texts in `sources`."""

    def __init__(self, plugin: str, sources: Mapping[str, str]) -> None:
        digest = sha256(repr(sorted(sources.items())).encode()).hexdigest()
        self.package = f"{plugin}_{digest[:12]}"
        self._plugin, self._sources = plugin, sources

    def install(self) -> str:
        """Make the package importable in place of earlier ones of this plugin; returns its name."""
        earlier = re.compile(re.escape(self._plugin) + "_[0-9a-f]{12}")
        if any(getattr(finder, "package", None) == self.package for finder in sys.meta_path):
            return self.package
        sys.meta_path[:] = [f for f in sys.meta_path if not earlier.fullmatch(str(getattr(f, "package", "")))]
        for name in [name for name in sys.modules if earlier.fullmatch(name.partition(".")[0])]:
            del sys.modules[name]
        sys.meta_path.append(self)
        return self.package

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if self._file(fullname) is None:
            return None
        origin = self.get_filename(fullname)
        return ModuleSpec(fullname, self, origin=origin, is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        return self.get_filename(fullname).endswith("/__init__.py")

    def get_filename(self, fullname: str) -> str:
        """What tracebacks show, with the lines of `get_source`."""
        return f"{self._plugin}.py/{self._file(fullname)}"

    def get_source(self, fullname: str) -> str:
        file = self._file(fullname)
        if file is None:
            raise ImportError(f"{fullname} is not in {self._plugin}.py", name=fullname)
        return self._sources[file]

    def get_resource_reader(self, fullname: str) -> "Folder":
        """What `importlib.resources.files` asks for data beside modules."""
        return Folder(self._sources, self.get_filename(fullname).partition("/")[2].rpartition("/")[0])

    def _file(self, fullname: str) -> str | None:
        package, _, inner = fullname.partition(".")
        if package != self.package:
            return None
        stem = inner.replace(".", "/")
        files = (f"{stem}/__init__.py" if stem else "__init__.py", f"{stem}.py")
        return next((file for file in files if file in self._sources), None)


class Folder:
    """Data files among the sources, as `importlib.resources` is asked for them: by name, to be read."""

    def __init__(self, sources: Mapping[str, str], path: str) -> None:
        self._sources, self._path = sources, path
        self.name = path.rpartition("/")[2]

    def files(self) -> "Folder":
        return self

    def joinpath(self, *names: str) -> "Folder":
        return Folder(self._sources, "/".join(filter(None, (self._path, *names))))

    __truediv__ = joinpath

    def is_file(self) -> bool:
        return self._path in self._sources

    def read_bytes(self) -> bytes:
        return self.read_text().encode()

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:  # noqa: ARG002
        if self._path not in self._sources:
            raise FileNotFoundError(self._path)
        return self._sources[self._path]


def load() -> type:
    """What the server looks for; run by hand, this file is the command line instead."""
    run_by_hand = __name__ == "__main__"
    package = Bundle("memory_filter" if run_by_hand else __name__, SOURCES).install()
    if run_by_hand:
        sys.exit(import_module(f"{package}.__main__").main())
    pipeline: type = import_module(f"{package}.filter").Pipeline
    return pipeline
