"""What is kept of users in one of the stores, to be erased."""

import json

from sqlalchemy import Engine, inspect, text

from owui_memory.backends.locations import Locations
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.core.scope import past_owner
from owui_memory.manage.erasure.erase import Eraser
from owui_memory.manage.migrate.reach import location_of_backend
from owui_memory.remember.apply import Changes
from owui_memory.remember.episodes import Episodes
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.remember.verbatim import decide_verbatim
from owui_memory.state import injected, recalls
from tests.harness import traces
from tests.harness.places import Place, library
from tests.harness.traces import RARE

BOTH = f"I am allergic to {RARE}."
OTHER, CELLO = "My dog is called Rex.", "I play the cello."


class Kept:
    """A user's memories, and all that is written down of them, in one of the stores."""

    def __init__(self, place: Place, engine: Engine, settings: Valves) -> None:
        self.place, self.engine, self.settings = place, engine, settings
        self.backend = library(settings, place.folder)
        Locations(engine, "memories").settle(location_of_backend(self.backend, settings))
        self.journal, self.outbox = Journal(engine), Outbox(engine)
        self.eraser = Eraser(engine, place.folder, lambda: settings, lambda *_: self.backend)

    def live(self) -> None:
        """Two memories of Ada's and one of Bob's."""
        self.hears(BOTH, "m1")
        self.hears(OTHER, "m2")
        self.hears(CELLO, "m3", user="bob")

    def hears(self, said: str, name: str, user: str = "ada") -> None:
        """A message that is remembered."""
        self.outbox.put(Exchange(f"{user}\nc\n{name}", user, f"c-{user}", said, "I see.", 1.0))
        batch = self.outbox.claim()
        assert batch is not None
        Episodes(self.engine).keep(self.backend, batch, lambda: None)
        Changes(self.journal).make(self.backend, batch, lambda: decide_verbatim(self.backend, batch))
        self.outbox.done(batch)

    def notes(self, said: str, user: str = "ada") -> None:
        """What recall and mem0 write down of it, and a message that waits and one that was given up."""
        with self.engine.begin() as connection:
            row = {"user_id": user, "chat_id": "c2", "conversation": "p", "position": "p", "injected_at": 1.0}
            memory_id = self.id_of(said, user)
            connection.execute(
                injected.insert().values(**row, memory_id=memory_id, text=said, line=f"- {said}")
            )
            explained = json.dumps({"query": said, "weighed": [], "evidence": 1, "threshold": 1})
            connection.execute(
                recalls.insert().values(user_id=user, chat_id="c2", explanation=explained, at=1.0)
            )
        self.backend._memory.db.save_messages([{"role": "user", "content": said}], f"user_id={user}")
        self.outbox.put(Exchange(f"{user}\nd\nm7", user, "d", f"Again: {said}", "ok", 2.0))
        given_up = self.outbox.claim()
        assert given_up is not None
        self.outbox.dead(given_up, "no")
        self.outbox.put(Exchange(f"{user}\ne\nm8", user, "e", said, "ok", 2.0), wait_s=1000.0, batch_max=9)

    def id_of(self, said: str, user: str = "ada") -> str:
        return next(one.id for one in self.backend.list_all(user) if one.text == said)

    def ids_of(self, said: str, user: str = "ada") -> list[str]:
        """Of the memory that says this, and of the passages of past chats that do."""
        passages = self.backend.list_all(past_owner(user))
        return [self.id_of(said, user), *(one.id for one in passages if said in one.text)]

    def texts(self, user: str = "ada") -> list[str]:
        return sorted(one.text for one in self.backend.list_all(user))

    def traces(self) -> list[str]:
        """Where the rare word is: files, and tables of PostgreSQL."""
        found = traces.in_files(self.place.folder)
        if self.place.url:
            with self.engine.connect() as connection:
                for table in inspect(connection).get_table_names():
                    rows = connection.execute(text(f'SELECT t::text FROM "{table}" AS t')).scalars()
                    found += [table for row in rows if traces.is_in(row)]
        return found

    def close(self) -> None:
        self.backend.close()
