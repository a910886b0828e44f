"""Faults in words for whoever is told them: where stores and models are, and what to set, is for admins."""

from __future__ import annotations

import re

from ..core.errors import MemoryFault
from ..core.locales import ENGLISH, Locale
from ..core.locales.refused import Refused
from .markup import sentences

_PATH = re.compile(r" /[^\n]{1,300}?(?= (?:is|was|cannot|could|refused) )")
# Of what a fault begins with, also a name without a dot or a port, as containers have it.
_OF_A_PART = re.compile(
    r"((?:^|[.:] )(?:The [\w ]{1,40}?|PostgreSQL|Ollama)) at (?:its socket\S*|\S+?)"
    r"(?: \([A-Z_]+\))?(?=[.,;]?(?:\s|$))"
)
_ADDRESS = re.compile(r" at (?:\S*[.:]\S*\w|localhost|its socket)(?: \([A-Z_]+\))?")


def refused(fault: MemoryFault, words: Locale) -> str:
    """Why something cannot be done, and what to do instead."""
    if isinstance(fault, Refused):
        told = [words.tell(fault.sentence), *([words.tell(fault.next_step)] if fault.next_step else [])]
        return sentences(told, words)
    return without_addresses(f"{fault} {fault.hint}".strip())


def failed(fault: MemoryFault, words: Locale, *, admin: bool) -> str:
    """What does not work now. Faults of stores and models are told in English, and to admins in full."""
    if admin:
        return f"{fault} {fault.hint}".strip()
    what = without_addresses(str(fault)) if words is ENGLISH else words.say("fault")
    return sentences([what, words.say("try again")], words)


def without_addresses(text: str) -> str:
    """A sentence of a fault, as anybody may read it."""
    return _PATH.sub("", _ADDRESS.sub("", _OF_A_PART.sub(r"\1", text)))
