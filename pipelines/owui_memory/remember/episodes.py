"""Keeps what was said, passage by passage, whatever becomes of facts.

The state database knows which passages there are of an exchange, and their ids follow from its key: whatever
ends the work, the next try stores the same ones, and takes away what there was before in their place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

from sqlalchemy import Engine

from ..backends.base import Backend
from ..core.exchange import EPISODES, Batch, Exchange, episodes_name, passage_id, version_of
from ..core.memory import EPISODE, Memory
from ..core.scope import TEAM, USER, past_in, past_owner
from ..state.episodes_table import Entry, EpisodesTable
from . import admission
from .admission import NotAdmittedError
from .passages import ASSISTANT, Passage, passages
from .passages import USER as BY_USER

Confirm = Callable[[], None]  # raises ClaimLost where the exchanges are somebody else's by now

BATCH, name_of = EPISODES, episodes_name

TOPICS = "topics"  # the role of what a batch was about

_AT_ONCE = 16  # passages that are embedded together: between them others have their turn


class Episodes:
    """The passages of all users' past chats, in the backend that keeps their memories."""

    def __init__(self, engine: Engine, yields: Callable[[], None] = lambda: None) -> None:
        """yields: called before some passages are embedded, and lets who cannot wait go first."""
        self._table, self._yields = EpisodesTable(engine), yields

    def keep(self, backend: Backend, batch: Batch, confirm: Confirm) -> int:
        """Store the passages of a batch's exchanges, each once; how many are new.

        Raises:
            MemoryFault: what `confirm` and the backend raise. The same call later goes on there.
        """
        if not self._table.wants(batch.user_id):
            return 0
        return sum(self._keep(backend, exchange, confirm) for exchange in batch.exchanges)

    def retract(self, backend: Backend, batch: Batch, confirm: Confirm) -> None:
        """Take away those of earlier versions of a batch's messages. Raises as `keep`."""
        for exchange in batch.exchanges:
            for message_id in exchange.replaces:
                name = name_of(version_of(exchange.key, message_id))
                if (entry := self._table.get(exchange.user_id, name)) is not None:
                    confirm()
                    self.remove(backend, entry)

    def remove(self, backend: Backend, entry: Entry) -> None:
        """Take away the passages of an exchange, and what was said to have come of it in its chat."""
        owner = past_owner(entry.user_id)
        told = {memory.id for memory in backend.added_by(owner, BATCH + entry.exchange)}
        later = [one for one in self._table.of_chat(entry.user_id, entry.chat_id) if one.first >= entry.first]
        summed = next((one for one in later if one.topics), None) if entry.chat_id else None
        if summed is not None and summed.exchange != entry.exchange:
            told.add(passage_id(entry.user_id, summed.exchange, TOPICS, 0))
            self._table.settle(replace(summed, topics=0))
        backend.remove_all(owner, told)
        self._table.remove(entry.user_id, [entry.exchange])

    def erased(self, backend: Backend, batch: Batch) -> None:
        """Take away what a batch has stored that was erased meanwhile."""
        for exchange in batch.exchanges:
            name = name_of(exchange.key)
            told = {one.id for one in backend.added_by(past_owner(batch.user_id), BATCH + name)}
            backend.remove_all(past_owner(batch.user_id), told)
            self._table.remove(batch.user_id, [name])

    def keep_topics(self, backend: Backend, batch: Batch, line: str, confirm: Confirm) -> None:
        """Store an LLM's line on what a batch was about, beside its passages. Raises as `keep`."""
        last = batch.exchanges[-1]
        name = name_of(last.key)
        entry = self._table.get(batch.user_id, name) or Entry(
            batch.user_id, name, last.chat_id, 0, 0, 0, 0, "", last.said_at
        )
        if not line or not self._table.wants(batch.user_id):
            return
        with suppress(NotAdmittedError):
            text = admission.check(line)
            confirm()
            intended = self._table.intend(replace(entry, topics=1))
            new = replace(_memory(last, intended, TOPICS, 0, text), ordinal=intended.first + intended.said)
            admission.store_all(backend, past_owner(batch.user_id), [new])
            self._table.settle(replace(intended, topics=1, digest=entry.digest, gone=entry.gone))

    def _keep(self, backend: Backend, exchange: Exchange, confirm: Confirm) -> int:
        user_id, name = exchange.user_id, name_of(exchange.key)
        said = list(_admitted(passages(exchange)))
        digest = _digest(exchange, said)
        known = self._table.get(user_id, name)
        if (known.digest == digest or known.gone) if known else not said:
            return 0  # of what was forgotten in part, nothing comes back with another answer
        topics = known.topics if known else 0
        own, answered = (sum(one.role == role for one in said) for role in (BY_USER, ASSISTANT))
        wanted = Entry(user_id, name, exchange.chat_id, 0, own, answered, topics, digest, exchange.said_at)
        confirm()
        intended = self._table.intend(wanted)
        new = list(_memories(exchange, said, intended))
        for at in range(0, len(new), _AT_ONCE):
            self._yields()
            confirm()
            admission.store_all(backend, past_owner(user_id), new[at : at + _AT_ONCE])
        stale = set(ids_of(replace(intended, topics=0))) - {one.id for one in new}
        if stale:
            backend.remove_all(past_owner(user_id), stale)
            self._table.remove(user_id)
        self._table.settle(replace(wanted, first=intended.first))
        return len(new)


def adopt(engine: Engine, stored: Iterable[tuple[str, Memory]]) -> None:
    """Write down passages that came by an import, each with what it lies under; others are passed over."""
    by_exchange: dict[tuple[str, str], list[Memory]] = {}
    for owner, memory in stored:
        if (user_id := past_in(owner)) and memory.batch.startswith(BATCH):
            by_exchange.setdefault((user_id, memory.batch.removeprefix(BATCH)), []).append(memory)
    table = EpisodesTable(engine)
    for (user_id, exchange), passages_ in by_exchange.items():
        if table.get(user_id, exchange) is None:
            said, answered, topics = (
                sum(one.role == role for one in passages_) for role in (BY_USER, ASSISTANT, TOPICS)
            )
            first = min(one.ordinal for one in passages_)
            at = max((one.created_at.timestamp() for one in passages_ if one.created_at), default=0.0)
            entry = Entry(user_id, exchange, passages_[0].chat, first, said, answered, topics, "imported", at)
            table.put(entry)


def ids_of(entry: Entry) -> Iterator[str]:
    for role, count in ((BY_USER, entry.said), (ASSISTANT, entry.answered), (TOPICS, entry.topics)):
        for number in range(count):
            yield passage_id(entry.user_id, entry.exchange, role, number)


def _admitted(said: Sequence[Passage]) -> Iterator[Passage]:
    """Without those that give orders to a model, and without secrets."""
    for passage in said:
        with suppress(NotAdmittedError):
            yield replace(passage, text=admission.restored(passage.text))


def _digest(exchange: Exchange, said: Sequence[Passage]) -> str:
    told = json.dumps([exchange.scope, *((one.role, one.text, one.lead) for one in said)])
    return blake2b(told.encode(), digest_size=12).hexdigest()


def _memories(exchange: Exchange, said: Sequence[Passage], entry: Entry) -> Iterator[Memory]:
    numbers = {BY_USER: 0, ASSISTANT: 0}
    for ordinal, passage in enumerate(said, entry.first):
        memory = _memory(exchange, entry, passage.role, numbers[passage.role], passage.text)
        yield replace(memory, ordinal=ordinal, lead=passage.lead)
        numbers[passage.role] += 1


def _memory(exchange: Exchange, entry: Entry, role: str, number: int, text: str) -> Memory:
    at = datetime.fromtimestamp(exchange.said_at, UTC)
    return Memory(
        id=passage_id(entry.user_id, entry.exchange, role, number),
        text=text,
        created_at=at,
        updated_at=at,
        batch=BATCH + entry.exchange,
        kind=EPISODE,
        chat=exchange.chat_id,
        scope=exchange.scope if not exchange.scope.startswith(TEAM) else USER,
        role=role,
        title=exchange.title,
    )
