"""What an embedder's cosines mean: measured once on a few sentences, so that one threshold serves all.

Embedders differ in three ways. Some find all texts alike; most find texts of one language, or of one form
("The user ..."), alike, above all those of a language they do not know; and their cosines of unrelated texts
spread more or less. So the directions that all sentences of a language or form share are taken out of what
is compared (Mu and Viswanath, "All-but-the-Top", 2018), and what is left counts in units of the spread of
unrelated pairs. Which way questions about oneself lie from others is measured along, in all languages.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .adapter import Adapter
from .calibration_sentences import DATED, FACTS, FURTHER, OTHER, QUESTIONS, RESTATED, THIRD_PERSON

Matrix = NDArray[np.float64]
EmbedAll = Callable[[Sequence[str], str], Sequence[Sequence[float]]]

_RELEVANT = 0.42  # what a cosine of _RELEVANT_SPREADS times the spread becomes
_RELEVANT_SPREADS = 4.0
_ADAPTED_SPREADS = 3.6  # the same where an adapter puts related pairs further apart from others
# What the likeness of two unrelated statements becomes, and that of one fact in the first and third person.
_UNRELATED, _RESTATED = 0.05, 0.75
_DIMS_EACH = 16  # fewer for each direction that is taken out would leave too little
_TELLS, _TELLS_WELL = 2.5, 4.0  # deviations by which questions about oneself lie apart from others
_LEAST_SPREAD = 1e-3  # below which an embedder tells nothing apart
_FORMAT = "4"


@dataclass(frozen=True)
class Calibration:
    """Of one embedder.

    shared: orthonormal rows, what all sentences of a language or form have in common. asked: further rows,
    what all questions about oneself have, and all others. spread: of cosines of questions with unrelated
    facts, as a root of the mean square; half of them are of a form that is not known. unrelated, restated:
    cosines of statements, in the language that it knows best; restated_apart: of what is left of them without
    `shared`, where unrelated ones have 0. answered: of a fact with a question that says all of it.
    plain_spread, plain_answered: the same two without the adapter.
    own, own_middle: a vector's product with `own`, less `own_middle`, is about 1 for a question about
    oneself and -1 for others. own_trust: 0 to 1, how well that tells them apart. adapter: brings questions
    nearer to what answers them, where one was learned for this model.
    """

    shared: Matrix
    asked: Matrix
    spread: float
    unrelated: float
    restated: float
    restated_apart: float
    answered: float
    own: Matrix
    own_middle: float
    own_trust: float
    plain_spread: float
    plain_answered: float
    adapter: Adapter | None = None

    @classmethod
    def measured(cls, embed: EmbedAll, adapter: Adapter | None = None) -> Calibration:
        """Measure an embedder; some 200 short texts. Raises what `embed` raises."""

        asked = _units(embed([*_flat(QUESTIONS), *_flat(OTHER)], "search"))
        restated_texts = _flat(list(RESTATED.values()))
        told = _units(embed([*_flat(FACTS), *restated_texts, *DATED, *_flat(FURTHER)], "add"))
        languages, each = len(FACTS), len(FACTS[0])
        count = languages * each
        questions, others = asked[:count], asked[count:]
        ends = np.cumsum([count, len(restated_texts), len(DATED)])
        facts, restated, dated, further = np.split(told, ends)
        by_language = facts.reshape(languages, each, -1)
        third = [place for place in range(each) if place in THIRD_PERSON]
        first = [place for place in range(each) if place not in THIRD_PERSON]
        forms = [by_language[:, third].mean((0, 1)), by_language[:, first].mean((0, 1))]
        common = [*by_language.mean(1), *further.reshape(len(FURTHER), -1, facts.shape[1]).mean(1), *forms]
        averages = np.array([questions.mean(0), others.mean(0)])
        shared, both = _known([*common, dated.mean(0)], averages)
        places = [
            language * each + place for language, texts in RESTATED.items() for place in range(len(texts))
        ]

        def spread_and_answered(adapter: Adapter | None) -> tuple[float, float]:
            def asked_with(rows: Matrix, vectors: Matrix) -> Matrix:
                left = _units(_without(rows, vectors))
                return _units(adapter.turned(left)) if adapter else left

            apart = asked_with(both, np.vstack([questions, others]))
            near = (apart @ facts.T).reshape(2, languages, each, languages, each)
            unrelated = [
                near[kind, language, one, language, other]
                for kind in (0, 1)
                for language in range(languages)
                for one in range(each)
                for other in range(each)
                if kind or one != other
            ]
            # Users write in forms that are not among these: one of them is taken for such.
            unseen = asked_with(_known(common, averages)[1], others) @ dated.T
            spread = np.sqrt((np.mean(np.square(unrelated)) + np.mean(np.square(unseen))) / 2)
            answered = np.median(np.einsum("id,id->i", facts[places], asked_with(both, restated)))
            return float(spread), float(answered)

        spread, answered = spread_and_answered(adapter)
        plain_spread, plain_answered = spread_and_answered(None) if adapter else (spread, answered)
        between = _means_between(facts, languages, each)
        known = min(RESTATED, key=lambda language: float(between[language]))  # best of all
        alike = np.einsum("id,id->i", facts[places], restated)
        alike_apart = np.einsum(
            "id,id->i", _units(_without(shared, facts[places])), _units(_without(shared, restated))
        )
        own = _without(shared, (questions - others).mean(0))
        length = float(np.linalg.norm(own))
        own = own / max(length, 1e-9)
        ours, theirs = questions @ own, others @ own
        half = max(float(ours.mean() - theirs.mean()) / 2, 1e-9)
        deviation = max(float(np.sqrt((ours.var() + theirs.var()) / 2)), 1e-9)
        trust = (2 * half / deviation - _TELLS) / (_TELLS_WELL - _TELLS)
        return cls(
            shared=shared,
            asked=both[len(shared) :],
            spread=spread,
            unrelated=float(between[known]),
            restated=float(alike[[place // each == known for place in places]].mean()),
            restated_apart=float(np.median(alike_apart)),
            answered=answered,
            own=own / half,
            own_middle=float(ours.mean() + theirs.mean()) / 2 / half,
            own_trust=float(np.clip(trust, 0, 1)) if length > _LEAST_SPREAD else 0.0,
            plain_spread=plain_spread,
            plain_answered=plain_answered,
            adapter=adapter,
        )

    @property
    def tells(self) -> bool:
        """Whether the embedder tells anything apart; else cosines stay as they are."""
        return self.spread > _LEAST_SPREAD and self.restated > self.unrelated + _LEAST_SPREAD

    @cached_property
    def plain(self) -> Calibration:
        """The same without the adapter, which has learned what answers questions of everyday life."""
        return replace(self, spread=self.plain_spread, answered=self.plain_answered, adapter=None)

    def question(self, vector: Sequence[float], *, adapted: bool = True) -> list[float]:
        """The vector to look for what answers a message, instead of that of the message itself.

        adapted: it may be a question; a single word is none.
        """
        if not self.tells:
            return list(vector)
        one = np.asarray(vector, dtype=float)
        left = _without(self.asked, _without(self.shared, one))
        length = float(np.linalg.norm(left))
        if length < _LEAST_SPREAD * float(np.linalg.norm(one)):
            return list(vector)
        found: list[float] = _units(self.adapter.turned(left) if self.adapter and adapted else left).tolist()
        return found

    def relevance(self, cosine: float) -> float:
        """0 to 1, of the cosine of a memory and a `question`."""
        if not self.tells:
            return _bounded(cosine)
        spreads = _ADAPTED_SPREADS if self.adapter else _RELEVANT_SPREADS
        relevant = min(spreads * self.spread, 0.7)
        answered = min(max(self.answered, relevant + 0.1), 0.99)
        return _scaled(cosine, (0.0, relevant, answered, 1.0), (0.0, _RELEVANT, _RESTATED, 1.0))

    def likeness(self, cosine: float) -> float:
        """0 to 1, of the cosine of two statements."""
        if not self.tells:
            return _bounded(cosine)
        return _scaled(cosine, _ends(self.unrelated, self.restated), (0.0, _UNRELATED, _RESTATED, 1.0))

    def likenesses(self, vector: Sequence[float], others: Sequence[Sequence[float]]) -> list[float]:
        """0 to 1, of a text and each of the others, whatever their language has in common."""
        one, many = np.asarray(vector, dtype=float)[None], np.asarray(others, dtype=float)
        if not self.tells:
            return [_bounded(cosine) for cosine in (_units(many) @ _units(one)[0]).tolist()]
        cosines = _units(_without(self.shared, many)) @ _units(_without(self.shared, one))[0]
        ends = _ends(0.0, self.restated_apart)
        return [_scaled(cosine, ends, (0.0, _UNRELATED, _RESTATED, 1.0)) for cosine in cosines.tolist()]

    def of_self(self, vector: Sequence[float]) -> tuple[float, float]:
        """About 1 for a question about its speaker and -1 for others; and how far that is to be trusted."""
        one = _units(np.asarray(vector, dtype=float)[None])[0]
        return float(one @ self.own) - self.own_middle, self.own_trust if self.tells else 0.0

    def save(self, folder: Path, model: str, dims: int) -> None:
        """Keep it in a file; where that cannot be written, it is measured again."""
        kept = {name: getattr(self, name) for name in _kept_fields()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
                np.savez(file, **kept)
            Path(file.name).replace(_file(folder, model, dims, self.adapter))
        except OSError:
            return

    @classmethod
    def load(cls, folder: Path, model: str, dims: int, adapter: Adapter | None = None) -> Calibration | None:
        """What was kept of this model, if anything."""
        path = _file(folder, model, dims, adapter)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                read: dict[str, Any] = {name: kept[name] for name in _kept_fields()}
        except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, BadZipFile):
            return None
        numbers: dict[str, Any] = {
            name: value if value.ndim else float(value) for name, value in read.items()
        }
        sizes = {read["shared"].shape[-1], read["asked"].shape[-1], read["own"].shape[-1]}
        sound = sizes == {dims} and all(np.isfinite(value).all() for value in read.values())
        return cls(**numbers, adapter=adapter) if sound else None


def _kept_fields() -> list[str]:
    return [field.name for field in fields(Calibration) if field.name != "adapter"]


def _file(folder: Path, model: str, dims: int, adapter: Adapter | None = None) -> Path:
    mark = adapter.mark if adapter else ""
    key = repr((_FORMAT, mark, model, dims, QUESTIONS, FACTS, OTHER, DATED, FURTHER, RESTATED))
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


def _flat(groups: Sequence[Sequence[str]]) -> list[str]:
    return [text for group in groups for text in group]


def _units(vectors: Any) -> Matrix:
    rows = np.asarray(vectors, dtype=float)
    units: Matrix = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return units


def _without(rows: Matrix, vectors: Matrix) -> Matrix:
    """The vectors without their parts along orthonormal rows."""
    return vectors - (vectors @ rows.T) @ rows if len(rows) else vectors


def _known(common: Sequence[Matrix], averages: Matrix) -> tuple[Matrix, Matrix]:
    """Orthonormal rows: of what statements have in common, and these with what the averages have beside."""
    most = averages.shape[1] // _DIMS_EACH - len(averages)
    shared = _orthonormal(np.array(common), most)
    if not len(shared):
        return shared, shared
    return shared, np.vstack([shared, _orthonormal(_without(shared, averages), len(averages))])


def _orthonormal(vectors: Matrix, most: int) -> Matrix:
    """Rows that span the same, or its main directions."""
    _, sizes, rows = np.linalg.svd(vectors, full_matrices=False)
    span: Matrix = rows[sizes > 1e-4 * max(float(sizes[0]), 1e-12)]
    return span[: max(most, 0)]


def _means_between(facts: Matrix, languages: int, each: int) -> Matrix:
    """The mean cosine of different facts, for each language."""
    by_language = facts.reshape(languages, each, -1)
    near = by_language @ by_language.transpose(0, 2, 1)
    means: Matrix = near[:, ~np.eye(each, dtype=bool)].mean(axis=1)
    return means


def _ends(unrelated: float, restated: float) -> tuple[float, float, float, float]:
    """Cosines that rise, for `_scaled`: those below the unrelated mean count less and less."""
    low = unrelated - (restated - unrelated) * _UNRELATED / (_RESTATED - _UNRELATED)
    return low, unrelated, min(restated, 0.99), 1.0


def _scaled(value: float, at: Sequence[float], become: Sequence[float]) -> float:
    """By straight lines between these points, as `numpy.interp`, which takes 20 times as long."""
    if value >= at[-1]:
        return become[-1]
    if not value > at[0]:
        return become[0]
    place = bisect_right(at, value) - 1
    slope = (become[place + 1] - become[place]) / (at[place + 1] - at[place])
    return slope * (value - at[place]) + become[place]


def _bounded(cosine: float) -> float:
    return min(max(float(cosine), 0.0), 1.0)
