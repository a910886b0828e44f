"""`channels`: what is observed, as numbers; erasing a channel, or what somebody said; pausing."""

from __future__ import annotations

from typing import Annotated

import typer

from ...channels.erasing import erase_channel
from ...channels.people import People
from ...channels.queue import ChannelQueue
from ...core.errors import Drop
from ...core.scope import channel_owner
from .commands import OF_THE_SERVER, Json, Yes, command
from .commands import app as whole
from .erase import confirmed, show
from .instance import Instance
from .output import answer, as_json, counted, ended, fields, say, table

_channels = typer.Typer(no_args_is_help=True)
whole.add_typer(
    _channels, name="channels", help="Observed channels of the team.", rich_help_panel=OF_THE_SERVER
)

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Where it is, like discord.")]
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its id there; `channels list` shows it.")]


@command("list", of=_channels)
def list_(instance: Instance, to_json: Json = False) -> None:
    """List the channels that are observed, with what waits and what reading them has cost today."""
    budget = instance.settings.advanced_numbers.channel_tokens_per_day
    found = ChannelQueue(instance.engine).standing()
    if to_json:
        names = ("source", "channel", "name", "unread", "aside", "paused", "detail", "tokens")
        as_json([{**fields(one, *names), "budget": budget} for one in found])
    elif not found:
        say("No channel is observed.")
    else:
        rows = []
        for one in found:
            state = "paused" if one.paused else one.detail or "observed"
            counts = (f"{count:,}" for count in (one.unread, one.aside, one.tokens))
            rows.append((one.source, one.channel, one.name, *counts, state))
        table(("source", "channel", "name", "unread", "set aside", f"tokens of {budget:,}", "state"), rows)


@command("erase", of=_channels)
def erase(
    instance: Instance, source: Source, channel: Channel, yes: Yes = False, to_json: Json = False
) -> None:
    """Erase what was said in a channel, and what was learned of it. What its members have stays theirs."""
    _known(instance, source, channel)
    if not yes and not confirmed(f"what is known of {source}/{channel}"):
        ended("Nothing was erased.")
    show(erase_channel(instance.engine, instance.eraser().erase_user, source, channel), to_json)


@command("forget-author", of=_channels)
def forget_author(
    instance: Instance,
    source: Source,
    author: Annotated[str, typer.Argument(metavar="AUTHOR", help="Their id there.")],
    yes: Yes = False,
    to_json: Json = False,
) -> None:
    """Erase what somebody has said in channels, and what was learned from it, and read them no more."""
    if not yes and not confirmed(f"what {author} has said in channels of {source}"):
        ended("Nothing was erased.")
    People(instance.engine).forget(source, author)
    told = f"{author} is forgotten and not read any more. The server erases what was learned from it."
    answer(to_json, {"source": source, "author": author, "forgotten": True}, told)


@command("pause", of=_channels)
def pause(instance: Instance, source: Source, channel: Channel, to_json: Json = False) -> None:
    """Keep nothing of what is said in a channel from now on. What is known of it is still told there."""
    _set_paused(instance, source, channel, to_json, paused=True)


@command("resume", of=_channels)
def resume(instance: Instance, source: Source, channel: Channel, to_json: Json = False) -> None:
    """Observe a channel again."""
    _set_paused(instance, source, channel, to_json, paused=False)


@command("retry", of=_channels)
def retry(instance: Instance, source: Source, channel: Channel, to_json: Json = False) -> None:
    """Read once more what could not be read in a channel and was set aside."""
    count = ChannelQueue(instance.engine).read_aside(_known(instance, source, channel))
    told = f"{counted(count, 'message', 'messages')} of {source}/{channel} will be read once more."
    answer(to_json, {"source": source, "channel": channel, "revived": count}, told)


def _set_paused(instance: Instance, source: str, channel: str, to_json: bool, *, paused: bool) -> None:
    People(instance.engine).pause(_known(instance, source, channel), on=paused)
    told = f"{source}/{channel} is {'paused' if paused else 'observed again'}."
    answer(to_json, {"source": source, "channel": channel, "paused": paused}, told)


def _known(instance: Instance, source: str, channel: str) -> str:
    """The id that its memories lie under. Raises Drop where there is none."""
    owner = channel_owner(source, channel)
    if People(instance.engine).channel_of(owner) != ("", ""):
        return owner
    raise Drop(f"No channel {channel} of {source} is observed.", hint="`channels list` shows them.")
