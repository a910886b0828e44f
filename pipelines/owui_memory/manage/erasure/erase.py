"""Erases memories, or everything about a user, from everywhere that they are kept.

An erasure is written down first (`erasures.py`), so that whoever comes next finishes it: after a crash, where
a location could not be reached, or where another server is the one who can. Copies and backups are out of
reach: docs/privacy.md says which there may be.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from ...backends.backend_holder import BackendHolder, Open
from ...channels.people import People
from ...config.settings import Valves
from ...core.errors import MemoryFault
from ...core.scope import past_owner, shared_by
from ...documents.digest_files import DigestFiles
from ...remember.spill import Spill, Spilled
from ...state.episodes_table import EpisodesTable
from ..history.uploads import Uploads
from .erasures import BEGUN, DONE, ONCE, SETTLED_S, Erasure, Erasures
from .scrub import scrub_state
from .sites import Found, Site, Sites

_STATE = -1  # among the ids of locations, which begin with 1


@dataclass(frozen=True)
class Receipt:
    """What was erased of a user, by location, and what is left to do.

    unreached: locations that could not be reached, or still hold it, and why; done as soon as it can be.
    keeps: what may keep something all the same, in sentences.
    """

    user_id: str
    counts: Mapping[str, int] = field(default_factory=dict)
    unreached: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many entries were erased in all."""
        return sum(self.counts.values())


class Eraser:
    """For whoever has the state database, the data folder and the settings: a server, or the command line.

    Not to be called inside `live.writing()`, which it enters itself.
    """

    def __init__(
        self,
        engine: Engine,
        data_dir: Path,
        settings: Callable[[], Valves],
        opener: Open,
        live: BackendHolder | None = None,
    ) -> None:
        self._engine, self._live = engine, live
        self._seen: dict[int, tuple[float, float]] = {}  # when, and how old it was: seconds
        self._erasures = Erasures(engine)
        self._sites = Sites(engine, data_dir, settings, opener)
        self._spill, self._passages = Spill(data_dir), EpisodesTable(engine)
        self._uploads, self._people = Uploads(data_dir), People(engine)
        self._digests = DigestFiles(lambda: settings().documents_folder(data_dir))

    def forget(self, user_id: str, memory_ids: Collection[str], until: float = math.inf) -> Receipt:
        """Erases some of a user's memories, and everything that was written down about them. Blocks.

        What the user said in the same messages besides stays remembered. A mark of each stays, without its
        text: it cannot be brought back, and is not learned again from what was said before.

        until: what was said after this Unix time in the same words stays.
        """
        with self._still(), self._sites.opened() as found:
            known = _known(found, user_id, memory_ids)
            ids = {*memory_ids, *known}
            keeps = self._digests.forget(user_id, self._erasures.texts_of(user_id, ids, known.values()))
            erasure, counts = self._erasures.begin_memories(user_id, ids, known.values(), until)
            counts["queue"] += self._spill.erase(user_id, _saying(known.values(), until))
            receipt = self._carry_out(erasure, found, counts, fresh=True)
        return replace(receipt, keeps=(*receipt.keeps, keeps)) if keeps else receipt

    def unqueue(self, user_id: str, memory_ids: Collection[str], texts: Collection[str]) -> int:
        """Takes messages that said this and still wait out of the queue; returns how many."""
        spilled = self._spill.erase(user_id, _saying(texts))
        return spilled + self._erasures.unqueue(user_id, memory_ids, texts)

    def erase_user(self, user_id: str) -> Receipt:
        """Erases everything about a user: memories, also shared ones, and what was said and shown. Blocks.

        What they said in channels goes, too, and they are not read there any more.
        """
        shared, authors = self._withdraw(user_id), self._people.forget_user(user_id)
        with self._still(), self._sites.opened() as found:
            erasure, counts = self._erasures.begin_user(user_id)
            counts["queue"] += self._spill.erase(user_id)
            if shared:
                counts["shared with teams"] = shared
            if authors:
                counts["accounts in channels"] = authors
            return self._carry_out(erasure, found, counts, fresh=True)

    def _withdraw(self, user_id: str) -> int:
        """Erase what a user has shared with any team; how many memories that were."""
        count = 0
        for owner in self._erasures.teams():
            with self._sites.opened() as found:
                shared = {
                    memory.id
                    for one in found
                    if not isinstance(one.site, MemoryFault)
                    for memory in one.site.memories(owner, batch=shared_by(user_id))
                }
            if shared:
                self.forget(owner, shared)
                count += len(shared)
        return count

    def erase_passages_before(self, at: float) -> int:
        """Erase the passages of past chats that were said before a Unix time, everywhere; how many. Blocks.

        Raises the fault of a location that cannot be reached, when the others are done; all of it is tried
        anew with the next call.
        """
        if not (old := self._passages.said_before(at)):
            return 0

        def erase(site: Site) -> int:
            count = 0
            for owner in map(past_owner, old):
                there = site.memories(owner)
                earlier = [one for one in there if one.created_at and one.created_at.timestamp() < at]
                site.remove(owner, earlier)
                count += len(earlier)
            return count

        count = self._everywhere(erase)
        for user_id, exchanges in old.items():
            self._passages.remove(user_id, exchanges)
        return count

    def erase_passages(
        self, user_id: str, ids: Collection[str], exchanges: Collection[str], chat_id: str
    ) -> None:
        """Erase the passages of a user's past chat everywhere, and what of it waits as files. Blocks.

        They are those with these ids, which are all of these exchanges', and others that say the chat's id.
        Nothing else that says the same is touched. Raises the fault of a location that cannot be reached,
        when the others are done; all of it is tried anew with the next call.
        """
        self._spill.erase(
            user_id, lambda one: one.permission is not None and one.permission.chat_id == chat_id
        )

        def erase(site: Site) -> int:
            stray = site.memories(past_owner(user_id), chat=chat_id)
            these = {one.id: one for one in (*site.named(user_id, ids), *stray)}.values()
            self._digests.forget(user_id, [one.text for one in these])
            site.remove(user_id, these)
            return len(these)

        self._everywhere(erase)
        self._passages.remove(user_id, exchanges)
        scrub_state(self._engine)

    def _everywhere(self, erase: Callable[[Site], int]) -> int:
        """Erase something at each location; how much it was.

        Raises the fault of a location that cannot be reached, when the others are done.
        """
        count = 0
        missed: MemoryFault | None = None
        with self._still(), self._sites.opened() as found:
            for one in found:
                try:
                    site = one.reached()
                    if gone := erase(site):
                        site.purge()
                    count += gone
                except MemoryFault as fault:
                    missed = fault
        if missed is not None:
            raise missed
        return count

    def go_on(self) -> list[Receipt]:
        """Goes on with erasures that were begun here or by another server, as far as they can be done now."""
        return [self._go_on(erasure) for erasure in self._erasures.open() if self._is_due(erasure)]

    def news(self, since: int) -> list[Erasure]:
        """The erasures with a later id than this one."""
        return self._erasures.since(since)

    def newest(self) -> int:
        """The id of the last erasure that was begun; 0 if there was none."""
        return self._erasures.newest()

    def _go_on(self, erasure: Erasure) -> Receipt:
        again = erasure.passes == ONCE and self._is_settled(erasure)
        # What was on its way may have come to any location.
        late = again and (erasure.batches or self._erasures.copying())
        ids = None if late else erasure.locations
        with self._still(), self._sites.opened(ids) as found:
            counts = self._erasures.settle(erasure) if again else Counter[str]()
            return self._carry_out(erasure, found, counts, fresh=False)

    def _carry_out(
        self, erasure: Erasure, found: list[Found], counts: Counter[str], *, fresh: bool
    ) -> Receipt:
        unreached: dict[int, str] = {}
        keeps: list[str] = []
        for one in found:
            try:
                site = one.reached()
                counts += site.erase(erasure, fresh=fresh)
                keeps += filter(None, [site.purge()])
            except MemoryFault as fault:
                unreached[one.id] = f"{one.location}: {fault}"
        if erasure.whole and erasure.passes == BEGUN:
            counts += self._erasures.finish_user(erasure, fresh=fresh)
            self._uploads.drop(erasure.user_id)
        if erasure.passes == BEGUN or counts.total() or _STATE in erasure.locations:
            try:
                keeps += filter(None, [scrub_state(self._engine)])
            except MemoryFault as fault:
                unreached[_STATE] = str(fault)
        passes = self._passes(erasure, unreached)
        self._erasures.update(erasure, passes=passes, left=unreached)
        some = {name: count for name, count in counts.items() if count}
        return Receipt(erasure.user_id, some, tuple(unreached.values()), tuple(dict.fromkeys(keeps)))

    def _passes(self, erasure: Erasure, unreached: Collection[int]) -> int:
        if self._is_settled(erasure) and not unreached and not self._erasures.copying():
            self._seen.pop(erasure.id, None)
            return DONE
        return ONCE

    def _is_due(self, erasure: Erasure) -> bool:
        """Whether something can be done now."""
        return erasure.passes == BEGUN or bool(erasure.locations) or self._is_settled(erasure)

    def _is_settled(self, erasure: Erasure) -> bool:
        """Whether nothing is under way any more that was when it was begun.

        What passed before it was first seen here is told by the wall clock, which may have been put right.
        """
        now = time.monotonic()
        age = max(time.time() - erasure.asked_at, 0.0)
        seen_at, age = self._seen.setdefault(erasure.id, (now, age))
        return age + now - seen_at >= SETTLED_S

    @contextlib.contextmanager
    def _still(self) -> Iterator[None]:
        """Nothing takes over meanwhile; where no backend is open, nothing can."""
        with contextlib.ExitStack() as writing:
            if self._live is not None:
                with contextlib.suppress(MemoryFault):
                    writing.enter_context(self._live.writing())
            yield


def _saying(texts: Iterable[str], until: float = math.inf) -> Callable[[Spilled], bool]:
    """Whether something that waits to be stored says one of these, and was said by then."""
    folded = [text.casefold() for text in texts if text]

    def says(record: Spilled) -> bool:
        said = f"{record.user_text}\n{record.assistant_text}".casefold()
        return record.at <= until and any(text in said for text in folded)

    return says


def _known(found: list[Found], user_id: str, memory_ids: Collection[str]) -> dict[str, str]:
    """What these memories say, by the ids that they have anywhere they can be asked for."""
    known: dict[str, str] = {}
    for one in found:
        with contextlib.suppress(MemoryFault):
            known |= {memory.id: memory.text for memory in one.reached().named(user_id, memory_ids)}
    return known
