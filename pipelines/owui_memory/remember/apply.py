"""Makes what was decided, each change once, and takes changes back.

A batch's changes are written to the journal before they are made and marked afterwards. A crash anywhere
is mended by going through the journal again: what has been made already is seen and only marked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from ..backends.base import Backend
from ..core.change import COMMANDS, EDITED, FORGET, OUTDATED, REAFFIRMED, REFLECTED, TOO_LATE, Change
from ..core.errors import MemoryFault, is_of_the_text
from ..core.exchange import IMPORTS, Batch
from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.memory import EPISODE, Memory
from ..core.scope import past_owner, scope_for
from ..language.forget_requests import forget_request
from ..language.secrets import masked
from ..state.clock import is_later
from ..state.episodes_table import EpisodesTable
from . import admission, quotes
from .admission import HOLDS_SECRET, NotAdmittedError, clean, refusal, restored
from .journal import Journal

Decide = Callable[[], Iterable[Change]]
Confirm = Callable[[], None]  # raises ClaimLost where the changes are somebody else's to make by now

_AT_ONCE = 16  # texts of an import that are embedded together: between them others have their turn
_KEPT_CHARS = 1000  # of a refused text

_INVERSE = {"add": "remove", "replace": "replace", "remove": "add"}


def _alone() -> None:
    """Nobody else can be making the same changes."""


class Changes:
    """The changes of all users' memories, in the store and in the journal.

    `confirm` is called right before each change, and renews the claim. What is left to go wrong between two
    servers: one stands still just after that, until the claim has expired and another has made the change.
    The store cannot tell its late change from another, so it may be made twice.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal, self._episodes = journal, EpisodesTable(journal.engine)

    def make(self, backend: Backend, batch: Batch, decide: Decide, confirm: Confirm = _alone) -> list[Change]:
        """Make what `decide` says, or what an earlier try has decided; all of the batch's, refused ones too.

        With facts that are to be forgotten go the passages of past chats that say them: see `quotes`.

        Raises:
            MemoryFault: what `decide`, `confirm` and the backend raise. The same call later goes on there.
        """
        decided = self._journal.of_batch(batch.name) if batch.attempts > 1 else []
        if not decided:
            reflects = batch.name.startswith(REFLECTED)  # what is known stays so, and its passages stay
            changes = list(map(_admitted, decide()) if reflects else self._numbered(batch, decide()))
            if batch.is_imported:
                changes = [self._unless_outdated(backend, change) for change in changes]
            if not reflects:
                changes += map(_admitted, quotes.removals(backend, self._journal, batch, changes))
            confirm()  # a new holder may have decided that nothing is to change
            self._journal.intend(_with_wishes(backend, batch, changes))
            decided = self._journal.of_batch(batch.name)
        known_since = {one.message_id: one.first_at for one in batch.exchanges if one.first_at}
        self._make(backend, decided, confirm, again=batch.attempts > 1, known_since=known_since)
        return decided

    def note(self, batch: Batch, changes: Iterable[Change]) -> None:
        """Write down changes that somebody else has made of a batch."""
        self._journal.intend(list(self._numbered(batch, changes)))

    def _numbered(self, batch: Batch, changes: Iterable[Change]) -> Iterator[Change]:
        """The same, each with its chat and each added memory with its number there."""
        chat = batch.exchanges[0].chat_id
        ordinal = self._journal.added_in(batch.user_id, chat) if chat else 0
        for change in changes:
            scope = change.scope
            if change.op == "add":
                scope = scope_for(scope or batch.scope, change.kind)
            if change.kind == EPISODE:
                yield _admitted(change)
                continue
            yield _admitted(replace(change, chat=chat, ordinal=ordinal, scope=scope))
            ordinal += change.op == "add"

    def _unless_outdated(self, backend: Backend, change: Change) -> Change:
        """A change from an old chat, refused if it would take away what was said later."""
        if change.op not in ("replace", "remove") or change.refused:
            return change
        said, memory = self._journal.of_memory(change.memory_id), backend.get(change.memory_id)
        times = [one.said_at for one in said]
        if not said and memory is not None and (at := memory.updated_at or memory.created_at):
            times = [at.timestamp()]
        now = time.time()
        is_outdated = any(is_later(at, change.said_at, now) for at in times)
        return replace(change, refused=OUTDATED) if is_outdated else change

    def undo(self, backend: Backend, change: Change, confirm: Confirm = _alone, *, model: str = "") -> bool:
        """Bring back what was before a change, by a change of its own; False where that was done before.

        Raises:
            Drop: what was before has been erased since, or may not become a memory again.
        """
        if change.forgotten:
            raise Refused(message("erased before"))
        back = _undoing(change)
        if not self._journal.taken_back(change):
            op = _INVERSE[change.op]
            refused: NotAdmittedError | None = None
            after = ""
            if op != "remove":
                try:  # written down when less was known of secrets, and of orders to models
                    after = restored(change.before)
                except NotAdmittedError as fault:
                    refused = fault
            memory_id = change.memory_id or _found_by_text(backend, change)
            back = replace(
                back,
                op=op,
                memory_id=memory_id if op != "add" or change.kind == EPISODE else "",
                before=masked(change.after)[0],
                after=after,
                kind=self._kind_before(change),
                expires=change.expired,
                expired=change.expires,
                model=change.model if change.kind == EPISODE else model,
                refused=refused.reason if refused else "",
            )
            self._journal.intend([back])
            if refused:
                raise refused
        return self._make(backend, self._journal.of_batch(back.batch), confirm, again=True)

    def _kind_before(self, change: Change) -> str:
        """The kind that a memory had before a change, as far as the journal knows."""
        if change.op != "replace" or not change.memory_id:
            return change.kind
        before = [other for other in self._journal.of_memory(change.memory_id) if other.id < change.id]
        made = [other.kind for other in before if other.op in _INVERSE and not other.refused]
        return made[-1] if made else change.kind

    def pass_over(self, changes: Iterable[Change]) -> None:
        """Note that it was too late to take these back: the next `undo` goes on to what was before."""
        self._journal.intend([replace(_undoing(change), refused=TOO_LATE) for change in changes])

    def retract(
        self, backend: Backend, user_id: str, message_ids: Set[str], confirm: Confirm = _alone
    ) -> int:
        """Take back what only these messages said; how many changes were undone.

        What another message has said as well, or has changed since, stays.
        """
        found = self._journal.from_messages(user_id, message_ids)
        heard = [one.id for one in found if one.op == REAFFIRMED and one.sources <= message_ids]
        self._journal.drop(user_id, heard)
        undone = 0
        for change in reversed(found):
            if change.op not in _INVERSE or change.undoes or not change.sources <= message_ids:
                continue
            others = self._since(change, message_ids)
            if not others:
                with suppress(NotAdmittedError):  # what was there before stays away
                    undone += self.undo(backend, change, confirm, model=EDITED)
            elif change.op == "add" and all(one.op == REAFFIRMED for one in others):
                left = " ".join(one for one in others[0].source.split() if one not in message_ids)
                self._journal.ascribe(replace(change, source=left, chat=others[0].chat))
        return undone

    def _since(self, change: Change, message_ids: Set[str]) -> list[Change]:
        """What other messages have made of a change's memory since, or said again."""
        history = self._journal.of_memory(change.memory_id) if change.memory_id else []
        gone = {other.undoes for other in history}
        return [
            other
            for other in history
            if other.id > change.id and not (other.undoes or other.id in gone or other.sources <= message_ids)
        ]

    def _make(
        self,
        backend: Backend,
        decided: Iterable[Change],
        confirm: Confirm,
        *,
        again: bool,
        known_since: Mapping[str, float] | None = None,
    ) -> bool:
        """Make those that are only intended; whether there were any. `again`: some may be made already.

        known_since: when what some messages bring became known, where that was before they were said.
        """
        intended = [change for change in decided if not change.refused and not change.made]
        if not intended:
            return False
        made, unfit = {}, []
        try:
            for at, change in enumerate(intended):
                if at % _AT_ONCE == 0:
                    _prepare(backend, intended[at : at + _AT_ONCE])
                try:
                    since = (known_since or {}).get(change.source, change.said_at)
                    made[change.id] = self._made(backend, change, confirm, since, again=again)
                except Exception as error:
                    if not is_of_the_text(error):
                        raise
                    unfit.append(error)  # the others can be made all the same
        finally:
            self._journal.made(intended[0].user_id, made)
        if unfit:
            raise unfit[0]
        return True

    def _made(self, backend: Backend, change: Change, confirm: Confirm, since: float, *, again: bool) -> str:
        """Make one change; the id of its memory, "" where the backend does not tell it."""
        if change.kind == EPISODE:
            return self._made_of_passage(backend, change, confirm)
        if change.op == "add":
            stored = backend.added_by(change.user_id, change.batch) if again else []
            earlier = next((memory.id for memory in stored if memory.text == change.after), None)
            if earlier is not None:
                return earlier
            confirm()
            return _added(backend, change, since)
        # A memory that is gone, now or a moment later, cannot be changed, and need not.
        current = backend.get(change.memory_id)
        if current is not None and change.op == "remove":
            confirm()
            backend.remove(change.memory_id)
        elif current is not None and change.op == "replace":
            if (current.text, current.expires) != (change.after, change.expires):
                confirm()
                admission.replace(backend, change.memory_id, change.after, expires=change.expires)
            # "fact" also stands where nobody has told a kind.
            if change.kind != current.kind and (change.kind != "fact" or change.undoes):
                confirm()
                backend.mark(change.memory_id, change.kind)
        return change.memory_id

    def _made_of_passage(self, backend: Backend, change: Change, confirm: Confirm) -> str:
        """Take a passage away, or bring it back with the same id."""
        is_there = backend.get(change.memory_id) is not None
        if is_there == (change.op == "remove"):
            confirm()
            exchange = quotes.exchange_of(change)
            # Counted as gone for rather too long: then another answer does not bring it back.
            if is_there:
                self._episodes.count_gone(change.user_id, exchange, 1)
                backend.remove(change.memory_id)
            else:
                admission.store_all(backend, past_owner(change.user_id), [quotes.restored(change)])
                self._episodes.count_gone(change.user_id, exchange, -1)
        return change.memory_id


def _prepare(backend: Backend, changes: Sequence[Change]) -> None:
    texts = [change.after for change in changes if change.op == "add"]
    if len(texts) > 1:
        with suppress(MemoryFault):  # what is wrong is seen when one of them is stored
            backend.prepare(texts)


def _admitted(change: Change) -> Change:
    """A change as it may be made, and written down, whoever decided it."""
    change = replace(change, before=masked(change.before)[0])
    if change.made or change.op not in ("add", "replace"):
        return replace(change, after=masked(change.after)[0])
    if not (reason := refusal(change.after, scope=change.scope)):
        return replace(change, after=clean(change.after))
    kept = "" if reason == HOLDS_SECRET else masked(clean(change.after[:_KEPT_CHARS]))[0]
    return replace(change, after=kept, refused=change.refused or reason)


def _with_wishes(backend: Backend, batch: Batch, changes: list[Change]) -> list[Change]:
    """Removals that somebody asked for get all that it takes to undo them, and a note of each is added.

    See `Journal.asked_to_forget`. No note of what old chats asked for: it can always be undone.
    """
    asked = {exchange.message_id for exchange in batch.exchanges if forget_request(exchange.user_text)}
    ids = [
        change.memory_id
        for change in changes
        if change.op == "remove"
        and not change.refused
        and (change.batch.startswith(COMMANDS) or not asked.isdisjoint(change.sources))
    ]
    if not ids:
        return changes
    there = {memory.id: memory for memory in backend.get_all(ids)}
    first = max(change.position for change in changes) + 1
    noted = [
        _as_of(change, there[change.memory_id])
        if change.op == "remove" and change.memory_id in there
        else change
        for change in changes
    ]
    if batch.is_imported:
        return noted
    notes = (
        Change(batch.name, position, batch.user_id, FORGET, memory_id, "", "", made=True)
        for position, memory_id in enumerate(ids, first)
    )
    return [*noted, *notes]


def _as_of(removal: Change, memory: Memory) -> Change:
    """A removal with the chat and the time of the memory that it takes away."""
    at = memory.updated_at or memory.created_at
    said_at = at.timestamp() if at else removal.said_at
    return replace(removal, chat=memory.chat, ordinal=memory.ordinal, said_at=said_at)


def _undoing(change: Change) -> Change:
    """What takes a change back, as far as that is the same for all."""
    return replace(change, batch=f"undo-{change.id}", position=0, made=False, undoes=change.id)


def _found_by_text(backend: Backend, change: Change) -> str:
    """The id of an added memory that the backend did not tell when it took it; "" where it is gone."""
    stored = backend.added_by(change.user_id, change.batch)
    return next((memory.id for memory in stored if memory.text == change.after), "")


def _added(backend: Backend, change: Change, since: float) -> str:
    is_old = change.undoes or change.batch.startswith((REFLECTED, IMPORTS))
    as_of = datetime.fromtimestamp(change.said_at, UTC) if is_old and change.said_at else None
    new = Memory(
        id="",
        text=change.after,
        created_at=as_of and datetime.fromtimestamp(since, UTC),
        updated_at=as_of,
        batch=change.batch,
        kind=change.kind,
        expires=change.expires,
        chat=change.chat,
        ordinal=change.ordinal,
        scope=change.scope,
    )
    return admission.store(backend, change.user_id, new)
