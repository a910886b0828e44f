"""What a search reads of all of an owner's memories: of each a few numbers, many memories a row.

The nearest by meaning are first looked for among codes of one bit a dimension, the sign of what a vector has
more or less than the mean of its owner's; then the best of them by their own vectors. An owner of few
memories has no codes: there all vectors are looked at.
"""

# ruff: noqa: S608  (table names come from sqlite_schema, all values are bound)
from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .schema import Tables

CODED = 400  # memories of an owner from which on there are codes
_BLOCK = 256  # memories: what is written anew with each of them, 20 kB with codes of 512 bits
_AGAIN = 4  # times as many memories as the last mean was made of: it is made anew
_SCALE = 32767  # of the numbers of a vector of length 1, which are kept in 16 bits
_READ = 2048  # vectors at once
_SEQS = 0xFFFFFFFF
_LONGEST = 0xFFFF  # words
_CACHED = 32 * 2**20  # bytes of lines
_SPREAD = 4  # numbers for each memory, up to which a table of them says where each is

_COLUMNS = "number, name, rows, centred, centre, version"  # of an owner

Array = np.ndarray


@dataclass(slots=True)
class Owner:
    """Whose memories they are, "" being nobody.

    centred: how many memories `centre` is the mean of. version: another one after each change, at random:
    a copy that was put back never has that of what is cached.
    """

    number: int
    name: str
    rows: int
    centred: int
    centre: bytes | None
    version: int

    def key(self, seq: int) -> int:
        """Of one of its memories in the tables of blocks, vectors and words: an owner's lie together."""
        return self.number << 32 | seq

    @property
    def keys(self) -> tuple[int, int]:
        """The first and the last that there may be."""
        return self.key(0), self.key(_SEQS)

    def code(self, vectors: Array) -> Array:
        """The codes of vectors, one a line; zeros as long as there is no mean."""
        dims = vectors.shape[-1]
        signs = np.zeros((len(vectors), code_words(dims) * 64), bool)
        if self.centre is not None:
            signs[:, :dims] = vectors > np.frombuffer(self.centre, np.float32)
        return np.packbits(signs, axis=1).view("<u8")


def owner(connection: sqlite3.Connection, tables: Tables, name: str) -> Owner | None:
    """Who has memories by that name; None for who has none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM {tables.owners} WHERE name = ?", (name,)).fetchone()
    return Owner(*row) if row else None


def owners(connection: sqlite3.Connection, tables: Tables) -> list[Owner]:
    """All who have memories."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM {tables.owners}").fetchall()
    return [Owner(*row) for row in rows]


def code_words(dims: int) -> int:
    """Of a code: words of 64 bits."""
    return (dims + 63) // 64


def packed(unit: Array) -> bytes:
    """A vector of length 1 as it is kept."""
    kept: bytes = np.rint(unit * _SCALE).astype("<i2").tobytes()
    return kept


def unpacked(blobs: list[bytes], dims: int) -> Array:
    """Vectors as they are kept, one a line, of length 1 to four places."""
    vectors = np.frombuffer(b"".join(blobs), "<i2").reshape(-1, dims).astype(np.float32)
    vectors /= np.float32(_SCALE)
    return vectors


def line(dims: int) -> np.dtype:
    """What a block has of a memory.

    after: the next one's `seq` in the same chat, 0 where there is none. own: how many words it has.
    context: how many the memories before it in its chat had when it came.
    """
    fields = [
        ("seq", "<u4"),
        ("after", "<u4"),
        ("own", "<u2"),
        ("context", "<u2"),
        ("code", "<u8", (code_words(dims),)),
    ]
    return np.dtype(fields, align=True)


@dataclass(frozen=True, slots=True)
class Lines:
    """All that the blocks of an owner hold, by `seq`.

    lengths: in words, with those of the context. codes: a line for each word of 64 bits. places: where the
    memory is that has the first `seq` and so many more; None where an owner's are too far apart.
    """

    seqs: Array
    after: Array
    lengths: Array
    codes: Array
    mean_length: float
    places: Array | None = None

    def __len__(self) -> int:
        return len(self.seqs)

    def where(self, seqs: Array) -> Array:
        """Where the memories with these `seq` are; anywhere for those that are not there."""
        if self.places is None:
            found: Array = np.searchsorted(self.seqs, seqs)
        else:
            found = self.places.take(seqs - self.seqs[0], mode="clip")
        return found

    def among(self, seqs: Array) -> Lines:
        """Those of these memories."""
        at = np.flatnonzero(np.isin(self.seqs, seqs))
        return Lines(self.seqs[at], self.after[at], self.lengths[at], self.codes[:, at], self.mean_length)


def read(connection: sqlite3.Connection, tables: Tables, whose: Owner) -> Lines:
    """The lines of an owner."""
    blobs = connection.execute(
        f"SELECT lines FROM {tables.blocks} WHERE key BETWEEN ? AND ? ORDER BY key", whose.keys
    ).fetchall()
    lines = np.frombuffer(b"".join([blob for (blob,) in blobs]), line(tables.dims))
    lengths = lines["own"].astype(np.float32) + lines["context"]
    seqs, after = (np.ascontiguousarray(lines[name]) for name in ("seq", "after"))
    codes = np.ascontiguousarray(lines["code"].T)
    return Lines(seqs, after, lengths, codes, float(lengths.mean()) if len(lengths) else 0.0, _places(seqs))


def _places(seqs: Array) -> Array | None:
    if not len(seqs) or int(seqs[-1]) - int(seqs[0]) >= _SPREAD * len(seqs):
        return None
    places = np.zeros(int(seqs[-1]) - int(seqs[0]) + 1, np.uint32)
    places[seqs - seqs[0]] = np.arange(len(seqs), dtype=np.uint32)
    return places


def vectors_at(
    connection: sqlite3.Connection, tables: Tables, keys: tuple[int, int]
) -> Iterator[tuple[list[int], Array]]:
    """All vectors in a range of keys, some at once, each with its key."""
    cursor = connection.execute(
        f"SELECT key, vector FROM {tables.vectors} WHERE key BETWEEN ? AND ? ORDER BY key", keys
    )
    while rows := cursor.fetchmany(_READ):
        yield [key for key, _ in rows], unpacked([blob for _, blob in rows], tables.dims)


class Cache:
    """The lines of the owners who were searched for last, as long as they do not change; some 32 MiB.

    Threads may share it. It holds nothing that anybody said.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[int, Lines]] = OrderedDict()
        self._count = 0

    def read(self, connection: sqlite3.Connection, tables: Tables, whose: Owner) -> Lines:
        """The lines of an owner as they are in this transaction."""
        with self._lock:
            version, lines = self._kept.get(whose.number, (0, None))
            if lines is not None and version == whose.version:
                self._kept.move_to_end(whose.number)
                return lines
        lines = read(connection, tables, whose)
        with self._lock:
            former = self._kept.pop(whose.number, None)
            self._kept[whose.number] = whose.version, lines
            self._count += len(lines) - (len(former[1]) if former else 0)
            while self._count * line(tables.dims).itemsize > _CACHED and len(self._kept) > 1:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._count -= len(oldest)
        return lines


class Edit:
    """The changes of one transaction to owners and their blocks; `flush` writes them."""

    def __init__(self, connection: sqlite3.Connection, tables: Tables) -> None:
        self.connection, self._tables = connection, tables
        self._line = line(tables.dims)
        self._owners: dict[str, Owner] = {}
        self._starts: dict[int, list[int]] = {}  # of an owner's number: keys of its blocks, in order
        self._blocks: dict[int, Array] = {}
        self._changed: set[int] = set()

    def owner(self, name: str) -> Owner:
        """Who has that name; made where there is none yet."""
        if name not in self._owners:
            found = owner(self.connection, self._tables, name)
            if found is None:
                # At random: another owner with the number of one who is gone has other versions.
                number, version = self.connection.execute(
                    f"INSERT INTO {self._tables.owners} (name, rows, version) VALUES (?, 0, random()) "
                    "RETURNING number, version",
                    (name,),
                ).fetchone()
                found = Owner(number, name, 0, 0, None, version)
            self._owners[name] = found
        return self._owners[name]

    def add(self, whose: Owner, seq: int, after: int, own: int, context: int, vector: Array | None) -> None:
        """A memory that is not there yet; `vector` of length 1, or None for one without a direction.

        The rest as in `line`.
        """
        new = np.zeros(1, self._line)
        new["seq"], new["after"] = seq, after
        new["own"], new["context"] = min(own, _LONGEST), min(context, _LONGEST)
        if vector is not None:
            new["code"] = whose.code(vector[None])
        start = self._start(whose, seq)
        block = None if start is None else self._block(start)
        if start is None or block is None or self._is_full(whose, start, block, seq):
            start = whose.key(seq)
            self._starts[whose.number].append(start)
            self._put(start, new)
        else:
            at = int(np.searchsorted(block["seq"], seq))
            self._put(start, np.concatenate([block[:at], new, block[at:]]))
        whose.rows += 1

    def remove(self, whose: Owner, seq: int) -> None:
        """Take a memory away."""
        start = self._start(whose, seq)
        if start is None:
            return
        block = self._block(start)
        kept = block[block["seq"] != seq]
        whose.rows -= len(block) - len(kept)
        self._put(start, kept)

    def length(self, whose: Owner, seq: int) -> int:
        """How many words a memory has."""
        start = self._start(whose, seq)
        block = self._block(start) if start is not None else np.zeros(0, self._line)
        return int(block["own"][block["seq"] == seq].sum())

    def lead(self, whose: Owner, seq: int, after: int) -> None:
        """Say which memory comes after one in its chat."""
        start = self._start(whose, seq)
        if start is not None:
            block = self._block(start).copy()
            block["after"][block["seq"] == seq] = after
            self._put(start, block)

    def flush(self) -> None:
        """Write what has changed."""
        for start in self._changed:
            self._write(start)
        for whose in self._owners.values():
            if not whose.rows:
                self.connection.execute(
                    f"DELETE FROM {self._tables.owners} WHERE number = ?", (whose.number,)
                )
                continue
            if whose.rows >= max(CODED, _AGAIN * whose.centred):
                self._code(whose)
            self.connection.execute(
                f"UPDATE {self._tables.owners} SET rows = ?, centred = ?, centre = ?, version = random() "
                "WHERE number = ?",
                (whose.rows, whose.centred, whose.centre, whose.number),
            )

    def _is_full(self, whose: Owner, start: int, block: Array, seq: int) -> bool:
        """Whether a memory behind all others begins a block."""
        return len(block) >= _BLOCK and start == self._starts[whose.number][-1] and seq > block["seq"][-1]

    def _write(self, start: int) -> None:
        block = self._blocks[start]
        self.connection.execute(f"DELETE FROM {self._tables.blocks} WHERE key = ?", (start,))
        size = _BLOCK if len(block) > 2 * _BLOCK else len(block)  # one has grown in its middle
        for at in range(0, len(block), size or 1):
            first = int(block["seq"][at])
            key = start if not at and start & _SEQS <= first else start & ~_SEQS | first
            self.connection.execute(
                f"INSERT INTO {self._tables.blocks} (key, lines) VALUES (?, ?)",
                (key, block[at : at + size].tobytes()),
            )

    def _code(self, whose: Owner) -> None:
        """Give an owner another mean, and all of its memories other codes."""
        total, count = np.zeros(self._tables.dims, np.float64), 0
        for keys, vectors in vectors_at(self.connection, self._tables, whose.keys):
            total += vectors.sum(0, dtype=np.float64)
            count += len(keys)
        if not count:
            return
        whose.centred, whose.centre = whose.rows, (total / count).astype(np.float32).tobytes()
        blocks = self.connection.execute(
            f"SELECT key, lines FROM {self._tables.blocks} WHERE key BETWEEN ? AND ?", whose.keys
        ).fetchall()
        for start, lines in blocks:
            block = np.frombuffer(lines, self._line).copy()
            ends = whose.key(int(block["seq"][0])), whose.key(int(block["seq"][-1]))
            for keys, vectors in vectors_at(self.connection, self._tables, ends):
                at = np.searchsorted(block["seq"], np.array(keys) & _SEQS)
                block["code"][at] = whose.code(vectors)
            self.connection.execute(
                f"UPDATE {self._tables.blocks} SET lines = ? WHERE key = ?", (block.tobytes(), start)
            )

    def _start(self, whose: Owner, seq: int) -> int | None:
        """The key of the block in which a memory is, or belongs; None while there is no block."""
        if whose.number not in self._starts:
            found = self.connection.execute(
                f"SELECT key FROM {self._tables.blocks} WHERE key BETWEEN ? AND ? ORDER BY key", whose.keys
            ).fetchall()
            self._starts[whose.number] = [key for (key,) in found]
        starts = self._starts[whose.number]
        if not starts:
            return None
        at = int(np.searchsorted(starts, whose.key(seq), side="right")) - 1
        return starts[max(at, 0)]

    def _block(self, start: int) -> Array:
        if start not in self._blocks:
            row = self.connection.execute(
                f"SELECT lines FROM {self._tables.blocks} WHERE key = ?", (start,)
            ).fetchone()
            self._blocks[start] = np.frombuffer(row[0], self._line)
        return self._blocks[start]

    def _put(self, start: int, block: Array) -> None:
        self._blocks[start] = block
        self._changed.add(start)
