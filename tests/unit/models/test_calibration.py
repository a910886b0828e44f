"""One threshold means the same with embedders of all shapes: the bundled one, and its vectors bent."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.embedders import embedder
from bench.languages import pairs
from owui_memory.backends import _own_models
from owui_memory.config.settings import Valves
from owui_memory.core.events import ignore
from owui_memory.models import calibration
from owui_memory.models.calibration import Calibration, _flat
from owui_memory.models.calibration_sentences import FACTS, FURTHER, QUESTIONS
from owui_memory.models.embedder import Embedder
from owui_memory.recall.select import SPREAD

SHAPES = ("bundled", "openai", "nomic", "openai-noisy", "nomic-noisy")


@pytest.fixture(scope="module")
def measured() -> dict[str, Calibration]:
    return {name: Calibration.measured(embedder(name).embed_batch) for name in (*SHAPES, "english")}


def relevances(measured: dict[str, Calibration], name: str, language: str) -> np.ndarray:
    """Of twelve questions, each with each of twelve facts."""
    model, known = embedder(name), measured[name]
    facts = np.asarray(model.embed_batch([fact for fact, _ in pairs(language)[:12]]))
    facts /= np.linalg.norm(facts, axis=1, keepdims=True)
    asked = model.embed_batch([question for _, question in pairs(language)[:12]], "search")
    return np.array([[known.relevance(c) for c in facts @ known.question(one)] for one in asked])


@pytest.mark.parametrize("language", ["en", "ru", "ja"])
@pytest.mark.parametrize("shape", ["openai", "nomic"])
def test_a_bent_shape_has_the_same_relevances(
    measured: dict[str, Calibration], shape: str, language: str
) -> None:
    usual, bent = relevances(measured, "bundled", language), relevances(measured, shape, language)
    assert np.abs(usual - bent).max() < 0.1
    assert np.abs(usual - bent).mean() < 0.02


@pytest.mark.parametrize("shape", SHAPES)
def test_what_answers_is_told_from_what_does_not(measured: dict[str, Calibration], shape: str) -> None:
    near = relevances(measured, shape, "en")
    assert np.median(np.diag(near)) > 3 * np.median(near[~np.eye(12, dtype=bool)])


def test_an_embedder_that_does_not_know_a_language_finds_nothing_relevant_in_it(
    measured: dict[str, Calibration],
) -> None:
    assert np.median(relevances(measured, "english", "en").max(axis=1)) > 0.25
    for language in ("ru", "zh", "ja", "ko", "ar"):
        assert relevances(measured, "english", language).max() < 0.42


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_monotone(measured: dict[str, Calibration], shape: str) -> None:
    known, cosines = measured[shape], np.linspace(-1, 1, 201)
    for scale in (known.relevance, known.likeness):
        scaled = [scale(cosine) for cosine in cosines]
        assert scaled == sorted(scaled)
        assert (scaled[0], scaled[-1]) == (0.0, pytest.approx(1.0))


@pytest.mark.parametrize("shape", SHAPES)
def test_likenesses_are_of_what_is_said(measured: dict[str, Calibration], shape: str) -> None:
    texts = ["I am vegan.", "I am vegan.", "The user is vegan.", "The train leaves at eight."]
    one, *others = embedder(shape).embed_batch(texts)
    same, restated, unrelated = measured[shape].likenesses(one, others)
    assert same == pytest.approx(1.0)
    assert 0.6 < restated < 1
    assert unrelated < 0.3


@pytest.mark.parametrize("shape", SHAPES)
def test_questions_about_oneself_are_known_in_all_languages(
    measured: dict[str, Calibration], shape: str
) -> None:
    model, known = embedder(shape), measured[shape]
    for language in ("en", "de", "es", "ru", "zh", "ja", "ar", "pt", "it"):
        found = [known.of_self(one) for one in model.embed_batch([q for _, q in pairs(language)], "search")]
        assert np.mean([told > -0.1 for told, _ in found]) > 0.75
        assert {trust for _, trust in found} == {1.0}
    others = ["How far is the moon?", "Wie spät ist es in Peru?", "Напиши стих о зиме.", "天空为什么是蓝的？"]
    found = [known.of_self(one)[0] for one in model.embed_batch(others, "search")]
    assert max(found) < 0.1
    assert np.mean(found) < -0.2


def test_it_is_measured_once_and_kept(tmp_path: Path) -> None:
    calls = []

    def embed(texts: Sequence[str], action: str) -> list[list[float]]:
        calls.append(action)
        return embedder("bundled").embed_batch(texts, action)

    def opened() -> Embedder:
        one = Embedder(lambda: _Counted(embed), "", local=True)
        one.name, one.dims, one.kept = "a/model:latest", 512, tmp_path / "calibration"
        return one

    first = opened().calibration
    assert len(calls) > 0
    calls.clear()
    again = opened()
    assert again.calibration.spread == first.spread
    assert np.allclose(again.calibration.shared, first.shared)
    assert calls == []
    other = opened()
    other.name = "another"
    assert other.calibration.spread == pytest.approx(first.spread)
    assert len(calls) > 0


def test_beside_a_remote_store_it_is_kept_too(tmp_path: Path) -> None:
    def written() -> list[int]:
        near = _own_models(Valves(), tmp_path, ignore).similarities("I am vegan.", ["The user is vegan."])
        assert near[0] > 0.5
        return [one.stat().st_mtime_ns for one in (tmp_path / "calibration").iterdir()]

    first = written()
    assert len(first) == 1
    assert written() == first


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY"])
def test_a_broken_file_is_measured_again(tmp_path: Path, content: bytes) -> None:
    file = calibration._file(tmp_path, "m", 512)
    file.write_bytes(content)
    assert Calibration.load(tmp_path, "m", 512) is None


def test_one_that_finds_all_texts_the_same_is_left_as_it_is() -> None:
    known = Calibration.measured(lambda texts, _: [[1.0] * 64 for _ in texts])
    assert not known.tells
    assert known.relevance(0.4) == known.likeness(0.4) == 0.4
    assert known.question([0.5, *[0.0] * 63]) == [0.5, *[0.0] * 63]
    assert known.of_self([1.0] * 64)[1] == 0.0


def test_what_questions_and_an_unknown_form_have_in_common_does_not_count(
    measured: dict[str, Calibration],
) -> None:
    def embed(texts: Sequence[str], action: str) -> list[list[float]]:
        vectors = np.asarray(embedder("bundled").embed_batch(texts, action))
        near = [0.0 if text in _flat([*FACTS, *QUESTIONS, *FURTHER]) else 1.0 for text in texts]
        return (vectors + 0.5 * np.outer(near, np.ones(512) / np.sqrt(512))).tolist()

    found = Calibration.measured(embed)
    assert found.spread == pytest.approx(measured["bundled"].spread, rel=0.25)


def test_few_numbers_are_left_whole() -> None:
    random = np.random.default_rng(1)
    known = Calibration.measured(lambda texts, _: random.normal(size=(len(texts), 8)).tolist())
    assert len(known.shared) == 0
    vector = random.normal(size=8)
    assert np.allclose(known.question(vector.tolist()), vector / np.linalg.norm(vector))


def test_one_spread_is_what_recall_takes_it_for() -> None:
    assert pytest.approx(calibration._RELEVANT / calibration._RELEVANT_SPREADS) == SPREAD


class _Counted:
    config = None

    def __init__(self, embed: object) -> None:
        self.embed_batch = embed


def test_between_points_it_is_a_straight_line() -> None:
    at, become = (-0.1, 0.2, 0.6, 1.0), (0.0, 0.05, 0.75, 1.0)
    for value in (*at, -1.0, 0.1, 0.199999, 0.3, 0.61, 0.999, 2.0):
        assert calibration._scaled(value, at, become) == float(np.interp(value, at, become))
