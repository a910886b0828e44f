"""Digests that lie in their user's folder: written, and what is forgotten taken out of them.

Their form is that of `digests.draft.written`: statements end in the numbers of their sources, which are
listed at the end, each with a quote.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from ..language.markdown import shown
from ..language.sanitize import disarmed, inert
from ..language.secrets import masked
from .folders import Folders, may_have_folder

SOURCE_CHARS, _QUOTE_CHARS = 1_000, 100  # of a source, and of what is quoted of it
_MOST_BYTES = 4 << 20  # of a digest; ours are smaller by far
_SOURCE = re.compile(r"(\d{1,4})\. ")
_MARKS = re.compile(r"(?:\[\d{1,4}\]){1,12}$")  # as many as a statement has at most
_NUMBER = re.compile(r"\d+")


class DigestFiles:
    """Those of all users. Methods block."""

    def __init__(self, folder: Callable[[], Path | None]) -> None:
        """folder: where documents lie; None where there is no such folder."""
        self._folder = folder

    def forget(self, user_id: str, texts: Iterable[str]) -> str:
        """Take out statements that were made of one of these memories or passages, of their whole texts.

        A digest of which nothing is left goes. Returns what still keeps it, in a sentence, or "".
        """
        root = self._folder()
        if root is None or not may_have_folder(user_id):
            return ""
        quotes = {shown(quote(source_text(text))) for text in texts if text}
        try:
            for file in Folders(root).digests(user_id) if quotes else ():
                _rewrite(file, quotes)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            return f"digests in the folder of documents, which cannot be written ({why}), may keep it"
        return ""


def _rewrite(file: Path, quotes: Collection[str]) -> None:
    with suppress(FileNotFoundError):
        if file.stat().st_size > _MOST_BYTES:
            return
        before = file.read_text("utf-8", "replace")
        left = without(before, quotes)
        if not left:
            file.unlink()
        elif left != before:
            put(file, left)


def put(file: Path, digest: str) -> None:
    """Write a digest, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{os.getpid()}-{time.monotonic_ns()}")
    try:
        part.write_text(digest, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def source_text(text: str) -> str:
    """What of a memory or passage a digest is made of."""
    return disarmed(masked(text[:SOURCE_CHARS])[0])


def quote(text: str) -> str:
    """How a source's text is quoted."""
    text = inert(text)
    return f"{text[:_QUOTE_CHARS]}…" if len(text) > _QUOTE_CHARS else text


def without(digest: str, quotes: Collection[str]) -> str:
    """A digest without sources with these quotes and what was made of them; "" if no statement is left."""
    lines = digest.split("\n")
    endings = tuple(f": {one}" for one in quotes)
    gone = {found[1] for line in lines if (found := _SOURCE.match(line)) and line.endswith(endings)}
    if not gone:
        return digest
    kept = "\n".join(line for line in lines if gone.isdisjoint(_cited(line)))
    blocks = re.split(r"\n{2,}", kept.strip())
    # A section's title goes with the last of its statements.
    blocks = [
        one for one, after in zip(blocks, [*blocks[1:], "## "], strict=True) if not _both_titles(one, after)
    ]
    return "\n\n".join(blocks) if any(map(_MARKS.search, kept.split("\n"))) else ""


def _both_titles(*blocks: str) -> bool:
    return all(block.startswith("## ") for block in blocks)


def _cited(line: str) -> list[str]:
    """The numbers of the sources that a line is made of, or that it is."""
    if line.startswith("- "):
        found = _MARKS.search(line)
        return _NUMBER.findall(found[0]) if found else []
    source = _SOURCE.match(line)
    return [source[1]] if source else []
