"""Makes one location hold what another one holds, by the difference: it may end anywhere, and begin again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from threading import Event

from ...core.batched import batched
from ...core.errors import Drop
from .records import Head, Record, Records, admitted

BATCH = 32  # memories embedded and written at once
_PAGE = 500  # read at once

OnProgress = Callable[[int, int], None]  # copied so far, and of how many


class Copy:
    """From one location into another one.

    deletes: also take away what the target has from another location and the source has not; where the target
    cannot tell, all that the source has not.
    """

    def __init__(
        self,
        source: Records,
        target: Records,
        *,
        deletes: bool,
        stop: Event,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._source, self._target = source, target
        self._deletes, self._stop = deletes, stop
        self._on_progress: OnProgress = on_progress or (lambda _copied, _total: None)
        self.refused = 0  # memories that the target does not take, or nobody may write any more
        # What a location keeps otherwise than it was told is not told again.
        self._written: dict[str, bytes] = {}

    def run(self) -> int:
        """Make good what differs now; how many memories did. Less than all where it was stopped."""
        source, target = self._source.heads(), self._target.heads()
        missing = [
            id_
            for id_, head in source.items()
            if (id_ not in target or target[id_].digest != head.digest)
            and self._written.get(id_) != head.digest
        ]
        surplus = [id_ for id_, head in target.items() if id_ not in source and self._may_delete(head)]
        self._copy(missing, source, total=len(source))
        for some in batched(surplus, BATCH):
            if not self._stop.is_set():
                self._target.erase(some)
        return len(missing) + len(surplus)

    def fill(self, *, since: str, without: Callable[[], Collection[str]]) -> int:
        """Add what the target lacks, and change nothing that it has; how many were added.

        since: only what was made at this time or later, as ISO 8601. without: ids to leave out, asked for
        when it is known what the target lacks: that may have been taken away just now.
        """
        source, target = self._source.heads(), self._target.heads()
        lacking = {id_: one for id_, one in source.items() if id_ not in target and one.created_at >= since}
        gone = set(without()) if lacking else set()
        missing = [id_ for id_ in lacking if id_ not in gone]
        self._copy(missing, source, total=len(missing))
        return len(missing)

    def _may_delete(self, head: Head) -> bool:
        return self._deletes if head.moved is None else head.moved

    def _copy(self, ids: list[str], heads: Mapping[str, Head], *, total: int) -> None:
        """Oldest first: what a chat said before is the context of what comes next."""
        copied = total - len(ids)
        self._on_progress(copied, total)
        for batch in batched(sorted(ids, key=lambda id_: heads[id_].created_at), BATCH):
            if self._stop.is_set():
                return
            ordinal = {id_: number for number, id_ in enumerate(batch)}
            records = sorted(self._source.read(batch), key=lambda record: ordinal[record.id])
            self._write(list(self._admitted(records)))
            self._written |= {record.id: record.digest for record in records}
            copied += len(batch)
            self._on_progress(copied, total)

    def _admitted(self, records: list[Record]) -> Iterator[Record]:
        for record in records:
            try:
                yield admitted(record)[0]
            except Drop:
                self.refused += 1

    def _write(self, records: list[Record]) -> None:
        """One by one where the target refuses one of them, to leave out no other."""
        try:
            if records:
                self._target.write(records)
        except Drop:
            if len(records) == 1:
                self.refused += 1
                return
            for record in records:
                self._write([record])


def in_order(records: Records, heads: Mapping[str, Head]) -> Iterator[Record]:
    """The records with these heads, oldest first."""
    ids = sorted(heads, key=lambda id_: heads[id_].created_at)
    for batch in batched(ids, _PAGE):
        by_id = {record.id: record for record in records.read(batch)}
        yield from (by_id[id_] for id_ in batch if id_ in by_id)
