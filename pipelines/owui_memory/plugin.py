"""What the Pipelines server loads: the filter, which opens the application when the server starts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .config.environment import Environment
from .config.settings import Valves
from .core.errors import TellAdmin
from .interfaces.pipelines.pipeline import Filter
from .remember.spill import Spill

if TYPE_CHECKING:
    from .app import Application


class Pipeline(Filter):
    """The class that the server looks for."""

    def __init__(self) -> None:
        super().__init__(_open)


def _open(
    environment: Environment, settings: Callable[[], Valves], problems: list[str], spill: Spill
) -> Application:
    try:
        # Not with this module: it needs SQLAlchemy, which the smallest image of the server lacks.
        from .app import Application
    except ImportError as error:
        raise TellAdmin(
            f"Memory cannot start: {error.name or 'a package'} is missing or too old.",
            hint="Install SQLAlchemy 2 or newer, or all of pipelines/requirements.txt.",
        ) from error
    return Application(environment, settings, problems, spill)
