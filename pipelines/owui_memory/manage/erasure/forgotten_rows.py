"""What the state says of some memories of a user, and how it is blanked: a tombstone stays of each."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, update

from ...core.batched import batched
from ...core.change import FORGET, FORGOTTEN, REFLECTED, TOMBSTONES, heirs
from ...core.exchange import message_id_of
from ...core.memory import EPISODE
from ...language.words import is_mark, mark_of
from ...state import cuts, injected, insert_new, journal, outbox, recalls
from ...state.reflections_table import forget_statements

_AT_ONCE = 500  # ids in a statement
_EVER = 1e12  # a Unix time that databases take for later than any


class ForgottenRows:
    """What the state says of some memories of a user. A tombstone without text stays of each.

    texts: what they say, and have said.
    """

    def __init__(
        self,
        connection: Connection,
        user_id: str,
        ids: Sequence[str],
        texts: set[str],
        until: float = math.inf,
    ) -> None:
        self._connection, self._user_id, self.texts = connection, user_id, texts
        self._until = min(until, _EVER)
        self._ids = self._with_former(ids)
        self._history = self._rows(journal, journal.c.memory_id)
        for row in self._history:
            # What a passage answers is also in others that stay: see `quotes.removal`.
            passage = row.kind == EPISODE
            self.texts |= (
                {row.before if row.op == "remove" else row.after} if passage else {row.before, row.after}
            )
        self.texts |= {
            row.text for row in self._rows(injected, injected.c.memory_id) if not is_mark(row.text)
        }
        self.texts.discard("")

    def run(self, erasure_id: int) -> Counter[str]:
        counts = Counter({"queue": self.from_queue(), **self.blanked()})
        buried = [
            _tombstone(self._user_id, memory_id, erasure_id, position)
            for position, memory_id in enumerate(self._ids)
        ]
        insert_new(self._connection, journal, buried)
        return counts

    def blanked(self) -> Counter[str]:
        """How many rows said it, by what they are."""
        counts = {
            "summaries of chats": self._from_abstracts(),
            "explanations": self._from_explanations(),
            "told lines": self._from_injected(),
            "journal": self._from_journal(),
            "sentences of the profile": forget_statements(self._connection, self._user_id, self._ids),
        }
        return Counter(counts)

    def _with_former(self, ids: Sequence[str]) -> Sequence[str]:
        """With those that the same memories had before their removal was taken back, and their parts'."""
        known = list(dict.fromkeys(ids))
        new = known
        while new:
            self._ids = new
            undone = [row.undoes for row in self._rows(journal, journal.c.memory_id) if row.undoes]
            of_them = select(journal.c.memory_id).where(journal.c.user_id == self._user_id)
            found = [
                memory_id
                for some in batched(undone, _AT_ONCE)
                for memory_id in self._connection.scalars(of_them.where(journal.c.id.in_(some)))
            ]
            new = [one for one in dict.fromkeys((*found, *self._parts_of(new))) if one and one not in known]
            known += new
        return known

    def _parts_of(self, ids: Sequence[str]) -> list[str]:
        """The ids of memories that have become a part of these, and still are."""
        back = select(journal.c.undoes).where(journal.c.user_id == self._user_id, journal.c.undoes > 0)
        batches = {row.batch for row in self._rows(journal, journal.c.memory_id)}
        merged = []
        for batch in filter(lambda name: name.startswith(REFLECTED), batches):
            mine = (journal.c.user_id == self._user_id, journal.c.batch == batch, journal.c.id.not_in(back))
            rows = self._connection.execute(select(journal).where(*mine).order_by(journal.c.id)).all()
            merged += [part for part, heir in heirs(rows).items() if heir in ids]
        return merged

    def from_queue(self) -> int:
        """Messages that said it are not to be read any more; those of a batch in work are begun anew."""
        sources = {message for row in self._history for message in row.source.split()}
        mine = and_(
            outbox.c.user_id == self._user_id,
            outbox.c.exchange.is_not(None),
            outbox.c.created_at <= self._until,
        )
        rows = self._connection.execute(select(outbox).where(mine)).all()
        said = [row for row in rows if message_id_of(row.key) in sources or self._is_in(row.exchange)]
        done = {"state": "done", "exchange": None, "error": ""}
        self._change(update(outbox).values(**done), outbox, [row.id for row in said])
        broken = {row.batch for row in said if row.state == "claimed"}
        anew = {"state": "pending", "batch": "", "attempts": 0, "ready_at": time.time(), "error": ""}
        others = and_(outbox.c.batch.in_(broken), outbox.c.state == "claimed")
        self._connection.execute(update(outbox).where(others).values(**anew))
        return len(said)

    def _from_journal(self) -> int:
        mine = {row.id for row in self._history if row.before or row.after or row.op == FORGET}
        for some in batched(sorted(self.texts), _AT_ONCE):
            alike = or_(journal.c.before.in_(some), journal.c.after.in_(some))
            which = and_(journal.c.user_id == self._user_id, alike, journal.c.at <= self._until)
            mine |= set(self._connection.scalars(select(journal.c.id).where(which)))
        blank = {"before": "", "after": "", "refused": FORGOTTEN, "made": False}
        self._change(update(journal).values(**blank), journal, mine)
        return len(mine)

    def _from_injected(self) -> int:
        """What recall told a chat must not be learned from its answers: a mark of the text stays."""
        rows = {row.id: row for row in self._rows(injected, injected.c.memory_id)}
        for some in batched(sorted(self.texts), _AT_ONCE):
            which = and_(
                injected.c.user_id == self._user_id,
                injected.c.text.in_(some),
                injected.c.injected_at <= self._until,
            )
            rows |= {row.id: row for row in self._connection.execute(select(injected).where(which))}
        speaking = [row for row in rows.values() if not is_mark(row.text)]
        self._change(delete(injected), injected, [row.id for row in speaking])
        marked = [{**row._mapping, "text": mark_of(row.text), "line": "", "gone": True} for row in speaking]
        insert_new(self._connection, injected, marked)
        return len(speaking)

    def _from_abstracts(self) -> int:
        """An abstract may say it in other words: all are made anew, without the messages that said it."""
        saying = and_(cuts.c.user_id == self._user_id, cuts.c.abstract != "")
        return self._connection.execute(update(cuts).where(saying).values(abstract="")).rowcount

    def _from_explanations(self) -> int:
        """What was asked stays, but where it may have said what is forgotten."""
        chats = {row.chat for row in self._history if row.chat}
        mine = select(recalls).where(recalls.c.user_id == self._user_id)
        changed = 0
        for row in self._connection.execute(mine).all():
            kept = json.loads(row.explanation)
            query = kept.get("query")
            if query and (row.chat_id in chats or self._weighs(kept) or self._is_in(query)):
                blank = json.dumps({**kept, "query": ""}, ensure_ascii=False)
                self._connection.execute(
                    update(recalls).where(recalls.c.id == row.id).values(explanation=blank)
                )
                changed += 1
        return changed

    def _weighs(self, kept: dict[str, Any]) -> bool:
        weighed = {one["memory_id"] for name in ("weighed", "quoted") for one in kept.get(name, ())}
        return not weighed.isdisjoint(self._ids)

    def _is_in(self, said: str) -> bool:
        """In a text, or in one written as JSON."""
        folded = said.casefold()
        return any(
            form in folded
            for text in self.texts
            for form in (text.casefold(), json.dumps(text)[1:-1].casefold())
        )

    def _change(self, how: Any, table: Any, ids: Collection[int]) -> None:
        """Update or delete the rows with these ids."""
        for some in batched(sorted(ids), _AT_ONCE):
            self._connection.execute(how.where(table.c.id.in_(some)))

    def _rows(self, table: Any, column: Any) -> list[Any]:
        return [
            row
            for some in batched(self._ids, _AT_ONCE)
            for row in self._connection.execute(
                select(table).where(table.c.user_id == self._user_id, column.in_(some))
            )
        ]


def _tombstone(user_id: str, memory_id: str, erasure_id: int, position: int) -> dict[str, Any]:
    """So that no copy comes back from a location that was left: see `Locations.removed_since`."""
    empty = dict.fromkeys(("before", "after", "expires", "source", "model", "refused"), "")
    named = {"user_id": user_id, "memory_id": memory_id, "batch": f"{TOMBSTONES}{erasure_id}"}
    more = {"position": position, "op": "remove", "kind": "fact", "made": True, "at": time.time()}
    return {**empty, **named, **more}
