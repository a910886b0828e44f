"""Reads gettext's text format (.po), which translators' tools know, into the standard library's gettext.

The standard library reads the binary format (.mo) only. Texts can be reviewed and stand in the one file for
upload, so what is kept is the .po, and the binary is made of it in memory.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from gettext import GNUTranslations
from io import BytesIO

_KEYWORD = re.compile(r'(msgid|msgid_plural|msgstr(?:\[[0-9]\])?)\s+(".*")')
_QUOTED = re.compile(r'"(?:[^"\\]|\\[nt"\\])*"')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPED = re.compile(r"\\(.)")
_MAGIC, _HEADER_BYTES = 0x950412DE, 28


def read(text: str) -> dict[str, tuple[str, ...]]:
    """The messages of a .po file by id: one text each, or one for each plural form; "" has the header.

    Raises:
        ValueError: the number of the line that cannot be read, or the id that stands twice.
    """
    messages: dict[str, tuple[str, ...]] = {}
    entry: dict[str, str] = {}
    keyword = ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        line = line.strip()
        if not line or line.startswith("#"):
            _put(messages, entry)
            entry, keyword = {}, ""
        elif match := _KEYWORD.fullmatch(line):
            keyword = match[1]
            if keyword == "msgid":
                _put(messages, entry)
                entry = {}
            if keyword in entry:
                raise ValueError(f"line {number}: {keyword} stands twice")
            entry[keyword] = _unquoted(match[2], number)
        elif keyword:
            entry[keyword] += _unquoted(line, number)
        else:
            raise ValueError(f"line {number} is no entry")
    return messages


def translations(messages: Mapping[str, tuple[str, ...]]) -> GNUTranslations:
    """What `read` gave, to be asked for texts; empty ones are left out, as gettext's own tools do."""
    entries = {}
    for id_, forms in messages.items():
        if not all(forms):
            continue
        if id_:  # as one with plural forms, of which a language may have a single one
            entries[f"{id_}\0{id_}".encode()] = "\0".join(forms).encode()
        if len(forms) == 1:
            entries[id_.encode()] = forms[0].encode()
    return GNUTranslations(BytesIO(_mo(dict(sorted(entries.items())))))


def _put(messages: dict[str, tuple[str, ...]], entry: Mapping[str, str]) -> None:
    if "msgid" not in entry:
        return
    id_ = entry["msgid"]
    if id_ in messages:
        raise ValueError(f"{id_!r} stands twice")
    messages[id_] = tuple(said for name, said in entry.items() if name.startswith("msgstr"))


def _unquoted(text: str, number: int) -> str:
    if not _QUOTED.fullmatch(text):
        raise ValueError(f"line {number} is no text in quotation marks")
    return _ESCAPED.sub(lambda match: _ESCAPES[match[1]], text[1:-1])


def _mo(entries: Mapping[bytes, bytes]) -> bytes:
    """The binary format: a header, two tables of lengths and offsets, then all texts with a NUL each."""
    count = len(entries)
    at = _HEADER_BYTES + 16 * count
    tables, texts = b"", b""
    for some in (entries.keys(), entries.values()):
        for text in some:
            tables += struct.pack("<II", len(text), at + len(texts))
            texts += text + b"\0"
    header = struct.pack("<7I", _MAGIC, 0, count, _HEADER_BYTES, _HEADER_BYTES + 8 * count, 0, 0)
    return header + tables + texts
