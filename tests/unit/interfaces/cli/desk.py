"""The command line, called in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

PIPELINES = Path(__file__).parents[4] / "pipelines"
DOG, CELLO, TEA = "My dog is called Rex.", "I play the cello.", "I drink tea in the morning."

Run = Callable[..., str]
Know = Callable[..., None]


class Refused(Exception):  # noqa: N818
    """A command that ended with an exit code; what it said of that."""


def rows(run: Run, *arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def texts(run: Run, user: str) -> list[str]:
    return [one["memory"] for one in rows(run, "list", user, "--all")["memories"]]
