"""One readable self-check of all parts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import COMMAND, __version__
from ..backends.backend_holder import BackendHolder
from ..config.environment import PUBLIC_DEFAULT_KEY
from ..config.settings import Valves
from ..core.events import COUNTS_FOR, EventKind
from ..core.memory import Check
from ..core.scope import EVERYONE
from .costs import Costs
from .inquiry import Inquiry
from .metrics import Metrics
from .selfcheck import SelfChecks, health_of, reading_of

if TYPE_CHECKING:  # it needs SQLAlchemy, which the smallest image of the server lacks
    from ..channels.queue import Standing
    from ..remember.backlog import Counts
    from ..remember.spill import Waiting
    from ..state.documents_table import Known
    from ..state.episodes_table import Kept

_CHECK_EVERY = timedelta(seconds=20)  # a check embeds a word, which may cost money
_PATIENCE_S = 5.0
_SETTLED = (EventKind.EXCHANGES_REMEMBERED, EventKind.EXCHANGES_SKIPPED)
_CHECK_AFTER_ERROR = timedelta(seconds=5)


class BackendCheck:
    """The backend's own check, not repeated more often than every 20 s, or 5 s after an error.

    With it go what `SelfChecks` found when the backend was opened, and its models' health.
    """

    def __init__(self, live: BackendHolder, selfchecks: SelfChecks) -> None:
        self._live, self._selfchecks = live, selfchecks
        self._failed_at: datetime | None = None
        self._inquiry = Inquiry("memory-backend-check", self._parts)
        self._lock = threading.Lock()
        self._checked: tuple[datetime, object, list[Check]] = (datetime.min.replace(tzinfo=UTC), None, [])

    def parts(self, failed_at: datetime | None) -> list[Check]:
        """A line for backend, store, embedder, LLM, self-check and health. Blocks for some seconds at most.

        `failed_at`: when something failed last; a check from before that is not trusted.
        """
        self._failed_at = failed_at
        try:
            return self._inquiry.answer(_PATIENCE_S)
        except TimeoutError:
            silent = f"store and embedder have not answered the check for {self._inquiry.waits_s:.0f} s"
            hint = "Are they overloaded, or do they hang? Chats go on without memories."
            backend = self._live.current
            return [Check("backend", False, silent, hint), *(health_of(backend) if backend else [])]

    @property
    def checked_at(self) -> datetime:
        """When the backend was asked last."""
        return self._checked[0]

    def _parts(self) -> list[Check]:
        failed_at, fault = self._failed_at, self._live.fault
        try:
            backend = self._live.get()
        except Exception as reason:  # noqa: BLE001 - told in the line itself
            waiting = [Check(name, False, "waits for the backend") for name in ("store", "embedder", "LLM")]
            return [Check("backend", False, str(reason), getattr(reason, "hint", "")), *waiting]
        with self._lock:
            if not self._is_fresh(backend, failed_at):
                self._checked = (datetime.now(UTC), backend, backend.check())
            now = reading_of(backend)
            checked = [now if now and part.name == now.name else part for part in self._checked[2]]
            parts = [*checked, *self._selfchecks.part(backend), *health_of(backend)]
        if fault is None:
            return parts
        still = f"the earlier settings stay in use: {fault}"
        return [
            Check("backend", False, still, fault.hint),
            *(part for part in parts if part.name != "backend"),
        ]

    def _is_fresh(self, backend: object, failed_at: datetime | None) -> bool:
        at, checked, _ = self._checked
        age = abs(datetime.now(UTC) - at)  # the clock may have been put right
        failed_since = failed_at is not None and failed_at > at
        return checked is backend and age < (_CHECK_AFTER_ERROR if failed_since else _CHECK_EVERY)


def report(parts: list[Check], pending: int, dead: int) -> dict[str, Any]:
    """The status as JSON-plain values."""
    return {
        "ok": all(part.ok for part in parts),
        "queue": {"pending": pending, "dead": dead},
        "parts": [asdict(part) for part in parts],
    }


def filter_part(settings: Valves, problems: Sequence[str], metrics: Metrics) -> Check:
    """Whether the filter works with the settings that were saved, and what it has done."""
    if problems:
        return Check("filter", False, " ".join(problems), "Save the settings in the admin panel again.")
    if settings.refusals:
        detail = " ".join(map(str, settings.refusals))
        return Check(
            "filter",
            False,
            f"the last change of settings was refused as a whole: {detail}",
            "Correct it in the admin panel, and save again.",
        )
    state = "on" if settings.enabled else "switched off"
    detail = " ".join([f"version {__version__}, memory is {state}.", *settings.notices, metrics.described()])
    return Check("filter", True, detail.strip())


def recall_part(settings: Valves, *, is_paused: bool) -> Check:
    """Whether messages get memories, and within which time."""
    if is_paused:
        hint = "Chats go on without memories; recall is tried again automatically."
        return Check("recall", False, "paused: it failed several times in a row", hint)
    return Check("recall", True, f"within {settings.inlet_deadline_ms} ms, or the chat goes on without")


def costs_part(costs: Costs, metrics: Metrics, days: str) -> Check:
    """What LLMs cost. days: of the last days, as the ledger describes them."""
    exchanges = sum(map(metrics.count, _SETTLED))
    return Check("costs", True, "; ".join(filter(None, [costs.described(exchanges), days])))


def key_part(settings: Valves, key: str) -> Check:
    """Whether the server's key keeps others out."""
    if key == PUBLIC_DEFAULT_KEY:
        hint = "Set PIPELINES_API_KEY to a secret of your own, here and in Open WebUI."
        return Check("key", False, "the server's key is the public default one", hint)
    if not key:
        return Check("key", False, "PIPELINES_API_KEY is empty", "Set it to a secret of your own.")
    if not settings.require_key:
        return Check("key", False, "not required on all routes", "Switch require_key on.")
    return Check("key", True, "required on every route")


def last_error_part(metrics: Metrics) -> Check:
    """What went wrong last, and whether it still does."""
    still = metrics.open_error
    error = still or metrics.last_error
    if error is None:
        return Check("last error", True, "none")
    detail = f"{error.at:%Y-%m-%d %H:%M:%S} UTC, {error.where}: {error.text}"
    if still:
        minutes = COUNTS_FOR.seconds // 60
        detail += f" (it counts until the same works again, or for {minutes} minutes)"
    return Check("last error", still is None, detail, error.hint)


def past_chats_part(settings: Valves, kept: Kept) -> Check:
    """Whether what is said is kept, why, and how much there is."""
    much = f"{kept.passages:,} passages of {kept.chats:,} chats"
    if settings.keeps_episodes:
        days = f", for {settings.episode_days:,} days" if settings.episode_days else ""
        return Check("past chats", True, f"what is said is kept{days}: {much}")
    why = "the setting episodes is off"
    if settings.episodes == "auto":
        why = f"all of it would go to mem0's {settings.backend}; episodes on allows that"
    return Check(
        "past chats", True, f"what is said is not kept: {why}" + (f"; {much}" if kept.passages else "")
    )


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def documents_part(settings: Valves, data_dir: Path, folders: Mapping[str, Known]) -> Check:
    """Where documents lie, and how many are read. folders: of each user, and everyone's."""
    folder = settings.documents_folder(data_dir)
    if folder is None:
        why = "documents_dir is empty" if not settings.documents_dir else "it takes the backend library"
        return Check("documents", True, f"none are read: {why}")
    if not folder.is_dir():
        return Check("documents", True, f"there is no folder {folder}; its files would be read")
    number, failed, passages = (sum(one[at] for one in folders.values()) for at in range(3))
    much = f"{_many(number, 'document')} with {_many(passages, 'passage')} in {_many(len(folders), 'folder')}"
    if (everyones := folders.get(EVERYONE)) is not None:
        much += f", {everyones.documents:,} with {everyones.passages:,} of them in everyone's"
    if failed:
        return Check(
            "documents",
            True,
            f"{much}; {failed:,} cannot be read",
            f"{COMMAND} documents ID tells which, and why.",
        )
    return Check("documents", True, much)


def channels_part(settings: Valves, standing: Sequence[Standing]) -> Check:
    """How many channels are observed, what waits, and why."""
    if not settings.observes_channels:
        why = "" if settings.channels == "off" else ": it takes the backend library"
        return Check("channels", True, f"not observed{why}")
    waiting, aside = (sum(getattr(one, name) for one in standing) for name in ("unread", "aside"))
    details = [f"{_many(len(standing), 'channel')}, {_many(waiting, 'message')} to be read"]
    details += [f"{aside:,} cannot be read"] if aside else []
    details += (
        [f"{_many(paused, 'channel')} paused"] if (paused := sum(one.paused for one in standing)) else []
    )
    hints, most = [], settings.advanced_numbers.channel_tokens_per_day
    spent = sum(bool(one.unread) and one.tokens >= most > 0 for one in standing)
    if spent:
        details.append(f"{spent:,} channels have used their tokens of today, and wait for tomorrow")
        hints.append("Raise channel_tokens_per_day in advanced; with 0 no LLM reads channels.")
    details += list(dict.fromkeys(one.detail for one in standing if one.detail))[:3]
    return Check("channels", True, "; ".join(details), " ".join(hints))


def queue_part(counts: Counts, spilled: Waiting) -> Check:
    """How many exchanges wait, were given up, or lie in files until the database takes them."""
    details = [f"{counts.pending} waiting, {counts.dead} given up"]
    if counts.later:
        details.append(f"{counts.later:,} of imports for when nothing else waits")
    hints = [f"Fix the cause, then run: {COMMAND} queue retry all"] if counts.dead else []
    if spilled.exchanges:
        details.append(f"{spilled.exchanges} set aside until the state database takes them")
    if spilled.in_memory:
        details.append(f"{spilled.in_memory} of these in memory only, and lost with the server")
        hints.append("Make room on the disk of the data folder.")
    if spilled.refused:
        details.append(f"{spilled.refused} lost: there was no room left, not even in memory")
    if spilled.unfit:
        details.append(f"{spilled.unfit} set aside in the folder spill (*.unfit), as they cannot be stored")
    ill = counts.dead or spilled.in_memory or spilled.refused or spilled.unfit
    return Check("queue", not ill, ", ".join(details), " ".join(hints))
