"""What interfaces need of the application, which assembles it: see `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from ..config.environment import Environment
from ..config.settings import Valves
from ..core.events import Event
from ..core.permission import Decision
from ..core.turn import Turn
from ..remember.spill import Spill

if TYPE_CHECKING:  # they need SQLAlchemy, which the smallest image of the server lacks
    from ..channels.channels import Channels
    from ..commands.commander import Commander
    from ..commands.notes import Notes
    from ..context.contexts import Contexts
    from ..manage.deletion_worker import DeletionWorker
    from ..manage.deletions import Deletions
    from ..models.embedder import Embedder
    from ..recall.channel import ChannelNotes
    from ..recall.run import Outcome, Run
    from ..remember.keeper import Keeper
    from ..state.api_keys_table import ApiKeys
    from .lanes import Lanes
    from .live.chats import LiveChats
    from .proxy.kept_steps import KeptSteps
    from .tools.toolbox import Toolbox
    from .web.parts import Parts


class Service(Protocol):
    """The opened application. No method blocks but `status`, `numbers`, `embedder`, `use`, `close`, and those
    that say so.
    """

    keeper: Keeper
    recalls: Run
    commander: Commander
    notes: Notes
    contexts: Contexts
    live_chats: LiveChats
    toolbox: Toolbox
    api_keys: ApiKeys
    channels: Channels
    deletions: Deletions
    deletion_worker: DeletionWorker
    page: Parts
    lanes: Lanes
    kept_steps: KeptSteps
    state_pool: ThreadPoolExecutor
    command_pool: ThreadPoolExecutor
    history_pool: ThreadPoolExecutor

    def emit(self, event: Event) -> None:
        """Something has happened."""

    def forbid(self, turn: Turn) -> None:
        """This turn may not be remembered, whatever one with the same key was allowed."""

    def after_inlet(self, turn: Turn, outcome: Outcome, decision: Decision) -> None:
        """Do what no message has to wait for."""

    def notes_of_channel(self, source: str, channel: str, text: str) -> ChannelNotes:
        """What of a channel is relevant to a text. Blocks; raises the backend's errors."""

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
