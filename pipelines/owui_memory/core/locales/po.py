"""Reads gettext's text format (.po), which translators' tools know.

The standard library reads the binary format (.mo) only. Texts can be reviewed and stand in the one file for
upload, so what is kept is the .po.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from gettext import c2py

_KEYWORD = re.compile(r'(msgid|msgid_plural|msgstr(?:\[[0-9]\])?)\s+(".*")')
_QUOTED = re.compile(r'"(?:[^"\\]|\\[nt"\\])*"')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPED = re.compile(r"\\(.)")
_PLURAL = re.compile(r"plural=([^;\n]+)")


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


def plural_of(messages: Mapping[str, tuple[str, ...]]) -> Callable[[int], int]:
    """Which form of a text is for a number, as the header's `Plural-Forms` says; the first without one."""
    (header,) = messages.get("", ("",))
    rule = _PLURAL.search(header)
    return c2py(rule[1]) if rule else lambda _: 0


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
