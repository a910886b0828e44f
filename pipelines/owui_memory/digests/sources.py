"""What a digest is made of: a user's memories, passages of past chats and of documents, within a budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..core.memory import Memory, is_over
from ..documents.digest_files import source_text
from ..language.prompt_injection import gives_orders
from ..language.sanitize import disarmed
from ..manage.documents import Documents
from ..manage.memories import Control
from ..manage.past_chats import PastChats
from ..models.tokens import estimated_tokens
from .template import Template

_MOST = 200  # sources
_FRAME_TOKENS = 12  # of its number, day and title


@dataclass(frozen=True, slots=True)
class Source:
    """A memory or passage. part: see `template.Part`. day: YYYY-MM-DD, "" if it is not known.

    title: the chat's or the document's, with its page; "" where there is none.
    """

    part: str
    text: str
    day: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where sources come from, for all users."""

    control: Control
    past: PastChats
    documents: Documents

    def sources(self, template: Template, user_id: str, about: str, now: datetime) -> list[Source]:
        """What a template's digest is made of, each part with its share of the budget: grouped, oldest first.

        Raises:
            MemoryFault: the backend's.
        """
        found = {
            part: iter(_taken(part, self._of(part, template, user_id, about, now)))
            for part in template.select
        }
        chosen: list[tuple[datetime, Source]] = []
        left = template.budget
        while found and left > 0 and len(chosen) < _MOST:
            for part in list(found):
                one = next(found[part], None)
                if one is None:
                    del found[part]
                    continue
                left -= estimated_tokens(one[1].text) + _FRAME_TOKENS
                if left >= 0:
                    chosen.append(one)
        order: dict[str, int] = {part: at for at, part in enumerate(template.select)}
        return [source for _, source in sorted(chosen, key=lambda one: (order[one[1].part], one[0]))]

    def _of(self, part: str, template: Template, user_id: str, about: str, now: datetime) -> Iterable[Memory]:
        """Best first where there is a subject, else newest first."""
        since = now - timedelta(days=template.days) if template.days else datetime.min.replace(tzinfo=UTC)
        found: Iterable[Memory]
        if part == "memories":
            kinds = template.kinds
            if about:
                found = (one.memory for one in self.control.search(user_id, about, _MOST))
            else:
                found = self.control.all(user_id)
            found = (one for one in found if not is_over(one) and (not kinds or one.kind in kinds))
        elif part == "episodes":
            if about:
                found = (one.memory for one in self.past.found(user_id, about))
            else:
                found = self.past.newest(user_id)
        else:
            found = self.documents.passages(user_id, about)
        return (one for one in found if _time(one) >= since)


def _taken(part: str, memories: Iterable[Memory]) -> Iterator[tuple[datetime, Source]]:
    for memory in memories:
        text = source_text(memory.text)
        if not text or gives_orders(text):
            continue
        at = _time(memory)
        day = at.date().isoformat() if at.year > 1 else ""
        title = " ".join(filter(None, (memory.title, memory.role if part == "documents" else "")))
        yield at, Source(part, text, day, disarmed(title))


def _time(memory: Memory) -> datetime:
    return memory.updated_at or memory.created_at or datetime.min.replace(tzinfo=UTC)
