"""What interfaces need of the application, which assembles it: see `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Protocol

from ..config.environment import Environment
from ..config.settings import Valves
from ..core.events import Event
from ..core.permission import Decision
from ..core.turn import Turn
from ..remember.spill import Spill

if TYPE_CHECKING:  # they need SQLAlchemy, which the smallest image of the server lacks
    from ..commands.commander import Commander
    from ..commands.notes import Notes
    from ..context.contexts import Contexts
    from ..manage.deletion_worker import DeletionWorker
    from ..manage.deletions import Deletions
    from ..manage.history.imports import Imports
    from ..models.embedder import Embedder
    from ..recall.run import Outcome, Run
    from ..remember.keeper import Keeper
    from ..state.api_keys_table import ApiKeys
    from .lanes import Lanes
    from .live.chats import LiveChats
    from .proxy.kept_steps import KeptSteps
    from .tools.toolbox import Toolbox
    from .web.parts import Parts


class Service(Protocol):
    """The opened application. No method blocks but `status`, `numbers`, `embedder`, `use`, `close`."""

    @property
    def keeper(self) -> Keeper: ...
    @property
    def recalls(self) -> Run: ...
    @property
    def commander(self) -> Commander: ...
    @property
    def notes(self) -> Notes: ...
    @property
    def contexts(self) -> Contexts: ...
    @property
    def live_chats(self) -> LiveChats: ...
    @property
    def toolbox(self) -> Toolbox: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def imports(self) -> Imports: ...
    @property
    def deletions(self) -> Deletions: ...
    @property
    def deletion_worker(self) -> DeletionWorker: ...
    @property
    def page(self) -> Parts: ...
    @property
    def lanes(self) -> Lanes: ...
    @property
    def kept_steps(self) -> KeptSteps: ...
    @property
    def state_pool(self) -> Executor: ...
    @property
    def command_pool(self) -> Executor: ...
    @property
    def history_pool(self) -> Executor: ...

    def emit(self, event: Event) -> None:
        """Something has happened."""

    def forbid(self, turn: Turn) -> None:
        """This turn may not be remembered, whatever one with the same key was allowed."""

    def after_inlet(self, turn: Turn, outcome: Outcome, decision: Decision) -> None:
        """Do what no message has to wait for."""

    def embedder(self) -> Embedder:
        """The one in use. Raises MemoryFault where there is none."""

    def status(self) -> dict[str, Any]:
        """The self-check, as JSON-plain values."""

    def numbers(self) -> bytes:
        """Counters and more, as Prometheus reads them. Raises TellAdmin where it is not installed."""

    def use(self, settings: Valves) -> None:
        """The settings have changed."""

    def close(self) -> None:
        """Remember what waits and stop threads, within a bound."""


Open = Callable[[Environment, Callable[[], Valves], list[str], Spill], Service]
