"""Observed channels: for admins, how much there is of each; for users, which accounts there are theirs."""

from __future__ import annotations

from dataclasses import replace

from ...channels.erasing import erase_channel
from ...channels.queue import ChannelQueue
from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.scope import WEBUI, channel_owner
from .parts import Visit, back
from .rendering import Answer, View


def listed(visit: Visit) -> View:
    """The channels that are observed, as numbers: never what anybody said."""
    found = visit.page_of(ChannelQueue(visit.parts.tools.control.engine).standing(1_000_000))
    values = {"page": found, "budget": visit.settings.advanced_numbers.channel_tokens_per_day}
    return View("channels.html", {**values, "on": visit.settings.observes_channels})


def pause(visit: Visit) -> Answer:
    on = visit.form.get("on") == "yes"
    visit.parts.tools.people.pause(channel_owner(*_known(visit)), on=on)
    return back("channels", "channel paused" if on else "channel observed")


def read_aside(visit: Visit) -> Answer:
    """What could not be read in a channel is tried once more."""
    ChannelQueue(visit.parts.tools.control.engine).read_aside(channel_owner(*_known(visit)))
    return back("channels", "aside read again")


def erase(visit: Visit) -> Answer:
    """What was said in a channel, and what was learned of it."""
    control = visit.parts.tools.control

    def erase_all(owner: str) -> object:
        return control.forget_all(replace(visit.asked(), user_id=owner))

    erase_channel(control.engine, erase_all, *_known(visit))
    return back("channels", "channel erased")


def links_of(visit: Visit) -> dict[str, object]:
    """What the page of switches shows of a user's accounts in channels."""
    links = visit.parts.tools.people.of_user(visit.user_id)
    return {
        "observes": visit.settings.observes_channels,
        "agreed": any(one.source == WEBUI and not one.silent for one in links),
        "links": [one for one in links if one.source != WEBUI],
    }


def unlink(visit: Visit) -> Answer:
    """An account is the user's no longer; one of another's is none."""
    source, author = visit.form.get("source", ""), visit.form.get("author", "")
    if not visit.parts.tools.people.unlink(visit.user_id, source, author):
        raise Refused(message("page: no such account"))
    return back("switches", "account unlinked")


def _known(visit: Visit) -> tuple[str, str]:
    """Source and id of the channel that a form names.

    Raises:
        Refused: no such channel is observed; users' ids are none.
    """
    source, channel = visit.parts.tools.people.channel_of(visit.form.get("channel", ""))
    if not source:
        raise Refused(message("page: no such channel"))
    return source, channel
