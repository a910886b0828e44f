"""What an archive would bring to a user, counted while it is read, and what that costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...config.prices import costs, read_prices
from ...config.settings import Valves
from ...core.exchange import Exchange
from ...core.locales import message
from ...core.locales.refused import Refused
from ...models.tokens import estimated_tokens
from ...remember.gate import sift
from ...remember.passages import passages
from ...remember.prompt import reconcile_prompt
from .formats import WEBUI_LABEL

_SAMPLE = 100  # exchanges by which the rest is estimated
_SHOWN_TOKENS, _ANSWER_TOKENS = 200, 120  # of the memories in a prompt, and of an answer
_PASSAGE_S, _EXCHANGE_S, _CALL_S = 0.02, 0.02, 4.0  # that each takes, about


@dataclass(frozen=True)
class Preview:
    """What an import would bring, or has begun to bring, to a user.

    labels: the programs that wrote it. chats, exchanges, facts: that are new; known: exchanges and facts that
    are there already. skipped: of what is not taken, how many of it by the reason. flaws: what cannot be
    read, how often, by file and reason. first, last: when the first and the last was said, Unix time or 0.
    calls, tokens_in, tokens_out: of an LLM, about; cost: in words, "" if no price is known. seconds: that it
    takes, about, while nobody chats. id: of the import, once it is begun.
    """

    user_id: str
    labels: tuple[str, ...] = ()
    chats: int = 0
    exchanges: int = 0
    facts: int = 0
    known: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    flaws: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: float = 0.0
    last: float = 0.0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: str = ""
    seconds: int = 0
    id: str = ""


class Seen:
    """What was seen of an archive so far. sample: the first of its exchanges."""

    def __init__(self) -> None:
        self.labels: set[str] = set()
        self.keys: set[int] = set()  # hashes: there may be many
        self.chats: set[str] = set()
        self.sample: list[Exchange] = []
        self.exchanges = self.facts = self.known = 0
        self.skipped: Counter[str] = Counter()
        self.flaws: Counter[tuple[str, str]] = Counter()
        self.first = self.last = 0.0

    def count(self, one: Exchange) -> None:
        """One more that is new."""
        if one.given:
            self.facts += 1
            return
        self.exchanges += 1
        if len(self.sample) < _SAMPLE:
            self.sample.append(one)
        self.chats.add(one.chat_id)
        self.first = min(self.first or one.said_at, one.said_at)
        self.last = max(self.last, one.said_at)

    def preview(self, user_id: str) -> Preview:
        """What it would bring. Raises Drop: nothing in it is known."""
        if not self.labels:
            why = next((reason for _, reason in self.flaws if reason != "nothing that is known"), "")
            told = message("page: nothing is known")
            if why:
                told = message("page: nothing can be imported", why=message(f"page, import: {why}"))
            raise Refused(told, message("page: nothing is known, hint"))
        counted = (len(self.chats), self.exchanges, self.facts, self.known, self.skipped, self.flaws)
        return Preview(user_id, tuple(sorted(self.labels)), *counted, self.first, self.last)


def estimated(
    preview: Preview, sample: Sequence[Exchange], settings: Valves, wants_passages: bool
) -> Preview:
    """With what it costs: some of its exchanges are looked at, and stand for all."""
    share = preview.exchanges / len(sample) if sample else 0.0
    kept = settings.keeps_episodes and wants_passages
    said = sum(len(passages(one)) for one in sample) * share if kept else 0.0
    seconds = said * _PASSAGE_S + (preview.exchanges + preview.facts) * _EXCHANGE_S
    reads = settings.uses_llm and settings.has_llm
    if settings.llm_provider == "auto" and not settings.llm_model:  # then who answered reads
        reads = reads and WEBUI_LABEL in preview.labels
    if not reads:
        return replace(preview, seconds=round(seconds))
    worth = [one for one, reason in sift(sample, verbatim=False) if not reason]
    at_once = settings.advanced_numbers.batch_max_exchanges
    each = min(at_once, max(preview.exchanges / max(preview.chats, 1), 1.0))  # calls read one chat
    calls = len(worth) * share / each
    system, _ = reconcile_prompt([], [], settings.extraction_rules)
    told = sum(estimated_tokens(reconcile_prompt([one], [], "")[1]["content"]) for one in worth) * share
    tokens_in = round(calls * (estimated_tokens(system["content"]) + _SHOWN_TOKENS) + told)
    tokens_out = round(calls * _ANSWER_TOKENS)
    model = settings.llm_model
    cost = costs({model: (tokens_in, tokens_out)}, read_prices(settings.llm_prices)) if model else ""
    seconds = round(seconds + calls * _CALL_S)
    used = replace(preview, calls=round(calls), tokens_in=tokens_in, tokens_out=tokens_out)
    return replace(used, cost=cost, seconds=seconds)
