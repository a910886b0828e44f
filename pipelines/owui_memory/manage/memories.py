"""What one user may do with their memories: list, search, remember, edit, forget, undo, export, import.

Numbers and Markdown are the chat's affair: here memories are named by ids, and only by those that this user
was shown by `all`, `search` or `holding`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..backends.base import Backend
from ..config.settings import Valves
from ..core.change import Change
from ..core.errors import Drop
from ..core.events import Emit, Event, EventKind, ignore
from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.memory import EPISODE, Memory, is_id, is_seen, newest_first
from ..core.scope import TEAM, View, past_owner, scope_for, shared_by, team_owner, writing_view
from ..language.dedupe import wording
from ..language.names import name_of
from ..language.words import content_words, terms_of
from ..recall.rank import Ranked
from ..recall.sources import Sources
from ..remember import admission
from ..remember.admission import NotAdmittedError, check
from ..remember.apply import Changes
from ..remember.journal import Journal
from ..remember.known import known_as
from ..remember.verbatim import kind_of
from ..state import count_up
from .asked import batch_of, change_of, removals
from .erasure.erase import Eraser
from .fitting import found
from .history.entries import Fact
from .outcomes import Asked, Edited, Forgotten, Imported, Remembered
from .rows import read_rows, row_of
from .undoing import unchanged_since

MOST_IMPORTED = 500  # memories in one message
FOUND_MOST = 20  # of a search
_CANDIDATES_EACH = 2  # by meaning and by words, for each that is found

Confirm = Callable[[], None]  # see `remember.apply`


def _alone() -> None:
    """Nobody else carries out the same request."""


class Control:
    """What all users may do. Threads may share it. Methods block, and raise the errors of `core/errors.py`.

    Drop: what was asked cannot be done, in a sentence for the user.
    """

    def __init__(
        self,
        engine: Engine,
        live: BackendHolder,
        settings: Callable[[], Valves],
        eraser: Eraser,
        emit: Emit = ignore,
    ) -> None:
        self.engine, self.live, self._settings, self._eraser = engine, live, settings, eraser
        self._journal, self._sources = Journal(engine), Sources(engine)
        self._changes = Changes(self._journal)
        self._emit = emit

    @property
    def settings(self) -> Valves:
        """Those in force."""
        return self._settings()

    # Looking

    def all(self, user_id: str) -> list[Memory]:
        """All of a user's memories, newest first, expired ones too."""
        return newest_first(self.live.get().list_all(user_id))

    def search(
        self, user_id: str, query: str, most: int = FOUND_MOST, *, view: View | None = None
    ) -> list[Ranked]:
        """The user's memories that match some words or a sentence, best first.

        view: those that it sees; None: the user's own from any chat.
        """
        return found(self.live.get(), [user_id], query, _CANDIDATES_EACH * most, view)[:most]

    def holding(self, user_id: str, query: str) -> tuple[list[Memory], bool]:
        """The memories that contain all of the words, and True; without any, the nearest, and False."""
        items = self.search(user_id, query)
        asked = set(content_words(query))
        exact = [one.memory for one in items if asked and asked <= set(terms_of(one.memory.text))]
        return (exact, True) if exact else ([one.memory for one in items], False)

    def of_ids(self, memory_ids: Sequence[str]) -> dict[str, Memory]:
        """Those of these memories that exist, by id."""
        backend = self.live.get()
        return {memory.id: memory for memory in backend.get_all(list(memory_ids))} if memory_ids else {}

    def named(self, user_id: str, memory_id: str, view: View) -> Memory | None:
        """A memory or passage by an id that may be anybody's, as models name them: the user's, or a team's.

        None if the view sees no such.
        """
        backend = self.live.get()
        memory = backend.get(self._journal.now_called(memory_id)) if is_id(memory_id) else None
        if memory is None or not is_seen(memory, view):
            return None
        if memory.scope.startswith(TEAM):  # the view sees it, so the user is in that team
            return memory
        if any(one.user_id == user_id and one.op == "add" for one in self._journal.of_memory(memory.id)):
            return memory
        # What was imported, moved or is a passage has no such entry.
        owner = past_owner(user_id) if memory.kind == EPISODE else user_id
        return next((one for one in backend.list_all(owner) if one.id == memory.id), None)

    def now_called(self, memory_ids: Iterable[str]) -> list[str]:
        """The ids that these memories have now. One that was forgotten and brought back has another id."""
        return list(map(self._journal.now_called, memory_ids))

    # Changing

    def begun(self, asked: Asked) -> bool:
        """Whether an earlier try has already decided what to change."""
        return asked.again and bool(self._journal.of_batch(asked.key))

    def remember(self, asked: Asked, text: str, confirm: Confirm = _alone) -> Remembered:
        """Remembers a text word for word, unless it is known.

        Raises:
            Drop: it cannot be remembered.
        """
        text = self._checked(asked, text)
        with self.live.writing() as backend:
            if not self.begun(asked) and (known := known_as(backend, batch_of(asked), text)):
                return Remembered(text, known)

            def decide() -> Iterator[Change]:
                yield change_of(asked, 0, "add", after=text, kind=kind_of(backend, text))

            self._make(backend, asked, decide, confirm)
        return Remembered(text)

    def edit(self, asked: Asked, memory_id: str, text: str, confirm: Confirm = _alone) -> Edited:
        """Changes the text of a memory.

        Raises:
            Drop: it cannot be remembered, or is a team's.
        """
        text = self._checked(asked, text)
        with self.live.writing() as backend:

            def decide() -> Iterator[Change]:
                if memory := _a_fact(_own(backend.get(memory_id))):
                    expires = {"expires": memory.expires, "expired": memory.expires}
                    yield change_of(asked, 0, "replace", memory, after=text, **expires)

            changes = self._make(backend, asked, decide, confirm)
        return Edited(changes[0].before if changes else "", text)

    def forget(
        self,
        asked: Asked,
        memory_ids: Sequence[str],
        confirm: Confirm = _alone,
        *,
        at_once: bool = False,
    ) -> Forgotten:
        """Forgets memories, and counts those that are gone already.

        They are erased for good after the minutes of the settings, or `at_once`: see
        `manage.erasure.forgetting`. Until then `undo` brings them back.

        Raises:
            Drop: one of them is a team's.
        """
        minutes = 0 if at_once else self._settings().advanced_numbers.forget_undo_minutes
        with self.live.writing() as backend:

            def decide() -> Iterator[Change]:
                there = {memory.id: _own(memory) for memory in backend.get_all(memory_ids)}
                return removals(asked, (there[id_] for id_ in memory_ids if id_ in there))

            changes = self._make(backend, asked, decide, confirm)
        ids = [change.memory_id for change in changes]
        texts = tuple(change.before for change in changes if change.before)
        others: Mapping[str, int] = {}
        reached = True
        if ids and minutes:
            others = {"queue": self._eraser.unqueue(asked.user_id, ids, texts)}
        elif ids:
            receipt = self._eraser.forget(asked.user_id, ids)
            others, reached = receipt.counts, not receipt.unreached
        facts = [one for one in changes if one.kind != EPISODE or one.memory_id in memory_ids]
        asked_for = facts or changes  # a second try may not know which were asked for
        gone = max(len(memory_ids) - len(asked_for), 0)
        told = tuple(change.before for change in asked_for if change.before)
        passages = len(changes) - len(asked_for)
        return Forgotten(len(asked_for), gone, told, others, minutes, reached, passages)

    def forget_all(self, asked: Asked, confirm: Confirm = _alone) -> Forgotten:
        """Forgets all of a user's memories, and everything else that is known of the user."""
        there = len(self.all(asked.user_id))
        confirm()
        receipt = self._eraser.erase_user(asked.user_id)
        others = {name: count for name, count in receipt.counts.items() if name != "memories"}
        return Forgotten(there, others=others, reached=not receipt.unreached)

    def undo(self, asked: Asked, confirm: Confirm = _alone, *, batch: str = "") -> list[Change]:
        """Takes back the last changes made together and not taken back, or those of a batch; oldest first.

        Raises:
            Drop: what they took away is erased by now, or none of it may be brought back; or what a batch
                has changed was changed again.
        """
        done_now: list[Change] = []
        refused: Drop | None = None
        with self.live.writing() as backend:
            done = self._journal.undone_since(asked.user_id, asked.at) if asked.again else []
            last = done[0] if done else self._journal.latest(asked.user_id)
            changes = self._journal.changed_by(last.batch) if last else []
            if batch and (last is None or last.batch != batch):
                changes = unchanged_since(self._journal, asked.user_id, batch)
            elif last is not None and not changes:
                self._changes.pass_over([last])
                raise Refused(message("too late"), message("too late, hint"))
            for change in reversed(changes):
                confirm()
                now_called = self._journal.now_called(change.memory_id)
                try:
                    self._changes.undo(backend, replace(change, memory_id=now_called), confirm)
                except NotAdmittedError as refusal:
                    self._emit(Event(EventKind.CHANGE_REFUSED, reason=refusal.reason))
                    refused = refusal
                else:
                    done_now.insert(0, change)
        if refused and not done_now:
            raise refused
        return done_now

    # Teams

    def of_teams(self, teams: Sequence[str]) -> list[Memory]:
        """What these teams know, newest first."""
        backend = self.live.get()
        return newest_first(memory for team in teams for memory in backend.list_all(team_owner(team)))

    def share(self, asked: Asked, memory_id: str, team: str, confirm: Confirm = _alone) -> str:
        """Shares with a team what a memory says now, and returns its text. Doing it again changes nothing.

        Raises:
            Drop: the memory is gone, a team's, or not for others: see `remember.admission`.
        """
        owner, batch = team_owner(team), shared_by(asked.user_id)
        with self.live.writing() as backend:
            memory = _a_fact(_own(backend.get(memory_id)))
            if memory is None:
                raise Refused(message("memory gone"), message("memory gone, hint"))
            text = self._checked(asked, memory.text, team=True)
            shared = [copy for copy in backend.added_by(owner, batch) if copy.text == text]
            if not self._sources.as_without(shared, ()):
                confirm()
                (as_said,) = self._sources.as_without([memory], ())
                by, said_at = name_of(asked.name), as_said.updated_at
                copy = Memory("", text, batch=batch, by=by, said_at=said_at, copy_of=memory_id)
                admission.store(backend, owner, copy)
                for taken_back in shared:
                    backend.remove(taken_back.id)
            with self.engine.begin() as connection:
                count_up(connection, owner)
        return text

    def withdraw(self, asked: Asked, memory_id: str, confirm: Confirm = _alone) -> str:
        """Takes back what this user has shared with a team, and returns its text.

        Raises:
            Drop: somebody else has shared it, or it is gone.
        """
        memory = self.of_ids([memory_id]).get(memory_id)
        if memory is None:
            raise Refused(message("memory gone"), message("memory gone, hint team"))
        if not memory.scope.startswith(TEAM) or memory.batch != shared_by(asked.user_id):
            raise Refused(message("not yours to withdraw"))
        confirm()
        self._eraser.forget(team_owner(memory.scope.removeprefix(TEAM)), [memory_id])
        return memory.text

    # In and out

    def export(self, user_id: str) -> list[dict[str, Any]]:
        """A user's memories, oldest first, in the form of mem0's answers; see `manage.migrate.records`."""
        return [row_of(user_id, memory) for memory in reversed(self.all(user_id))]

    def import_(
        self, asked: Asked, rows: Iterable[Mapping[str, Any] | None], confirm: Confirm = _alone
    ) -> Imported:
        """Adds for this user what `export` gave, whoever's it was, except what is known in the same words.

        rows: None if a line was no JSON.

        Raises:
            Drop: there is too much of it.
        """
        rows = list(rows)
        if len(rows) > MOST_IMPORTED:
            raise Refused(
                message("too many to import", most=MOST_IMPORTED, count=len(rows)),
                message("too many to import, hint"),
            )
        texts, refused, flaws = read_rows(asked.user_id, rows)
        for _, reason in refused:
            self._emit(Event(EventKind.CHANGE_REFUSED, reason=reason))
        with self.live.writing() as backend:

            def decide() -> Iterator[Change]:
                known = {(wording(one.text), one.scope) for one in backend.list_all(asked.user_id)}
                new: dict[tuple[tuple[str, ...], str], Fact] = {}
                for one in texts:
                    scope = scope_for(one.scope or asked.scope, one.kind)
                    if known.isdisjoint((wording(one.text), seen) for seen in writing_view(scope).scopes):
                        new[wording(one.text), scope] = one
                unfit = (Fact(text) for text, _ in refused[:MOST_IMPORTED])
                for position, row in enumerate([*new.values(), *unfit]):
                    told = {"kind": row.kind, "expires": row.expires, "scope": row.scope}
                    change = change_of(asked, position, "add", None, after=row.text, **told)
                    yield replace(change, said_at=min(row.at or asked.at, asked.at))

            changes = self._make(backend, asked, decide, confirm)
        added = sum(not change.refused for change in changes)
        return Imported(added, len(texts) - added, tuple(flaws))

    def _checked(self, asked: Asked, text: str, *, team: bool = False) -> str:
        """The text as it is remembered; what is refused is counted and written down.

        Raises:
            NotAdmittedError: it cannot be remembered.
        """
        try:
            return check(text, team=team)
        except NotAdmittedError as refusal:
            self._emit(Event(EventKind.CHANGE_REFUSED, reason=refusal.reason))
            refused = change_of(asked, 0, "add", after=text, refused=refusal.reason)
            self._changes.note(batch_of(asked), [refused])
            raise

    def _make(
        self,
        backend: Backend,
        asked: Asked,
        decide: Callable[[], Iterable[Change]],
        confirm: Confirm,
    ) -> list[Change]:
        """The changes of this request, made now or by an earlier try."""
        return self._changes.make(backend, batch_of(asked), decide, confirm)


def _a_fact(memory: Memory | None) -> Memory | None:
    """The same memory.

    Raises:
        Drop: it is a passage of a past chat.
    """
    if memory is not None and memory.kind == EPISODE:
        raise Refused(message("not for passages"))
    return memory


_Some = TypeVar("_Some", Memory, Memory | None)


def _own(memory: _Some) -> _Some:
    """The same memory.

    Raises:
        Drop: it is a team's, which a list shows too: whoever shared it decides.
    """
    if memory is not None and memory.scope.startswith(TEAM):
        raise Refused(message("a team's memory"), message("a team's memory, hint"))
    return memory
