"""Learn what brings a question nearer to the statement that answers it, for the bundled model.

    .venv/bin/python -m bench.adapter

bench/adapter/ has questions and facts of everyday life in twelve languages ("What do I do for a living? | The
user is a roofer."), written for this alone: none is from what recall is measured on, though people's lives
have the same subjects everywhere. The map is learned by gradient descent (Adam) such that each question finds
its fact, and each fact its question, among those of its language (InfoNCE); it is kept near the identity,
and its main directions (`models/adapter.py`) are written to pipelines/owui_memory/models/bundled_adapter.txt.
Recall uses it after what questions have in common is taken out (`models/calibration.py`), so it has to be
learned again whenever calibration_sentences.txt changes. Takes half a minute.
"""

from collections.abc import Sequence

import numpy as np

from bench import ROOT
from bench.contenders import take_environment
from owui_memory.models.adapter import BUNDLED, Adapter, Matrix
from owui_memory.models.bundled_embedder import BundledEmbedder
from owui_memory.models.calibration import Calibration
from owui_memory.models.text_limit import TextLimit

FOLDER = ROOT / "bench" / "adapter"
OUTPUT = ROOT / "pipelines" / "owui_memory" / "models" / BUNDLED

_RANK = 48
_STEPS, _RATE = 100, 0.0005
_AT_ONCE = 96  # questions of a language
_SHARPNESS = 12.0  # of the softmax over cosines
_NEAR_IDENTITY = 0.01
_MEAN_KEPT, _SQUARE_KEPT = 0.9, 0.999  # of Adam


def pairs(language: str) -> list[tuple[str, str]]:
    """Questions and facts."""
    lines = (FOLDER / f"{language}.txt").read_text("utf-8").splitlines()
    return [(question, fact) for question, _, fact in (line.partition(" | ") for line in lines)]


def learned(languages: Sequence[tuple[Matrix, Matrix]]) -> Matrix:
    """The map, less the identity, from questions and facts of each language, all of length 1."""
    random = np.random.default_rng(0)
    dims = languages[0][0].shape[1]
    found, mean, square = np.zeros((3, dims, dims))
    count = sum(min(_AT_ONCE, len(questions)) for questions, _ in languages)
    for step in range(1, _STEPS + 1):
        slope = _NEAR_IDENTITY * found
        for questions, facts in languages:
            some = random.permutation(len(questions))[:_AT_ONCE]
            asked, told = questions[some], facts[some]
            near = _SHARPNESS * (asked + asked @ found) @ told.T
            errors = (_softmax(near) + _softmax(near.T).T) / 2 - np.eye(len(some))
            slope += _SHARPNESS * asked.T @ errors @ told / count
        mean = _MEAN_KEPT * mean + (1 - _MEAN_KEPT) * slope
        square = _SQUARE_KEPT * square + (1 - _SQUARE_KEPT) * slope * slope
        spread = np.sqrt(square / (1 - _SQUARE_KEPT**step)) + 1e-8
        found = found - _RATE * mean / (1 - _MEAN_KEPT**step) / spread
    return found


def _softmax(rows: Matrix) -> Matrix:
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares


def main() -> None:
    take_environment()
    model, limit = BundledEmbedder(), TextLimit()

    def embed(texts: Sequence[str], _action: str = "") -> list[list[float]]:
        return model.embed_batch([limit.cut(text) for text in texts])

    calibration = Calibration.measured(embed)
    languages = []
    for path in sorted(FOLDER.glob("*.txt")):
        questions, facts = zip(*pairs(path.stem), strict=True)
        asked = np.array([calibration.question(vector) for vector in embed(questions)])
        languages.append((asked, np.array(embed(facts))))
    left, sizes, right = np.linalg.svd(learned(languages))
    halves = (half * np.sqrt(sizes[:_RANK]) for half in (left[:, :_RANK], right[:_RANK].T))
    OUTPUT.write_text(Adapter(*halves).text(), "ascii")
    print(f"{sum(len(questions) for questions, _ in languages)} pairs -> {OUTPUT}")


if __name__ == "__main__":
    main()
