"""The bundled model's questions lie nearer to what answers them."""

import numpy as np

from bench.languages import pairs
from owui_memory.models.adapter import Adapter, bundled
from owui_memory.models.bundled_embedder import BundledEmbedder
from owui_memory.models.calibration import Calibration


def test_it_is_read_as_it_was_written() -> None:
    halves = np.random.default_rng(1).normal(size=(2, 8, 3))
    made = Adapter(*halves)
    read = Adapter.of_text(made.text())
    assert np.allclose(read.left, made.left, atol=0.02)
    assert np.allclose(read.right, made.right, atol=0.02)
    assert read.mark != Adapter.of_text(Adapter(*2 * halves).text()).mark


def test_questions_find_their_facts_more_often_than_without() -> None:
    model = BundledEmbedder()
    with_it, without = (Calibration.measured(model.embed_batch, adapter) for adapter in (bundled(), None))
    right = {"with": 0, "without": 0}
    for language in ("de", "ru", "ko"):
        facts, asked = (np.array(model.embed_batch(texts)) for texts in zip(*pairs(language), strict=True))
        for name, known in (("with", with_it), ("without", without)):
            near = np.array([known.question(vector) for vector in asked]) @ facts.T
            right[name] += int((near.argmax(axis=1) == np.arange(len(facts))).sum())
    assert right["with"] >= right["without"] + 10
