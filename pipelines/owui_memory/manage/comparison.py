"""What is known here is compared with what Open WebUI has, since its webhooks come once or never.

A server that is down, ill, empty, restored from an old copy, or another one must cost no memory. So only what
was seen in this Open WebUI before counts as deleted, once it was missing for a day (a user for a week) and
Open WebUI says of it by its own name that it is not there, while it shows others. Where more is missing than
people delete, nothing is done, and the admin is told.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from sqlalchemy import ColumnElement, Engine, and_, delete, select, update

from ..core.batched import batched
from ..core.errors import Retry, TellAdmin
from ..state import put_row, reading, webui_seen
from .deletions import USER, Deletions

_CHAT_S, _USER_S = 20 * 3600.0, 7 * 86_400.0  # that something is missing, before it counts as deleted
_FEW, _SHARE = 20, 0.2  # chats that may be missing at once; more only if they are a smaller share
_FEW_USERS, _USERS_SHARE = 3, 0.2
_AT_ONCE = 500  # rows in a transaction: others write in between


class ChatServer(Protocol):
    """What Open WebUI tells: see `interfaces.webui.WebUi`, whose faults it raises."""

    def admin(self) -> str: ...
    def users(self) -> frozenset[str]: ...
    def chats_of(self, user_id: str) -> frozenset[str]: ...
    def has_user(self, user_id: str) -> bool: ...
    def has_chat(self, chat_id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """How many users and chats were looked for, and which are missing: (user, "") and (user, chat).

    deleted: those of them that count as deleted now.
    """

    users: int
    chats: int
    missing: tuple[tuple[str, str], ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()


class Comparison:
    """With one Open WebUI. url: its address, by which what was seen in another one is told apart."""

    def __init__(self, engine: Engine, deletions: Deletions, url: str) -> None:
        self._engine, self._reading, self._deletions = engine, reading(engine), deletions
        self._webui = blake2b(url.rstrip("/").encode(), digest_size=12).hexdigest()

    def last(self) -> float:
        """When this was done last, in Unix seconds; 0 if it was not."""
        mine = select(webui_seen.c.seen_at).where(webui_seen.c.webui == self._webui)
        with self._reading.connect() as connection:
            return connection.scalar(mine.order_by(webui_seen.c.seen_at.desc()).limit(1)) or 0.0

    def run(self, server: ChatServer, *, confirmed: bool = False) -> Compared:
        """Look what is missing, and write down as deleted what is so for the second time.

        confirmed: an admin has looked at it: what is missing now counts, however much it is.

        Raises:
            Retry: something is not as it must be for this to be told; nothing was done.
            TellAdmin: more is missing than anybody deletes, or the key may not see chats; nothing was done.
        """
        begun, users = time.time(), server.users()
        if (admin := server.admin()) not in users:
            raise Retry("Open WebUI does not list the key's own user.", hint="It may be starting: try later.")
        seen = self._seen()
        if seen and not any(chat_id == USER and user_id in users for user_id, chat_id in seen):
            raise Retry("Open WebUI has none of the users it had.", hint="Is it another one at this address?")
        # What was seen and is known no more, as after an import that was taken back, is not missing.
        known = {user_id: {USER} for user_id in self._deletions.users() | {user_id for user_id, _ in seen}}
        for user_id, chat_id in seen:
            known[user_id].add(chat_id)
        there = {(admin, USER)}
        for user_id in known.keys() & users:
            chats = server.chats_of(user_id)
            self._deletions.take_back(user_id, chats, begun)
            of_user = (known[user_id] | self._deletions.chats_of(user_id)) & chats
            there |= {(user_id, USER), *((user_id, chat) for chat in of_user)}
        missing = [pair for pair in seen if pair not in there and (pair[1] == USER or pair[0] in users)]
        if not confirmed:
            self._check_amount(seen, missing)
        since = {pair: seen[pair] or time.time() for pair in missing}
        wait_s = {pair: _USER_S if pair[1] == USER else _CHAT_S for pair in missing}
        due = [pair for pair in missing if confirmed or time.time() - since[pair] >= wait_s[pair]]
        deleted = self._confirmed(server, due, there) if due else []
        self._write(there, since)
        for user_id, chat_id in deleted:
            self._deletions.note(user_id, chat_id)
            self._forget(user_id, chat_id)
        count = sum(chat != USER for _, chat in seen)
        return Compared(len(seen) - count, count, tuple(missing), tuple(deleted))

    def _confirmed(
        self, server: ChatServer, due: Iterable[tuple[str, str]], there: Collection[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Those that Open WebUI says it has not, while it shows another chat."""
        gone = [
            (user_id, chat_id)
            for user_id, chat_id in due
            if not (server.has_user(user_id) if chat_id == USER else server.has_chat(chat_id))
        ]
        witness = next((chat for _, chat in there if chat != USER), None)
        if any(chat != USER for _, chat in gone) and (witness is None or not server.has_chat(witness)):
            raise Retry("Open WebUI shows no chat at all to this key.", hint="Nothing was erased.")
        if server.admin() not in server.users():
            raise Retry("Open WebUI has changed its mind on its users.", hint="Nothing was erased.")
        return gone

    @staticmethod
    def _check_amount(seen: Collection[tuple[str, str]], missing: Collection[tuple[str, str]]) -> None:
        for what, few, share, is_user in (
            ("users", _FEW_USERS, _USERS_SHARE, True),
            ("chats", _FEW, _SHARE, False),
        ):
            of_kind = sum((chat == USER) == is_user for _, chat in missing)
            total = sum((chat == USER) == is_user for _, chat in seen)
            if of_kind > few and of_kind > share * total:
                raise TellAdmin(
                    f"{of_kind:,} of {total:,} {what} are missing in Open WebUI, so nothing was erased here.",
                    hint="If they were deleted there, run `owui-memory compare --erase`.",
                )

    def _seen(self) -> dict[tuple[str, str], float]:
        """What was seen there, and since when it is missing, 0 for what is not."""
        mine = select(webui_seen).where(webui_seen.c.webui == self._webui)
        with self._reading.connect() as connection:
            return {(row.user_id, row.chat_id): row.missing_since for row in connection.execute(mine)}

    def _write(self, there: Iterable[tuple[str, str]], since: dict[tuple[str, str], float]) -> None:
        kept = {"webui": self._webui, "seen_at": time.time(), "missing_since": 0.0}
        for some in batched(there, _AT_ONCE):
            with self._engine.begin() as connection:
                for user_id, chat_id in some:
                    put_row(connection, webui_seen, {"user_id": user_id, "chat_id": chat_id, **kept})
        for some in batched(since, _AT_ONCE):
            with self._engine.begin() as connection:
                for pair in some:
                    mine = and_(*self._mine(*pair))
                    connection.execute(update(webui_seen).where(mine).values(missing_since=since[pair]))

    def _forget(self, user_id: str, chat_id: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(webui_seen).where(*self._mine(user_id, chat_id)))

    def _mine(self, user_id: str, chat_id: str) -> tuple[ColumnElement[bool], ...]:
        mine = webui_seen.c.webui == self._webui, webui_seen.c.user_id == user_id
        return (*mine, webui_seen.c.chat_id == chat_id)
