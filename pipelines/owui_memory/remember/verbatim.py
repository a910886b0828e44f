"""Without an LLM: the user's own statements, each once, unless they are known."""

from __future__ import annotations

from collections.abc import Iterator

from ..backends.base import Backend
from ..core.change import Change
from ..core.exchange import Batch, Exchange
from ..core.memory import Memory
from ..core.scope import writing_view
from ..language import speech
from ..language.dedupe import wording
from ..language.forget_requests import forget_request, is_meant
from ..language.over import ends, what_is_over
from .admission import refusal
from .decision import decided, reaffirmed
from .gate import said_by_user, statements
from .known import is_among, known_as, wish_like, wishes_of

# Sentences of each kind: one that is near to any of them, in any language the embedder knows, is of it.
_PROFILE = (
    "My name is Anna.",
    "I live in Berlin.",
    "I work as a nurse.",
    "I am an engineer at a company.",
    "I am 34 years old.",
    "My wife is called Maria.",
    "We have two children.",
    "I am allergic to nuts.",
    "I am from Spain.",
    "I am vegetarian.",
    "I'm Tom, a teacher in Leeds.",
    "I am a carpenter and live in a small town.",
    "I work as a clerk in Vienna.",
    "I'm a self-employed plumber.",
    "I'm Maria and I work as a lawyer.",
    "I study history in Prague.",
)
_WISHES = (
    "Always answer briefly.",
    "Please answer in German.",
    "Call me Sam.",
    "From now on use bullet points.",
    "I prefer short answers.",
    "Don't use emojis in your answers.",
    "Explain things step by step.",
    "Always include examples when I ask about code.",
    "Never use tables when I ask for a plan.",
    "I prefer simple tools.",
)
_CANDIDATES = 40  # for a wish to forget, by meaning and by words
# Likeness: one in twenty other statements of users is as near to any of the examples.
_OF_A_PROFILE, _OF_A_WISH = 0.3, 0.32
_WORDED_AS_A_WISH = 0.18  # where the words may be those of a wish, too


def decide_verbatim(backend: Backend, batch: Batch) -> Iterator[Change]:
    """The changes for a batch. Raises what the backend raises."""
    removed = {
        memory.id: (exchange, memory)
        for exchange in batch.exchanges
        for memory in (*_to_forget(backend, batch, exchange), *_ended(backend, batch, exchange))
    }
    for position, (exchange, memory) in enumerate(removed.values()):
        yield decided(batch, position, "remove", exchange, memory)
    kept: list[str] = []
    replaced: set[str] = set()
    said = ((exchange, text) for exchange in batch.exchanges for text in _statements(exchange))
    for position, (exchange, text) in enumerate(said, len(removed)):
        if known := known_as(backend, batch, text):
            yield reaffirmed(batch, position, exchange, known)
        elif not is_among(text, kept, backend):
            kept.append(text)
            kind = kind_of(backend, text)
            stored = wishes_of(backend, batch) if kind == "preference" else []
            wish = wish_like(backend, text, [one for one in stored if one.id not in replaced])
            replaced |= {wish.id} if wish else set()
            op = "replace" if wish else "add"
            yield decided(batch, position, op, exchange, wish, after=text, kind=kind, expired="")


def kind_of(backend: Backend, text: str) -> str:
    """The kind of a statement, by its words and by what it resembles; "fact" where neither tells."""
    near = backend.similarities(text, [*_PROFILE, *_WISHES])
    profile, preference = max(near[: len(_PROFILE)]), max(near[len(_PROFILE) :])
    wish = speech.wishes(text)
    if speech.prefers(text) or wish > 1 or (wish and preference >= max(profile, _WORDED_AS_A_WISH)):
        return "preference"
    if profile >= max(preference, _OF_A_PROFILE):
        return "profile"
    return "preference" if preference >= _OF_A_WISH else "fact"


def _statements(exchange: Exchange) -> list[str]:
    said = statements(exchange.user_text, exchange.assistant_text)
    return [text for text in said if not (refusal(text) or forget_request(text))]


def _ended(backend: Backend, batch: Batch, exchange: Exchange) -> list[Memory]:
    """What a statement says is over: "I no longer live in Freiburg." """
    view = writing_view(batch.scope)
    return [
        found.memory
        for text in _statements(exchange)
        if (over := what_is_over(text))
        for found in backend.search(batch.user_id, over, _CANDIDATES, view)
        if ends(text, found.memory.text)
    ]


def _to_forget(backend: Backend, batch: Batch, exchange: Exchange) -> list[Memory]:
    """What a message asks to be forgotten: only where all memories with its words say the same."""
    asked = forget_request(said_by_user(exchange.user_text))
    if not asked:
        return []
    near = backend.search(batch.user_id, asked, _CANDIDATES, writing_view(batch.scope))
    meant = [found.memory for found in near if is_meant(asked, found.memory.text)]
    return meant if len({wording(memory.text) for memory in meant}) == 1 else []


def decide_given(backend: Backend, batch: Batch) -> Iterator[Change]:
    """The changes for memories that an import brings: each is added as it is, unless it is known."""
    for position, given in enumerate(batch.exchanges):
        if (known := known_as(backend, batch, given.user_text)) is not None:
            yield reaffirmed(batch, position, given, known)
        else:
            told = {"after": given.user_text, "kind": given.given, "expires": given.expires}
            yield decided(batch, position, "add", given, None, **told)
