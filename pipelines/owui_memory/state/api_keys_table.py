"""Keys with which users' own clients ask the proxy: kept as hashes, shown once when they are made."""

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
_OWNER = select(api_keys.c.user_id).where(api_keys.c.hash == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key. id: the beginning of its hash. made_at: Unix time in seconds."""

    id: str
    user_id: str
    name: str
    made_at: float


class ApiKeys:
    """Kept in the state database, which is always asked, so that a revoked key is of no use at once.

    While it cannot be asked, chats go on for whom this process has seen.
    """

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))
        self._seen: dict[str, str] = {}  # hash: user

    def add(self, user_id: str, name: str = "") -> str:
        """A new key of a user, which nobody can be told again."""
        key = _PREFIX + secrets.token_urlsafe(32)
        row = {"hash": _hash(key), "user_id": user_id, "name": name, "made_at": time.time()}
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

    def all(self, user_id: str = "") -> list[ApiKey]:
        """Those of a user, or of all, oldest first."""
        wanted = select(api_keys).order_by(api_keys.c.made_at)
        if user_id:
            wanted = wanted.where(api_keys.c.user_id == user_id)
        rows = self._reading.run(lambda connection: connection.execute(wanted).all())
        return [ApiKey(row.hash[:_SHORT], row.user_id, row.name, row.made_at) for row in rows]

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
