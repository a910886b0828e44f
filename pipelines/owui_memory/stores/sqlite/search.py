"""Searches of a collection: by meaning and by words, of some users or of what filters let through."""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from . import blocks
from .blocks import Array, Owner
from .filters import Filters, user_of, where
from .nearest import nearest
from .row import Row
from .schema import Tables
from .words import Words

Rows = list[Row]
Scored = list[tuple[int, float]]  # seq, and how good it is
Found = list[tuple[Rows, Rows]]  # by meaning and by words


class Search:
    """Of one collection. Each method takes a connection in a transaction: what it finds is of one moment.

    unit: the vector, of length 1; None for none. words: see `text.asked`.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables, self._words, self._lines = tables, Words(tables), blocks.Cache()

    def of_owners(
        self,
        connection: sqlite3.Connection,
        unit: Array | None,
        words: Sequence[str],
        top_k: int,
        owners: Sequence[str],
        scopes: Collection[str] | None,
    ) -> Found:
        """At most `top_k` of each of these users by meaning, and as many by words. scopes: None for any."""
        found: list[tuple[Scored, Scored]] = []
        for name in owners:
            if (whose := blocks.owner(connection, self._tables, name)) is None:
                found.append(([], []))
                continue
            allowed = None if scopes is None else self._of_scopes(connection, name, scopes)
            found.append(self._found(connection, whose, unit, words, top_k, allowed))
        return self._rows(connection, found)

    def _of_scopes(self, connection: sqlite3.Connection, name: str, scopes: Collection[str]) -> Array:
        """Of an owner, all that has one of these scopes."""
        rows = connection.execute(
            f"SELECT seq FROM {self._tables.memories} WHERE user_id = ? AND "
            "coalesce(json_extract(payload, '$.scope'), '') IN (SELECT value FROM json_each(?))",
            (name, json.dumps(list(scopes))),
        )
        return np.array([seq for (seq,) in rows], np.uint32)

    def filtered(
        self,
        connection: sqlite3.Connection,
        unit: Array | None,
        words: Sequence[str],
        top_k: int,
        filters: Filters | None,
    ) -> tuple[Rows, Rows]:
        """By meaning and by words. Of all users together, the best of each are compared."""
        condition, bound = where(filters)
        user = user_of(filters)
        if unit is None and not words:
            return [], []
        allowed = None
        if user is None or len(filters or {}) > 1:
            rows = connection.execute(
                f"SELECT m.seq FROM {self._tables.memories} AS m WHERE {condition}", bound
            )
            allowed = np.array([seq for (seq,) in rows], np.uint32)
        if user is None:
            owners = blocks.owners(connection, self._tables)
        else:
            owners = list(filter(None, [blocks.owner(connection, self._tables, user)]))
        each = [self._found(connection, whose, unit, words, top_k, allowed) for whose in owners]
        best = _best((one for one, _ in each), top_k), _best((one for _, one in each), top_k)
        return self._rows(connection, [best])[0]

    def _found(
        self,
        connection: sqlite3.Connection,
        whose: Owner,
        unit: Array | None,
        words: Sequence[str],
        top_k: int,
        allowed: Array | None,
    ) -> tuple[Scored, Scored]:
        """`seq` and score of an owner's memories, by meaning and by words. allowed: none but these."""
        if top_k < 1:
            return [], []
        lines = self._lines.read(connection, self._tables, whose)
        by_meaning: Scored = []
        by_words: Scored = []
        if unit is not None:
            wanted = lines if allowed is None else lines.among(allowed)
            by_meaning = nearest(connection, self._tables, whose, wanted, unit, top_k)
        if words:
            scores = self._words.scores(connection, whose, lines, words)
            if allowed is not None:
                scores[~np.isin(lines.seqs, allowed)] = 0
            by_words = _highest(lines.seqs, scores, top_k)
        return by_meaning, by_words

    def _rows(self, connection: sqlite3.Connection, found: Sequence[tuple[Scored, Scored]]) -> Found:
        """The memories behind these."""
        wanted = {seq for pair in found for scored in pair for seq, _ in scored}
        found_rows = connection.execute(
            f"SELECT seq, id, payload FROM {self._tables.memories} "
            "WHERE seq IN (SELECT value FROM json_each(?))",
            (json.dumps(list(wanted)),),
        ).fetchall()
        rows = {seq: (id_, text) for seq, id_, text in found_rows}

        def read(scored: Scored, most: float) -> Rows:
            return [
                Row(rows[seq][0], max(min(score, most), 0.0), rows[seq][1])
                for seq, score in scored
                if seq in rows
            ]

        return [(read(by_meaning, 1.0), read(by_words, math.inf)) for by_meaning, by_words in found]


def _highest(seqs: Array, scores: Array, top_k: int) -> Scored:
    """The best of those that have a score, newer first among equals."""
    at = np.flatnonzero(scores > 0)
    if len(at) > top_k:  # those as good as the last one stay
        at = at[scores[at] >= np.partition(scores[at], -top_k)[-top_k]]
    best = at[np.lexsort((-seqs[at].astype(np.int64), -scores[at]))][:top_k]
    return list(zip(seqs[best].tolist(), scores[best].tolist(), strict=True))


def _best(found: Iterable[Scored], top_k: int) -> Scored:
    """The best of several lists."""
    return sorted((one for scored in found for one in scored), key=lambda one: (-one[1], -one[0]))[:top_k]
