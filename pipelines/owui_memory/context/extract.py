"""An abstract without an LLM: what the user has stated, and the words that the messages are about."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby

from ..core.locales import locale
from ..language.scripts import script, sets_no_spaces, words_of
from ..language.self_reference import signs
from ..language.sentences import sentences
from ..language.words import content_words, telling
from ..remember.gate import said_by_user, statements
from .abstract import Abstract
from .turns import Past

_EACH = 3  # statements of a message
_ASKED_CHARS = 120  # of a message that states nothing
_HINTS, _FEWEST_CHARS = 8, 4
_ENDINGS = "HIRAGANA"  # writes what joins the other words


def extracted(before: Abstract, past: Sequence[Past], room: int, count: Callable[[str], int]) -> Abstract:
    """The abstract with what these messages state, those that tell most, in so many tokens."""
    found = [text for one in past for text in _of(one)]
    seen: Counter[str] = Counter(word for text in found for word in set(content_words(text)))

    def worth(text: str) -> float:
        rare = sum(1 / seen[word] for word in set(content_words(text)))
        return 3 * bool(signs(text)) + 2 * min(len(telling(text)), 3) + min(rare, 6)

    left, chosen = room // 2, set()  # the other half is that of what was said before
    for text in sorted(dict.fromkeys(found), key=worth, reverse=True):
        if (tokens := count(text) + 8) <= left:
            left -= tokens
            chosen.add(text)
    who = locale(before.language).say("said by user")
    quoted = [json.dumps(text, ensure_ascii=False) for text in dict.fromkeys(found) if text in chosen]
    lines = [f"{who}: {quote}" for quote in quoted]
    return before.updated(lines, (), _hints(past)).within(room, count)


def _of(past: Past) -> list[str]:
    """What a message states, else how it begins."""
    if stated := statements(past.user, past.answer)[:_EACH]:
        return stated
    first = next((one.text for one in sentences(said_by_user(past.user))), "")
    return [first[:_ASKED_CHARS]] if len(content_words(first)) > 1 else []


def _hints(past: Sequence[Past]) -> list[str]:
    """The words that most of the messages have, names first, as they were written last."""
    written = {word.casefold(): word for one in past for word in _words(one.user)}
    names = {word for one in past for word in telling(one.user)}
    seen = Counter(word for one in past for word in {word.casefold() for word in _words(one.user)})
    short = (word for word in names if word.isalpha())
    known = {word for word in seen if len(word) >= (_FEWEST_CHARS if word.isascii() else 2)}
    found = sorted(known.union(seen.keys() & short), key=lambda word: (-seen[word] - (word in names), word))[
        :_HINTS
    ]
    return [written[word] for word in found]


def _words(text: str) -> list[str]:
    """The words that a message is about; of scripts without spaces, what one script writes in a row."""
    about = set(content_words(text, or_all=False))
    runs = ["".join(run) for word in words_of(text) for _, run in groupby(word, _script)]
    return [run for run in runs if run.casefold() in about or _script(run[0]) not in ("", _ENDINGS)]


def _script(char: str) -> str:
    """The script of a character of one without spaces between words; "" for any other."""
    return script(char).partition("-")[0] if sets_no_spaces(char) else ""  # a long vowel has two names
