"""What a search finds, and that it finds nothing where nothing fits: with the bundled embedder."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.memory import Memory
from owui_memory.manage.fitting import fitting
from owui_memory.recall.rank import ranked

MEMORIES = {
    "colour": "My favourite colour is green.",
    "hamster": "I have a hamster called Fluffy.",
    "dog": "My dog is called Rex and he is very old.",
    "car": "I drive an old red Volvo.",
    "city": "I live in Lisbon, near the river.",
    "phone": "My phone number is 555-0199.",
    "peanuts": "I am allergic to peanuts.",
    "nurse": "I work as a nurse in a hospital.",
    "cello": "My daughter Clara plays the cello.",
    "tea": "I drink tea in the morning.",
    "wife": "My wife's birthday is on 3 May.",
    "hamburg": "Ich wohne in Hamburg und arbeite als Lehrer.",
    "kater": "Mein Kater heißt Felix.",
    "perro": "Mi perro se llama Bruno.",
    "lyon": "J'habite à Lyon avec ma sœur.",
    "moskva": "Я живу в Москве и играю на пианино.",
    "beijing": "我住在北京，喜欢喝咖啡。",
    "tokyo": "私は東京に住んでいます。猫が二匹います。",
    "seoul": "서울에 살고 커피를 좋아해요.",
    "cairo": "أسكن في القاهرة ولدي قطة.",
    "athens": "Μένω στην Αθήνα και έχω έναν σκύλο.",
}
NOTHING = (
    *(
        "xyzzy",
        "qwertz",
        "unicorn",
        "Einhorn",
        "unicornio",
        "licorne",
        "единорог",
        "独角兽",
        "ユニコーン",
        "유니콘",
    ),
    *(
        "μονόκερος",
        "submarine",
        "spaceship",
        "dragon",
        "bitcoin",
        "potato",
        "insurance",
        "asdf",
        "xyz123",
        "סוס",
    ),
)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LibraryBackend]:
    folder: Path = tmp_path_factory.mktemp("fitting")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mem0 asks its model by an old name
        backend = LibraryBackend.open(Valves(), folder)
    for text in MEMORIES.values():
        backend.store("ada", Memory("", text))
    yield backend
    backend.close()


def found(backend: LibraryBackend, query: str) -> list[str]:
    items = ranked(backend.search("ada", query, 40, asked=True), query, datetime.now(UTC))
    names = {text: name for name, text in MEMORIES.items()}
    return [names[item.memory.text] for item in fitting(items, query)]


@pytest.mark.parametrize("query", [*NOTHING, "quantum physics", "my boat", "وحيد القرن", "asdf jkl"])
def test_nothing_fits(backend: LibraryBackend, query: str) -> None:
    assert found(backend, query) == []


@pytest.mark.parametrize(
    ("query", "right"),
    [
        *(("hamster", "hamster"), ("Rex", "dog"), ("car", "car")),
        *(("Volvo", "car"), ("where do I live", "city"), ("phone", "phone"), ("555", "phone")),
        *(("nuts", "peanuts"), ("food allergy", "peanuts"), ("job", "nurse")),
        *(("colour", "colour"), ("birthday", "wife"), ("Kater", "kater")),
        *(("Lehrer", "hamburg"), ("perro", "perro"), ("Lyon", "lyon"), ("Москва", "moskva")),
        *(("пианино", "moskva"), ("где я живу", "moskva"), ("咖啡", "beijing"), ("猫", "tokyo")),
        *(("どこに住んでいますか", "tokyo"), ("서울", "seoul"), ("Αθήνα", "athens")),
        ("σκύλος", "athens"),
    ],
)
def test_what_fits_is_all_that_is_found(backend: LibraryBackend, query: str, right: str) -> None:
    assert found(backend, query) == [right]


def test_what_fits_in_another_language_is_found_too(backend: LibraryBackend) -> None:
    assert found(backend, "chien")  # where a memory has the word itself, others may be just too far
    assert found(backend, "dog")[0] == "dog"
    assert found(backend, "قطة")[0] == "cairo"


def test_several_fit(backend: LibraryBackend) -> None:
    assert set(found(backend, "pets")) == {"hamster", "dog", "perro", "kater", "tokyo"}
    assert set(found(backend, "beverage")) == {"tea", "beijing"}
    assert set(found(backend, "old")) == {"dog", "car"}
