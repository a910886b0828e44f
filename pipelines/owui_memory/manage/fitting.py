"""Which of the candidates of a search fit what was searched for, so that a search can find nothing.

By words where a memory has most of the query's; else by meaning, which must be nearer than that of sentences
which have nothing to do with it. Embedders that hardly know a script find everything in it alike, so these
sentences are compared in the memory's own script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from ..backends.base import Backend
from ..language.words import content_words, is_lone, stem, terms_of
from ..recall.rank import Ranked

# Cosine of a word with a sentence about it. all-MiniLM-L6-v2 gives "job" and "I work as a nurse" 0.34, and
# 0.30 at most where they have nothing in common ("my boat" and "I drive an old red Volvo").
_LEAST = 0.33
_COVERAGE_WEIGHT = 0.4  # as in recall's gate
_ENOUGH_WORDS = 0.5  # share of the query's, rare ones counting more
_OF_BEST = 0.5  # of what the best one has: beside "My dog is called Rex", a hamster is no answer to "dog"
_MARGIN = 0.03  # above unrelated sentences of the same script
_LOOKED_CHARS = 200  # of a memory, for its script

_UNRELATED: Mapping[str, tuple[str, ...]] = {
    "LATIN": ("She opened the window and waited.", "Das Fenster ist geschlossen.", "It took nine minutes."),
    "CYRILLIC": (
        *("Поезд приходит в восемь.", "Книга лежит на столе.", "Во вторник было холодно."),
        *("Она открыла окно и ждала.", "В отчёте девять страниц."),
    ),
    "CJK": ("火车八点到。", "书在桌子上。", "星期二天气很冷。", "她打开窗户等着。", "报告有九页。"),
    "KANA": (
        "電車は八時に着きます。",
        "本は机の上にあります。",
        "火曜日は寒かったです。",
        "報告書は九ページあります。",
    ),
    "HANGUL": (
        "기차는 여덟 시에 도착한다.",
        "책은 책상 위에 있다.",
        "화요일은 추웠다.",
        "보고서는 아홉 쪽이다.",
    ),
    "ARABIC": ("يصل القطار في الثامنة.", "الكتاب على الطاولة.", "كان الثلاثاء باردا.", "التقرير تسع صفحات."),
    "GREEK": ("Το τρένο φτάνει στις οκτώ.", "Το βιβλίο είναι στο τραπέζι.", "Την Τρίτη έκανε κρύο."),
    "DEVANAGARI": ("ट्रेन आठ बजे आती है।", "किताब मेज पर है।", "मंगलवार को ठंड थी।"),
    "HEBREW": ("הספר על השולחן.", "הרכבת מגיעה בשמונה.", "ביום שלישי היה קר."),
    "THAI": ("หนังสืออยู่บนโต๊ะ", "รถไฟมาถึงตอนแปดโมง", "วันอังคารอากาศหนาว"),
}
_SENTENCES = tuple(sentence for sentences in _UNRELATED.values() for sentence in sentences)


def fitting(backend: Backend, items: Sequence[Ranked], query: str) -> list[Ranked]:
    """Those that fit, in the same order. Blocks; raises the backend's errors."""
    if not items:
        return []
    asked = _whole(content_words(query))
    coverages = _coverages([item.memory.text for item in items], asked)
    worth = [
        item.meaning + _COVERAGE_WEIGHT * coverage for item, coverage in zip(items, coverages, strict=True)
    ]
    floors, least = _floors(backend, query), _OF_BEST * max(worth)
    return [
        item
        for item, coverage, own in zip(items, coverages, worth, strict=True)
        if coverage >= _ENOUGH_WORDS or own >= max(least, _floor(item.memory.text, floors))
    ]


def _floor(text: str, floors: Mapping[str, float]) -> float:
    return max(floors[""], floors.get(script_of(text), max(floors.values())))


def _coverages(texts: Sequence[str], asked: Sequence[str]) -> list[float]:
    """For each text the share of the words that it has; a word that few of them have counts more.

    Another form of a word counts half where some text has the word itself.
    """
    terms = [set(terms_of(text)) for text in texts]
    stems = [set(map(stem, own)) for own in terms]
    shares, whole = [0.0] * len(texts), 0.0
    for word in asked:
        exact = [_has(own, word) for own in terms]
        alike = [stem(word) in own for own in stems]
        weight = 1 / max(sum(exact) or sum(alike), 1)
        whole += weight
        other_form = 0.5 if any(exact) else 1.0
        for at, (is_word, is_form) in enumerate(zip(exact, alike, strict=True)):
            shares[at] += weight if is_word else weight * other_form * is_form
    return [share / whole if whole else 0.0 for share in shares]


def _has(terms: set[str], word: str) -> bool:
    return word in terms or (is_lone(word) and any(term.startswith(word) for term in terms))


def _whole(words: Sequence[str]) -> Sequence[str]:
    """Without the last character of a run without spaces, which stands in the pair before it too."""
    if len(words) < 2:
        return words
    return [word for word in words if not is_lone(word)] or words


def _floors(backend: Backend, query: str) -> Mapping[str, float]:
    """The least that counts as fitting, for memories in each script; "": at least."""
    near = iter(backend.similarities(query, _SENTENCES))
    floors = {
        script: max(_LEAST, max(next(near) for _ in sentences) + _MARGIN)
        for script, sentences in _UNRELATED.items()
    }
    return {**floors, "": floors.get(script_of(query), max(floors.values()))}


def script_of(text: str) -> str:
    """The script that most of a text is in, by the names in Unicode; kana before Chinese characters."""
    names = Counter(
        unicodedata.name(char, "").partition(" ")[0] for char in text[:_LOOKED_CHARS] if char.isalpha()
    )
    if names["HIRAGANA"] or names["KATAKANA"]:
        return "KANA"
    return names.most_common(1)[0][0] if names else "LATIN"
