"""What was seen in one of Open WebUI's channels, and what of it is new, edited or deleted since.

A look asks for the newest messages, and for older ones until one that is known; a sweep goes further back, to
find what was edited or deleted there, and new replies in old threads. What was seen is kept in memory; after
a start it is taken from what the queue has. Only what is newer than `floor` is ever handed on.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..channels.channels import Channels
from ..channels.message import ChannelMessage
from ..channels.queue import Full
from ..core.latest import Latest
from ..core.scope import WEBUI, channel_owner
from .webui_channels import Posted, WebuiChannel, WebuiChannels

_MOST_PAGES, _SWEPT_PAGES, _THREAD_PAGES = 250, 10, 10  # of about 100 messages
_OVERLAP = 10  # messages that a page has of the one before, for new ones move all on
_MOST_SEEN, _MOST_ASKED, _AT_ONCE = 10_000, 50, 200
_LATE_S = 60.0  # by which a message may be older than one that came before
_RECALLED_S = 2 * 24 * 3600.0  # what is taken from the queue


class _Seen(NamedTuple):
    """A message as it was last listed. changed: -1 for one that only the queue has told of."""

    changed: int
    at: float
    parent: str = ""
    was_kept: bool = True  # a member wrote it


class FollowedChannel:
    """floor: Unix time in seconds, by Open WebUI's clock. Methods block."""

    def __init__(self, channel: WebuiChannel, told_at: float, channels: Channels) -> None:
        """told_at: when members were told that it is read. What they wrote before is not."""
        self.channel, self.told_at, self.floor = channel, told_at, told_at
        self._channels = channels
        # By their first message, how they looked.
        self._threads = Latest[str, tuple[int, int]](_MOST_SEEN)
        self._seen: dict[str, _Seen] = {}
        since = time.time() - _RECALLED_S
        for id_, at in channels.queue.known(channel_owner(WEBUI, channel.id), since, _MOST_SEEN):
            self._seen[id_] = _Seen(-1, at)
            self.floor = max(self.floor, at - _LATE_S)

    def look(self, api: WebuiChannels, *, sweep: bool) -> bool:
        """Hand on what is new; whether there was something.

        Raises:
            Full: too many messages wait to be read; what fitted was taken.
            GoneError, TellAdmin, Retry: as `WebuiChannels`.
        """
        listed, since, is_new, threads = set[str](), time.time(), False, list[Posted]()
        for page in self._pages(api, sweep):
            for one in page:
                if one.replies != self._threads.get(one.id, (0, 0)) or (sweep and one.replies[0]):
                    threads.append(one)
            listed.update(one.id for one in page)
            since = min([since, *(one.at for one in page)])
            is_new |= self._take(api, page)
        self._drop(api, "", listed, since)
        for parent in threads:
            is_new |= self._look_into_thread(api, parent)
        self._bound()
        return is_new

    def _pages(self, api: WebuiChannels, sweep: bool) -> Iterator[Sequence[Posted]]:
        """The messages to be looked at, the oldest page first, each as it is listed then."""
        skips, is_known = [0], False
        first = page = api.page(self.channel.id, 0)
        while page.passed and len(skips) < _MOST_PAGES:
            is_known |= any(one.id in self._seen for one in page.messages)
            if is_known and len(skips) >= (_SWEPT_PAGES if sweep else 1):
                break
            if page.messages and page.messages[-1].at <= self.floor:
                break
            skips.append(skips[-1] + max(page.passed - _OVERLAP, 1))
            page = api.page(self.channel.id, skips[-1])
        for skip in reversed(skips[1:]):
            yield api.page(self.channel.id, skip).messages
        yield first.messages if len(skips) == 1 else api.page(self.channel.id, 0).messages

    def _look_into_thread(self, api: WebuiChannels, parent: Posted) -> bool:
        replies: list[Posted] = []
        skip, since = 0, self.floor
        for _ in range(_THREAD_PAGES):
            page = api.page(self.channel.id, skip, parent.id)
            replies += page.messages
            skip += page.passed
            if not page.passed or (replies and replies[-1].at <= self.floor):
                break
        else:
            since = replies[-1].at if replies else time.time()
        is_new = self._take(api, replies)
        self._drop(api, parent.id, {one.id for one in replies}, since)
        self._threads[parent.id] = parent.replies
        return is_new

    def _take(self, api: WebuiChannels, posted: Iterable[Posted]) -> bool:
        """Hand on what is new or edited, the oldest first, and post what is answered."""
        fresh, is_new = [], False
        for one in sorted(posted, key=lambda one: (one.at, one.id)):
            before = self._seen.get(one.id)
            if (before is None and one.at > self.floor) or (before and before.changed != one.changed):
                fresh.append((one, before))
        for start in range(0, len(fresh), _AT_ONCE):
            some = fresh[start : start + _AT_ONCE]
            said = [one for one, before in some if one.text or (before and before.was_kept)]
            observed = self._channels.observe([self._message(one) for one in said])
            is_new |= bool(observed.accepted)
            full = {said[index].id for index in observed.full}
            for one, _ in some:
                if one.id not in full:
                    self._seen[one.id] = _Seen(one.changed, one.at, one.parent, bool(one.text))
            for reply in observed.replies:
                api.say(self.channel.id, reply.text)
            if full:
                raise Full("Too many messages of a channel wait to be read.", hint="They are read later.")
        return is_new

    def _drop(self, api: WebuiChannels, parent: str, listed: set[str], since: float) -> None:
        """Hand on what was deleted: known of a time, not listed there, and not there if one asks for it."""
        missing = [
            id_
            for id_, one in self._seen.items()
            if one.parent == parent and one.at > since and id_ not in listed
        ]
        gone = set[str]()
        for id_ in missing[:_MOST_ASKED]:
            if (posted := api.message(self.channel.id, id_)) is None:
                gone.add(id_)
            else:  # a reply that only the queue has told of, or one that has come meanwhile
                self._seen[id_] = self._seen[id_]._replace(parent=posted.parent)
        if not gone or not api.is_there(self.channel.id):
            return  # with a whole channel nothing is forgotten: that is for an admin to say
        gone |= {id_ for id_, one in self._seen.items() if one.parent in gone}
        lost = [ChannelMessage(WEBUI, self.channel.id, id_, "", "", 0.0, deleted=True) for id_ in gone]
        self._channels.observe(lost)
        for id_ in gone:
            del self._seen[id_]

    def _bound(self) -> None:
        if len(self._seen) > 2 * _MOST_SEEN:
            self._seen = dict(heapq.nlargest(_MOST_SEEN, self._seen.items(), key=lambda item: item[1].at))

    def _message(self, one: Posted) -> ChannelMessage:
        return ChannelMessage(
            source=WEBUI,
            channel=self.channel.id,
            id=one.id,
            author=one.author,
            text=one.text,
            at=one.at,
            author_name=one.author_name,
            channel_name=self.channel.name,
            reply_to=one.reply_to or one.parent,
            deleted=not one.text,
        )
