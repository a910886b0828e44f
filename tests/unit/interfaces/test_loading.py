"""The Pipelines server sets a plugin aside that cannot be imported: it loads without what images may lack."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.harness.pipelines_server import PLUGINS

MISSING = [
    *("sqlalchemy", "mem0", "prometheus_client", "opentelemetry"),
    *("typer", "numpy", "detect_secrets", "qdrant_client", "mcp"),
]


@pytest.mark.parametrize("package", MISSING)
def test_the_plugin_loads_without(package: str) -> None:
    load = "from owui_memory.plugin import Pipeline; Pipeline()"
    code = f"import sys; sys.modules[{package!r}] = None; {load}"
    done = subprocess.run([sys.executable, "-c", code], cwd=PLUGINS, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
