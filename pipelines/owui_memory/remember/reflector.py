"""Keeps each user's memories in order, in the background: at most once a day, after enough has changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ..backends.backend_holder import BackendHolder
from ..backends.base import Backend
from ..config.settings import Valves
from ..core.change import REAFFIRMED, REFLECTED, Change, heirs
from ..core.errors import ClaimLost, Drop
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..core.exchange import Batch, Exchange
from ..core.memory import EPISODE, Memory, hash_of, is_person, newest_first
from ..core.now_and_then import NowAndThen
from ..recall.sources import Sources
from ..state.reflections_table import Due, Profile, Reflections
from ..state.switches_table import Switches
from .apply import Changes
from .journal import Journal
from .operations import UnreadableAnswerError
from .reflection import Proposal, is_covered, proposed, reflection_prompt, shown_of

_LOOK_S = 60.0  # between looks at who is due
_FEWEST = 4  # memories that can be in disorder
_KINDS = ("profile", "preference", "fact")  # what takes the place of several is of the first that one has


class Reflector:
    """Goes through the memories of one user after another. Methods block unless they say otherwise."""

    def __init__(
        self,
        live: BackendHolder,
        journal: Journal,
        settings: Callable[[], Valves],
        emit: Emit,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._live, self._journal, self._settings, self._emit = live, journal, settings, emit
        self._is_busy = is_busy
        self._table, self._switches = Reflections(journal.engine), Switches(journal.engine)
        self._changes, self._sources = Changes(journal), Sources(journal.engine)
        # One user a minute. What a stop breaks off is done an hour later.
        self.thread = NowAndThen("memory-reflecting", lambda: self.look() and False, _LOOK_S)

    def look(self) -> bool:
        """Goes through the memories of one user who is due; whether there was one. Never raises."""
        if not self._settings().reflects or self._is_busy() or self._live.current is None:
            return False  # nobody is claimed, no hour is lost
        try:
            due = self._table.claim()
            if due is not None:
                self._reflect(due)
                self._emit(succeeded(Job.REFLECTING))
        except ClaimLost:
            return False
        except Exception as error:  # noqa: BLE001 - the thread must not die; the next try is in an hour
            self._emit(failed(Job.REFLECTING, error))
            return False
        return due is not None

    def _reflect(self, due: Due) -> None:
        erasure, change = self._table.last_erasure(due.user_id), self._journal.newest_id()
        settings, tokens = self._settings(), self._settings().advanced_numbers.profile_token_budget
        backend, today = self._live.get(), datetime.now(UTC).date()
        if not is_person(due.user_id):
            return
        if broken := self._journal.broken_off(due.user_id):
            with self._live.writing() as writing:
                for name in broken:
                    self._undo_all(writing, due.user_id, name)
        shown = self._shown(backend, due)
        if len(shown) < _FEWEST or not self._switches.is_on(due.user_id, ""):
            self._table.done(due, change, erasure)
            return
        with backend.reading(due.answered, local_only=settings.local_only, patient=False) as model:
            if settings.llm_provider == "auto" and not model:
                return  # nobody may read them, for now
            reply = backend.ask(reflection_prompt(shown, tokens, settings.extraction_rules, today))
        try:
            proposal = proposed(reply.text, shown, tokens, today)
        except UnreadableAnswerError as problem:
            self._table.done(due, change, erasure)
            raise Drop(
                f"An LLM's answer about all memories of a user could not be read: {problem}"
            ) from problem
        for reason in proposal.refused:
            self._emit(Event(EventKind.CHANGE_REFUSED, reason=reason))
        self._apply(_Work(due, proposal, shown, reply.model, change, erasure))

    def _shown(self, backend: Backend, due: Due) -> list[Memory]:
        here = (
            one for one in backend.list_all(due.user_id) if one.scope == due.scope and one.kind != EPISODE
        )
        # With the day on which each was said last.
        return shown_of(newest_first(self._sources.as_without(here, ())))

    def _apply(self, work: _Work) -> None:
        """Make all of the changes; none where somebody else has changed these memories since they were read.

        Raises:
            MemoryFault: none of them is made, as far as the backend answers.
        """

        def confirm() -> None:
            if self._table.erased_since(work.due.user_id, work.erasure) or self._others(work):
                raise ClaimLost("These memories have changed meanwhile.", hint="They are read anew later.")

        with self._live.writing() as backend:
            try:
                made = self._changes.make(backend, work.batch, lambda: work.changes(self._journal), confirm)
                confirm()
                profile = work.profile(backend, self._journal)
                confirm()
                self._table.done(work.due, self._journal.newest_id(), work.erasure, profile)
            except Exception:
                self._take_back(backend, work)
                raise
        changed = [one.op for one in made if not one.refused and one.op != REAFFIRMED]
        removed = changed.count("remove")
        self._emit(Event(EventKind.MEMORIES_CHANGED, len(changed) - removed, code="upsert"))
        self._emit(Event(EventKind.MEMORIES_CHANGED, removed, code="delete"))

    def _others(self, work: _Work) -> list[Change]:
        """What somebody else has made of these memories since they were read."""
        return self._journal.made_since(work.change, work.due.user_id, work.shown, but=work.batch.name)

    def _take_back(self, backend: Backend, work: _Work) -> None:
        """As if it had never been; what the user has forgotten meanwhile stays forgotten."""
        user_id, batch = work.due.user_id, work.batch.name
        if any(self._table.erased_since(user_id, work.erasure)):  # all that there was
            for memory in backend.added_by(user_id, batch):
                backend.remove(memory.id)
            self._journal.erase_batch(user_id, batch)
        else:
            self._undo_all(backend, user_id, batch)

    def _undo_all(self, backend: Backend, user_id: str, batch: str) -> None:
        """Also of a batch that was broken off anywhere, by the end of the process, or in here."""
        rows = self._journal.of_batch(batch)
        made = {one.id: one.memory_id for one in rows if not one.refused and _is_made(backend, one)}
        self._journal.begin_taking_back(user_id, batch, made)
        ids = {one.memory_id for one in rows if one.memory_id}
        others = self._journal.made_since(0, user_id, ids, but=batch)
        gone = {change.memory_id for change in others if change.op == "remove" and not change.undoes}
        for memory in backend.added_by(user_id, batch):
            backend.remove(memory.id)
        for change in reversed(self._journal.changed_by(batch)):
            if change.op != "add" and change.memory_id not in gone:
                self._changes.undo(backend, change)
        self._journal.erase_unmade(user_id, batch)


def _is_made(backend: Backend, change: Change) -> bool:
    """Whether a memory is as the change of a reflection wants it, marked or not."""
    memory = backend.get(change.memory_id) if change.memory_id and not change.made else None
    if change.op == "replace":
        return memory is not None and memory.expires == change.expires
    return change.op == "remove" and not change.made and memory is None


class _Work:
    """A proposal as changes of a batch of its own.

    change, erasure: the ids of the last ones when the memories were read.
    """

    def __init__(
        self, due: Due, proposal: Proposal, shown: Sequence[Memory], model: str, change: int, erasure: int
    ) -> None:
        self.due, self.change, self.erasure = due, change, erasure
        self.shown = {one.id: one for one in shown}
        self._proposal, self._model = proposal, model
        now = time.time()
        exchange = Exchange("", due.user_id, "", "", "", now, scope=due.scope)
        self.batch = Batch(f"{REFLECTED}{uuid.uuid4().hex}", due.user_id, (exchange,), 1, now)

    def changes(self, journal: Journal) -> Iterator[Change]:
        """What stays or is new comes before what becomes a part of it: see `core.change.heirs`."""
        for position, change in enumerate(self._of_all(journal)):
            yield replace(change, position=position)

    def _of_all(self, journal: Journal) -> Iterator[Change]:
        for text, cited in self._proposal.merges:
            kept = next((one for one in cited if one.text == text), None)
            others = [one for one in cited if one != kept]
            newest = max(cited, key=_said_at)
            heard = {"after": text, "expires": newest.expires, "source": _sources(journal, others)}
            if kept:
                change = replace(self._change(REAFFIRMED, kept, before=text, **heard), made=True)
            else:
                kinds = {one.kind for one in cited}
                kind = next((one for one in _KINDS if one in kinds), newest.kind)
                change = replace(self._change("add", newest, **heard), memory_id="", kind=kind)
            yield replace(change, said_at=_said_at(newest))
            for one in others:
                yield self._change("remove", one, expired=one.expires, before=one.text)
        for memory, day in self._proposal.ending:
            texts = {"before": memory.text, "after": memory.text, "source": _sources(journal, [memory])}
            yield self._change("replace", memory, expires=day, expired=memory.expires, **texts)

    def _change(self, op: str, memory: Memory, **values: str) -> Change:
        change = Change(self.batch.name, 0, self.due.user_id, op, memory.id, "", "", kind=memory.kind)
        change = replace(change, scope=memory.scope, chat=memory.chat, ordinal=memory.ordinal)
        return replace(change, model=self._model, said_at=_said_at(memory), **values)  # type: ignore[arg-type]

    def profile(self, backend: Backend, journal: Journal) -> Profile:
        """What is written of the memories as they are now, as far as they still say it."""
        into = heirs(journal.of_batch(self.batch.name))
        there = {one.id: one for one in backend.get_all([*self.shown, *filter(None, into.values())])}
        parts = []
        for text, cited in self._proposal.parts:
            ids = {into.get(one.id, one.id) for one in cited}
            now = [there[id_] for id_ in ids if id_ in there]
            covered = is_covered(text, [one.text for one in now]) if text else len(now) > 1
            if len(now) == len(ids) and covered:
                parts.append((text, {one.id: hash_of(one.text) for one in now}))
        return Profile(self.due.scope, time.time(), tuple(parts))


def _said_at(memory: Memory) -> float:
    at = memory.updated_at or memory.created_at
    return at.timestamp() if at else 0.0


def _sources(journal: Journal, memories: Iterable[Memory]) -> str:
    """The messages that memories come from, also those that said them again."""
    past = (change for memory in memories for change in journal.of_memory(memory.id) if not change.undoes)
    return " ".join(dict.fromkeys(message for change in past for message in change.source.split()))
