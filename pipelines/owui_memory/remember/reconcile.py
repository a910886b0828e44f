"""Add, replace or remove: what an LLM makes of new exchanges and what is known about their user.

One call decides for a batch. What it decides is checked here; `apply` makes it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import inf

from ..backends.base import Backend
from ..core.change import OUTDATED, Change
from ..core.errors import Drop, RetryFew
from ..core.exchange import Batch, Exchange
from ..core.memory import Candidate, Memory, Reply
from ..core.scope import writing_view
from ..language.dedupe import same, says
from ..language.forget_requests import asks_to_forget, forget_request, means_everything
from ..language.self_reference import signs, weak_sign
from ..language.sentences import sentences
from ..language.speech import says_it_ended
from ..language.words import is_mark, mark_of
from ..state.clock import is_later
from .admission import refusal
from .corrections import revised
from .decision import decided, reaffirmed
from .echoes import unsaid
from .gate import said_by_user, statements
from .journal import Journal
from .known import is_among, known_as, wish_like, wishes_of
from .operations import Operation, UnreadableAnswerError, date_in, read_operations, read_topics
from .prompt import example_texts, reconcile_prompt
from .topics import fit

_SHOWN = 12  # memories in the prompt
_NEAREST = 6  # of each message
_ANSWERED_CHARS = 2000  # of an answer that could not be read, when it is asked for once more
_WHIM_SHARE = 0.5  # of what was shown: the most that may be removed where nobody asks for it
_NAMED_SHARE, _NAMED_AT_ONCE = 0.75, 4  # where the user wants something forgotten, or says that it is over
_ABOUT_AS_NEAR = 0.1  # in cosine to the nearest: an operation may have come from any of such messages

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Reconciler:
    """Decides for one batch. `injected`: texts that recall has put into its chat.

    keep_topics: takes the line on what the batch was about, where that is kept.
    """

    backend: Backend
    journal: Journal
    batch: Batch
    rules: str
    injected: Sequence[str]
    keep_topics: Callable[[str], None] = lambda _: None

    def decide(self) -> Iterator[Change]:
        """The changes, refused ones too.

        Raises:
            RetryFew: the LLM's answer could not be read, twice.
            MemoryFault: what the backend raises.
        """
        near = {
            exchange.message_id: self.backend.search(
                self.batch.user_id, exchange.user_text, _NEAREST, writing_view(self.batch.scope)
            )
            for exchange in self.batch.exchanges
        }
        shown = _nearest(near)
        wanted, reply = self._asked(shown)
        has_wish = any(one.op == "add" and one.kind == "preference" for one in wanted)
        operations, known = revised(
            wanted,
            shown,
            wishes_of(self.backend, self.batch) if has_wish else [],
            lambda text: _sentences(self._sources(text)),
            partial(wish_like, self.backend),
        )
        changes = [
            self._change(position, operation, operations, known, reply.model)
            for position, operation in enumerate(operations)
        ]
        yield from changes
        touched = {change.memory_id for change in changes if not change.refused}
        yield from self._reaffirmed(near, touched, first=len(changes))
        if line := fit(read_topics(reply.text), self.batch.exchanges):
            with suppress(Drop):  # the memories are made all the same
                self.keep_topics(line)

    def _asked(self, known: Sequence[Memory]) -> tuple[list[Operation], Reply]:
        """What the LLM wants to be done. One that refuses a prompt is asked a shorter one."""

        def prompt(*, short: bool) -> list[dict[str, str]]:
            return reconcile_prompt(self.batch.exchanges, known, self.rules, short=short)

        try:
            return _ask(self.backend, prompt(short=False))
        except Drop:
            if len(self.batch.exchanges) > 1:
                raise  # each is asked about alone, later
            return _ask(self.backend, prompt(short=True))

    def _change(
        self,
        position: int,
        operation: Operation,
        operations: Sequence[Operation],
        known: Sequence[Memory],
        model: str,
    ) -> Change:
        shown = known[operation.number - 1] if 0 < operation.number <= len(known) else None
        refused = self._refused(position, operation, operations, known)
        sources = self._sources(operation.text or (shown.text if shown else ""))
        latest = max(sources, key=lambda exchange: exchange.said_at)
        return decided(
            self.batch,
            position,
            operation.op,
            latest,
            shown,
            after=operation.text,
            kind=operation.kind or (shown.kind if shown else "fact"),
            expires=_expires(operation, shown),
            source=" ".join(exchange.message_id for exchange in sources),
            model=model,
            refused=refused,
        )

    def _refused(
        self, position: int, operation: Operation, operations: Sequence[Operation], known: Sequence[Memory]
    ) -> str:
        if harm := _harm(operation, known) or self._unsaid(operation, known):
            return harm
        removals = sum(other.op == "remove" for other in operations)
        if operation.op == "remove" and removals > 1 and removals > self._most_removals(len(known)):
            return "it would remove more than half of what was shown"
        if operation.op != "add":
            return self._outdated(known[operation.number - 1])
        earlier = [other.text for other in operations[:position] if other.op == "add"]
        if any(same(operation.text, text, 0.0) for text in earlier):
            return "it is known already"
        leaving = {
            known[other.number - 1].id
            for at, other in enumerate(operations)
            if other.op != "add" and not self._refused(at, other, operations, known)
        }
        return self._repeats(operation, leaving)

    def _unsaid(self, operation: Operation, known: Sequence[Memory]) -> str:
        """Why its text is the model's own; "" where it may come from the messages, or what is known."""
        if operation.op == "remove":
            return ""
        exchanges = self.batch.exchanges
        said = [text for exchange in exchanges for text in (exchange.user_text, exchange.assistant_text)]
        return unsaid(operation.text, [*said, *(memory.text for memory in known)], example_texts())

    def _most_removals(self, shown: int) -> float:
        """How many memories the batch may lose: a model that removes at a whim removes most."""
        said = _sentences(self.batch.exchanges)
        to_forget = [
            one for one in said if forget_request(one) or (asks_to_forget(one) and _is_of_memory(one))
        ]
        if any(map(means_everything, to_forget)):
            return inf
        if to_forget or any(map(says_it_ended, said)):
            return max(_NAMED_AT_ONCE, shown * _NAMED_SHARE)
        return max(1, shown * _WHIM_SHARE)

    def _outdated(self, shown: Memory) -> str:
        """Why it would undo what is newer; "" where it would not."""
        said_at, now = self.batch.exchanges[-1].said_at, time.time()
        changes = self.journal.of_memory(shown.id)
        outdated = any(is_later(change.said_at, said_at, now) for change in changes)
        return OUTDATED if outdated else ""

    def _repeats(self, operation: Operation, leaving: set[str]) -> str:
        """Why it would store once more what is known, and does not leave with this batch; "" if not."""
        text = operation.text
        if known_as(self.backend, self.batch, text, but=leaving):
            return "it is known already"
        if self._is_echo(text) and not known_as(self.backend, self.batch, text):
            return "recall told it to this chat, and it has been forgotten since"
        return ""

    def _is_echo(self, text: str) -> bool:
        """Whether it was told by recall, and not said by the user since."""
        injected = [one for one in self.injected if not is_mark(one)]
        if not is_among(text, injected, self.backend) and mark_of(text) not in self.injected:
            return False
        said = [sentence for exchange in self.batch.exchanges for sentence in _said(exchange)]
        meanings = self.backend.similarities(text, said)
        return not any(
            says(sentence, text, meaning) for sentence, meaning in zip(said, meanings, strict=True)
        )

    def _sources(self, text: str) -> list[Exchange]:
        """The messages of the batch that it can have come from."""
        exchanges = self.batch.exchanges
        near = self.backend.similarities(text, [exchange.user_text for exchange in exchanges])
        nearest = max(near) - _ABOUT_AS_NEAR
        return [exchange for exchange, meaning in zip(exchanges, near, strict=True) if meaning >= nearest]

    def _reaffirmed(
        self, near: Mapping[str, Sequence[Candidate]], touched: set[str], first: int
    ) -> Iterator[Change]:
        """What is known was said again: it stays when the message that said it first is taken back."""
        position = first
        for exchange in self.batch.exchanges:
            said = " ".join(_said(exchange))
            for found in near[exchange.message_id]:
                memory = found.memory
                if memory.id not in touched and says(said, memory.text, found.meaning):
                    yield reaffirmed(self.batch, position, exchange, memory)
                    position += 1


def _sentences(exchanges: Iterable[Exchange]) -> list[str]:
    own = (said_by_user(exchange.user_text) for exchange in exchanges)
    return [sentence.text for text in own for sentence in sentences(text)]


def _said(exchange: Exchange) -> list[str]:
    return statements(exchange.user_text, exchange.assistant_text)


def _is_of_memory(sentence: str) -> bool:
    """Whether a wish to forget or delete is about its speaker, or everything, and not about files."""
    return bool(signs(sentence)) or weak_sign(sentence) or means_everything(sentence)


def _nearest(near: Mapping[str, Sequence[Candidate]]) -> list[Memory]:
    """The memories nearest to any of the messages, nearest first."""
    best: dict[str, Candidate] = {}
    for found in (found for of_message in near.values() for found in of_message):
        if found.memory.id not in best or found.meaning > best[found.memory.id].meaning:
            best[found.memory.id] = found
    ranked = sorted(best.values(), key=lambda found: (-found.meaning, found.memory.id))
    return [found.memory for found in ranked[:_SHOWN]]


def _ask(backend: Backend, prompt: list[dict[str, str]]) -> tuple[list[Operation], Reply]:
    """What an LLM wants to be done, and its answer."""
    reply = backend.ask(prompt, for_exchanges=True)
    operations, problem = _read(reply)
    if operations is not None and not problem:
        return operations, reply
    try:
        again = backend.ask(_once_more(prompt, reply, problem), for_exchanges=True)
    except Drop as fault:  # it has taken the prompt; the rest is nothing that anybody said
        raise RetryFew(f"The LLM's answer could not be read: {problem}", hint=fault.hint) from fault
    corrected, problem = _read(again)
    if corrected is not None:
        return corrected, again
    if operations is not None:
        return operations, reply
    hint = "It is asked again later; a larger model, or one with JSON mode, may be needed."
    raise RetryFew(f"The LLM's answer could not be read: {problem}", hint=hint)


def _read(reply: Reply) -> tuple[list[Operation] | None, str]:
    """The operations in an answer, if it can be read, and what is wrong with it, or with all of them."""
    try:
        operations = read_operations(reply.text)
    except UnreadableAnswerError as problem:
        return None, str(problem)
    if operations and all(operation.refused for operation in operations):
        return operations, f"None of the operations can be made; of the first {operations[0].refused}."
    return operations, ""


def _once_more(prompt: list[dict[str, str]], reply: Reply, problem: str) -> list[dict[str, str]]:
    """The prompt with a complaint. Not every server takes an empty answer for a message, or a long one."""
    correction = f"That could not be read: {problem} Answer once more, with the JSON object only."
    answered = reply.text.strip()[:_ANSWERED_CHARS].strip()
    if answered:
        return [*prompt, {"role": "assistant", "content": answered}, {"role": "user", "content": correction}]
    return [*prompt[:-1], {**prompt[-1], "content": f"{prompt[-1]['content']}\n\n{correction}"}]


def _harm(operation: Operation, known: Sequence[Memory]) -> str:
    """Why an operation must not be made, whatever was said; "" where it may."""
    if operation.refused:
        return operation.refused
    if operation.op != "add" and not 0 < operation.number <= len(known):
        return "it names no memory that was shown"
    return "" if operation.op == "remove" else refusal(operation.text)


def _expires(operation: Operation, shown: Memory | None) -> str:
    """The memory's last day afterwards. A plan that is put off names its new day in its text."""
    if operation.expires:
        return operation.expires.isoformat()
    if shown is None or not shown.expires:
        return ""
    return max(filter(date_in, _DATE.findall(operation.text)), default="")
