"""A document as passages: some sentences each, with the headings above them and the page they stand on."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ..core.memory import DOCUMENT, Memory
from ..language.sanitize import one_line
from ..remember import admission
from ..remember.passages import cut, shaped
from ..state.documents_table import Entry
from .extraction import Document

BATCH = "document "  # begins the name under which the passages of a document are stored

_MOST = 5_000  # passages of a document
_TITLE_CHARS = 120


def passages(entry: Entry, document: Document, scope: str) -> Iterator[Memory]:
    """The passages of a document, in order; what may not be remembered is left out.

    The id of each follows from its words, so that a changed document has other ids only where it has changed.
    """
    seen: Counter[str] = Counter()
    at = _time(document.day, entry)
    title = title_of(entry, document)
    ordinal = 0
    for part in document.parts:
        for text in cut(shaped(part.text, len(part.text))):
            if ordinal >= _MOST:
                return
            with suppress(admission.NotAdmittedError):
                text = admission.restored(text)
                words = hashlib.blake2b(f"{part.heading}\n{part.page}\n{text}".encode()).hexdigest()
                seen[words] += 1
                yield Memory(
                    id=str(uuid.uuid5(uuid.UUID(entry.document_id), f"{words} {seen[words]}")),
                    text=text,
                    created_at=at,
                    updated_at=at,
                    batch=BATCH + entry.document_id,
                    kind=DOCUMENT,
                    chat=entry.document_id,
                    ordinal=ordinal,
                    scope=scope,
                    role=f"page {part.page}" if part.page else "",
                    title=title,
                    lead=part.heading or title,
                )
                ordinal += 1


def title_of(entry: Entry, document: Document) -> str:
    """What a document is called: its own title, or the file's name; with the server that a page is from."""
    name = entry.path.rpartition("/")[2].rpartition(".")[0]
    title = one_line(document.title)[:_TITLE_CHARS] or name
    host = ""
    with suppress(ValueError):  # whoever made the page wrote the address
        host = urlsplit(document.address).hostname or ""
    return f"{title} ({host})" if host else title


def _time(day: str, entry: Entry) -> datetime:
    with suppress(ValueError):
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    with suppress(ValueError, OverflowError, OSError):  # files may bear any time
        return datetime.fromtimestamp(entry.changed / 1e9, UTC)
    return datetime.fromtimestamp(0, UTC)
