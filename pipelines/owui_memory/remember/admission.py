"""What may become a memory: the one check that all writers share, and the only calls that write.

Whoever writes (an LLM, the user, an import, a share, an undo, a move) passes here: see `check` and
`restored`. A test walks the package and fails where another module calls a backend's writing methods.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace as changed

from ..backends.base import Backend
from ..core.locales import message
from ..core.locales.refused import Refused
from ..core.memory import Memory
from ..core.scope import is_scope
from ..core.text import plain
from ..language.prompt_injection import REFUSED as GIVES_ORDERS
from ..language.prompt_injection import gives_orders, is_wish
from ..language.sanitize import one_line
from ..language.secrets import holds_secret, masked

LONGEST_CHARS = 1000  # of a new memory
_LONGEST_KEPT_CHARS = 20_000  # of one that was stored before there was a limit
_KEPT_AGAIN_CHARS = 4000  # what stays of a longer one

# Reasons, as the journal and the counters have them; `locales` has the sentences.
EMPTY = "it says nothing"
TOO_LONG = "it is too long"
HOLDS_SECRET = "it holds a secret"  # noqa: S105 - a reason in words
IS_A_WISH = "it tells a model how to answer, which is for one's own chats"
NO_SCOPE = "it is of no scope that there is"


class _Admitted(str):
    """A text that `restored` has let through; what is made of it is a plain text again."""

    __slots__ = ()


class NotAdmittedError(Refused):
    """A text cannot become a memory, in a sentence for whoever asked. `reason`: for journal and counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            message(f"refused: {reason}", most=LONGEST_CHARS), message(f"refused, hint: {reason}")
        )
        self.reason = reason


def clean(text: str) -> str:
    """A text as memories have it: one line of characters that can be seen and that every store takes."""
    return one_line(plain(text))


def refusal(text: str, *, team: bool = False, scope: str = "") -> str:
    """Why a text cannot become a new memory, "" where it can. team: others will be told it."""
    if len(text) > _LONGEST_KEPT_CHARS:
        return TOO_LONG
    text = clean(text)
    if not any(map(str.isalnum, text)):
        return EMPTY
    if len(text) > LONGEST_CHARS:
        return TOO_LONG
    if holds_secret(text):
        return HOLDS_SECRET
    if gives_orders(text):
        return GIVES_ORDERS
    if team and is_wish(text):
        return IS_A_WISH
    return "" if is_scope(scope) else NO_SCOPE


def check(text: str, *, team: bool = False, scope: str = "") -> str:
    """The text as it is remembered.

    Raises:
        NotAdmittedError: it cannot be; see `refusal`.
    """
    if reason := refusal(text, team=team, scope=scope):
        raise NotAdmittedError(reason)
    return clean(text)


def restored(text: str) -> str:
    """A text that was stored before, as it may be stored again: without secrets that were not seen then.

    Raises:
        NotAdmittedError: it says nothing, or gives orders to a model.
    """
    if isinstance(text, _Admitted):
        return text  # writers that take passages one by one let all of them through at once later
    text = clean(text[:_LONGEST_KEPT_CHARS])
    if len(text) > _KEPT_AGAIN_CHARS:
        text = f"{text[: _KEPT_AGAIN_CHARS - 1]}…"
    if not any(map(str.isalnum, text)):
        raise NotAdmittedError(EMPTY)
    if gives_orders(text):
        raise NotAdmittedError(GIVES_ORDERS)
    return _Admitted(masked(text)[0])


def store(backend: Backend, user_id: str, new: Memory) -> str:
    """Add a memory; its id, "" where the backend does not tell it.

    Raises:
        MemoryFault: what `restored` and the backend raise.
    """
    if not is_scope(new.scope):
        raise NotAdmittedError(NO_SCOPE)
    return backend.store(user_id, changed(new, text=restored(new.text)))


def store_all(backend: Backend, owner_id: str, new: Sequence[Memory]) -> None:
    """Add passages with their ids; one that is there already changes nothing.

    Raises what `restored` and the backend raise.
    """
    leads = {text: lead(text) for text in {memory.lead for memory in new}}
    new = [changed(memory, text=restored(memory.text), lead=leads[memory.lead]) for memory in new]
    backend.store_all(owner_id, new)


def lead(text: str) -> str:
    """What a passage answers, as it is stored beside it: "" where it may not be."""
    text = masked(clean(text))[0]
    return "" if gives_orders(text) else text


def replace(backend: Backend, memory_id: str, text: str, *, expires: str) -> bool:
    """Give a memory another text; False where it is gone. Raises what `restored` and the backend raise."""
    return backend.replace(memory_id, restored(text), expires=expires)


def refused_among(backend: Backend, stored: Iterable[Memory]) -> dict[str, str]:
    """Take away what must not stay of what mem0's own extraction has stored; the reasons, by id."""
    refused = {memory.id: reason for memory in stored if (reason := refusal(memory.text))}
    for memory_id in refused:
        backend.remove(memory_id)
    return refused
