"""What a batch was about, as an LLM says it in one line: whether that can be kept."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.exchange import Exchange
from ..language.detection import likely
from ..language.sanitize import inert
from ..language.scripts import fold, scripts_of
from ..language.words import words
from .admission import refusal
from .echoes import unsaid
from .prompt import example_texts

_NOTHING = frozenset(("small talk", "smalltalk", "greeting", "greetings", "no topics", "not applicable"))
_LOOKED_CHARS = 2000  # of each message, for its language


def fit(line: str, exchanges: Sequence[Exchange]) -> str:
    """The line; "" where it says nothing, may not be kept, or is not in the language of the messages."""
    if not line or " ".join(words(line)) in _NOTHING or refusal(line):
        return ""
    line = inert(line)
    said = [text for exchange in exchanges for text in (exchange.user_text, exchange.assistant_text)]
    if unsaid(line, said, example_texts()) or not is_in_their_language(
        line, [exchange.user_text for exchange in exchanges]
    ):
        return ""
    return line


def is_in_their_language(line: str, texts: Sequence[str]) -> bool:
    """Whether a line is in the language of users' texts; also where that cannot be told: of few words, or in
    a language without a table.
    """
    said = fold(" ".join(text[:_LOOKED_CHARS] for text in texts))
    if scripts_of(said) and scripts_of(said).isdisjoint(scripts_of(line)):
        return False
    theirs, its = ({table for table in likely(text) if table.language} for text in (said, fold(line)))
    return not theirs or not its or not theirs.isdisjoint(its)
