"""The Pipelines server sets a plugin aside that cannot be imported: it loads without what images may lack."""

import subprocess
import sys

from tests.harness.pipelines_server import PLUGINS

MISSING = [
    *("sqlalchemy", "mem0", "prometheus_client", "opentelemetry"),
    *("typer", "numpy", "detect_secrets", "qdrant_client", "mcp"),
]


def test_the_plugin_loads_without_them() -> None:
    load = "from owui_memory.plugin import Pipeline; Pipeline()"
    code = f"import sys; sys.modules.update(dict.fromkeys({MISSING!r})); {load}"
    done = subprocess.run([sys.executable, "-c", code], cwd=PLUGINS, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
