"""`make proxy`: the proxy alone, in the foreground, with the memories of `make up`."""

from __future__ import annotations

import os
import sys

from scripts import services
from scripts.services import RUN


def main() -> None:
    key = os.environ.get("PIPELINES_API_KEY") or services.kept_secret("pipelines-api-key", RUN)
    folder = os.environ.get("MEMORY_DATA_DIR") or str(RUN / "pipelines" / "memory_data")
    environment = {**os.environ, "PIPELINES_API_KEY": key, "MEMORY_DATA_DIR": folder}
    port = os.environ.get("PORT") or "9098"
    print(f"http://127.0.0.1:{port}/v1; key: $PIPELINES_API_KEY or .run/pipelines-api-key", flush=True)
    os.execve(sys.executable, [sys.executable, "-m", "owui_memory", "proxy"], environment)


if __name__ == "__main__":
    main()
