"""The nearest of an owner's memories by cosine: by their codes first, then by their vectors."""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import json
import math
import sqlite3

import numpy as np

from .blocks import CODED, Array, Lines, Owner, unpacked
from .schema import Tables

# How many are looked at, of 512 dimensions, for each that is asked for. Of the 40 nearest of 8,000 to a
# question about a conversation, these hold 99.4 %.
_BY_CODE, _BY_VECTOR = 8, 4
_DIMS = 512  # codes of fewer tell less
_BOUND = 500  # parameters of a statement; each number of them is one of its own


def nearest(
    connection: sqlite3.Connection, tables: Tables, whose: Owner, lines: Lines, unit: Array, top_k: int
) -> list[tuple[int, float]]:
    """`seq` and cosine of at most `top_k` of these lines, best first; newer first among equals."""
    finer = math.ceil(_DIMS / tables.dims)
    many = max(_BY_CODE * top_k, CODED) * finer
    seqs = lines.seqs
    if whose.centre is not None and len(lines) > many:
        centred = unit - np.frombuffer(whose.centre, np.float32)
        few = max(_BY_VECTOR * top_k, 1) * finer
        alike = _least(_distances(lines.codes, whose.code(unit[None])[0]), many)
        best = np.argpartition(_estimates(lines.codes[:, alike], centred), -few)[-few:]
        seqs = seqs[alike[best]]
    if len(seqs) == whose.rows:
        rows = connection.execute(
            f"SELECT key, vector FROM {tables.vectors} WHERE key BETWEEN ? AND ?", whose.keys
        ).fetchall()
    else:
        keys = (seqs.astype(np.int64) + whose.key(0)).tolist()
        if len(keys) <= _BOUND:  # a fifth faster than by JSON
            at, bound = ",".join("?" * len(keys)), keys
        else:
            at, bound = "SELECT value FROM json_each(?)", [json.dumps(keys)]
        rows = connection.execute(
            f"SELECT key, vector FROM {tables.vectors} WHERE key IN ({at})", bound
        ).fetchall()
    if not rows:
        return []
    found = np.array([key for key, _ in rows]) - whose.key(0)
    cosines = unpacked([vector for _, vector in rows], tables.dims) @ unit
    best = np.lexsort((-found, -cosines))[:top_k]
    return list(zip(found[best].tolist(), cosines[best].tolist(), strict=True))


def _distances(codes: Array, code: Array) -> Array:
    """In how many bits each code differs."""
    total = np.zeros(codes.shape[1], np.uint16)
    for words, word in zip(codes, code, strict=True):
        total += _bits(words ^ word)
    return total


def _least(distances: Array, many: int) -> Array:
    """Where so many of the least are, newer ones first among equals; there are more than that."""
    last = np.partition(distances, many - 1)[many - 1]
    near = np.flatnonzero(distances <= last)
    below, equal = near[distances[near] < last], near[distances[near] == last]
    return np.concatenate([below, equal[len(below) - many :]])


def _estimates(codes: Array, centred: Array) -> Array:
    """About the cosine of a vector and those behind the codes; only their order counts."""
    signs = np.unpackbits(np.ascontiguousarray(codes.T).view(np.uint8), axis=1)[:, : len(centred)]
    estimates: Array = signs.astype(np.float32) @ centred
    return estimates


def _bits(words: Array) -> Array:
    """How many bits are set in each word of 64."""
    if hasattr(np, "bitwise_count"):
        counts: Array = np.bitwise_count(words)
    else:  # NumPy 1
        counts = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1).sum(1, dtype=np.uint16)
    return counts
