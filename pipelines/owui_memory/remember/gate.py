"""What of a message is worth remembering as it stands, told from its shape alone, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LONGEST_CHARS = 400  # of a sentence that somebody says about themselves
_FEWEST_WORDS = 3
_FEWEST_DENSE_CHARS = 5  # in scripts that set no spaces between words

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
# Indented code, quotes, tables, shell prompts, headings.
_OTHER_LINES = re.compile(r"^(?: {4}|\t|[>|$#]).*$", re.MULTILINE)
_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")
_QUESTION = re.compile(r"[?？؟՞]\W*$")
_URL = re.compile(r"\w+://\S+")
_DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_ABBREVIATION = re.compile(
    r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|etc|vs|No|Nr|Sra|bzw))\.$", re.IGNORECASE
)


def statements(text: str) -> list[str]:
    """The sentences of a message that state something: no questions, code, quotes, links, crumbs."""
    prose = _OTHER_LINES.sub("\n", _FENCE.sub("\n", text))
    return [sentence for sentence in _sentences(prose) if _states_something(sentence)]


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        sentence = text[start : end.start()].strip()
        if _ABBREVIATION.search(sentence) and "\n" not in end.group():
            continue
        if sentence:
            yield sentence
        start = end.end()
    if rest := text[start:].strip():
        yield rest


def _states_something(sentence: str) -> bool:
    if len(sentence) > _LONGEST_CHARS or _QUESTION.search(sentence) or sentence.endswith(":"):
        return False
    words = _URL.sub("", sentence).split()
    letters = len(_LETTER.findall(sentence))
    if letters < len(sentence.replace(" ", "")) / 2:
        return False  # numbers, symbols, logs
    if _DENSE.search(sentence):
        return letters >= _FEWEST_DENSE_CHARS
    return len(words) >= _FEWEST_WORDS
