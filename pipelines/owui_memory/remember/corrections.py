"""What an LLM wants to put in a memory's place, and its user has not corrected: it stands beside it.

A count, a score or an event of another day makes an earlier one no less true. A denial without an explanation
may be a slip, or a memory that was wrong from the start: who reads both can ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace as changed
from functools import cache

from ..core.memory import Memory
from ..language.dedupe import figures, same
from ..language.forget_requests import asks_to_forget, forget_request
from ..language.forms import stem
from ..language.self_reference import signs
from ..language.speech import asks, corrects
from ..language.tables import tables
from ..language.words import content_words, denials, terms_of
from .operations import Operation, kind_of

_OF_TIMES = ("fact",)  # kinds whose numbers belong to a day; a plan is put off, and who somebody is changes
# Denials that are no words of their own: Chinese, Japanese, Korean, Arabic.
_MARKS = ("没", "沒", "不", "ません", "ない", "なかった", "않", "안 ", "못", "لم ", "لا ", "ليس", "لست")
_COMMON_SHARE = 0.5  # of the words of a text, that a statement has in common with it to be its denial


DENIED = "the user denies it and explains nothing: both are kept"
SAID_TWICE = "another one says the same"

SaidFor = Callable[[str], Sequence[str]]  # sentences of the user that a text may come from
WishLike = Callable[[str, Sequence[Memory]], Memory | None]  # which of some wishes a text is, see `same_wish`


def revised(
    operations: Sequence[Operation],
    known: Sequence[Memory],
    wishes: Sequence[Memory],
    said: SaidFor,
    like: WishLike,
) -> tuple[list[Operation], list[Memory]]:
    """What becomes of an LLM's operations, and the memories that their numbers mean.

    known: those that were shown. wishes: those that are stored; some may be put behind the known ones.
    """
    meant = list(known)
    found = _joined([_beside(one, operations, known, said) for one in operations])
    for at, operation in enumerate(found):
        if not _is_wish(operation):
            continue
        later = [one.text for one in found[at + 1 :] if _is_wish(one)]
        if like(operation.text, [Memory("", text) for text in later]):
            found[at] = changed(operation, refused=SAID_TWICE)
            continue
        taken = {meant[one.number - 1].id for one in found if 0 < one.number <= len(meant)}
        wish = like(operation.text, [one for one in wishes if one.id not in taken])
        if wish and not same(operation.text, wish.text, 0.0):
            meant.append(wish)
            found[at] = changed(operation, op="replace", number=len(meant))
    return found, meant


def _is_wish(operation: Operation) -> bool:
    return operation.op == "add" and operation.kind == "preference" and not operation.refused


def _beside(
    operation: Operation, operations: Sequence[Operation], known: Sequence[Memory], said: SaidFor
) -> Operation:
    """An operation that leaves the memory alone, if it is not to be replaced or removed."""
    if operation.refused or not 0 < operation.number <= len(known):
        return operation
    shown = known[operation.number - 1]
    if operation.op == "replace" and stands_beside(shown, operation.text, said(operation.text)):
        return changed(operation, op="add", number=0, kind=operation.kind or kind_of(shown.kind))
    if operation.op == "remove" and (denial := denial_of(shown, said(shown.text))):
        if any(one.op == "add" and is_alike(denial, one.text) for one in operations):
            return changed(operation, refused=DENIED)
        return Operation("add", text=denial)
    return operation


def _joined(operations: Sequence[Operation]) -> list[Operation]:
    """With those that contradict each other in one."""
    found: list[Operation] = []
    for operation in operations:
        adds = operation.op == "add" and not operation.refused
        for at, other in enumerate(found):
            if adds and other.op == "add" and not other.refused and contradicts(operation.text, other.text):
                found[at] = changed(other, text=f"{other.text} {operation.text}")
                break
        else:
            found.append(operation)
    return found


def stands_beside(shown: Memory, text: str, said: Sequence[str]) -> bool:
    """Whether a text that is to replace a memory tells something else. said: what it may come from."""
    if any(map(corrects, said)):
        return False
    lost = figures(shown.text) - figures(text)
    if shown.kind in _OF_TIMES and lost and figures(text) - figures(shown.text):
        return True
    denies_more = not denials_in(text) <= denials_in(shown.text)
    return denies_more and any(_denies(one) and not _explains(one) for one in said)


def denial_of(shown: Memory, said: Sequence[str]) -> str:
    """The sentence that denies a memory without an explanation, "" where there is none."""
    if denials_in(shown.text) or any(map(corrects, said)):
        return ""
    denying = (one for one in said if _denies(one) and not _explains(one))
    return next((one for one in denying if is_alike(shown.text, one) or is_alike(one, shown.text)), "")


def contradicts(text: str, other: str) -> bool:
    """Whether one of two texts denies what the other says."""
    return (
        bool(denials_in(text)) != bool(denials_in(other)) and is_alike(text, other) and is_alike(other, text)
    )


def is_alike(text: str, other: str) -> bool:
    """Whether the other has most of the words by which a text tells something."""
    words = set(map(stem, content_words(text))) - denials_in(text) - users()
    common = words.intersection(map(stem, content_words(other)))
    return bool(common) and len(common) >= _COMMON_SHARE * len(words)


@cache
def users() -> frozenset[str]:
    """The words by which models call the user."""
    phrases = [phrase for table in tables() for phrase in table["user"]]
    return frozenset(stem(word) for phrase in phrases for word in terms_of(phrase))


def denials_in(text: str) -> set[str]:
    return {*map(stem, denials(text)), *(mark for mark in _MARKS if mark in text)}


def _denies(sentence: str) -> bool:
    wanted = forget_request(sentence) or asks_to_forget(sentence)
    return bool(denials_in(sentence)) and not (wanted or asks(sentence))


def _explains(sentence: str) -> bool:
    """Whether its speaker says what holds instead: "I don't drive, I take the bus"."""
    parts = re.split(r"[,;，；、،]", sentence)
    return any(signs(part) and not denials_in(part) for part in parts[1:])
