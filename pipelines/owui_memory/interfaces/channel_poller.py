"""Looks now and then what is new in Open WebUI's own channels, for `channels/`.

Members are told first, by a message in the channel; where that is not possible, nothing is read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ..channels.channels import Channels
from ..channels.notice import Notices, notice
from ..channels.queue import Full
from ..config.scoping import is_named_channel, is_read_channel
from ..config.settings import Valves
from ..core.errors import MemoryFault, TellAdmin
from ..core.memory import Check
from ..core.now_and_then import NowAndThen
from ..core.scope import WEBUI, channel_owner
from .followed_channel import FollowedChannel
from .webui_channels import GoneError, WebuiChannel, WebuiChannels

_LOOK_S, _SWEEP_S = 20.0, 3600.0
_QUIET_LOOK_S, _QUIET_S = 120.0, 600.0  # between looks into a channel that was quiet for so long
_FULL_S = 300.0  # before the next look where too many messages wait to be read
_LONGEST_PAUSE_S = 900.0  # after Open WebUI could not be asked
_DAY_S, _MARGIN_S = 24 * 3600.0, 3600.0
_MOST_CHANNELS = 200

log = logging.getLogger(__name__)

Server = Callable[[Valves], AbstractContextManager[WebuiChannels]]


@dataclass
class _Turn:
    """When a channel is looked into next, by a monotonic clock."""

    followed: FollowedChannel
    due_at: float = 0.0
    swept_at: float = float("-inf")
    new_at: float = float("-inf")


class ChannelPoller:
    """Its thread is `thread`. Methods block."""

    def __init__(
        self, channels: Channels, settings: Callable[[], Valves], server: Server = WebuiChannels.of
    ) -> None:
        self._channels, self._settings, self._server = channels, settings, server
        self._notices = Notices(channels.engine)
        self._turns: dict[str, _Turn] = {}
        self._failures, self._not_before = 0, 0.0
        self._told: Check | None = None
        self.thread = NowAndThen("memory-channels-polled", self.look, _LOOK_S)
        self.thread.wake()  # the first look is at once

    def ask_again(self) -> None:
        """Ask Open WebUI at once, whatever failed before: the settings are others. Never blocks."""
        self._failures, self._not_before = 0, 0.0
        self.thread.wake()

    def part(self) -> Check | None:
        """The status' line; None where no channel of Open WebUI is to be read."""
        return self._told if _is_on(self._settings()) else None

    def look(self) -> bool:
        """Look into each channel that is due. Never raises, and returns False."""
        try:
            settings = self._settings()
            if not _is_on(settings):
                self._turns.clear()
            elif time.monotonic() >= self._not_before:
                self._look(settings)
                self._failures = 0
        except Exception as error:  # noqa: BLE001 - the thread must not die; what was not read is read later
            self._failures += 1
            pause = min(_LOOK_S * 2**self._failures, _LONGEST_PAUSE_S)
            self._not_before = time.monotonic() + pause
            told = str(error) if isinstance(error, MemoryFault) else type(error).__name__
            self._told = _check(False, f"they cannot be read now: {told}", getattr(error, "hint", ""))
            log.warning("Open WebUI's channels cannot be read (%s); next try in %.0f s", told, pause)
        return False

    def _look(self, settings: Valves) -> None:
        faults: dict[str, MemoryFault] = {}
        with self._server(settings) as api:
            wanted = _chosen(api.channels(), settings)
            self._turns = {id_: turn for id_, turn in self._turns.items() if id_ in wanted}
            for channel in wanted.values():
                if self.thread.is_stopping:
                    return
                try:
                    self._follow(api, channel, settings)
                except (TellAdmin, GoneError, Full) as fault:
                    if isinstance(fault, Full) or is_named_channel(channel.id, channel.name, settings):
                        faults[channel.name] = fault
                    if not isinstance(fault, Full):
                        self._turns.pop(channel.id, None)
        number = len(self._turns)
        told, hint = f"{number} {'is' if number == 1 else 'are'} read", ""
        if faults:
            problem = next(iter(faults.values()))
            told, hint = f"{told}, not all: {', '.join(sorted(faults))}. {problem}", problem.hint
        elif not wanted:
            hint = "No channel has an id or a name of `webui_channels`."
        self._told = _check(bool(wanted) and not faults, told, hint)

    def _follow(self, api: WebuiChannels, channel: WebuiChannel, settings: Valves) -> None:
        """Look into a channel if it is due; tell its members, the first time."""
        now, monotonic = time.time(), time.monotonic()
        told_at, is_paused = self._notices.standing(channel_owner(WEBUI, channel.id))
        told_at = told_at or self._tell(api, channel)
        turn = self._turns.get(channel.id)
        if turn is None or turn.followed.told_at != told_at:  # which it is anew after it was erased
            turn = self._turns[channel.id] = _Turn(FollowedChannel(channel, told_at, self._channels))
        followed = turn.followed
        followed.channel = channel
        # What is older the queue may know no more, and would take for new.
        followed.floor = max(
            followed.floor, now - settings.advanced_numbers.channel_days * _DAY_S + _MARGIN_S
        )
        if is_paused:
            followed.floor = now  # what is said meanwhile is never read
        elif monotonic >= turn.due_at:
            sweep = monotonic - turn.swept_at > _SWEEP_S
            turn.due_at = monotonic + _FULL_S  # if too many wait
            if followed.look(api, sweep=sweep):
                turn.new_at = monotonic
            turn.swept_at = monotonic if sweep else turn.swept_at
            is_quiet = monotonic - turn.new_at > _QUIET_S
            turn.due_at = monotonic + (_QUIET_LOOK_S if is_quiet else 0.0)

    def _tell(self, api: WebuiChannels, channel: WebuiChannel) -> float:
        """Tell a channel's members that it is read from now on; when that was, by Open WebUI's clock."""
        said = [one.text for one in api.page(channel.id, 0).messages[::-1] if one.text]
        hook, _ = api.webhook(channel.id)
        api.say(channel.id, notice(said))
        posted = api.page(channel.id, 0).messages
        at = max((one.at for one in posted if one.webhook == hook), default=time.time())
        self._notices.told(WEBUI, channel.id, channel.name, at)
        return at


def _is_on(settings: Valves) -> bool:
    return bool(settings.observes_channels and settings.webui_channels.strip())


def _chosen(channels: Sequence[WebuiChannel], settings: Valves) -> dict[str, WebuiChannel]:
    """Those that are to be read, by id; never what two people say to each other."""
    chosen = [one for one in channels if not one.is_direct and is_read_channel(one.id, one.name, settings)]
    return {one.id: one for one in chosen[:_MOST_CHANNELS]}


def _check(ok: bool, told: str, hint: str) -> Check:
    return Check("Open WebUI's channels", ok, told, hint)
