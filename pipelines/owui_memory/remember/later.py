"""What an import brings waits in the queue until nothing else is to be done there, oldest first."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, and_, select, update

from ..core.exchange import Exchange
from ..core.locales import message
from ..core.locales.refused import Refused
from ..state import hold, imports, outbox, reading, was_erased
from ..state.engine import Patience
from .outbox import Outbox


class Later:
    """The part of the queue that is no hurry. Threads and processes may share it."""

    def __init__(self, engine: Engine, queue: Outbox) -> None:
        self._engine, self._reading, self._queue = engine, reading(engine), queue
        self._patience = Patience(engine)

    def put(self, exchanges: Sequence[Exchange], imported: str) -> list[Exchange]:
        """Keep some of a user's exchanges durably; those that were new.

        Not kept is what is there already, and the earlier version of a message. imported: the import's id.

        Raises:
            Refused: the import was taken back meanwhile, or all of its user's erased.
        """
        now = time.time()

        def keep(connection: Connection) -> list[Exchange]:
            user_id = exchanges[0].user_id
            hold(connection, user_id)
            mine = and_(imports.c.user_id == user_id, imports.c.import_id == imported)
            begun_at = connection.scalar(select(imports.c.begun_at).where(mine))
            if begun_at is None or was_erased(connection, user_id, begun_at):
                raise Refused(message("page: import gone"), message("page: import gone, hint"))
            keys = [exchange.key for exchange in exchanges]
            known = and_(outbox.c.user_id == user_id, outbox.c.key.in_(keys))
            there = set(connection.scalars(select(outbox.c.key).where(known)))
            new = {exchange.key: exchange for exchange in exchanges if exchange.key not in there}
            insert = self._queue.insert
            return [one for one in new.values() if insert(connection, one, now, imported=imported)]

        return self._patience.run(keep) if exchanges else []

    def promote(self, most: int) -> bool:
        """Make some ready, if none of them is; whether there was any to make ready."""
        begun = select(outbox.c.id).where(outbox.c.imported != "", outbox.c.state.in_(("pending", "claimed")))
        later = select(outbox.c.id).where(outbox.c.state == "later")
        some = later.order_by(outbox.c.ready_at, outbox.c.id).limit(most)
        with self._reading.connect() as connection:
            if connection.scalar(later.limit(1)) is None or connection.scalar(begun.limit(1)) is not None:
                return False
        ready = {"state": "pending", "ready_at": time.time(), "waiting_since": time.time()}
        with self._engine.begin() as connection:
            return connection.execute(update(outbox).where(outbox.c.id.in_(some)).values(ready)).rowcount > 0
