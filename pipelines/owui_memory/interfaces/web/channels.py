"""Observed channels: for admins, how much there is of each; for users, which accounts there are theirs."""

from __future__ import annotations

from dataclasses import replace

from ...channels.queue import ChannelQueue
from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.scope import WEBUI
from .parts import Visit, back
from .rendering import Redirect, View


def listed(visit: Visit) -> View:
    """The channels that are observed, as numbers: never what anybody said."""
    found = visit.page_of(ChannelQueue(visit.parts.tools.control.engine).standing(1_000_000))
    values = {"page": found, "budget": visit.settings.channel_tokens_per_day}
    return View("channels.html", {**values, "on": visit.settings.observes_channels})


def pause(visit: Visit) -> Redirect:
    on = visit.form.get("on") == "yes"
    visit.parts.tools.people.pause(_known(visit), on=on)
    return back("channels", "channel paused" if on else "channel observed")


def erase(visit: Visit) -> Redirect:
    """What was said in a channel, and what was learned of it."""
    visit.parts.tools.control.forget_all(replace(visit.asked(), user_id=_known(visit)))
    return back("channels", "channel erased")


def links_of(visit: Visit) -> dict[str, object]:
    """What the page of switches shows of a user's accounts in channels."""
    links = visit.parts.tools.people.of_user(visit.user_id)
    return {
        "observes": visit.settings.observes_channels,
        "agreed": any(one.source == WEBUI and not one.silent for one in links),
        "links": [one for one in links if one.source != WEBUI],
    }


def unlink(visit: Visit) -> Redirect:
    """An account is the user's no longer; one of another's is none."""
    source, author = visit.form.get("source", ""), visit.form.get("author", "")
    if not visit.parts.tools.people.unlink(visit.user_id, source, author):
        raise Refused(message("page: no such account"))
    return back("switches", "account unlinked")


def _known(visit: Visit) -> str:
    """The owner that a form names.

    Raises:
        Refused: no channel is observed that has it; users' ids are none.
    """
    owner = visit.form.get("channel", "")
    if not visit.parts.tools.people.is_channel(owner):
        raise Refused(message("page: no such channel"))
    return owner
