"""What is said in a channel as passages, word for word, where no LLM reads it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime

from ..core.locales.refused import Refused
from ..core.memory import EPISODE, Memory
from ..remember import admission
from ..remember.passages import MOST, of_message, size_of
from .claims import Claim, Said
from .reading import author_of


def passages_of(claim: Claim) -> Iterator[tuple[Memory, tuple[Said, ...]]]:
    """Passages of a batch, each with the messages that it is made of: several short ones, or a part of one.

    Their ids follow from the batch's name, so that what is stored twice is one.
    """
    for number, (lines, said) in enumerate(_parts(claim)):
        at = datetime.fromtimestamp(said[0].at, UTC)
        named = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([claim.owner, claim.name, number])))
        with suppress(Refused):
            text = admission.restored(" ".join(lines))
            yield Memory(named, text, at, at, claim.name, EPISODE, title=claim.title), said


def _parts(claim: Claim) -> Iterator[tuple[list[str], tuple[Said, ...]]]:
    lines: list[str] = []
    said: list[Said] = []
    size = 0
    for one in claim.messages:
        for piece in of_message(one.text):
            with suppress(Refused):  # what gives orders to a model is left out, and no more than that
                line = f"{author_of(one)}: {admission.restored(piece)}"
                if lines and (size + size_of(line) > MOST or _day(said[-1]) != _day(one)):
                    yield lines, tuple(dict.fromkeys(said))
                    lines, said, size = [], [], 0
                lines.append(line)
                said.append(one)
                size += size_of(line)
    if lines:
        yield lines, tuple(dict.fromkeys(said))


def _day(one: Said) -> date:
    return datetime.fromtimestamp(one.at, UTC).date()
