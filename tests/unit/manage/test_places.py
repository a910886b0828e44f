"""Where memories live, in a file and in PostgreSQL: one home each, and nothing secret written down."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from owui_memory.backends.locations import (
    MOST_BYTES,
    Location,
    Locations,
    location_of,
    name_for,
    naming,
    settings_of,
)
from owui_memory.config.settings import Valves
from owui_memory.state import injected, journal, locations
from owui_memory.stores.sqlite.store import SqliteStore

PASSWORD = "a-very-secret-password"


def at(name: str, **settings: str) -> Location:
    return location_of(Valves(**settings), name, "model", 3)


A, B, C = at("a"), at("b"), at("c")


@pytest.fixture
def known(engine: Engine) -> Locations:
    return Locations(engine, "memories")


def roles(known: Locations) -> dict[str, str]:
    return {one.location.name: one.role for one in known.known()}


def test_the_first_place_is_the_home_until_everything_is_in_another(known: Locations) -> None:
    assert known.home() is None
    known.settle(A)
    known.settle(B)
    assert (known.home(), roles(known)) == (A, {"a": "home"})
    known.aim(B, empty=True)
    assert (known.home(), roles(known)) == (A, {"a": "home", "b": "target"})
    known.arrive(B)
    known.arrive(B, pending=True)  # twice is once
    assert (known.home(), roles(known)) == (B, {"a": "left", "b": "home"})
    assert [one.pending for one in known.known()] == [False, False]
    for location in (C, A, C):
        known.aim(location, empty=False)
        known.arrive(location)
        assert [name for name, role in roles(known).items() if role == "home"] == [location.name]


def test_what_was_in_a_place_before_us_is_not_ours_and_what_we_left_is(known: Locations) -> None:
    known.settle(A)
    known.aim(B, empty=False)
    known.arrive(B)
    known.aim(A, empty=False)
    assert {one.location.name: one.ours for one in known.known()} == {"a": True, "b": False}


def test_sets_of_memories_do_not_know_each_other(engine: Engine) -> None:
    mine, other = Locations(engine, "memories"), Locations(engine, "other")
    mine.settle(A)
    assert other.home() is None
    other.settle(B)
    assert (mine.home(), other.home()) == (A, B)


def test_one_copies_at_a_time(known: Locations) -> None:
    known.settle(A)
    known.aim(B, empty=True)
    assert known.hold(B, "one", 60)
    assert known.hold(B, "one", 60)
    assert not known.hold(B, "two", 60)
    known.release(B, "two")
    assert not known.hold(B, "two", 60)
    known.release(B, "one")
    assert known.hold(B, "two", 60)
    known.release(B, "two")
    assert known.hold(B, "dead", -1)
    assert known.hold(B, "alive", 60), "who died while copying holds nobody up"


def test_progress_is_seen_by_all(known: Locations, engine: Engine) -> None:
    known.settle(A)
    known.aim(B, empty=True)
    known.progress(B, 3, 10)
    (seen,) = (one for one in Locations(engine, "memories").known() if one.location == B)
    assert (seen.copied, seen.total) == (3, 10)


def test_a_place_that_was_left_too_early_is_remembered_until_it_is_empty(known: Locations) -> None:
    known.settle(A)
    known.aim(B, empty=True)
    known.arrive(B, pending=True)
    assert [(one.location, one.pending) for one in known.leftovers()] == [(A, True)]
    known.emptied(A)
    assert [(one.location, one.pending) for one in known.leftovers()] == [(A, False)]


def test_what_was_told_follows_new_ids(known: Locations, engine: Engine) -> None:
    with engine.begin() as connection:
        for number, memory in enumerate(("old-1", "old-2")):
            row = dict.fromkeys(("user_id", "chat_id", "conversation", "text", "line"), "x")
            connection.execute(
                injected.insert().values(**row, position=str(number), memory_id=memory, injected_at=1.0)
            )
            change = dict.fromkeys(("user_id", "op", "before", "after", "kind", "expires", "source"), "x")
            connection.execute(
                journal.insert().values(
                    **change,
                    batch="b",
                    position=number,
                    memory_id=memory,
                    model="",
                    refused="",
                    made=True,
                    at=1.0,
                )
            )
    known.renamed({"old-1": "new-1"})
    with engine.connect() as connection:
        for table in (injected, journal):
            ids = connection.scalars(select(table.c.memory_id).order_by(table.c.id)).all()
            assert ids == ["new-1", "old-2"]


class TestSecrets:
    SETTINGS = Valves(
        vector_store="pgvector",
        vector_store_url=f"postgresql://memory:{PASSWORD}@db:5432/memories?sslmode=require",
        vector_store_api_key=PASSWORD,
        embedder_provider="openai",
        embedder_base_url="http://embedder:8000/v1",
        embedder_api_key=PASSWORD,
    )

    def test_none_is_written_down(self, known: Locations, engine: Engine) -> None:
        location = location_of(self.SETTINGS, "memories_m_3", "m", 3)
        known.settle(location)
        with engine.connect() as connection:
            row = connection.execute(select(locations)).mappings().one()
        assert PASSWORD not in json.dumps(dict(row), default=str)
        assert PASSWORD not in str(location)

    @pytest.mark.parametrize("password", [PASSWORD, "p@ss/word?", "a:b@c"])
    def test_not_even_one_that_should_have_been_quoted(self, password: str) -> None:
        settings = Valves.model_construct(**{**self.SETTINGS.model_dump(), "vector_store_url": ""})
        settings.vector_store_url = f"postgresql://memory:{password.replace('?', '')}@db:5432/memories"
        location = location_of(settings, "memories_m_3", "m", 3)
        assert location.settings["vector_store_url"] == "postgresql://memory@db:5432/memories"
        assert "db:5432/memories" in str(location)

    def test_todays_are_taken_where_the_addresses_are_the_same(self) -> None:
        location = location_of(self.SETTINGS, "memories_m_3", "m", 3)
        now = self.SETTINGS.model_copy(update={"embedder_model": "another"})
        again = settings_of(location, now)
        assert again.vector_store_url == self.SETTINGS.vector_store_url
        assert (again.vector_store_api_key, again.embedder_api_key) == (PASSWORD, PASSWORD)
        assert again.embedder_model == ""

    @pytest.mark.parametrize(
        ("elsewhere", "secret"),
        [
            ({"vector_store": "qdrant", "vector_store_url": "http://qdrant:6333"}, "vector_store_api_key"),
            ({"embedder_base_url": "http://somebody-else/v1"}, "embedder_api_key"),
            ({"embedder_provider": "lmstudio"}, "embedder_api_key"),
        ],
    )
    def test_no_key_goes_where_it_does_not_belong(self, elsewhere: dict[str, str], secret: str) -> None:
        location = location_of(self.SETTINGS, "memories_m_3", "m", 3)
        assert getattr(settings_of(location, self.SETTINGS.model_copy(update=elsewhere)), secret) == ""

    def test_that_of_mem0s_server_goes_to_no_other_address(self) -> None:
        here, there = (
            Valves(backend="server", backend_url=f"http://127.0.0.1:{port}", backend_api_key="key")
            for port in (1, 2)
        )
        assert settings_of(location_of(here), here).backend_api_key == "key"
        assert settings_of(location_of(here), there).backend_api_key == ""


class TestNames:
    def test_models_and_sizes_have_names_of_their_own(self) -> None:
        models = [
            "all-MiniLM-L6-v2",
            "nomic-embed-text",
            "BAAI/bge-m3",
            "other/bge-m3",
            "text-embedding-3-large",
        ]
        names = [name_for("memories", model, dims) for model in models for dims in (384, 1024)]
        assert len(set(names)) == len(names)
        assert names[0] == "memories_all_minilm_l6_v2_384"

    def test_a_long_name_is_cut_and_still_its_own(self) -> None:
        names = {name_for("c" * 48, "m" * 100 + end, 3072) for end in "abc"}
        assert len(names) == 3
        assert {len(name) for name in names} == {MOST_BYTES}

    def test_a_collection_from_before_they_were_named_is_kept(self, engine: Engine, tmp_path: Path) -> None:
        SqliteStore("memories", 384, str(tmp_path / "memories.db")).close()
        name = naming(engine, tmp_path, Valves())
        assert name("all-MiniLM-L6-v2", 384) == "memories"
        assert name("nomic-embed-text", 768) == "memories_nomic_embed_text_768"

    def test_another_model_of_its_size_does_not_get_into_it(self, engine: Engine, tmp_path: Path) -> None:
        SqliteStore("memories", 384, str(tmp_path / "memories.db")).close()
        Locations(engine, "memories").settle(location_of(Valves(), "memories", "all-MiniLM-L6-v2", 384))
        name = naming(engine, tmp_path, Valves())
        assert name("all-MiniLM-L6-v2", 384) == "memories"
        assert name("bge-small", 384) == "memories_bge_small_384"

    def test_another_store_has_the_name_anew(self, engine: Engine, tmp_path: Path) -> None:
        Locations(engine, "memories").settle(location_of(Valves(), "memories", "m", 384))
        elsewhere = Valves(vector_store="qdrant", vector_store_url="http://127.0.0.1:1")
        assert naming(engine, tmp_path, elsewhere)("m", 384) == "memories_m_384"
