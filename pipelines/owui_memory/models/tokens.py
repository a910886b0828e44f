"""How many tokens a text takes: by the model's own tokenizer where its file is on this machine."""

from __future__ import annotations

import logging
import math
import re
import threading
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

log = logging.getLogger(__name__)

Count = Callable[[str], int]

# A text in pieces that no byte-level tokenizer joins: runs of characters, by kind; the first that fits.
_RUNS = {
    "space": r"\s+",
    "accented": r"[A-Za-z]{0,24}[\u00aa-\u024f\u1e00-\u1eff][A-Za-z\u00aa-\u024f\u1e00-\u1eff]*",
    "latin": r"[A-Z]?[a-z]+|[A-Z]+",
    "digits": r"[0-9]+",
    "marks": r"[!-/:-@\[-`{-~]+",
    "cyrillic": r"[\u0400-\u052f]+",
    "arabic": r"[\u0600-\u06ff]+",
    "devanagari": r"[\u0900-\u097f]+",
    "thai": r"[\u0e00-\u0e7f]+",
    "kana": r"[\u3040-\u30ff]+",
    "hangul": r"[\uac00-\ud7af]+",
    "han": r"[\u3400-\u9fff]+",
    "signs": r"[\u2010-\u206f\u3000-\u303f\uff00-\uff65]+",
    "rare": r"[^\x00-\uffff]+",
    "other": r".",
}
_KIND = re.compile("|".join(f"(?P<{kind}>{run})" for kind, run in _RUNS.items()))
_PIECE = re.compile("|".join(_RUNS.values()))
# Where no letter has an accent: each word would be gone through to its end for one.
_PLAIN_PIECE = re.compile("|".join(run for kind, run in _RUNS.items() if kind != "accented"))
_ACCENTED = re.compile(r"[\u00aa-\u024f\u1e00-\u1eff]")
# Of a run: what its first characters take, how many those are, and what each further one takes. Measured by
# `bench.tokens`; `english` is Latin script in English and code, of which tokenizers know the most words.
_COSTS = {
    "english": (1.0, 6, 0.10),
    "latin": (1.0, 3, 0.16),
    "accented": (1.0, 2, 0.25),
    "cyrillic": (1.05, 3, 0.31),
    "arabic": (1.0, 2, 0.35),
    "devanagari": (1.0, 2, 0.33),
    "thai": (0.5, 1, 0.47),
    "kana": (0.75, 1, 0.70),
    "hangul": (1.0, 1, 0.82),
    "han": (0.9, 1, 0.82),
    "signs": (1.0, 1, 1.0),
    "digits": (1.0, 3, 0.34),
    "marks": (1.0, 2, 0.3),
    "space": (1.0, 8, 0.05),
    "rare": (2.5, 1, 2.5),  # emoji, and scripts of which they know single bytes
    "other": (0.8, 1, 0.8),
}
_EXTENDED, _EXTENDED_COST = re.compile(r"[\u0100-\u024f\u1e00-\u1eff]"), 0.45  # ą, ş: of them words are cut
_LONGEST_WORD, _BEYOND = 16, 0.4  # letters of a word; what each further one of a run takes at least
_CHARS = 16_384  # first characters and lengths of runs, whose kinds and costs are kept
_COUNTED = 2_000  # last texts: the lines of a conversation are counted with each of its messages
_ENGLISH_SHARE = 6  # one of so many words is among the commonest in English
_WORD = re.compile(r"[a-z]+")
_ENGLISH = frozenset(
    """
    a about all an and are as at be but by can do does for from had has have he her his how i if in is it its
    just me my no not of on one or our out she so that the their them there they this to up user was we were
    what when which who will with would yes you your
    """.split()  # noqa: SIM905 - read as text
)


@lru_cache(_COUNTED)
def estimated_tokens(text: str) -> int:
    """Rather too many than too few, for models of today: by script, and by the length of words.

    On prose in ten languages and on code it is some 3 to 20 % above what GPT-4o's tokenizer counts
    (`bench.tokens`); vocabularies that hardly know a script take more of it. Takes linear time.
    """
    pieces: list[str] = (_PIECE if _ACCENTED.search(text) else _PLAIN_PIECE).findall(text)
    runs = Counter(
        (_kind(piece[0], piece.isascii()), len(piece))
        for at, piece in enumerate(pieces)
        if not at or len(piece) > 1 or not piece.isspace()  # a space is a part of the word behind it
    )
    kinds: Counter[str] = Counter()
    for (kind, _), many in runs.items():
        kinds[kind] += many
    latin = "english" if _is_english(text, kinds["latin"], kinds["accented"], kinds["marks"]) else "latin"
    total = sum(
        many * _cost(latin if kind == "latin" else kind, length) for (kind, length), many in runs.items()
    )
    return math.ceil(round(total + _EXTENDED_COST * len(_EXTENDED.findall(text)), 6))


@lru_cache(_CHARS)
def _kind(first: str, is_ascii: bool) -> str:
    """The kind of a run, by its first character."""
    kind = _KIND.match(first)
    found = str(kind.lastgroup if kind else "other")
    return "accented" if found == "latin" and not is_ascii else found


@lru_cache(_CHARS)
def _cost(kind: str, length: int) -> float:
    """What a run of a kind takes."""
    first, covered, each = _COSTS[kind]
    total = first + each * max(length - covered, 0)
    if kind in ("english", "latin", "accented"):
        total += max(_BEYOND - each, 0) * max(length - _LONGEST_WORD, 0)
    return total


def _is_english(text: str, words: int, accented: int, marks: int) -> bool:
    """Whether words in Latin script are mostly such that tokenizers know whole: English, or names in code."""
    known = sum(map(_ENGLISH.__contains__, _WORD.findall(text.lower())))
    return known * _ENGLISH_SHARE >= words + 2 * accented or marks * 2 >= words


class Tokenizers:
    """Counts for models, by the names that their servers give them.

    A name like "Qwen/Qwen3-8B" is one of Hugging Face's hub; whoever serves such a model on this machine
    has its tokenizer in the hub's cache. Nothing is downloaded. It loads in the background; meanwhile, and
    for all other names, the estimate holds.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}

    def of(self, model: str) -> Count:
        """The count for a model; never blocks."""
        known = self._counts.get(model)
        if known is None:
            known = self._counts[model] = estimated_tokens
            if model.count("/") == 1:
                threading.Thread(
                    target=self._load, args=(model,), name="memory-tokenizer", daemon=True
                ).start()
        return known

    def _load(self, model: str) -> None:
        try:
            from huggingface_hub import try_to_load_from_cache
            from tokenizers import Tokenizer

            file = try_to_load_from_cache(model, "tokenizer.json")
            if isinstance(file, str):
                tokenizer = Tokenizer.from_file(file)
                tokenizer.no_padding()
                tokenizer.no_truncation()
                self._counts[model] = lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
        except Exception as error:  # noqa: BLE001 - no such package, or a file that it refuses
            log.info("No tokenizer for a model (%s): tokens are estimated.", type(error).__name__)
