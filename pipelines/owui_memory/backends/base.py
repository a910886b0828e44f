"""What every backend can do, and the values that go in and out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from ..core.chat_servers import AnsweredBy
from ..core.memory import Candidate, Check, Memory, Message, Reply
from ..core.scope import View
from ..models.embedder import Embedder
from ..models.llm import Llm
from ..models.readers import Readers


class Models(NamedTuple):
    """Models of ours that a backend asks: the embedder, and the LLMs in the order in which they are asked.

    readers: with `llm_provider` auto, who decides which LLM reads what.
    """

    embedder: Embedder | None
    llms: tuple[Llm, ...]
    readers: Readers | None = None


class Backend(Protocol):
    """mem0 in one of its forms. All calls block; all may raise the errors of `core/errors.py`.

    Each method that names a user raises Drop for an id that can be nobody's (see `is_user`).
    """

    # Reading

    def search(
        self, user_id: str, query: str, limit: int, view: View | None, *, asked: bool = False
    ) -> list[Candidate]:
        """At most `limit` candidates by meaning and `limit` by words, of this user only, in no order.

        view: only what it sees, and as many of each of its teams. None: all of the user's own. It has no
        default, so that every caller says whose memories it means.
        asked: the query is a message, and what may answer it is looked for; else a statement, and its like.
        """

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """How similar a text is to each of the others, 0 to 1; zeros if the backend cannot compare texts."""

    def of_self(self, query: str) -> tuple[float, float]:
        """About 1 for a question about the speaker, -1 for others; and how far to trust that, from 0 to 1.

        A message that has just been searched for costs nothing more.
        """

    def get(self, memory_id: str) -> Memory | None:
        """One memory; None if there is none."""

    def get_all(self, memory_ids: Sequence[str]) -> list[Memory]:
        """Those of these memories that exist, in no particular order."""

    def of_kind(self, user_id: str, kind: str, most: int) -> list[Memory]:
        """A user's memories of one kind that have not expired, newest first."""

    def list_all(self, user_id: str) -> list[Memory]:
        """A user's memories, oldest first, expired ones too.

        Raises:
            TellAdmin: the user has more than the backend can list; some are never passed off as all.
        """

    def added_by(self, user_id: str, batch: str) -> list[Memory]:
        """The memories that this batch has added so far."""

    # Changing

    def extract(
        self, user_id: str, messages: Sequence[Message], *, batch: str, scope: str = ""
    ) -> list[Memory]:
        """Have mem0's own LLM read messages and remember what it finds in them.

        What was added, as far as the answer tells: id, text and batch, and no times.
        """

    def prepare(self, texts: Sequence[str]) -> None:
        """Announces a few texts that will be stored next, which may then be faster."""

    def store(self, user_id: str, new: Memory) -> str:
        """Adds one memory as it stands, and returns the id that it was given.

        Its id is not looked at, and its times by the library only, else where it has an `origin`. The answer
        is "" if the backend has taken the memory and does not tell its id yet; `added_by` finds it later.
        """

    def store_all(self, user_id: str, new: Sequence[Memory]) -> None:
        """Adds memories with the ids that they have, kept as `origin` where mem0 gives ids of its own.

        What is there with such an id already becomes what is given.
        """

    def remove_all(self, user_id: str, memory_ids: Collection[str]) -> int:
        """Removes those that were stored with these ids and are this user's; returns how many that were."""

    def replace(self, memory_id: str, text: str, *, expires: str) -> bool:
        """Gives a memory another text and last day and keeps the rest. False if it no longer exists."""

    def mark(self, memory_id: str, kind: str) -> bool:
        """Changes a memory's kind and keeps its text. Returns False if the memory no longer exists."""

    def remove(self, memory_id: str) -> bool:
        """Removes a memory. Returns False if it no longer exists."""

    def erase(self, user_id: str) -> int:
        """Removes all of a user's memories, expired ones too; how many. After a fault, call it again."""

    # An LLM of ours, which decides what to change

    def reading(
        self, answered: AnsweredBy, *, local_only: bool, patient: bool
    ) -> AbstractContextManager[str]:
        """Inside, this thread asks the LLM that may read what this model answered: see `Llms.reading`."""

    def ask(self, messages: Sequence[Message], *, for_exchanges: bool = False) -> Reply:
        """The LLM's answer, in JSON mode if the provider has one. for_exchanges: see `Usage`."""

    # Housekeeping

    @property
    def models(self) -> Models:
        """Those of ours, which may be asked one by one, and know how they have fared."""

    def check(self) -> list[Check]:
        """Asks each part whether it works now. Never raises."""

    def close(self) -> None:
        """Release files, connections and threads."""
