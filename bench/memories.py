"""Synthetic memories: the same in every run and in every store, with words as unevenly frequent as in life.

Words are drawn by Zipf's law from some thousand, so that a keyword index meets terms that are in one memory
in ten and terms that are in two. A vector is the sum of its words': who shares words is near.
"""

import hashlib
import itertools
import random
import re
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import numpy as np

DIMS = 512  # of the bundled embedder
USERS = 100

_SLOTS = {
    "who": "wife husband sister brother daughter son mother father boss neighbour doctor teacher friend",
    "does": "likes bought collects repairs teaches studies sells avoids misses prefers plays cooks designs",
    "thing": (
        "coffee piano bicycle garden guitar telescope sourdough chess camera kayak novel orchid espresso "
        "violin compiler dashboard keyboard penicillin marathon podcast aquarium motorcycle tomatoes"
    ),
    "place": (
        "Berlin Lisbon Kyoto Toronto Nairobi Bergen Krakow Valencia Austin Melbourne Ljubljana Zurich "
        "Edinburgh Montreal Hanoi Tallinn"
    ),
    "when": "weekends mornings winter holidays Tuesdays spring evenings Sundays summer birthdays",
}
_COINED = {"who": 400, "does": 400, "thing": 3000, "place": 1000, "when": 60}
_SENTENCES = (
    "My {who} {does} {thing} in {place} on {when}.",
    "I moved to {place} because my {who} {does} a {thing} there.",
    "The user {does} {thing} and {thing2} mostly on {when}.",
    "I am allergic to {thing}, and my {who} {does} {thing2}.",
    "On {when} I travel to {place} with my {who} to see the {thing}.",
    "I am writing a report about {thing} and {thing2} for a client in {place}.",
    "My {who} from {place} {does} the {thing} that I gave away last year.",
    "Please keep answers about {thing} short; my {who} {does} {thing2} and has little time.",
)
_ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pr r s sh st t tr v w z"
_VOWELS = "a ai au e ea ee i ia o oa ou u"
_CODAS = "l m n r s t x nd ck rn st"
_FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fact:
    """One memory, and a question in its rarest words, which it answers best of all its user's memories."""

    number: int
    user_id: str
    text: str
    question: str

    @property
    def id(self) -> str:
        return str(uuid.UUID(int=self.number, version=4))

    @property
    def payload(self) -> dict[str, Any]:
        """What mem0 2.2.1 stores beside the vector, with the chat that we add: eight memories each."""
        of_user = self.number // USERS
        learned = (_FIRST_DAY + timedelta(minutes=5 * self.number)).isoformat()
        return {
            "user_id": self.user_id,
            "role": "user",
            "data": self.text,
            "hash": hashlib.md5(self.text.encode()).hexdigest(),
            "created_at": learned,
            "updated_at": learned,
            "text_lemmatized": self.text.lower().rstrip("."),
            "chat": f"{self.user_id}-{of_user // 8}",
            "place": of_user % 8,
        }


def fact(number: int) -> Fact:
    """The memory of that number; users take turns."""
    draw = random.Random(number)
    words = {slot: draw.choices(_VOCABULARY[slot], cum_weights=_WEIGHTS[slot])[0] for slot in _VOCABULARY}
    words["thing2"] = draw.choices(_VOCABULARY["thing"], cum_weights=_WEIGHTS["thing"])[0]
    sentence = draw.choice(_SENTENCES)
    told = [word for slot, word in words.items() if f"{{{slot}}}" in sentence]
    rarest = sorted(dict.fromkeys(told), key=_RANK.__getitem__, reverse=True)[:3]
    return Fact(
        number,
        f"user-{number % USERS:03}",
        sentence.format(**words),
        f"What did I tell you about {rarest[0]}, {rarest[1]} and {rarest[-1]}?",
    )


def asked(stored: int, count: int) -> list[Fact]:
    """`count` of the stored memories to ask about, of all users and all ages."""
    return [fact(at * 7919 % stored) for at in range(count)]  # a prime: no size has it as a factor


class WordVectors:
    """An embedder in mem0's shape that takes next to no time: what is measured is the rest.

    Vectors of `ready` texts are looked up (0.0002 ms), others summed from their words' (about 0.03 ms).
    """

    def __init__(self, ready: list[str] | None = None) -> None:
        self._words: dict[str, np.ndarray] = {}
        self._ready = {text: self._sum(text) for text in ready or ()}
        self._lists = cache(lambda texts: self.embed_batch(list(texts)))

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:  # noqa: ARG002
        return self._ready.get(text) or self._sum(text)

    @cached_property
    def calibration(self) -> Any:
        """As of an embedder."""
        from owui_memory.models.calibration import Calibration

        return Calibration.measured(self.embed_batch)

    def question(self, text: str) -> list[float]:
        """The vector to look for what answers a message."""
        found: list[float] = self.calibration.question(self.embed(text))
        return found

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """As of an embedder."""
        found: list[float] = self.calibration.likenesses(self.embed(text), self._lists(tuple(others)))
        return found

    def prepare(self, texts: list[str]) -> None:
        """Nothing: a text takes no time."""

    def embed_batch(self, texts: list[str], memory_action: str = "add") -> list[list[float]]:
        return [self.embed(text, memory_action) for text in texts]

    def _sum(self, text: str) -> list[float]:
        total = np.sum([self._word(word) for word in re.findall(r"\w+", text.lower())] or [np.ones(DIMS)], 0)
        unit: list[float] = (total / np.linalg.norm(total)).tolist()
        return unit

    def _word(self, word: str) -> np.ndarray:
        if word not in self._words:
            # A fixed direction for each word; short words, which are mostly grammar, weigh less.
            noise = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DIMS)
            self._words[word] = noise * min(len(word), 7) ** 2
        return self._words[word]


def _coined(count: int, seed: str) -> list[str]:
    draw = random.Random(seed)
    onsets, vowels, codas = (sounds.split() for sounds in (_ONSETS, _VOWELS, _CODAS))
    words: dict[str, None] = {}
    while len(words) < count:
        syllables = [draw.choice(onsets) + draw.choice(vowels) for _ in range(draw.choice((2, 2, 3)))]
        words["".join(syllables) + draw.choice(codas)] = None
    return list(words)


_VOCABULARY = {slot: words.split() + _coined(_COINED[slot], slot) for slot, words in _SLOTS.items()}
_WEIGHTS = {
    slot: list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    for slot, words in _VOCABULARY.items()
}
_RANK = {word: rank for words in _VOCABULARY.values() for rank, word in enumerate(words)}
