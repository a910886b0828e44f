"""Who is signed in to the page, one-time links and codes: kept as hashes, which let nobody in.

A code is typed in a channel, and says whose account of Open WebUI its author has; the page takes none.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, fields, replace

from sqlalchemy import Connection, Engine, delete, select, update

from .engine import Patience, reading
from .schema import page_sessions

SESSION_S, LINK_S = 12 * 3600.0, 600.0
_EACH = 20  # sessions, and links, of one user; the oldest go
_SESSION, _LINK, _CODE = "session", "link", "code"
_CODE_CHARS, _CODE_OF = 10, "23456789abcdefghjkmnpqrstuvwxyz"  # 49 bits, and none that look alike
BOUND = "k."  # before the token of a session that is bound to a secret


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks at the page. user_id: "" for whoever has the server's key alone. role: as Open WebUI has it.

    webui: the hash of the Open WebUI session that told so, "" where that was a link or the key.
    checked_at: when Open WebUI was asked last, Unix time in seconds.
    """

    user_id: str
    name: str = ""
    email: str = ""
    role: str = "user"
    webui: str = ""
    checked_at: float = 0.0

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


_COLUMNS = [page_sessions.c[one.name] for one in fields(Person)]


class PageSessions:
    """Kept in the state database; nothing of it is cached, so that whoever signs out is out everywhere."""

    def __init__(self, engine: Engine) -> None:
        self._writing, self._reading = Patience(engine), Patience(reading(engine))

    def sign_in(self, person: Person, bound_to: str = "") -> str:
        """A new session's token, for the cookie. One that is bound counts with this secret behind it only."""
        return self._writing.run(lambda connection: _add(connection, _SESSION, person, SESSION_S, bound_to))

    def link(self, person: Person) -> str:
        """A token with which this person can sign in once, within ten minutes."""
        return self._writing.run(lambda connection: _add(connection, _LINK, person, LINK_S))

    def redeem(self, token: str) -> str:
        """A new session's token for a link's, which is used up; "" where there is no such link any more."""

        def exchange(connection: Connection) -> str:
            person = _used_up(connection, token, _LINK)
            return _add(connection, _SESSION, person, SESSION_S) if person else ""

        return self._writing.run(exchange)

    def code(self, person: Person) -> str:
        """A short code that tells once, within ten minutes, who this is."""
        return self._writing.run(lambda connection: _add(connection, _CODE, person, LINK_S))

    def redeem_code(self, code: str) -> str:
        """The user whose code this is, which is used up; "" where there is no such code any more."""
        person = self._writing.run(lambda connection: _used_up(connection, code, _CODE))
        return person.user_id if person else ""

    def person(self, token: str) -> Person | None:
        """Who is signed in with it; None for nobody."""
        return self._reading.run(lambda connection: _person(connection, token, _SESSION))

    def linked(self, token: str) -> Person | None:
        """For whom a link is, which stays; None where there is no such link any more."""
        return self._reading.run(lambda connection: _person(connection, token, _LINK))

    def confirm(self, token: str, person: Person) -> Person:
        """Open WebUI says now that this is who is signed in."""
        person = replace(person, checked_at=time.time())
        values = {one.name: getattr(person, one.name) for one in fields(Person)}
        statement = update(page_sessions).where(page_sessions.c.hash == _hash(token)).values(values)
        self._writing.run(lambda connection: connection.execute(statement))
        return person

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._writing.run(lambda connection: _remove(connection, token))


def _person(connection: Connection, token: str, kind: str) -> Person | None:
    wanted = select(*_COLUMNS).where(
        page_sessions.c.hash == _hash(token),
        page_sessions.c.kind == kind,
        page_sessions.c.until > time.time(),
    )
    row = connection.execute(wanted).first()
    return Person(*row) if row is not None else None


def _used_up(connection: Connection, token: str, kind: str) -> Person | None:
    """For whom a link or a code was; None where it is no such, or somebody was quicker."""
    person = _person(connection, token, kind)
    return person if person is not None and _remove(connection, token) else None


def _remove(connection: Connection, token: str) -> bool:
    mine = page_sessions.c.hash == _hash(token)
    return bool(connection.execute(delete(page_sessions).where(mine)).rowcount)


def _add(connection: Connection, kind: str, person: Person, seconds: float, bound_to: str = "") -> str:
    now, token = time.time(), f"{BOUND if bound_to else ''}{secrets.token_urlsafe(32)}"
    if kind == _CODE:
        token = "".join(secrets.choice(_CODE_OF) for _ in range(_CODE_CHARS))
    connection.execute(delete(page_sessions).where(page_sessions.c.until <= now))
    mine = (page_sessions.c.user_id == person.user_id, page_sessions.c.kind == kind)
    newest = select(page_sessions.c.hash).where(*mine).order_by(page_sessions.c.until.desc()).limit(_EACH - 1)
    kept = list(connection.scalars(newest))
    connection.execute(delete(page_sessions).where(*mine, page_sessions.c.hash.not_in(kept)))
    values = {one.name: getattr(person, one.name) for one in fields(Person)}
    row = {"hash": _hash(token + bound_to), "kind": kind, "until": now + seconds, **values}
    connection.execute(page_sessions.insert().values(row))
    return token


def _hash(token: str) -> str:
    """A token has 256 random bits, a code ten minutes to live: no salt, and no slow hash, makes it safer."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
