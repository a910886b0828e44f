"""The embedder in this process takes any text, in time that grows with it, and one core."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from owui_memory.backends.assemble import open_embedder
from owui_memory.config.settings import Valves
from owui_memory.core.errors import Drop
from owui_memory.models import encoder_files
from owui_memory.models.bundled_embedder import DIMS, BundledEmbedder
from owui_memory.models.embedder import Embedder
from owui_memory.models.encoder_files import Encoder
from tests.harness.hang import work_ends

MEGABYTE = 1_000_000
HOSTILE = {
    "an endless word": "a" * MEGABYTE,
    "an endless word of all letters": "qzxjvkwp" * (MEGABYTE // 8),
    "base64": "QWxsIHlvdXIgYmFzZSBhcmU+/=" * (MEGABYTE // 26),
    "endless Chinese": "我住在里斯本" * (MEGABYTE // 6),
    "endless Thai": "ฉันอาศัยอยู่ในลิสบอน" * (MEGABYTE // 20),
    "emoji": "👩‍👩‍👧‍👦" * 50_000,
    "combining marks": "a" + "\u0301" * MEGABYTE,
    "half of an emoji": "My dog \ud83d Rex",
    "halves of emoji": "\ud83d" * MEGABYTE,
    "NUL": "My dog\0Rex",
    "NULs": "\0" * MEGABYTE,
    "right to left": "\u202eכלבי נקרא רקס\u202c אני גר בליסבון",
    "one character": "a",
    "one rare character": "𓀀",
    "only marks": "?!" * 1000,
    "a letter among spaces": " " * MEGABYTE + "x" + " " * MEGABYTE,
}
NOTHING = ["", " ", "\n\t\r", " " * MEGABYTE, "\u3000", "\u200b\ufeff", "\x01\x1b"]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return open_embedder(Valves(), tmp_path_factory.mktemp("embedder"))


def cosine(one: list[float], other: list[float]) -> float:
    """Of vectors of length 1."""
    return float(np.dot(one, other))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_has_a_vector_in_bounded_time(text: str, embedder: Embedder) -> None:
    with work_ends():
        vector = embedder.embed(text)
    assert len(vector) == DIMS
    assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-3)


@pytest.mark.parametrize("text", NOTHING, ids=range(len(NOTHING)))
def test_nothing_is_not_embedded(text: str, embedder: Embedder) -> None:
    with pytest.raises(Drop, match="no text"):
        embedder.embed(text)


def test_an_endless_word_does_not_drown_the_others(embedder: Embedder) -> None:
    said = "My dog is called Rex and sleeps under the piano."
    blob = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 200
    assert cosine(embedder.embed(said), embedder.embed(f"{said} {blob}")) > 0.75


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mein Hund heißt Rex.", "What is my dog called?"),
        ("Vivo en Lisboa.", "我住在哪个城市？"),
        ("Я работаю медсестрой.", "Wo bin ich angestellt?"),
        ("私は甲殻類アレルギーです。", "Which food must I avoid?"),
    ],
)
def test_languages_meet(one: str, other: str, embedder: Embedder) -> None:
    elsewhere = embedder.embed("How do I reverse a list in Python?")
    assert cosine(embedder.embed(one), embedder.embed(other)) > cosine(embedder.embed(one), elsewhere) + 0.1


def test_several_at_once_are_the_same_as_one_by_one(embedder: Embedder) -> None:
    texts = [f"Fact {number}: {'so ' * number}it is." for number in range(40)]
    together = embedder.embed_batch(texts)
    alone = [embedder.embed_now(text) for text in texts]
    assert np.allclose(together, alone, atol=1e-4)


# The cores ----------------------------------------------------------------------------------------

TEXTS = ["I walked along the river and thought about the summer. " * 30] * 8


@pytest.fixture
def elsewhere_loaded() -> BundledEmbedder:
    """As in the server: the thread that loaded it is gone, and others use it."""
    with ThreadPoolExecutor(1) as opening:
        model = opening.submit(BundledEmbedder).result()
    model.embed_batch(TEXTS)
    return model


def test_it_works_in_the_thread_that_asks(elsewhere_loaded: BundledEmbedder) -> None:
    """With all cores it is as much work again for each of them, for no gain."""

    def not_of_python() -> set[int]:  # whose threads may come and go: of servers, say
        return {int(task.name) for task in Path("/proc/self/task").iterdir()} - {
            thread.native_id for thread in threading.enumerate()
        }

    before = not_of_python()
    elsewhere_loaded.embed_batch(TEXTS)
    assert not_of_python() <= before


def test_numpy_has_one_thread(elsewhere_loaded: BundledEmbedder) -> None:
    assert {pool["num_threads"] for pool in ThreadpoolController().info() if pool["user_api"] == "blas"} == {
        1
    }


def test_threads_share_it() -> None:
    model = BundledEmbedder()
    texts = [f"What did I say about the {number}th of May?" for number in range(64)]
    expected = {text: model.embed(text) for text in texts}
    start = threading.Barrier(8)

    def embed(mine: list[str]) -> list[tuple[str, list[float]]]:
        start.wait(60)
        return [(text, model.embed(text)) for text in mine]

    with ThreadPoolExecutor(8) as threads:
        made = [pair for part in threads.map(embed, [texts[at::8] for at in range(8)]) for pair in part]
    assert all(np.allclose(expected[text], vector, atol=1e-4) for text, vector in made)


TEXTS = ["What is my dog called?", "Mein Hund heißt Rex.", "我的狗叫雷克斯。", "🐈", "a" * 500]


def test_what_is_kept_to_load_faster_gives_the_same_vectors_and_what_is_damaged_is_made_anew(
    tmp_path: Path,
) -> None:
    first = Encoder(tmp_path).encode(TEXTS)
    (kept,) = tmp_path.iterdir()
    assert np.array_equal(Encoder(tmp_path).encode(TEXTS), first)
    for what in ("no values", "cut values", "other values", "cut array", "other array"):
        file = kept / ("values" if "values" in what else "cnn_W.0.npy")
        good = file.read_bytes()
        bad = {"no": b"", "cut": good[: len(good) // 2], "other": good[:200] + bytes(len(good) - 200)}
        file.write_bytes(bad[what.split()[0]])
        assert np.array_equal(Encoder(tmp_path).encode(TEXTS), first), what
        assert file.read_bytes() == good, what
    assert list(tmp_path.iterdir()) == [kept]


def test_without_a_folder_to_write_it_loads_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert Encoder(file / "folder").encode(TEXTS).shape == (len(TEXTS), DIMS)


def test_files_in_a_folder_that_others_may_write_to_are_not_read(tmp_path: Path) -> None:
    Encoder(tmp_path / "kept")
    (files,) = (tmp_path / "kept").glob("use-*")
    assert encoder_files._loaded(files) is not None
    (tmp_path / "kept").chmod(0o777)
    assert encoder_files._loaded(files) is None
