"""mem0's REST server as it really is: slow keys, slow LLMs, lists of 1,000, extraction of its own."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.backends import open_backend
from owui_memory.backends import server as server_module
from owui_memory.backends.api import Timeouts
from owui_memory.backends.server import ServerBackend
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry, TellAdmin
from owui_memory.core.memory import Memory
from owui_memory.models import own_models
from owui_memory.remember.apply import Changes
from tests.harness.mem0_server import RestServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.backends.contract import KEY, fill, keep, library_settings, listed, said, stand_in
from tests.unit.recall.conversation import Conversation, House, text_of
from tests.unit.remember.mind import is_ours
from tests.unit.remember.workbench import Bench

API_KEY = "m0sk_0123456789"


@pytest.fixture
def backend(server: RestServer) -> Iterator[ServerBackend]:
    with contextlib.closing(ServerBackend(server.url, KEY)) as opened:
        yield opened


def told(server: RestServer, *, posts: str = "") -> int:
    """How many requests it got; posts: only those to this path."""
    return len(
        [asked for asked in server.requests if not posts or (asked.method, asked.path) == ("POST", posts)]
    )


def texts_at(server: RestServer, user: str = "ada") -> list[str]:
    rows = server.memory.vector_store.list(filters={"user_id": user}, top_k=1000)[0]
    return [row.payload["data"] for row in rows]


def remote_settings(server: RestServer) -> Valves:
    return Valves(backend="server", backend_url=server.url, advanced="batch_idle_seconds=0")


class TestTheKey:
    def test_a_key_that_costs_the_server_its_time_is_told_with_what_to_use(self, server: RestServer) -> None:
        server.key, server.key_costs_s = API_KEY, 0.15
        with contextlib.closing(ServerBackend(server.url, API_KEY)) as backend:
            (part,) = [part for part in backend.check() if part.name == "mem0's key"]
        assert not part.ok
        assert "with each request" in part.detail
        assert "ADMIN_API_KEY" in part.hint
        assert "email:password" in part.hint

    def test_one_that_costs_nothing_is_no_matter(self, server: RestServer, backend: ServerBackend) -> None:
        assert [part.name for part in backend.check() if "key" in part.name] == []
        server.key = API_KEY
        with contextlib.closing(ServerBackend(server.url, API_KEY)) as quick:
            assert [part.ok for part in quick.check() if part.name == "mem0's key"] == [True]

    def test_it_signs_in_with_address_and_password(self, server: RestServer) -> None:
        server.users["ada@example.org"] = "p:w"
        with contextlib.closing(ServerBackend(server.url, "ada@example.org:p:w")) as backend:
            backend.store("ada", Memory("", "I own a boat."))
            assert listed(backend) == ["I own a boat."]
            assert told(server, posts="/auth/login") == 1

            server.tokens.clear()  # it was restarted with another secret
            assert listed(backend) == ["I own a boat."]
            assert told(server, posts="/auth/login") == 2

    def test_a_wrong_password_is_the_admins_to_mend(self, server: RestServer) -> None:
        server.users["ada@example.org"] = "right"
        with (
            contextlib.closing(ServerBackend(server.url, "ada@example.org:wrong")) as backend,
            pytest.raises(TellAdmin, match="401"),
        ):
            backend.list_all("ada")

    def test_a_message_costs_one_request(
        self, server: RestServer, backend: ServerBackend, scripted_llm: ScriptedLLM, tmp_path: Path
    ) -> None:
        house = House(scripted_llm, tmp_path, backend)
        talk = Conversation(house)
        try:
            house.knows("The user wants short answers.", kind="preference")
            house.knows("The user's dog is called Rex.")
            server.requests.clear()
            assert "Rex" in text_of(talk.ask("What is the name of my dog called?"))
            assert told(server) <= 2  # with the list that the profile is taken from, once
            for question in ("Does my dog called Rex like other dogs?", "What do dogs like Rex want to eat?"):
                server.requests.clear()
                talk.ask(question)
                assert told(server) == 1, [f"{asked.method} {asked.path}" for asked in server.requests]
        finally:
            house.engine.dispose()


class TestASlowLlm:
    @pytest.fixture
    def server(self, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[RestServer]:
        """One of its own: it reads on when the test is over."""
        with stand_in("server", scripted_llm, tmp_path / "mem0") as running:
            assert isinstance(running, RestServer)
            yield running

    def test_what_it_still_reads_is_not_sent_again(
        self, server: RestServer, backend: ServerBackend, scripted_llm: ScriptedLLM
    ) -> None:
        server.add_takes_s = 1.0
        backend._timeouts = Timeouts(add=0.4)
        chat = said("I live in Rome.")
        with pytest.raises(Retry, match="too long"):
            backend.extract("ada", chat, batch="b")
        with pytest.raises(Retry, match="may still be reading"):
            backend.extract("ada", chat, batch="b")
        assert told(server, posts="/memories") == 1
        assert keep(backend, "bob", "I live in Oslo.", batch="other")

    def test_a_message_is_remembered_once_however_often_it_was_tried(
        self, server: RestServer, backend: ServerBackend, tmp_path: Path
    ) -> None:
        server.add_takes_s = 1.0
        backend._timeouts = Timeouts(add=0.4)
        bench = Bench(tmp_path / "state", remote_settings(server), backend)
        bench.say("I live in Rome.")
        bench.drain()
        bench.close()
        assert texts_at(server) == ["User live in Rome."]
        assert [change.op for change in bench.journal.of_user("ada")] == ["add"]

    def test_copies_of_two_tries_become_one(
        self, server: RestServer, backend: ServerBackend, tmp_path: Path
    ) -> None:
        bench = Bench(tmp_path / "state", remote_settings(server), backend)
        bench.say("I live in Rome.")
        batch = bench.outbox.claim(8)
        for _ in range(2):  # an earlier server sent it twice, and died
            keep(backend, "ada", "User live in Rome.", batch=batch.name)
        bench.outbox.retry(batch, "died")
        bench.drain()
        bench.close()
        assert texts_at(server) == ["User live in Rome."]


class TestMoreThanItLists:
    def test_all_are_told_and_erased(
        self, server: RestServer, backend: ServerBackend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_module, "_LISTED", 10)
        texts = [f"Boat {number}." for number in range(35)]
        fill(server.memory, "ada", texts)
        fill(server.memory, "bob", ["Bob's boat."])
        assert sorted(listed(backend)) == sorted(texts)
        assert backend.erase("ada") == 35
        assert (listed(backend), listed(backend, "bob")) == ([], ["Bob's boat."])

    def test_what_was_learned_past_them_is_journaled_and_undone(
        self, server: RestServer, backend: ServerBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_module, "_LISTED", 10)
        fill(server.memory, "ada", [f"Boat {number}." for number in range(35)])
        bench = Bench(tmp_path / "state", remote_settings(server), backend)
        bench.say("I live in Rome.")
        bench.drain()
        (learned,) = bench.journal.of_user("ada")
        assert learned.after == "User live in Rome."

        Changes(bench.journal).undo(backend, learned)
        bench.close()
        assert sorted(texts_at(server)) == sorted(f"Boat {number}." for number in range(35))


class TestOurOwnModels:
    def settings(self, server: RestServer, llm: ScriptedLLM) -> Valves:
        return library_settings(llm, backend="server", backend_url=server.url, backend_api_key=KEY)

    def test_an_llm_of_ours_decides_what_is_stored_there(
        self, server: RestServer, scripted_llm: ScriptedLLM, tmp_path: Path
    ) -> None:
        settings = self.settings(server, scripted_llm)
        assert settings.mode == "reconcile"
        backend = open_backend(settings, tmp_path / "data")
        town = backend.store("ada", Memory("", "The user lives in Rome.", kind="profile"))
        operations = [
            {"op": "replace", "id": 1, "text": "The user lives in Oslo."},
            {"op": "add", "text": "The user wants answers in German.", "kind": "preference"},
        ]
        scripted_llm.when(is_ours, json.dumps({"operations": operations}))
        bench = Bench(
            tmp_path / "state", settings.model_copy(update={"advanced": "batch_idle_seconds=0"}), backend
        )
        bench.say("I moved to Oslo. Please always answer in German.")
        bench.drain()
        bench.close()
        server.requests.clear()
        with contextlib.closing(ServerBackend(server.url, KEY)) as anew:
            kept = {memory.text: memory for memory in anew.list_all("ada")}
        assert kept["The user lives in Oslo."].id == town
        assert kept["The user wants answers in German."].kind == "preference"
        assert told(server, posts="/memories") == 0

    def test_nothing_is_sent_to_mem0s_own_llm_then(
        self, server: RestServer, scripted_llm: ScriptedLLM, tmp_path: Path
    ) -> None:
        settings = self.settings(server, scripted_llm)
        backend = open_backend(settings, tmp_path / "data")
        backend.store("ada", Memory("", "The user lives in Rome."))
        kept = server.memory.db.connection.execute("SELECT count(*) FROM messages").fetchone()
        backend.close()
        assert kept == (0,)

    def test_what_mem0_extracts_gets_its_kind(
        self, server: RestServer, scripted_llm: ScriptedLLM, tmp_path: Path
    ) -> None:
        settings = self.settings(server, scripted_llm).model_copy(
            update={"extraction": "mem0", "advanced": "batch_idle_seconds=0"}
        )
        backend = open_backend(settings, tmp_path / "data")
        bench = Bench(tmp_path / "state", settings, backend)
        bench.say("My name is Anna.")
        bench.drain()
        assert isinstance(backend, ServerBackend)
        assert [memory.kind for memory in backend.list_all("ada")] == ["profile"]
        assert [memory.text for memory in backend.of_kind("ada", "profile", 5)] == listed(backend)
        bench.close()

    def test_the_embedder_is_loaded_with_the_backend(
        self, server: RestServer, scripted_llm: ScriptedLLM, tmp_path: Path
    ) -> None:
        """The first message after a start has no time to wait for it."""
        scripted_llm.clear()
        backend = open_backend(self.settings(server, scripted_llm), tmp_path / "data")
        loaded = len(scripted_llm.embedded_texts())
        assert loaded
        assert backend.similarities("What is my dog called?", ["My dog is Rex.", " ", "\u200b"])[1:] == [0, 0]
        assert len(scripted_llm.embedded_texts()) == loaded + 2
        backend.close()

    def test_an_embedder_that_is_down_at_the_start_is_used_later(
        self, server: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(own_models, "_AGAIN_S", 0.0)
        with ScriptedLLM() as ours:
            with ours.fault("embeddings", status=503):
                backend = open_backend(self.settings(server, ours), tmp_path / "data")
                assert backend.similarities("my dog Rex", ["my dog Rex"]) == [0]
            assert backend.similarities("my dog Rex", ["my dog Rex"]) == [pytest.approx(1)]
            backend.close()


class TestTheCheck:
    def test_an_embedder_that_is_down_there_is_told(
        self, backend: ServerBackend, scripted_llm: ScriptedLLM
    ) -> None:
        with scripted_llm.fault("embeddings", status=503):
            parts = {part.name: part for part in backend.check()}
        assert not parts["backend"].ok

    def test_so_is_an_llm(self, backend: ServerBackend, scripted_llm: ScriptedLLM) -> None:
        def llm_is_ok() -> bool:
            return {part.name: part.ok for part in backend.check()}["LLM"]

        with scripted_llm.fault("chat", status=503):
            wait_until(lambda: not llm_is_ok(), what="the LLM's failure is told")
        backend._trial._due = 0.0
        wait_until(llm_is_ok, what="it works again")
        wait_until(lambda: backend.list_all(server_module._NOBODY) == [], what="nothing of it stays")


def test_a_fact_of_a_folder_is_known_outside_once_it_is_said_there(backend: ServerBackend) -> None:
    for scope in ("folder/1", "", "folder/1", ""):
        backend.extract("ada", said("I live in Rome."), batch="b", scope=scope)
    assert sorted(memory.scope for memory in backend.list_all("ada")) == ["", "folder/1"]
