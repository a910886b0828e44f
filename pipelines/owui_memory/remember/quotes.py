"""Which passages of past chats say what is to be forgotten: they go with it, in the same step.

Told by words alone, so that it works without an embedder: what says it in other words stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..backends.base import Backend
from ..core.change import COMMANDS, Change
from ..core.exchange import Batch, version_of
from ..core.memory import EPISODE, Memory, is_seen
from ..core.scope import TEAM, past_owner, writing_view
from ..language.forget_requests import FRAMING, forget_request, is_meant
from ..language.forms import has_form, stem
from ..language.self_reference import signs
from ..language.sentences import sentences
from ..language.words import content_words, telling, terms_of
from .episodes import BATCH, name_of
from .gate import said_by_user
from .journal import Journal
from .passages import USER

_ENOUGH = 2 / 3  # of a statement's words, where none of them is a name or a number
_OF_NOBODY = "user"  # how an LLM begins its statements


@dataclass(frozen=True)
class Statement:
    """What is to be forgotten: its words' stems, and those of names and numbers among them."""

    text: str
    stems: frozenset[str]
    telling: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Statement:
        stems = frozenset(map(stem, content_words(text))) - {_OF_NOBODY}
        return cls(text.casefold(), stems, frozenset(map(stem, telling(text))) & stems)

    def is_said_in(self, passage: str) -> bool:
        """Whether a passage says it, in any of its sentences."""
        folded = passage.casefold()
        if not self.text or self.text in folded:
            return bool(self.text)
        needed = self.telling or self.stems
        # Cheaper than words, and never less.
        there = sum(one in folded for one in needed) if passage.isascii() else len(needed)
        if not self.stems or there < len(needed) * (1 if self.telling else _ENOUGH):
            return False
        return any(self._is(one.text) for one in sentences(passage))

    def shares_words(self, passage: str) -> bool:
        """Whether a passage has any word of it."""
        return not self.stems.isdisjoint(map(stem, terms_of(passage)))

    def _is(self, sentence: str) -> bool:
        there = set(map(stem, terms_of(sentence)))
        found = {one for one in self.stems if has_form(there, one)}
        if not self.telling:
            return len(found) >= _ENOUGH * len(self.stems)
        if not self.telling <= found:
            return False
        return found > self.telling or self.stems == self.telling or bool(signs(sentence))


@dataclass(frozen=True)
class _Sought:
    """What of past chats is to be forgotten.

    about: what requests to forget are about, as they say that it was told. own: the batch's passages, which
    stay unless it holds a request. asking: those of its messages that hold one. origins: those of the
    messages that the facts are from. quoted: what users said in a batch that goes by itself, with which an
    answer begins that is found by it (`Memory.lead`).
    """

    statements: Sequence[Statement]
    about: Sequence[str]
    own: Collection[str]
    origins: Collection[str]
    quoted: Mapping[str, Sequence[str]]
    asking: Collection[str]

    def has(self, passage: Memory) -> bool:
        if passage.batch in self.asking and passage.role == USER:
            return True  # the request says it, too
        if passage.batch in self.own and not self.asking:
            return False
        if passage.lead and any(one.startswith(passage.lead) for one in self.quoted.get(passage.batch, ())):
            return True
        texts = [text for text in (passage.text, passage.lead) if text]
        if any(one.is_said_in(text) for one in self.statements for text in texts):
            return True
        if passage.batch in self.origins and any(one.shares_words(passage.text) for one in self.statements):
            return True
        said = [one.text for text in texts for one in sentences(text)] if self.about else []
        return any(is_meant(request, sentence) for request in self.about for sentence in said)


def removals(backend: Backend, journal: Journal, batch: Batch, changes: Sequence[Change]) -> Iterator[Change]:
    """The removals of passages that go with changes of facts. Raises what the backend raises.

    What was said in the batch itself stays, unless its user asks there to forget it.
    """
    requests = [(one, forget_request(said_by_user(one.user_text))) for one in batch.exchanges]
    asked = [request for _, request in requests if request]
    asking = {BATCH + name_of(one.key) for one, request in requests if request}
    about = [request for request in asked if not FRAMING.isdisjoint(map(stem, terms_of(request)))]
    gone = [change for change in changes if _takes_back(change)]
    if gone and not asked and not batch.name.startswith(COMMANDS):
        gone = _no_longer_known(backend, gone)
    quoted: dict[str, list[str]] = {}
    for change in changes:
        if change.kind == EPISODE and change.op == "remove" and change.model == USER and not change.refused:
            quoted.setdefault(BATCH + exchange_of(change), []).append(change.before)
    if not gone and not asked and not quoted:
        return
    own = {BATCH + name_of(one.key) for one in batch.exchanges}
    known = [_history(journal, change) for change in gone]
    said, origins = (set[str]().union(*some) for some in (zip(*known, strict=True) if known else ((), ())))
    # Where no fact says it, what was said may all the same.
    statements = list(map(Statement.of, said if gone else asked))
    sought = _Sought(statements, about, own, origins - own, quoted, asking)
    taken = {change.memory_id for change in changes}
    # A chat may forget what it may change; who asks for a memory by its number means it wherever it was said.
    view = None if batch.name.startswith(COMMANDS) else writing_view(batch.scope)
    there = [one for one in backend.list_all(past_owner(batch.user_id)) if is_seen(one, view)]
    if batch.is_imported:  # an old chat takes away nothing that was said later
        times = [one.said_at for one, request in requests if request] + [one.said_at for one in gone]
        until = max(times, default=0.0)
        there = [one for one in there if one.created_at and one.created_at.timestamp() <= until]
    going = [passage for passage in there if passage.id not in taken and sought.has(passage)]
    first = max((change.position for change in changes), default=-1) + 1
    source = " ".join(dict.fromkeys(message for change in gone for message in change.source.split()))
    source = source or " ".join(one.message_id for one in batch.exchanges)
    for position, passage in enumerate(going, first):
        yield removal(batch, position, passage, source)


def removal(batch: Batch, position: int, passage: Memory, source: str) -> Change:
    """The change that takes a passage away, with all that it takes to bring it back: its lead is `after`.

    Its `model` is who said it, and the last word of its `source` the exchange that it is of.
    """
    at = passage.created_at
    return Change(
        batch=batch.name,
        position=position,
        user_id=batch.user_id,
        op="remove",
        memory_id=passage.id,
        before=passage.text,
        after=passage.lead,
        kind=EPISODE,
        source=f"{source} {passage.batch.removeprefix(BATCH)}".strip(),
        said_at=at.timestamp() if at else 0.0,
        chat=passage.chat,
        ordinal=passage.ordinal,
        scope=passage.scope,
        model=passage.role,
    )


def restored(change: Change) -> Memory:
    """The passage that a change has taken away, or brings back."""
    at = datetime.fromtimestamp(change.said_at, UTC)
    text, lead = change.before, change.after
    if change.op == "add":
        text, lead = lead, text
    return Memory(
        id=change.memory_id,
        text=text,
        lead=lead,
        created_at=at,
        updated_at=at,
        batch=BATCH + exchange_of(change),
        kind=EPISODE,
        chat=change.chat,
        ordinal=change.ordinal,
        scope=change.scope,
        role=change.model,
    )


def exchange_of(change: Change) -> str:
    """The exchange of a passage that a change is about: see `removal`."""
    return change.source.split()[-1] if change.source.split() else ""


def _takes_back(change: Change) -> bool:
    """Whether what a fact said is to be known no longer. An LLM replaces what was true at its time."""
    if change.refused or change.kind == EPISODE or change.scope.startswith(TEAM) or not change.before:
        return False
    return change.op == "remove" or (change.op == "replace" and change.batch.startswith(COMMANDS))


def _no_longer_known(backend: Backend, gone: Sequence[Change]) -> list[Change]:
    """Without those that another fact says, too: of near copies one was taken away."""
    ids = {change.memory_id for change in gone}
    left = [memory.text for memory in backend.list_all(gone[0].user_id) if memory.id not in ids]
    return [change for change in gone if not any(map(Statement.of(change.before).is_said_in, left))]


def _history(journal: Journal, change: Change) -> tuple[set[str], set[str]]:
    """What a fact said, now and before it was replaced, and the batches of the passages that it is from."""
    said, origins = {change.before}, set()
    for earlier in journal.of_memory(change.memory_id):
        said |= {earlier.before, earlier.after} if change.op == "remove" else set()
        chat = "\n".join((earlier.user_id, earlier.chat, ""))
        origins |= {BATCH + name_of(version_of(chat, message)) for message in earlier.sources if earlier.chat}
    return said - {""}, origins
