"""Archives, each read in a process of its own: what it holds is anybody's, and chats go on in this one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ...core.locales import message
from ...core.locales.refused import Refused
from ...documents.extraction import comes, isolated, source_of
from ...language.sentences import sentences
from .archive import UnopenableError
from .entries import Fact, Flaw
from .formats import Found
from .records import BrokenOffError, found_in

_SECONDS = 900  # of the processor's time; an archive's own budget ends before
_MEMORY = 1 << 30  # bytes
_WRITTEN = 300 << 20  # bytes: a database is copied
_PATIENCE_S = 1_800.0  # for what comes next
_LINE_BYTES = 4 << 20
_FACT_CHARS = 300  # of what a longer text is cut into, at sentences

# What the process needs, in the order of who needs whom; the rest of the package is not there.
_MODULES = (
    "core.text",
    "core.scope",
    "documents.extract",
    "manage.history.entries",
    "manage.history.archive",
    "manage.history.conversations",
    "manage.history.memory_stores",
    "manage.history.formats",
    "manage.history.records",
)
_PROGRAM = """
import sys
from types import ModuleType
for name, source in SOURCES.items():
    parts = name.split(".")
    for end in range(1, len(parts)):
        folder = sys.modules.setdefault(".".join(parts[:end]), ModuleType(".".join(parts[:end])))
        folder.__path__ = []
    module = sys.modules[name] = ModuleType(name)
    module.__package__ = folder.__name__
    setattr(folder, parts[-1], module)
    exec(compile(source, name, "exec"), vars(module))
module.main()
"""


def read(path: Path, name: str = "") -> Iterator[Found]:
    """All that an archive holds, in the order in which it is found. name: what its sender calls it.

    Raises:
        Refused: there is no such archive, or it cannot be opened.
    """
    try:
        with TemporaryDirectory() as temp, _reader(path, name, temp) as pipe:
            for one in found_in(_lines(pipe)):
                yield from _cut(one)
    except UnopenableError as why:
        raise _refused(str(why), name or path.name) from why
    except BrokenOffError:
        yield Found(Flaw(name or path.name, "it takes longer, or more memory, than may be used"))


def _refused(why: str, file: str) -> Refused:
    if why == "zip too many":
        return Refused(message("page: zip too many"), message("page: zip too many, hint"))
    if why == "zip encrypted":
        return Refused(message("page: zip encrypted"), message("page: zip encrypted, hint"))
    if why == "zip broken":
        return Refused(message("page: zip broken"), message("page: zip broken, hint"))
    return Refused(message("page: no such archive", file=file), message("page: no such archive, hint"))


def _cut(found: Found) -> Iterator[Found]:
    """The same; what a line of a longer text says, in parts that are as long as memories."""
    entry = found.entry
    if not isinstance(entry, Fact) or not entry.is_prose:
        yield found
        return
    part, line = "", entry.text
    for sentence in sentences(line) if len(line) > _FACT_CHARS else ():
        told = line[sentence.start : sentence.end].strip()
        if part and len(part) + len(told) > _FACT_CHARS:
            yield found._replace(entry=replace(entry, text=part))
            part = ""
        part = f"{part} {told}".strip()
    yield found._replace(entry=replace(entry, text=part or line))


@contextmanager
def _reader(path: Path, name: str, temp: str) -> Iterator[int]:
    """The pipe through which a process tells what an archive holds; it ends with this."""
    bounds = map(str, (_SECONDS, _MEMORY, _WRITTEN))
    process = isolated(
        _program(),
        str(path.absolute()),
        name,
        *bounds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        temp=temp,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.fileno()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@cache
def _program() -> str:
    root = __package__.removesuffix(".manage.history")
    texts = {f"owui_memory.{name}": source_of(f"{root}.{name}") for name in _MODULES}
    return f"SOURCES = {texts!r}\n{_PROGRAM}"


def _lines(pipe: int) -> Iterator[bytes]:
    """What comes through a pipe, until that ends.

    Raises:
        BrokenOffError: it is too much at once, or does not come.
    """
    rest = b""
    while comes(pipe, _PATIENCE_S):
        some = os.read(pipe, 1 << 16)
        if not some:
            return
        *lines, rest = (rest + some).split(b"\n")
        yield from lines
        if len(rest) > _LINE_BYTES:
            break
    raise BrokenOffError
