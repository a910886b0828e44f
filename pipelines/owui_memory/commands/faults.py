"""Faults in words for whoever is told them: where stores and models are, and what to set, is for admins."""

from __future__ import annotations

import logging
import re

from ..core.errors import MemoryFault
from ..core.locales import ENGLISH, Locale
from ..core.locales.refused import Refused
from .markup import sentences

log = logging.getLogger(__name__)

_PATH = re.compile(r" /[^\n]{1,300}?(?= (?:is|was|cannot|could|refused) )")
# Of what a fault begins with, also a name without a dot or a port, as containers have it.
_OF_A_PART = re.compile(
    r"((?:^|[.:] )(?:The [\w ]{1,40}?|PostgreSQL|Ollama)) at (?:its socket\S*|\S+?)"
    r"(?: \([A-Z_]+\))?(?=[.,;]?(?:\s|$))"
)
_ADDRESS = re.compile(r" at (?:\S*[.:]\S*\w|localhost|its socket)(?: \([A-Z_]+\))?")


def refused(fault: MemoryFault, words: Locale, *, in_chat: bool = True) -> str:
    """Why something cannot be done, and what to do instead; elsewhere than in a chat no commands."""
    if isinstance(fault, Refused):
        told = [words.tell(one) for one in (fault.sentence, fault.next_step) if one]
        return sentences([one for one in told if in_chat or "`/memory" not in one] or told[:1], words)
    if words is not ENGLISH:  # what stores and models refuse is told in English only
        log.warning("What a user asked for cannot be done: %s %s", fault, fault.hint)
        return words.say("cannot be done")
    return without_addresses(f"{fault} {fault.hint}".strip())


def failed(fault: MemoryFault, words: Locale, *, admin: bool, then: str = "try again") -> str:
    """What does not work now. Faults of stores and models are told in English, and to admins in full.

    then: what to do about it, as the catalogue calls it.
    """
    if admin:
        return f"{fault} {fault.hint}".strip()
    what = without_addresses(str(fault)) if words is ENGLISH else words.say("fault")
    return sentences([what, words.say(then)], words)


def why_not_read(words: Locale, detail: str) -> str:
    """Why a document cannot be read. detail: in English, and behind a colon what is told as it is."""
    why, colon, rest = detail.partition(": ")
    return f"{words.label('document', why)}{colon}{rest}"


def without_addresses(text: str) -> str:
    """A sentence of a fault, as anybody may read it."""
    return _PATH.sub("", _ADDRESS.sub("", _OF_A_PART.sub(r"\1", text)))
