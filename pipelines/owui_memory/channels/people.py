"""Whose messages in channels are whose: who is linked to a user of Open WebUI, who agreed, who is not read.

An author is an id in a source; names say nothing. A code links whoever posts it: nobody can link another.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Column, ColumnElement, Connection, Engine, and_, select, tuple_, update

from ..core.batched import batched
from ..core.scope import WEBUI
from ..state import channel_authors, channel_memories, channel_messages, channels, insert_new, reading
from ..state.engine import Patience
from ..state.page_sessions_table import PageSessions, Person
from .message import ChannelMessage
from .queue import DELETED, DROPPED, drop_texts
from .requests import FORGET, LINK, Request, read_request

_AT_ONCE = 200  # authors, or messages, in a statement

Author = tuple[str, str]  # source and id


@dataclass(frozen=True, slots=True)
class ChannelReply:
    """What is to be said in a channel. to: the id of the message that it answers, "" for none."""

    channel: str
    text: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An author who is a user. agreed_at: to be remembered, Unix seconds, 0.0 for no. silent: is not read."""

    source: str
    author: str
    name: str
    agreed_at: float
    silent: bool


class People:
    """Authors of all sources. Threads may share it; methods block."""

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))
        self._codes = PageSessions(engine)

    def take(
        self, messages: Sequence[ChannelMessage]
    ) -> tuple[dict[int, ChannelMessage], list[ChannelReply]]:
        """What of newly observed messages may be kept, by their indices, and what is to be said to others.

        What authors ask is done; of such a message only that it was there is kept, as of a deleted one, so
        that it is not done again when the message is told again. Authors who are not read are left out.
        """
        authors, known = channel_authors.c, channel_messages.c
        whose = [(one.source, one.author) for one in messages]
        silent = self._among(whose, (authors.source, authors.author), authors.silent)
        requests = {index: asked for index, one in enumerate(messages) if (asked := _request(one))}
        asking = [(messages[index].owner, messages[index].id) for index in requests]
        deleted = known.state.in_((DELETED, DROPPED))
        done = self._among(asking, (known.user_id, known.message_id), deleted)
        kept: dict[int, ChannelMessage] = {}
        replies: dict[tuple[Author, str], ChannelReply] = {}  # one for each author in a channel, the last
        for index, one in enumerate(messages):
            author = one.source, one.author
            if index not in requests:
                if one.deleted or author not in silent:
                    kept[index] = one
                continue
            if (one.owner, one.id) in done:
                continue
            done.add((one.owner, one.id))
            request = requests[index]
            if request.what == FORGET:
                kept = {at: it for at, it in kept.items() if it.deleted or (it.source, it.author) != author}
                silent.add(author)
            said, is_read = self._answered(one, request)
            if is_read:
                silent.discard(author)
            kept[index] = replace(one, text="", author_name="", deleted=True)
            replies[author, one.channel] = ChannelReply(one.channel, request.words.say(said), one.id)
        return kept, list(replies.values())

    def _answered(self, asked: ChannelMessage, request: Request) -> tuple[str, bool]:
        """Do what is asked; the id of the answer's text, and whether the author is read from now on."""
        source, author = asked.source, asked.author
        if request.what == FORGET:
            self.forget(source, author)
            return "channel, forgotten", False
        if request.what == LINK:
            user_id = self._codes.redeem_code(request.code)
            if not user_id or (source == WEBUI and user_id != author):  # there an author is who they are
                return "channel, no such code", False
            agreed = {"user_id": user_id, "agreed_at": time.time(), "silent": False}
            self._put(source, author, name=asked.author_name, **agreed)
            return "channel, linked", True
        self._put(source, author, silent=False)
        return "channel, read", True

    def code(self, user_id: str) -> str:
        """A code with which an author becomes this user's, once and within ten minutes."""
        return self._codes.code(Person(user_id))

    def of_user(self, user_id: str) -> list[Link]:
        """The authors who are a user, by source and id; in Open WebUI's own channels only one who agreed."""
        wanted = select(channel_authors).where(channel_authors.c.user_id == user_id)
        wanted = wanted.order_by(channel_authors.c.source, channel_authors.c.author)
        rows = self._reading.run(lambda connection: connection.execute(wanted).all())
        return [Link(row.source, row.author, row.name, row.agreed_at, row.silent) for row in rows]

    def agree(self, user_id: str, *, on: bool) -> None:
        """Whether a user wants to be remembered by what they say in Open WebUI's own channels."""
        if on:
            self._put(WEBUI, user_id, user_id=user_id, agreed_at=time.time(), silent=False)
        else:
            self.unlink(user_id, WEBUI, user_id)

    def unlink(self, user_id: str, source: str, author: str) -> bool:
        """An author is this user no longer; False if they were not."""
        mine = and_(
            channel_authors.c.source == source,
            channel_authors.c.author == author,
            channel_authors.c.user_id == user_id,
        )
        ended = update(channel_authors).where(mine).values(user_id="", agreed_at=0.0)
        return bool(self._writing.run(lambda connection: connection.execute(ended).rowcount))

    def channel_of(self, owner: str) -> tuple[str, str]:
        """The source and the id of the channel whose memories lie under this id; "" twice for none."""
        wanted = select(channels.c.source, channels.c.channel).where(channels.c.user_id == owner)
        row = self._reading.run(lambda connection: connection.execute(wanted).first())
        return (row.source, row.channel) if row is not None else ("", "")

    def pause(self, owner: str, *, on: bool) -> None:
        """Keep nothing of what is said in a channel, or observe it again. owner: see `channel_owner`."""
        changed = update(channels).where(channels.c.user_id == owner).values(paused=on)
        self._writing.run(lambda connection: connection.execute(changed))

    def forget(self, source: str, author: str) -> None:
        """Erase what an author has said, and what was learned from it; they are not read from now on.

        Memories are told no more at once, and erased by the server: see `erasing`.
        """
        own = and_(channel_messages.c.source == source, channel_messages.c.author == author)
        # Also of messages that are not kept any more.
        cites = and_(channel_memories.c.source == source, channel_memories.c.author == author)

        def erase(connection: Connection) -> None:
            _put(connection, source, author, {"silent": True})
            connection.execute(update(channel_messages).where(own).values(author_name=""))
            drop_texts(connection, own, time.time())
            connection.execute(update(channel_memories).where(cites).values(gone=True))

        self._writing.run(erase)

    def forget_user(self, user_id: str) -> int:
        """The same for all authors who are a user, who are linked no longer; how many there were."""
        mine = {(link.source, link.author) for link in self.of_user(user_id)}
        authors = mine | ({(WEBUI, user_id)} if self._is_known(WEBUI, user_id) else set())
        for source, author in authors:
            self.forget(source, author)
            self._put(source, author, name="", user_id="", agreed_at=0.0)
        return len(authors)

    def _is_known(self, source: str, author: str) -> bool:
        tables = channel_authors, channel_messages, channel_memories
        asked = [
            select(table.c.source).where(table.c.source == source, table.c.author == author).limit(1)
            for table in tables
        ]
        return any(self._reading.run(lambda connection: [connection.scalar(one) for one in asked]))

    def _among(
        self, pairs: Iterable[tuple[str, str]], columns: Sequence[Column[str]], which: ColumnElement[bool]
    ) -> set[tuple[str, str]]:
        """Those of some pairs that stand in these columns, in such rows."""

        def read(connection: Connection) -> set[tuple[str, str]]:
            found: set[tuple[str, str]] = set()
            for some in batched(sorted(set(pairs)), _AT_ONCE):
                wanted = select(*columns).where(tuple_(*columns).in_(some), which)
                found.update(tuple(row) for row in connection.execute(wanted))
            return found

        return self._reading.run(read)

    def _put(self, source: str, author: str, **values: object) -> None:
        self._writing.run(lambda connection: _put(connection, source, author, values))


def _request(one: ChannelMessage) -> Request | None:
    return read_request(one.text) if one.author and not one.deleted else None


def _put(connection: Connection, source: str, author: str, values: Mapping[str, object]) -> None:
    """Change what is known of an author, or write down a new one."""
    new = {"source": source, "author": author, "name": "", "user_id": "", "agreed_at": 0.0, "silent": False}
    insert_new(connection, channel_authors, [new])
    mine = and_(channel_authors.c.source == source, channel_authors.c.author == author)
    connection.execute(update(channel_authors).where(mine).values(**values))
