"""The words of memories in the embedded store, as FTS5 finds them, and what they are worth: BM25.

FTS5 tells which of an owner's memories have a word; its own BM25 would look at each word in everybody's. With
a memory's words count, at a lower weight, those of the two memories before it in the same chat: what was said
there is often what it is about.
"""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence

import numpy as np

from .blocks import Array, Lines, Owner
from .driver import erases_words
from .schema import Tables, overwrite_words

# docs/recall.md says what was measured.
CONTEXT_WEIGHT = 0.3  # of the words of the memories before one, its own having 1
CONTEXT = 2  # of those, in its chat
_K1, _B = 1.2, 0.75  # of BM25
# A word that a quarter of many memories have tells little of them, and reading where it is takes long.
_MANY, _COMMON = 4_000, 0.25
_NOWHERE = np.zeros(0, np.int64)


class Words:
    """Of one collection. Each method takes a connection; those that change something, one that writes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, connection: sqlite3.Connection, key: int, body: str) -> None:
        """Index a memory's words."""
        connection.execute(f"INSERT INTO {self._tables.words} (rowid, body) VALUES (?, ?)", (key, body))

    def remove(self, connection: sqlite3.Connection, key: int) -> None:
        """Take a memory's words away."""
        connection.execute(f"DELETE FROM {self._tables.words} WHERE rowid = ?", (key,))

    def scores(
        self, connection: sqlite3.Connection, whose: Owner, lines: Lines, asked: Sequence[str]
    ) -> Array:
        """Of each of an owner's memories, in the order of the lines; 0 where it has none of the words."""
        scores = np.zeros(len(lines))
        holders = [self._holders(connection, whose, lines, word) for word in asked]
        common = len(lines) * _COMMON if len(lines) >= _MANY else len(lines)
        rare = [at for at in holders if len(at) <= common] or holders
        rare = [at for at in rare if len(at)]
        if not rare:
            return scores
        times = np.zeros(len(lines))  # that a word counts: where a memory, or its context, has it
        for holding in rare:
            places = [holding]
            times[holding] = 1
            for _ in range(CONTEXT):
                places.append(following := _next(lines, places[-1]))
                np.add.at(times, following, CONTEXT_WEIGHT)
            at = np.concatenate(places)  # one that is there twice has the same worth both times
            size = 1 - _B + _B * lines.lengths[at] / max(lines.mean_length, 1.0)  # context counts here
            idf = math.log1p((len(lines) - len(holding) + 0.5) / (len(holding) + 0.5))
            counts = times[at]
            scores[at] += idf * counts * (_K1 + 1) / (counts + _K1 * size)
            times[at] = 0
        return scores

    def _holders(self, connection: sqlite3.Connection, whose: Owner, lines: Lines, word: str) -> Array:
        """Where in an owner's lines the memories with a word are."""
        first, last = whose.keys
        (found,) = connection.execute(
            f"SELECT group_concat(rowid - ?) FROM {self._tables.words} WHERE {self._tables.words} MATCH ? "
            "AND rowid BETWEEN ? AND ?",
            (first, word, first, last),
        ).fetchone()
        if not found:
            return _NOWHERE
        return lines.where(np.fromstring(found, np.uint32, sep=","))

    def erase(self, connection: sqlite3.Connection) -> None:
        """Let nothing of the words stay that were deleted or replaced."""
        if not erases_words(connection):
            self.merge(connection)

    def merge(self, connection: sqlite3.Connection) -> None:
        """FTS5 keeps deleted words until segments merge; merging all takes 0.2 s at 100,000."""
        connection.execute(f"INSERT INTO {self._tables.words} ({self._tables.words}) VALUES ('optimize')")

    def overwrite(self, connection: sqlite3.Connection, *, at_once: bool) -> None:
        """Whether FTS5 overwrites each deleted word in its place, where it can."""
        if erases_words(connection):
            overwrite_words(connection, self._tables, at_once)


def _next(lines: Lines, at: Array) -> Array:
    """Where the memories are that come next in the chats of these."""
    following = lines.after[at]
    following = following[following > 0]
    places = lines.where(following)
    is_there = lines.seqs.take(places, mode="clip") == following  # a link may name one that is gone
    return places if is_there.all() else places[is_there]
