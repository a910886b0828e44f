"""How large is the one file, and how long does the server take to load it, beside the package?

Each load is a new process that does with the plugin what the server does (execute it, make `Pipeline`) and
then imports what the start-up needs. Mounted, the package's bytecode is on the disk after the first load; of
the one file only its own is, so its modules are compiled with each start. The disk is warm for both.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from bench.measure import arguments, finish, percentile, table
from scripts.bundle import BUNDLE, PACKAGE, PLUGIN, bundle
from tests.harness.pipelines_server import clean_environment

_SERVER_DOES = """
import json, sys, time
from importlib import import_module, util
import fastapi, httpx, pydantic, sqlalchemy, starlette.applications  # the server's own, or slow for both
began = time.perf_counter()
spec = util.spec_from_file_location("memory_filter", sys.argv[1])
module = util.module_from_spec(spec)
spec.loader.exec_module(module)
pipeline = module.Pipeline()
loaded = time.perf_counter()
import_module(type(pipeline).__module__.rpartition(".")[0] + ".app")
print(json.dumps([loaded - began, time.perf_counter() - began]))
"""


@dataclass(frozen=True)
class Load:
    """Medians in ms: until the server has its `Pipeline`, and until all that the start-up needs is there."""

    first_ms: float
    loaded_ms: float
    imported_ms: float

    @classmethod
    def of(cls, plugin: Path, times: int) -> Load:
        """Load it so often, after a first time that leaves bytecode and is `first_ms`."""
        first = _load(plugin)[1]
        taken = [_load(plugin) for _ in range(times)]
        return cls(first, *(percentile([one[at] for one in taken], 50) for at in (0, 1)))


def _load(plugin: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", _SERVER_DOES, str(plugin)]
    run = subprocess.run(
        command, env=clean_environment(), cwd=plugin.parent, capture_output=True, text=True, check=True
    )
    loaded_s, imported_s = json.loads(run.stdout)
    return loaded_s * 1000, imported_s * 1000


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--loads", type=int, default=15, help="of each; the median is shown")
    options = parser.parse_args()
    loads = 3 if options.quick else options.loads
    text = bundle().encode()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        mounted, single = Path(folder, "mounted"), Path(folder, "single")
        shutil.copytree(PACKAGE, mounted / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PLUGIN, mounted)
        single.mkdir()
        (single / BUNDLE.name).write_bytes(text)
        package = Load.of(mounted / PLUGIN.name, loads)
        one_file = Load.of(single / BUNDLE.name, loads)

    sizes = {
        "kB": len(text) / 1000,
        "lines": text.count(b"\n"),
        "packed_kB": len(zlib.compress(text, 9)) / 1000,
    }
    print(
        f"{BUNDLE.name}: {sizes['kB']:,.0f} kB, {sizes['lines']:,} lines; packed {sizes['packed_kB']:,.0f} kB"
    )
    rows = [
        (n, x.first_ms, x.loaded_ms, x.imported_ms) for n, x in (("package", package), ("one file", one_file))
    ]
    print(table("Loading, ms", ("what", "first, all", "Pipeline", "all imported"), rows))
    finish(options, {"benchmark": "bundle", "size": sizes, "package": package, "one_file": one_file})


if __name__ == "__main__":
    main()
