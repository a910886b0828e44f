"""What an observer has heard, kept in a file until the memory has taken it: docs/channels.md.

A restart loses nothing, nor does a memory that is away, full or refuses the key: messages wait for it, the
newest 100,000 of them. What the memory answers to members waits in the same file until it is posted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

MOST_WAITING, MOST_AT_ONCE, MOST_BYTES, MOST_CHARACTERS = 100_000, 500, 2_000_000, 20_000
GATHER_SECONDS, LONGEST_PAUSE_SECONDS, MOST_TRIES = 2.0, 300.0, 5
TABLES = """
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS replies (number INTEGER PRIMARY KEY, channel, message, text, tries);
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
NO_ANSWER = (ValueError, LookupError, TypeError, AttributeError)  # JSON of somebody else
log = logging.getLogger("observer")

Say = Callable[[str, str, str], Awaitable[object]]  # channel, id of the message that is answered, text


def setting(name: str, default: str | None = None) -> str:
    """A variable of the environment. Ends the program where it is missing and there is no default."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise SystemExit(f"Set {name}: see docs/channels.md.")
    return value


def listed(name: str) -> list[str]:
    return [part.strip() for part in setting(name).split(",") if part.strip()]


class Outbox:
    """One file. url: of the server that has the memory; key: the observer's."""

    def __init__(self, file: str, url: str, key: str) -> None:
        Path(file).touch(mode=0o600)
        self._db = sqlite3.connect(file)
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {TABLES}")
        self._url, self._headers = f"{url.rstrip('/')}/memory/observe", {"Authorization": f"Bearer {key}"}
        self._most, self._pause = MOST_AT_ONCE, GATHER_SECONDS

    @classmethod
    def of_settings(cls, file: str) -> Outbox:
        """As OBSERVER_FILE (else `file`), MEMORY_URL and MEMORY_OBSERVER_KEY say."""
        return cls(setting("OBSERVER_FILE", file), setting("MEMORY_URL"), setting("MEMORY_OBSERVER_KEY"))

    def put(self, messages: list[dict[str, Any]], **marks: str) -> None:
        """Keep messages for the memory, and with them what the observer has read up to."""
        with self._db:
            for message in messages:
                text = {"text": message["text"][:MOST_CHARACTERS]} if "text" in message else {}
                line = json.dumps({**message, **text})
                self._db.execute("INSERT INTO waiting (message) VALUES (?)", (line,))
            self._db.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?)", marks.items())
            dropped = self._db.execute(
                "DELETE FROM waiting WHERE number <= (SELECT MAX(number) FROM waiting) - ?", (MOST_WAITING,)
            ).rowcount
        if dropped:
            log.error("%d messages are dropped: the memory has not taken any for too long.", dropped)

    def mark(self, name: str) -> str:
        """What put() was last told under this name, or ""."""
        found = self._db.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    async def run(self, say: Say) -> None:
        """Send what waits, and post what is answered, until cancelled."""
        timeout = aiohttp.ClientTimeout(60)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            while True:
                try:
                    pause = await self._send(session)
                except (aiohttp.ClientError, TimeoutError, *NO_ANSWER) as error:
                    pause = self._longer(f"The memory does not answer ({type(error).__name__})")
                await self._post(say)
                await asyncio.sleep(pause)

    async def _send(self, session: aiohttp.ClientSession) -> float:
        """Send a batch. Returns the seconds to wait before the next."""
        select = "SELECT number, message FROM waiting ORDER BY number LIMIT ?"
        rows = self._db.execute(select, (self._most,)).fetchall()
        while len(rows) > 1 and sum(len(message) for _, message in rows) > MOST_BYTES:
            rows = rows[: len(rows) // 2]
        if not rows:
            return GATHER_SECONDS
        body = '{"messages": [' + ",".join(message for _, message in rows) + "]}"
        json_type = {"Content-Type": "application/json"}
        async with session.post(self._url, data=body, headers=json_type, allow_redirects=False) as answer:
            told = await answer.text()
            if answer.status in (400, 413):
                return self._split([number for number, _ in rows], told)
            if answer.status != 202:
                after = answer.headers.get("Retry-After", "")
                return self._longer(f"The memory answers {answer.status}: {told[:300]}", after)
            taken = json.loads(told)
        for one in taken.get("refused", []):
            log.warning("A message was refused: %s", one.get("why"))
        replies = [
            (str(one["channel"]), str(one.get("to", "")), str(one["text"])) for one in taken.get("reply", [])
        ]
        with self._db:
            self._db.execute("DELETE FROM waiting WHERE number <= ?", (rows[-1][0],))
            insert = "INSERT INTO replies (channel, message, text, tries) VALUES (?, ?, ?, 0)"
            self._db.executemany(insert, replies)
        self._most, self._pause = MOST_AT_ONCE, GATHER_SECONDS
        return 0.0 if len(rows) > 1 else GATHER_SECONDS

    def _split(self, numbers: list[int], told: str) -> float:
        """Send fewer at once; one that is refused by itself is dropped, for it would stop all others."""
        if len(numbers) == 1:
            log.error("A message is dropped, for the memory refuses it: %s", told[:300])
            with self._db:
                self._db.execute("DELETE FROM waiting WHERE number = ?", numbers)
        self._most = max(1, len(numbers) // 2)
        return 0.0

    def _longer(self, why: str, after: str = "") -> float:
        waiting = self._db.execute("SELECT COUNT(*) FROM waiting").fetchone()[0]
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        pause = min(float(after), LONGEST_PAUSE_SECONDS) if after.isdecimal() else self._pause
        log.warning("%s. %d messages wait; the next try is in %.0f s.", why, waiting, pause)
        return pause

    async def _post(self, say: Say) -> None:
        replies = self._db.execute("SELECT * FROM replies ORDER BY number LIMIT 20").fetchall()
        for number, channel, message, text, tries in replies:
            try:
                await say(channel, message, text)
                gone = True
            except Exception as error:  # noqa: BLE001 - each library has its own
                log.warning("An answer cannot be posted (%s).", type(error).__name__)
                gone = tries + 1 >= MOST_TRIES
            with self._db:
                change = "DELETE FROM replies" if gone else "UPDATE replies SET tries = tries + 1"
                self._db.execute(f"{change} WHERE number = ?", (number,))
