"""That a channel's members were told that it is read: once, by a message in the channel."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Engine, select, update

from ..core.batched import batched
from ..core.locales import locale
from ..core.scope import channel_owner
from ..language.guess import language_for
from ..state import channels, insert_new, reading
from .queue import row_of

_AT_ONCE = 400
_LOOKED_TEXTS, _LOOKED_CHARS = 5, 100


def notice(texts: Sequence[str]) -> str:
    """What members are told, in the language that these texts of theirs are in."""
    said = "\n".join(text[:_LOOKED_CHARS] for text in texts[-_LOOKED_TEXTS:])
    return locale(language_for("", said)).say("channel, notice")


class Notices:
    """In the state database. Threads may share it; methods block."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def standing(self, owner: str) -> tuple[float, bool]:
        """When the members of a channel were told (Unix time in seconds, 0.0: not), whether it is paused."""
        wanted = select(channels.c.announced_at, channels.c.paused).where(channels.c.user_id == owner)
        with self._reading.connect() as connection:
            row = connection.execute(wanted).first()
        return (row.announced_at, bool(row.paused)) if row else (0.0, False)

    def untold(self, owners: Collection[str]) -> set[str]:
        """Those of the channels whose members were not told."""
        wanted = select(channels.c.user_id).where(channels.c.announced_at > 0.0)
        with self._reading.connect() as connection:
            told = {
                owner
                for some in batched(sorted(owners), _AT_ONCE)
                for owner in connection.scalars(wanted.where(channels.c.user_id.in_(some)))
            }
        return set(owners) - told

    def told(self, source: str, channel: str, name: str, at: float) -> None:
        """Write down that the members of a channel were told then."""
        owner = channel_owner(source, channel)
        with self._engine.begin() as connection:
            insert_new(connection, channels, [row_of(source, channel, name, at)])
            mine = channels.c.user_id == owner
            connection.execute(update(channels).where(mine).values(announced_at=at))
