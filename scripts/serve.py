"""`make serve`: the Pipelines server with the filter, in the foreground. DEMO=1 adds the demo model."""

from __future__ import annotations

import os
import sys

from scripts import services
from scripts.services import RUN, Pipelines
from scripts.up import CannotStartError, port_from


def main() -> None:
    try:
        port = port_from(os.environ, "PORT", 9099, target="serve")
    except CannotStartError as error:
        sys.exit(str(error))
    key = os.environ.get("PIPELINES_API_KEY") or services.kept_secret("pipelines-api-key", RUN)
    server = Pipelines(RUN / "pipelines", port, key, demo=os.environ.get("DEMO") == "1")
    server.prepare()
    print(f"Pipelines server at {server.url}; key: $PIPELINES_API_KEY or .run/pipelines-api-key", flush=True)
    os.chdir(server.folder)
    command = server.command()
    os.execve(command[0], command, server.environment())


if __name__ == "__main__":
    main()
