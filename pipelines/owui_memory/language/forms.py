"""Forms of one word: "Kraków" and "w Krakowie", "собака" and "собаку", "الشركة" and "وشركتي".

Two ways, by what hangs on it: a crude stem, which finds too much rather than too little, and `is_form`, where
something is to be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from .detection import likely
from .scripts import bare, fold, script

_STEM_CHARS = 5
_LONG_ENOUGH = 4  # a word of another script, to be cut; and what two forms have in common
_VOWELS = frozenset("aeiouyаеиоуыэюяьіїєαεηιουω")

# Languages whose nouns keep their form, but for a plural.
_UNINFLECTED = frozenset(("en", "de", "nl", "fr", "it", "pt", "es"))
_LATIN_ENDING = (
    r"(?:[aeiouy]{0,2}|om|em|am|ami|ach|ech|ich|ow|u?m|in|un|yi|ya|de|da|den|dan|ni|si|ssa|lla|n|t|k)"
)
_CYRILLIC_ENDING = r"(?:[аеиоуыэюяьіїє]{0,2}|ом|ем|ам|ям|ами|ями|ах|ях|ов|ев|ого|ому|ои|еи)"
_ENDING = re.compile(f"{_LATIN_ENDING}|{_CYRILLIC_ENDING}")
_POSSESSED = re.compile(r"k|g?[iuea]?[mn]?[iuea]?(?:n|de|da)?")  # Turkish, and its "k" that becomes "ğ"

# Arabic: letters that are written in several ways, and what is written together with a word.
_SAME_LETTERS = str.maketrans("أإآٱىةؤئ", "ااااي\N{ARABIC LETTER HEH}وي")
_ARTICLES = ("وال", "فال", "بال", "كال", "ولل", "لل", "ال", "و", "ف", "ب", "ل", "ك")
_PRONOUNS = "كما هما ها هم هن كم كن نا تي ته تك ات ان ين ون ي ه ك ت".split()  # noqa: SIM905
_LEAST_CHARS = 3  # of what two forms share, and of an Arabic root
_SHORT_REST = 3  # letters of an ending


def stem(word: str) -> str:
    """What a word shares with its other forms: its beginning, without accents and without a last vowel."""
    if word.isascii():
        short = word[:_STEM_CHARS]
        return short[:-1] if len(short) == _STEM_CHARS and short[-1] in _VOWELS else short
    return _stem_of(word)


def has_stem(small: str, short: str) -> bool:
    """Whether a word of a text in ASCII and small letters has this stem; a word is of letters and figures."""
    at = small.find(short) if short else -1
    while at >= 0:
        if not (at and small[at - 1].isalnum()):
            end = at + len(short)
            while end < at + _STEM_CHARS and small[end : end + 1].isalnum():
                end += 1
            if stem(small[at:end]) == short:
                return True
        at = small.find(short, at + 1)
    return False


@lru_cache(4096)
def _stem_of(word: str) -> str:
    plain = bare(word)
    if script(plain[0] if plain else " ") == "ARABIC":
        return _arabic(plain)
    short = plain[:_STEM_CHARS]
    return short[:-1] if len(short) >= _LONG_ENOUGH and short[-1] in _VOWELS else short


def _arabic(word: str) -> str:
    """A word without article, conjunction, preposition and possessor; as "light10" (Larkey et al. 2007)."""
    left = word.replace("\N{ARABIC TATWEEL}", "").translate(_SAME_LETTERS)
    for article in _ARTICLES:
        if left.startswith(article) and len(left) - len(article) >= _LEAST_CHARS + (len(article) == 1):
            left = left[len(article) :]
            break
    for pronoun in _PRONOUNS:
        if left.endswith(pronoun) and len(left) - len(pronoun) >= _LEAST_CHARS:
            return left[: -len(pronoun)]
    return left


def inflects(text: str) -> bool:
    """Whether a text may be of a language whose nouns change their endings."""
    found = likely(fold(text))
    return not any(table.language in _UNINFLECTED for table in found)


def has_form(stems: Collection[str], word: str) -> bool:
    """Whether a stem, or one that it begins or that begins it, is among some: live, lives."""
    return word in stems or any(
        min(len(one), len(word)) >= _LONG_ENOUGH and (one.startswith(word) or word.startswith(one))
        for one in stems
    )


def is_form(word: str, other: str) -> bool:
    """Whether two words of such a language are forms of one: what they begin with is long, the rest short."""
    one, two = bare(word), bare(other)
    if one == two:
        return True
    if script(one[:1] or " ") == "ARABIC":
        return _arabic(one) == _arabic(two)
    shared = next(
        (at for at, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(two)),
    )
    rests = one[shared:], two[shared:]
    if shared > _STEM_CHARS:
        return max(map(len, rests)) <= _STEM_CHARS
    if shared == _STEM_CHARS:
        return max(map(len, rests)) <= _SHORT_REST
    if shared < _LEAST_CHARS:
        return False
    return all(map(_ENDING.fullmatch, rests)) or (
        shared > _LEAST_CHARS and all(map(_POSSESSED.fullmatch, rests))
    )
