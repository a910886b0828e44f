"""What an archive holds as lines of JSON, as the process that reads it writes them and the server reads them.

A chat is one line, and one for each of its messages, so that no line is long.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from ...documents.extract import confine
from .archive import UnopenableError
from .entries import Chat, Entry, Fact, Flaw, Said
from .formats import Found, read

_BEHIND_CHATS = 10  # is what an archive waits, where the processor is wanted
_MOST_CHARS = 128 << 20  # of a chat

_KINDS: dict[str, type[Chat | Fact | Flaw]] = {"chat": Chat, "fact": Fact, "flaw": Flaw}
_SAID, _CHAT_ENDS, _ENDS, _UNOPENABLE = "said", "chat ends", "ends", "unopenable"


class BrokenOffError(Exception):
    """The reading of an archive ended before the archive does."""


def write(found: Iterable[Found], out: IO[bytes]) -> None:
    """One after the other, and that there are no more, or that the archive cannot be opened."""

    def put(kind: str, *told: Any) -> None:
        out.write(json.dumps([kind, *told]).encode() + b"\n")

    try:
        for entry, source, label in found:
            kind = next(kind for kind, wanted in _KINDS.items() if isinstance(entry, wanted))
            said = entry.said if isinstance(entry, Chat) else ()
            bare = replace(entry, said=()) if isinstance(entry, Chat) else entry
            put(kind, asdict(bare), source, label)
            for one in said:
                put(_SAID, asdict(one))
            if isinstance(entry, Chat):
                put(_CHAT_ENDS)
    except UnopenableError as why:
        put(_UNOPENABLE, str(why))
    else:
        put(_ENDS)


def found_in(lines: Iterable[bytes]) -> Iterator[Found]:
    """What was written.

    Raises:
        BrokenOffError: before its end.
        UnopenableError: the archive cannot be opened.
    """
    rest = iter(lines)
    for line in rest:
        kind, *told = json.loads(line)
        if kind == _ENDS:
            return
        if kind == _UNOPENABLE:
            raise UnopenableError(told[0])
        about, source, label = told
        entry: Entry = _KINDS[kind](**about)
        if isinstance(entry, Chat):
            entry = replace(entry, said=tuple(_said(rest)))
        yield Found(entry, source, label)
    raise BrokenOffError


def _said(lines: Iterator[bytes]) -> Iterator[Said]:
    left = _MOST_CHARS
    for line in lines:
        kind, *told = json.loads(line)
        if kind == _CHAT_ENDS:
            return
        if kind != _SAID or left < 0:
            raise BrokenOffError
        one = Said(**told[0])
        left -= len(one.text)
        yield one
    raise BrokenOffError


def main() -> None:
    """Writes what an archive holds, by arguments: path, name, and what it may cost, as in `confine`."""
    path, name, *bounds = sys.argv[1:]
    os.nice(_BEHIND_CHATS)
    confine(*map(int, bounds))
    write(read(Path(path), name), sys.stdout.buffer)
    sys.stdout.flush()
