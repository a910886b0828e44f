"""Reads what is said in channels, a batch at a time, and remembers it for the channel that it was said in."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b

from ..backends.backend_holder import BackendHolder
from ..backends.base import Backend
from ..backends.library import LibraryBackend
from ..config.settings import Valves
from ..core.change import Change
from ..core.chat_servers import AnsweredBy
from ..core.errors import ClaimLost, Drop, MemoryFault, RetryFew, TellAdmin, TooSlow, is_of_the_text
from ..core.events import Emit, Event, EventKind, Job, failed, succeeded
from ..core.exchange import Batch, Exchange
from ..core.memory import EPISODE, Memory
from ..core.now_and_then import NowAndThen, kept_up
from ..models.tokens import estimated_tokens
from ..remember import admission
from ..remember.apply import Changes
from ..remember.decision import decided
from ..remember.journal import Journal
from ..remember.known import known_as
from ..remember.operations import UnreadableAnswerError
from ..remember.passages import of_message
from ..state.switches_table import Switches
from .claims import LEASE_S, Claim, Claims, Said
from .erasing import Sweeping
from .passages import passages_of
from .queue import ASIDE, ChannelQueue
from .reading import Learned, channel_prompt, learned, shown

log = logging.getLogger(__name__)

_LOOK_S = 5.0
_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 3600.0  # before a batch is tried again
_FEW_TRIES, _MANY_TRIES = 3, 10  # of what may never work: while others are read, and while none is
_NEAREST, _SHOWN = 5, 30  # memories: near to some messages, and shown with a batch
_ASKED_CHARS = 500  # of messages that memories are looked for with at once
_STORED_AT_ONCE = 16
_YIELDS_S = 1.0  # before some texts are embedded, at most

Made = Mapping[tuple[str, str], Collection[str]]
Make = Callable[[LibraryBackend], Made]


class ChannelReader:
    """For all channels, one batch after the other. `look` blocks; `thread` calls it."""

    def __init__(
        self,
        live: BackendHolder,
        queue: ChannelQueue,
        journal: Journal,
        settings: Callable[[], Valves],
        emit: Emit,
        sweeping: Sweeping,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """is_busy: whether many messages wait for their memories; then channels can wait."""
        self._live, self._queue, self._journal, self._settings = live, queue, journal, settings
        self._emit, self._sweeping, self._is_busy = emit, sweeping, is_busy
        self._claims, self._changes = Claims(queue.engine), Changes(journal)
        self._switches = Switches(queue.engine)
        self._failures = Counter[str]()  # in a row, by channel
        self._read, self._read_before = 0, dict[str, int]()  # batches so far; and when one failed first
        self.thread = NowAndThen("memory-channels", self.look, _LOOK_S)

    def look(self) -> bool:
        """Takes away what was deleted, and reads a batch that is due; whether there was one. Never raises."""
        if self._is_busy() or self._live.current is None:
            return False
        try:
            if self._sweeping.sweep():
                return True
            settings = self._settings()
            if not settings.observes_channels:
                return False
            claim = self._claimed(settings)
            if claim is not None:
                self._settle(claim)
        except Exception as error:  # noqa: BLE001 - the thread must not die; the state database may be ill
            self._emit(failed(Job.CHANNELS, error))
            return False
        return claim is not None

    def _claimed(self, settings: Valves) -> Claim | None:
        most = settings.advanced_numbers.channel_tokens_per_day
        for owner in self._claims.due(time.time()):
            if most and _may_ask(settings) and self._queue.used_today(owner) >= most:
                continue  # it waits for tomorrow: the status tells
            if (claim := self._claims.claim(owner)) is not None:
                return claim
        return None

    def _settle(self, claim: Claim) -> None:
        """Reads a batch, and writes down what came of it."""
        try:
            with kept_up("memory-channel-lease", claim.renew, LEASE_S / 4):
                make = self._decided(_library(self._live.get()), claim)  # an LLM may take minutes
                with self._live.writing() as backend:
                    made = make(_library(backend))
                    self._claims.done(claim, made)
        except ClaimLost:
            self._lost(claim)
        except Exception as error:  # noqa: BLE001 - sorted there
            self._emit(failed(Job.CHANNELS, error))
            self._failed(claim, error)
        else:
            self._failures.pop(claim.owner, None)
            self._read_before.pop(claim.name, None)
            self._read += 1
            self._emit(succeeded(Job.CHANNELS))
            self._emit(Event(EventKind.CHANNEL_READ, len(claim.messages), records=len(made)))

    def _decided(self, backend: LibraryBackend, claim: Claim) -> Make:
        """What is to be made of a batch."""
        settings = self._settings()
        if not any(of_message(one.text) for one in claim.messages):
            return lambda _: self._nothing(claim)
        patient = claim.attempts < _MANY_TRIES
        anyone = AnsweredBy(local="local")
        local_only = settings.local_only
        with backend.reading(anyone, local_only=local_only, patient=patient, apart=True) as model:
            if _may_ask(settings) and model and settings.advanced_numbers.channel_tokens_per_day:
                return self._learned(backend, claim)
        return partial(self._keep_passages, claim)

    def _nothing(self, claim: Claim) -> Made:
        self._claims.confirm(claim)
        return {}

    # Without an LLM

    def _keep_passages(self, claim: Claim, backend: LibraryBackend) -> Made:
        self._claims.confirm(claim)
        found = list(passages_of(claim))
        for at in range(0, len(found), _STORED_AT_ONCE):
            self._let_others_go_first()
            claim.renew()
            some = [memory for memory, _ in found[at : at + _STORED_AT_ONCE]]
            admission.store_all(backend, claim.owner, some)
        return {(claim.owner, memory.id): [one.id for one in said] for memory, said in found}

    # With one

    def _learned(self, backend: LibraryBackend, claim: Claim) -> Make:
        members = self._members(claim)
        wanted: dict[str, list[Learned]] = {claim.owner: [], **{one: [] for one in members.values()}}
        if claim.attempts > 1 and self._journal.of_batch(claim.name):
            return partial(self._remember, claim, wanted, "")  # all was decided before
        if claim.attempts > 1:
            self._take_back(claim)  # passages, kept when there was no LLM
        model, found = self._asked(backend, claim, members)
        for one in found:
            if one.refused:
                self._emit(Event(EventKind.CHANGE_REFUSED, reason=one.refused))
            else:
                wanted[one.user_id or claim.owner].append(one)

        def make(backend: LibraryBackend) -> Made:
            self._claims.confirm(claim)
            return self._remember(claim, wanted, model, backend)

        return make

    def _remember(
        self, claim: Claim, wanted: Mapping[str, list[Learned]], model: str, backend: LibraryBackend
    ) -> Made:
        """A member's own memories are made first: the channel's tell a second try that all was decided."""
        made: dict[tuple[str, str], list[str]] = {}
        ids = {_token(one.id): one.id for one in claim.messages}
        for owner in sorted(wanted, key=lambda owner: (owner == claim.owner, owner)):
            batch = _batch(claim, owner)
            changes = list(self._of(backend, claim, batch, wanted[owner], model))
            self._changes.make(backend, batch, lambda changes=changes: changes, claim.renew)  # type: ignore[misc]
            for change in self._journal.of_batch(batch.name):
                if not change.refused and change.memory_id:
                    made[owner, change.memory_id] = [ids[one] for one in change.sources if one in ids]
        return made

    def _asked(
        self, backend: LibraryBackend, claim: Claim, members: Mapping[str, str]
    ) -> tuple[str, list[Learned]]:
        """The model, and what it makes of the messages that say something."""
        messages = [one for one in claim.messages if of_message(one.text)]
        known = self._near(backend, claim.owner, messages)
        prompt = channel_prompt(claim.title, messages, known, members, self._settings().extraction_rules)
        try:
            reply = backend.ask(prompt)
        except (RetryFew, TooSlow):  # it may have read all of it
            tokens = sum(estimated_tokens(one["content"]) for one in prompt)
            self._queue.count(claim.owner, calls=1, input_tokens=tokens)
            raise
        tokens_in, tokens_out = reply.tokens
        self._queue.count(claim.owner, calls=1, input_tokens=tokens_in, output_tokens=tokens_out)
        try:
            return reply.model, list(learned(reply.text, messages, known, members))
        except UnreadableAnswerError as problem:
            raise RetryFew(f"An LLM's answer about a channel could not be read: {problem}") from problem

    def _near(self, backend: LibraryBackend, owner: str, messages: Sequence[Said]) -> list[Memory]:
        """The memories of a channel nearest to some messages, nearest first."""
        best: dict[str, tuple[float, Memory]] = {}
        text = ""
        for at, one in enumerate(messages):
            text += f" {shown(one.text)}"
            if len(text) >= _ASKED_CHARS or at == len(messages) - 1:
                self._let_others_go_first()
                for found in backend.search(owner, text[: 4 * _ASKED_CHARS], _NEAREST, None):
                    memory, meaning = found.memory, found.meaning
                    if memory.kind != EPISODE and best.get(memory.id, (0.0, memory))[0] <= meaning:
                        best[memory.id] = (meaning, memory)
                text = ""
        ranked = sorted(best.values(), key=lambda one: (-one[0], one[1].id))
        return [memory for _, memory in ranked[:_SHOWN]]

    def _let_others_go_first(self) -> None:
        """While many messages wait for their memories, for a second at most."""
        until = time.monotonic() + _YIELDS_S
        while self._is_busy() and not self.thread.is_stopping and time.monotonic() < until:
            time.sleep(_YIELDS_S / 50)

    def _members(self, claim: Claim) -> dict[str, str]:
        """The user ids of authors who want to be remembered by themselves, by author."""
        found = self._queue.members(claim.source, {one.author for one in claim.messages})
        return {author: user for author, user in found.items() if self._switches.is_on(user, "")}

    def _of(
        self, backend: LibraryBackend, claim: Claim, batch: Batch, wanted: Sequence[Learned], model: str
    ) -> Iterator[Change]:
        """As changes of an owner's memories, without what is known already."""
        leaving = {one.memory.id for one in wanted if one.memory}
        texts = set[str]()
        for one in wanted:
            if one.op == "add" and (
                one.text in texts or known_as(backend, batch, one.text, but=leaving) is not None
            ):
                continue
            texts.add(one.text)
            # A member's own says where it was learned.
            where = [claim.owner] if batch.user_id != claim.owner else []
            source = " ".join((*where, *(_token(each.id) for each in one.cited)))
            said_at = max(each.at for each in one.cited)
            kind = one.memory.kind if one.memory else one.kind
            yield decided(
                batch,
                len(texts) - 1,
                one.op,
                batch.exchanges[0],
                one.memory,
                after=one.text if one.op != "remove" else "",
                kind=kind,
                expires=one.expires,
                said_at=said_at,
                source=source,
                model=model,
            )

    # What goes wrong

    def _lost(self, claim: Claim) -> None:
        """Another reads it; or a message was changed, and it is read again; or the channel was erased."""
        try:
            if not self._journal.of_batch(claim.name):
                self._claims.disband(claim, 1)
                return
            claim.renew()
        except ClaimLost:
            if not self._queue.is_known(claim.owner):
                self._take_back(claim)

    def _take_back(self, claim: Claim) -> None:
        """As if a batch had never been worked on."""
        with self._live.writing() as backend:
            for owner in (claim.owner, *self._members(claim).values()):
                name = _batch(claim, owner).name
                ids = [memory.id for memory in backend.added_by(owner, name)]
                backend.remove_all(owner, ids)
                self._journal.erase_batch(owner, name)

    def _failed(self, claim: Claim, error: Exception) -> None:
        """Tried again later, read in parts, or set aside: nothing holds up what is said next for ever."""
        told = str(error) if isinstance(error, MemoryFault) else type(error).__name__
        failures = self._failures[claim.owner] = self._failures[claim.owner] + 1
        others_do = self._read > self._read_before.setdefault(claim.name, self._read)
        tries = _FEW_TRIES if others_do else _MANY_TRIES
        hopeless = is_of_the_text(error) and (isinstance(error, Drop) or claim.attempts >= tries)
        too_much = is_of_the_text(error) or isinstance(error, TooSlow)
        may_split = len(claim.messages) > 1 and not self._journal.of_batch(claim.name)
        pause = min(_PAUSE_S * 2 ** min(failures - 1, 20), _LONGEST_PAUSE_S)
        try:
            if may_split and (hopeless or (too_much and claim.attempts >= _FEW_TRIES)):
                self._take_back(claim)  # passages
                self._claims.disband(claim, 2)
            elif hopeless:
                log.error("%d message(s) of a channel set aside: %s", len(claim.messages), told)
                self._take_back(claim)
                self._claims.leave(claim, 0.0, "", ASIDE)
                self._emit(Event(EventKind.CHANNEL_ASIDE, len(claim.messages)))
            else:
                self._claims.leave(claim, pause, told)
        except ClaimLost:
            self._lost(claim)


def _library(backend: Backend) -> LibraryBackend:
    if not isinstance(backend, LibraryBackend):
        raise TellAdmin("Channels are read with the backend library only.", hint="Set `backend` to library.")
    return backend


def _may_ask(settings: Valves) -> bool:
    return settings.has_llm and settings.uses_llm


def _batch(claim: Claim, owner: str) -> Batch:
    name = claim.name
    if owner != claim.owner:
        name += f"-{blake2b(owner.encode(errors='surrogatepass'), digest_size=6).hexdigest()}"
    now = time.time()
    return Batch(name, owner, (Exchange("", owner, "", "", "", now),), claim.attempts, now)


def _token(message_id: str) -> str:
    """A message's id as one word, as the journal has sources."""
    if message_id.isprintable() and not any(map(str.isspace, message_id)):
        return message_id
    return "~" + blake2b(message_id.encode(errors="surrogatepass"), digest_size=12).hexdigest()
