"""How many tokens a prompt has: counted, and put right by what servers of models say that they have counted.

Only ever upwards: some servers leave out what they had in their cache. And only by what several prompts in a
row had more: one alone may have got more behind the filter.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence

from sqlalchemy import Engine, select

from ..core.turn import Answered
from ..models.tokens import Count, Tokenizers
from ..state import put_row, reading, token_ratios
from ..state.engine import unsynced

_LONG_CHARS = 200_000  # of a text; what is longer fits nowhere, and is not counted but guessed
_COUNTED = 100_000  # texts whose numbers are kept, without the texts
_PROMPTS = 2_000  # that wait for what their server says
_LEAST_TOKENS = 500  # of a prompt, to learn from
_LEAST_SHARE, _MOST_SHARE = 0.6, 4.0  # else the server has counted something else
_MOST_RATIO = 1.5
_RECENT = 4  # prompts of a model, all of which had more
_FORGETS = 0.02  # of a ratio with each prompt that had less


class Counting:
    """For all models. Threads may share it; `load` and `learn` block, and the first count of a model."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = unsynced(engine), reading(engine)
        self._tokenizers = Tokenizers()
        self._lock = threading.Lock()
        self._counted: dict[tuple[Count, int, int], int] = {}
        self._ratios: dict[str, float] | None = None
        self._recent: dict[str, deque[float]] = {}
        self._prompts: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()

    def of(self, model: str, texts: Sequence[str]) -> list[int]:
        """The tokens of each text for a model, without what is put right."""
        count = self._tokenizers.of(model)
        keys = [(count, hash(text), len(text)) for text in texts]  # a new tokenizer counts anew
        with self._lock:
            known = [self._counted.get(key) for key in keys]
        new = {
            key: _count(count, text)
            for key, text, tokens in zip(keys, texts, known, strict=True)
            if tokens is None
        }
        with self._lock:
            self._counted.update(new)
            while len(self._counted) > _COUNTED:
                self._counted.pop(next(iter(self._counted)))
        return [new[key] if tokens is None else tokens for key, tokens in zip(keys, known, strict=True)]

    def ratio(self, model: str) -> float:
        """By how much a model's server counts more, 1 or above."""
        return (self._ratios or {}).get(model, 1.0)

    @property
    def is_loaded(self) -> bool:
        """Whether it is known what was learned before; until then, nothing is put right."""
        return self._ratios is not None

    def load(self) -> None:
        """Read what was learned before, unless it is known. Raises the database's errors."""
        if self._ratios is None:
            with self._reading.connect() as connection:
                rows = connection.execute(select(token_ratios.c.model, token_ratios.c.ratio)).all()
            self._ratios = {row.model: min(row.ratio, _MOST_RATIO) for row in rows}

    def sent(self, user_id: str, key: str, model: str, tokens: int) -> None:
        """A turn's prompt goes to a model. tokens: as counted, not put right."""
        with self._lock:
            self._prompts[user_id, key] = model, tokens
            while len(self._prompts) > _PROMPTS:
                self._prompts.popitem(last=False)

    def learn(self, answered: Answered) -> None:
        """What the server of the model said that a turn's prompt had."""
        told = answered.prompt_tokens
        with self._lock:
            found = [self._prompts.pop((answered.user_id, key), None) for key in answered.keys]
        model, tokens = next(filter(None, found), ("", 0))
        if tokens < _LEAST_TOKENS or not _LEAST_SHARE <= (seen := told / tokens) <= _MOST_SHARE:
            return
        self.load()
        with self._lock:
            recent = self._recent.setdefault(model, deque(maxlen=_RECENT))
            recent.append(seen)
            least = min(recent) if len(recent) == _RECENT else 1.0
        before = self.ratio(model)
        after = min(max(least, before - _FORGETS * max(before - max(seen, 1.0), 0.0)), _MOST_RATIO)
        if abs(after - before) < 0.001 * before or self._ratios is None:
            return
        self._ratios[model] = after
        with self._engine.begin() as connection:
            put_row(connection, token_ratios, {"model": model, "ratio": after, "at": time.time()})


def _count(count: Count, text: str) -> int:
    return count(text) if len(text) <= _LONG_CHARS else len(text.encode(errors="replace")) // 3
