"""Finished turns on their way to becoming memories."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from hashlib import blake2b

EPISODES = "episodes "  # begins the batch that an exchange's passages are of
IMPORTS = "import-"  # begins the names of batches that an import brings


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn, to be remembered. `said_at` is a Unix time in seconds, `timezone` an IANA name.

    `scope`: among which memories it is kept, see `core/scope.py`. `answered_by`: as `AnsweredBy.written`.
    `follows`: what the message follows in its chat, see `core.turn.Turn`. `replaces`: message ids of earlier
    versions of it, whose memories are to be taken back. `again`: the message was remembered before, and only
    what was said counts, as it has another answer now. `title`: the chat's, if that is known. `given`: it is
    no exchange, but a memory of this kind, which an import brings; `user_text` is its text, and `expires` its
    last day (YYYY-MM-DD, or ""), `first_at` when it became known (Unix time; 0.0 for when it was said).
    `trace`: of the request, see `core/trace.py`.
    """

    key: str
    user_id: str
    chat_id: str
    user_text: str
    assistant_text: str
    said_at: float
    timezone: str = ""
    follows: str = ""
    replaces: tuple[str, ...] = ()
    scope: str = ""
    answered_by: str = ""
    again: bool = False
    title: str = ""
    given: str = ""
    trace: str = ""
    expires: str = ""
    first_at: float = 0.0

    @property
    def message_id(self) -> str:
        """The user message's id, or the hash of its text if it has no id."""
        return message_id_of(self.key)


@dataclass(frozen=True, slots=True)
class Batch:
    """Exchanges of one chat that are remembered together; `attempts` counts this try.

    `error`: why the last try failed. Exchanges that were not claimed yet have no `name`.
    """

    name: str
    user_id: str
    exchanges: tuple[Exchange, ...]
    attempts: int
    waiting_since: float
    error: str = ""

    @property
    def scope(self) -> str:
        """The scope, which is the same for all exchanges of a batch."""
        return self.exchanges[0].scope

    @property
    def is_imported(self) -> bool:
        """Whether an import brings them: what was said since goes first."""
        return self.name.startswith(IMPORTS)

    @property
    def is_given(self) -> bool:
        """Whether these are memories that an import brings, all of them."""
        return bool(self.exchanges[0].given)


def exchange_key(user_id: str, chat_id: str, message_id: str, text: str) -> str:
    """The key of an exchange: see `core.turn.Turn`. text: the message's, whole.

    A message that was changed in place keeps its id, and is another version all the same.
    """
    version = blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
    return "\n".join((user_id, chat_id, f"{message_id}~{version}"))


def version_of(key: str, message_id: str) -> str:
    """The key of an exchange of the same chat, with this message."""
    return "\n".join((key.rpartition("\n")[0], message_id))


def message_id_of(key: str) -> str:
    """The last part of an exchange's key: see `core.turn.Turn.exchange_key`."""
    return key.rpartition("\n")[2]


def episodes_name(key: str) -> str:
    """How an exchange with this key is called among passages of past chats: their batch ends in it."""
    return blake2b(key.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def passage_id(user_id: str, name: str, role: str, number: int) -> str:
    """The id of a passage. name: the exchange's among passages, see `episodes_name`."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([user_id, name, role, number])))
