"""What the model of earlier releases has embedded comes along from every store, noted or not."""

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest

from owui_memory.__main__ import main
from owui_memory.backends.assemble import open_store
from owui_memory.backends.locations import location_of
from owui_memory.config.settings import Valves
from tests.harness.postgres import PASSWORD
from tests.harness.qdrant_server import QdrantServer
from tests.unit.manage.house import House

FORMER, DIMS = "all-MiniLM-L6-v2", 384
NAMED = "memories_all_minilm_l6_v2_384"
NOW = "memories_use_multilingual_v3_512"
TEXTS = ["My dog is called Rex.", "Ich wohne in Lissabon.", "我对花生过敏。", "Я играю на виолончели."]


@pytest.fixture(params=["qdrant", "pgvector"])
def settings(request: pytest.FixtureRequest) -> Any:
    """Of each store, with the bundled embedder; the tests below have the one that needs no server."""
    if request.param == "pgvector":
        url = request.getfixturevalue("postgres").url
        yield Valves(vector_store="pgvector", vector_store_url=url, vector_store_api_key=PASSWORD)
        return
    with QdrantServer() as qdrant:
        yield Valves(vector_store="qdrant", vector_store_url=qdrant.url)


def fill(settings: Valves, folder: Path, collection: str, texts: list[str] = TEXTS) -> None:
    """As the release before left it."""
    draw = random.Random(1)
    with contextlib.closing(open_store(settings, folder, collection, DIMS)) as store:
        for number, text in enumerate(texts):
            times = dict.fromkeys(("created_at", "updated_at"), f"2026-05-0{number + 1}T12:00:00+00:00")
            store.put(
                [f"00000000-0000-4000-8000-00000000000{number}"],
                [[draw.uniform(-1, 1) for _ in range(DIMS)]],
                [{"data": text, "user_id": "ada", "kind": "fact", **times}],
            )


def home_of(house: House) -> str:
    home = house.locations.home()
    return home.name


def test_it_moves_with_the_first_start(house: House, settings: Valves) -> None:
    fill(settings, house.folder, NAMED)
    house.locations.settle(location_of(settings, NAMED, FORMER, DIMS))
    house.use(settings)
    assert home_of(house) == NOW
    assert house.texts() == sorted(TEXTS)
    assert TEXTS[1] in house.found("Where do I live?")
    assert house.memory(TEXTS[0]).id == "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("name", ["memories", NAMED])
def test_it_is_found_where_nobody_noted_it(house: House, name: str) -> None:
    """The state database is older than the table of places, or new."""
    fill(Valves(), house.folder, name)
    house.use(Valves())
    assert home_of(house) == NOW
    assert house.texts() == sorted(TEXTS)


def test_in_a_new_house_nothing_moves(house: House) -> None:
    house.use(Valves())
    assert home_of(house) == NOW
    assert [one.role for one in house.locations.known()] == ["home"]


def test_what_was_forgotten_in_the_new_place_does_not_come_back(house: House) -> None:
    fill(Valves(), house.folder, NAMED)
    house.locations.settle(location_of(Valves(), NAMED, FORMER, DIMS))
    house.use(Valves())
    house.forget(house.memory(TEXTS[0]))
    house.leave()
    house.enter()
    house.use(Valves())
    assert house.texts() == sorted(TEXTS[1:])


def test_the_command_line_reads_it_before_and_moves_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIPELINES_DIR", str(tmp_path))
    monkeypatch.setenv("MEMORY_DATA_DIR", str(house.folder))
    fill(Valves(), house.folder, NAMED)
    house.locations.settle(location_of(Valves(), NAMED, FORMER, DIMS))
    assert main(["list", "ada"]) == 0
    assert TEXTS[2] in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert home_of(house) == NOW
    assert main(["list", "ada"]) == 0
    assert TEXTS[2] in capsys.readouterr().out
