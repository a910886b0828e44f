"""Keys with which users' own clients ask the proxy, and bots tell of channels: kept as hashes, shown once."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Engine, bindparam, delete, select

from .engine import Patience, reading
from .schema import api_keys

_PREFIX, _SHORT = "mk-", 10
_SEEN = 1_000  # keys
USER, OBSERVER = "user", "observer"  # kinds: of a user's clients, and of who tells what channels say
_OWNER = select(api_keys.c.user_id).where(api_keys.c.hash == bindparam("wanted"), api_keys.c.kind == USER)
_SOURCE = select(api_keys.c.name).where(api_keys.c.hash == bindparam("wanted"), api_keys.c.kind == OBSERVER)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key. id: the beginning of its hash. made_at: Unix time in seconds.

    name: of an observer's, its source.
    """

    id: str
    user_id: str
    name: str
    made_at: float
    kind: str = USER


class ApiKeys:
    """Kept in the state database, which is always asked, so that a revoked key is of no use at once.

    While it cannot be asked, chats go on for whom this process has seen.
    """

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))
        self._seen: dict[str, str] = {}  # hash: user

    def add(self, user_id: str, name: str = "") -> str:
        """A new key of a user, which nobody can be told again."""
        return self._add(user_id, name, USER)

    def add_observer(self, source: str) -> str:
        """A new key of whoever tells what is said in channels of a source; it opens nothing else."""
        return self._add("", source, OBSERVER)

    def _add(self, user_id: str, name: str, kind: str) -> str:
        key = _PREFIX + secrets.token_urlsafe(32)
        row = {"hash": _hash(key), "user_id": user_id, "name": name, "made_at": time.time(), "kind": kind}
        self._writing.run(lambda connection: connection.execute(api_keys.insert().values(row)))
        return key

    def owner_of(self, key: str) -> str:
        """The user whose key it is; "" for nobody's."""
        if not key.startswith(_PREFIX):
            return ""
        wanted = _hash(key)
        try:
            found = self._reading.run(lambda connection: connection.scalar(_OWNER, {"wanted": wanted})) or ""
        except Exception:
            if wanted in self._seen:
                return self._seen[wanted]
            raise
        self._seen.pop(wanted, None)
        if found:
            self._seen[wanted] = found
            if len(self._seen) > _SEEN:
                self._seen.pop(next(iter(self._seen)), None)
        return found

    def source_of(self, key: str) -> str:
        """The source whose observer's key it is; "" for none's."""
        if not key.startswith(_PREFIX):
            return ""
        wanted = {"wanted": _hash(key)}
        return self._reading.run(lambda connection: connection.scalar(_SOURCE, wanted)) or ""

    def all(self, user_id: str = "") -> list[ApiKey]:
        """Those of a user, or of all, oldest first."""
        wanted = select(api_keys).order_by(api_keys.c.made_at)
        if user_id:
            wanted = wanted.where(api_keys.c.user_id == user_id)
        rows = self._reading.run(lambda connection: connection.execute(wanted).all())
        return [ApiKey(row.hash[:_SHORT], row.user_id, row.name, row.made_at, row.kind) for row in rows]

    def revoke(self, key_id: str, user_id: str = "") -> int:
        """Take away the key with this id; how many there were. user_id: only if it is this user's."""
        if len(key_id) < _SHORT or not key_id.isalnum():
            return 0
        statement = delete(api_keys).where(api_keys.c.hash.startswith(key_id))
        if user_id:
            statement = statement.where(api_keys.c.user_id == user_id)
        return int(self._writing.run(lambda connection: connection.execute(statement).rowcount))


def _hash(key: str) -> str:
    """A key has 256 random bits: no salt, and no slow hash, makes it safer."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
