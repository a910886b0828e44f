"""Keeps what was said, passage by passage, whatever becomes of facts.

The state database knows which passages there are of an exchange, and their ids follow from its key: whatever
ends the work, the next try stores the same ones, and takes away what there was before in their place.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

from sqlalchemy import Engine

from ..backends.base import EditableBackend
from ..core.exchange import Batch, Exchange
from ..core.memory import EPISODE, Memory
from ..core.scope import TEAM, USER, past_owner
from ..state.episodes_table import Entry, EpisodesTable
from . import admission
from .admission import NotAdmittedError
from .passages import ASSISTANT, Passage, passages
from .passages import USER as BY_USER

Confirm = Callable[[], None]  # raises ClaimLost where the exchanges are somebody else's by now

BATCH = "episodes "  # begins the batch that an exchange's passages are of

_AT_ONCE = 16  # passages that are embedded together: between them others have their turn


class Episodes:
    """The passages of all users' past chats, in the backend that keeps their memories."""

    def __init__(self, engine: Engine, yields: Callable[[], None] = lambda: None) -> None:
        """yields: called before some passages are embedded, and lets who cannot wait go first."""
        self._table, self._yields = EpisodesTable(engine), yields

    def keep(self, backend: EditableBackend, batch: Batch, confirm: Confirm) -> int:
        """Store the passages of a batch's exchanges, each once; how many are new.

        Raises:
            MemoryFault: what `confirm` and the backend raise. The same call later goes on there.
        """
        if not self._table.wants(batch.user_id):
            return 0
        return sum(self._keep(backend, exchange, confirm) for exchange in batch.exchanges)

    def _keep(self, backend: EditableBackend, exchange: Exchange, confirm: Confirm) -> int:
        user_id, name = exchange.user_id, name_of(exchange.key)
        said = list(_admitted(passages(exchange)))
        count = {role: sum(one.role == role for one in said) for role in (BY_USER, ASSISTANT)}
        digest = _digest(exchange, said)
        known = self._table.get(user_id, name)
        if known is None and not said:
            return 0
        if known is not None and known.digest == digest:
            return 0
        wanted = Entry(
            user_id, name, exchange.chat_id, 0, count[BY_USER], count[ASSISTANT], 0, digest, exchange.said_at
        )
        confirm()
        intended = self._table.intend(wanted)
        new = list(_memories(exchange, said, intended))
        for at in range(0, len(new), _AT_ONCE):
            self._yields()
            confirm()
            admission.store_all(backend, past_owner(user_id), new[at : at + _AT_ONCE])
        stale = sorted(set(ids_of(intended)) - {one.id for one in new})
        if stale:
            admission.remove_all(backend, past_owner(user_id), stale)
        self._table.settle(replace(wanted, first=intended.first))
        return len(new)


def name_of(key: str) -> str:
    """How an exchange with this key is called among passages."""
    return blake2b(key.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def ids_of(entry: Entry) -> Iterator[str]:
    """The ids of an exchange's passages."""
    for role, count in ((BY_USER, entry.said), (ASSISTANT, entry.answered), ("topics", entry.topics)):
        for number in range(count):
            yield _id(entry.user_id, entry.exchange, role, number)


def _id(user_id: str, exchange: str, role: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([user_id, exchange, role, number])))


def _admitted(said: Sequence[Passage]) -> Iterator[Passage]:
    """Without those that give orders to a model, and without secrets."""
    for passage in said:
        with suppress(NotAdmittedError):
            yield replace(passage, text=admission.restored(passage.text))


def _digest(exchange: Exchange, said: Sequence[Passage]) -> str:
    told = json.dumps([exchange.scope, *((one.role, one.text, one.lead) for one in said)])
    return blake2b(told.encode(), digest_size=12).hexdigest()


def _memories(exchange: Exchange, said: Sequence[Passage], entry: Entry) -> Iterator[Memory]:
    at = datetime.fromtimestamp(exchange.said_at, UTC)
    numbers = {BY_USER: 0, ASSISTANT: 0}
    for ordinal, passage in enumerate(said, entry.first):
        yield Memory(
            id=_id(entry.user_id, entry.exchange, passage.role, numbers[passage.role]),
            text=passage.text,
            created_at=at,
            updated_at=at,
            batch=BATCH + entry.exchange,
            kind=EPISODE,
            chat=exchange.chat_id,
            ordinal=ordinal,
            scope=exchange.scope if not exchange.scope.startswith(TEAM) else USER,
            role=passage.role,
            lead=passage.lead,
        )
        numbers[passage.role] += 1
