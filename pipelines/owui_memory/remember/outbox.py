"""The durable queue of exchanges: put, claim, done, retry, dead.

An exchange is put once for its key, whoever answers and however often. A claim takes all that is
ready of one chat as a batch; it expires unless renewed, so that a crashed process loses nothing.
The batch's name stays the same over retries: what an earlier try has stored is found by it. A user's
exchanges are claimed in the order in which they came: none overtakes one that waits for its retry, but for
one that is "postponed": where the reason lies in what it says, the others need not wait.
Where several servers share PostgreSQL, one of them at a time puts or claims a user's: see `state.hold`.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Collection
from dataclasses import asdict, replace
from math import log2
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from ..core.errors import ClaimLost
from ..core.exchange import IMPORTS, Batch, Exchange, message_id_of
from ..state import deletions, hold, outbox, was_erased
from ..state.clock import is_later
from ..state.engine import Patience, unsynced
from ..state.prepared import Prepared
from .backlog import NEWER, Backlog, batch_of, exchange_of
from .turns import CLAIM_S, PAUSE_MOST_S, next_user, rows_of, rows_where

_BACKOFF_FIRST_S, _POSTPONED_FIRST_S, _BACKOFF_MOST_S = 1.0, 2.0, PAUSE_MOST_S
_MOST_LONGER = 16  # times that a pause is longer than before: after days, 2 ** attempts is no float any more

_LOOKS = 10  # for a batch that no other server takes first

_UNREAD = (("pending", ""), ("later", ""))  # states and batches of what nobody has worked on
_WAITING = and_(outbox.c.state == "pending", outbox.c.batch == "")  # for its chat to become idle

# With each message: put together once, for building a statement takes as long as running it.
_ELSEWHERE = and_(
    _WAITING,
    outbox.c.user_id == bindparam("of_user"),
    outbox.c.chat_id != bindparam("here"),
    outbox.c.ready_at > bindparam("now"),
)
_DELETED = Prepared(
    select(deletions.c.at).where(
        deletions.c.user_id == bindparam("of_user"), deletions.c.chat_id == bindparam("here")
    )
)
_FIRST_ELSEWHERE = Prepared(select(outbox.c.id).where(_ELSEWHERE).limit(1))
_READY_ELSEWHERE = update(outbox).where(_ELSEWHERE).values(ready_at=bindparam("now"))


class Outbox(Backlog):
    """The queue in the state database. Threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._engine, self._patience = engine, Patience(engine)
        self._renewing = unsynced(engine)  # after a power cut nobody has the claim

    def put(
        self,
        exchange: Exchange,
        *,
        wait_s: float = 0.0,
        batch_max: int = 1,
        since: float | None = None,
        renews: bool = False,
    ) -> bool:
        """Keep an exchange durably; False where its key is there already, or a later version of the message.

        since: when it came, if that was not now; False where all of its user's was erased after that.
        renews: another answer to the same message takes the place of the one before; then False, too.

        It becomes ready after `wait_s` seconds without another of its chat, or at once when
        `batch_max` of its chat wait, or when its user goes on in another chat.
        """
        now = time.time()

        def keep(connection: Connection) -> bool:
            if since is not None:
                hold(connection, exchange.user_id)
                if was_erased(connection, exchange.user_id, since):
                    return False
            return self.insert(connection, exchange, now, wait_s, batch_max)

        try:
            return self._patience.run(keep)
        except IntegrityError:
            if renews:
                self._patience.run(lambda connection: self._renew(connection, exchange, now, wait_s))
            return False

    @staticmethod
    def _renew(connection: Connection, exchange: Exchange, now: float, wait_s: float) -> None:
        """One that waits has another answer; one that is remembered comes once more, for what was said."""
        hold(connection, exchange.user_id)
        mine = and_(outbox.c.user_id == exchange.user_id, outbox.c.key == exchange.key)
        row = connection.execute(select(outbox).where(mine)).first()
        if row is None:
            return
        change = update(outbox).where(outbox.c.id == row.id)
        if row.state == "done":
            connection.execute(change.values(**_once_more(exchange, now + wait_s)))
            return
        answer = {"assistant_text": exchange.assistant_text, "answered_by": exchange.answered_by}
        # What is being worked on comes first: see `done`.
        more = {NEWER: answer} if row.state == "claimed" else {**answer, NEWER: {}}
        connection.execute(change.values(exchange=json.dumps({**json.loads(row.exchange), **more})))

    def insert(
        self,
        connection: Connection,
        exchange: Exchange,
        now: float,
        wait_s: float = 0.0,
        batch_max: int = 1,
        imported: str = "",
    ) -> bool:
        """As `put`, within a transaction, which raises IntegrityError. imported: see `later`."""
        hold(connection, exchange.user_id)
        if not imported and exchange.chat_id and _is_deleted(connection, exchange):
            return False
        replaced = self._replaced(connection, exchange)
        if any(is_later(row.said_at, exchange.said_at, now) for row in replaced):
            return False  # the answer to the original comes after that to its edited version
        exchange = replace(exchange, replaces=self._take_back(connection, replaced))
        connection.execute(
            outbox.insert().values(
                key=exchange.key,
                user_id=exchange.user_id,
                chat_id=exchange.chat_id,
                follows=exchange.follows,
                scope=exchange.scope,
                said_at=exchange.said_at,
                exchange=json.dumps(asdict(exchange)),
                state="later" if imported else "pending",
                ready_at=exchange.said_at if imported else now + wait_s,
                created_at=now,
                waiting_since=now,
                imported=imported,
            )
        )
        if wait_s:
            self._gather(connection, exchange, now + wait_s, now, batch_max)
        return True

    def claim(
        self, batch_max: int = 100, in_hand: Collection[str] = (), *, by_model: bool = False
    ) -> Batch | None:
        """Take the next batch, or one whose claim has expired; None where nothing is ready.

        in_hand: names of batches that are worked on here, so that none is taken from oneself.
        by_model: what another model has answered is another batch.
        """
        for _ in range(_LOOKS):
            with self._engine.begin() as connection:
                now = time.time()
                user_id = next_user(connection, now, in_hand)
                if user_id is None:
                    return None
                # Another server may have been quicker: then look again.
                if rows := rows_of(connection, user_id, now, batch_max, in_hand, by_model=by_model):
                    return self._claimed(connection, rows, now)
        return None

    @staticmethod
    def _claimed(connection: Connection, rows: list[Any], now: float) -> Batch:
        new_name = (IMPORTS if rows[0].imported else "") + uuid.uuid4().hex
        name, attempts = rows[0].batch or new_name, rows[0].attempts + 1
        connection.execute(
            update(outbox)
            .where(outbox.c.id.in_([row.id for row in rows]))
            .values(state="claimed", batch=name, claim_expires=now + CLAIM_S, attempts=attempts)
        )
        return batch_of(rows, name=name, attempts=attempts)

    def renew(self, batch: Batch) -> None:
        """Keep the claim for longer: nobody else takes the batch for the next `CLAIM_S` seconds.

        Raises:
            ClaimLost: it had expired, and somebody else has claimed the batch since.
        """
        renewed = update(outbox).where(_claim_of(batch)).values(claim_expires=time.time() + CLAIM_S)
        with self._renewing.begin() as connection:
            is_mine = connection.execute(renewed).rowcount > 0
        if not is_mine:
            hint = "This server stood still for some seconds. Nothing is lost: the other one goes on with it."
            raise ClaimLost("Another server has taken over what this one was about to remember.", hint=hint)

    def done(self, batch: Batch) -> bool:
        """The batch is remembered: forget its text, keep its keys. False where the claim was lost.

        An exchange that has been answered anew meanwhile comes once more, for what was said.
        """
        with self._engine.begin() as connection:
            hold(connection, batch.user_id)
            mine = rows_where(connection, _claim_of(batch))
            done = {"state": "done", "exchange": None, "error": ""}
            connection.execute(update(outbox).where(_claim_of(batch)).values(**done))
            for row in mine:
                if (kept := json.loads(row.exchange)).get(NEWER):
                    again = _once_more(exchange_of(kept), time.time())
                    connection.execute(update(outbox).where(outbox.c.id == row.id).values(**again))
        return bool(mine)

    def retry(self, batch: Batch, error: str) -> None:
        """Try again later: at first after a second, at last every five minutes, with jitter."""
        longest_s = _BACKOFF_FIRST_S * 2 ** min(batch.attempts - 1, _MOST_LONGER)
        self._set(batch, state="pending", ready_at=_in_about(longest_s), error=error)

    def postpone(self, batch: Batch, error: str, times: int = 1) -> None:
        """Try again later, and let the user's other exchanges go on meanwhile. `times`: how often it was."""
        longest_s = _POSTPONED_FIRST_S * 3 ** min(times - 1, _MOST_LONGER)
        self._set(batch, state="postponed", ready_at=_in_about(longest_s), error=error)

    def split(self, batch: Batch, error: str) -> None:
        """Make a batch of each exchange, to be tried at once, in order; nothing where the claim was lost."""
        now = time.time()
        with self._engine.begin() as connection:
            for row in rows_where(connection, _claim_of(batch)):
                name = (IMPORTS if batch.is_imported else "") + uuid.uuid4().hex
                alone = {"batch": name, "state": "pending", "attempts": 0, "ready_at": now}
                mine = outbox.c.id == row.id
                connection.execute(update(outbox).where(mine).values(**alone, error=error))

    def dead(self, batch: Batch, error: str) -> None:
        self._set(batch, state="dead", error=error)

    def hurry(self) -> None:
        """Nothing waits for its chat to become idle any more."""
        with self._engine.begin() as connection:
            connection.execute(update(outbox).where(_WAITING).values(ready_at=time.time()))

    def leave_others(self, user_id: str, chat_id: str) -> bool:
        """A user goes on in this chat: what they said in others waits no more. Whether there was anything."""
        others = {"of_user": user_id, "here": chat_id, "now": time.time()}
        with self._reading.connect() as connection:
            if not _FIRST_ELSEWHERE.rows(connection, others):
                return False
        with self._engine.begin() as connection:
            connection.execute(_READY_ELSEWHERE, others)
        return True

    def revive(self, name: str) -> bool:
        """Try a dead batch again, at once, and for as long as a new one; False where there is none."""
        now = time.time()
        dead = and_(outbox.c.batch == name, outbox.c.state == "dead")
        # One attempt stays: the next is still to look for what an earlier one has stored.
        again = {"state": "pending", "attempts": 1, "ready_at": now, "waiting_since": now}
        with self._engine.begin() as connection:
            return connection.execute(update(outbox).where(dead).values(again)).rowcount > 0

    def _set(self, batch: Batch, **values: Any) -> None:
        """Unless a later try has the claim by now: this one has lost it, and its say."""
        with self._engine.begin() as connection:
            connection.execute(update(outbox).where(_claim_of(batch)).values(**values))

    @staticmethod
    def _replaced(connection: Connection, exchange: Exchange) -> list[Any]:
        if not exchange.follows:
            return []
        versions = and_(
            outbox.c.user_id == exchange.user_id,
            outbox.c.chat_id == exchange.chat_id,
            outbox.c.follows == exchange.follows,
            outbox.c.key != exchange.key,
        )
        return rows_where(connection, versions)

    @staticmethod
    def _take_back(connection: Connection, replaced: list[Any]) -> tuple[str, ...]:
        """Forget versions that wait or were given up; message ids of those that somebody has worked on."""
        forgotten = [
            row.id
            for row in replaced
            if row.state in ("dead", "postponed") or (row.state, row.batch) in _UNREAD
        ]
        connection.execute(
            update(outbox).where(outbox.c.id.in_(forgotten)).values(state="done", exchange=None, error="")
        )
        # What was given up may have been made in part.
        return tuple(
            message_id_of(row.key)
            for row in replaced
            if row.batch or (row.exchange and json.loads(row.exchange).get("again"))
        )

    @staticmethod
    def _gather(
        connection: Connection, exchange: Exchange, ready_at: float, now: float, batch_max: int
    ) -> None:
        """One moment for all that wait in this chat; now for the user's other chats."""
        waiting = and_(_WAITING, outbox.c.user_id == exchange.user_id)
        here = and_(waiting, outbox.c.chat_id == exchange.chat_id)
        count = connection.scalar(select(func.count()).where(here)) or 0
        connection.execute(
            update(outbox).where(here).values(ready_at=now if count >= batch_max else ready_at)
        )
        elsewhere = and_(waiting, outbox.c.chat_id != exchange.chat_id)
        connection.execute(update(outbox).where(elsewhere).values(ready_at=now))


def _in_about(longest_s: float) -> float:
    return time.time() + min(longest_s, _BACKOFF_MOST_S) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load


def _is_deleted(connection: Connection, exchange: Exchange) -> bool:
    """Whether its chat was deleted in Open WebUI: see `manage.deletions`."""
    return bool(_DELETED.rows(connection, {"of_user": exchange.user_id, "here": exchange.chat_id}))


def _once_more(exchange: Exchange, ready_at: float) -> dict[str, Any]:
    """The values of a row that was remembered, and whose message has another answer now."""
    anew = {"state": "pending", "batch": "", "attempts": 0, "claim_expires": 0.0, "error": ""}
    due = {"ready_at": ready_at, "created_at": time.time(), "waiting_since": time.time()}
    return {"exchange": json.dumps(asdict(replace(exchange, again=True))), **anew, **due}


def _claim_of(batch: Batch) -> Any:
    """Its rows, while this try has the claim."""
    return and_(
        outbox.c.batch == batch.name, outbox.c.state == "claimed", outbox.c.attempts == batch.attempts
    )


def is_overdue(batch: Batch, hours: float) -> bool:
    """Whether a batch was tried for so long: by the clock, and by half the tries that this time has room for.

    The clock alone would give up at once what waited while no server ran, or when it is put right.
    """
    seconds = hours * 3600
    tries = min(log2(seconds + 1), 9) + seconds / _BACKOFF_MOST_S  # see `Outbox.retry`
    waited_s = time.time() - batch.waiting_since
    return batch.attempts >= tries * 2 or (waited_s >= seconds and batch.attempts >= tries / 2)
