"""What a statement says is over: "I no longer live in Freiburg, now Kassel." ends "I live in Freiburg."

Only where it says so itself, in the words of what was: without an LLM nobody understands "I have moved".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .forms import inflects, is_form, stem
from .scripts import fold, is_dense, script, words_of
from .self_reference import signs
from .subject import without_user
from .tables import pattern
from .words import content_words, denials

_LONGEST_CHARS = 400  # of a statement
_STEM_CHARS = 3
_NO_LONGER = re.compile(rf"\b(?:{pattern('no_longer')})\b")
_MARK = re.compile(rf"\b(?:{pattern('denial_marks')})\b")
_NOT_DOING = re.compile(r"[ae]?m([ıiuü])yor")  # Turkish: the denial within a verb
_CLAUSE_END = re.compile(rf"[,;:.!?،؛–—]|\b(?:{pattern('contrasts')})\b")


def what_is_over(statement: str) -> str:
    """The part of a statement that says what is over, without the words for that; "" where none does."""
    if len(statement) > _LONGEST_CHARS:
        return ""
    if is_dense(statement):
        return _over_in_dense(fold(statement))
    text = fold(statement)
    clause = _clause(text, _NO_LONGER.search(text), _CLAUSE_END)
    return _NOT_DOING.sub(r"\1yor", _MARK.sub(" ", clause)).strip()


def ends(statement: str, memory: str) -> bool:
    """Whether a statement says that what a memory holds is over: it has all its words, and hardly more."""
    if is_dense(statement) and len(statement) <= _LONGEST_CHARS:
        return _ends_in_dense(fold(statement), fold(memory))
    over = what_is_over(statement)
    if not over or denials(memory):
        return False
    if (signs(memory) or without_user(memory) != memory) and not signs(statement):
        return False  # what is over for somebody else is not for the user
    gone, held = content_words(over, or_all=False), content_words(without_user(memory))
    if not gone or not held:
        return False
    alike = is_form if inflects(f"{over} {memory}") else _is_like
    if not all(any(alike(word, other) for other in held) for word in gone):
        return False
    rest = [other for other in held if not any(alike(word, other) for word in gone)]
    return len(rest) <= (len(gone) > 1)


def _is_like(word: str, other: str) -> bool:
    """Whether two words have one stem, or one is the beginning of the other: live, lives."""
    one, two = stem(word), stem(other)
    short, long = sorted((one, two), key=len)
    return one == two or (len(short) >= _STEM_CHARS and long.startswith(short) and len(long) < len(short) + 3)


def _clause(text: str, found: re.Match[str] | None, end: re.Pattern[str]) -> str:
    """The part of a text around a match, as far as the ends of its clause; "" of no match."""
    if found is None:
        return ""
    ends = [one.span() for one in end.finditer(text)]
    start = max((after for _, after in ends if after <= found.start()), default=0)
    return text[start : min((begin for begin, _ in ends if begin >= found.end()), default=len(text))]


# Chinese, Japanese and Korean say it in and around the verb.

_DENSE_CLAUSE_END = re.compile(
    r"[,;:.!?،，、。；：！？…]|但是?|而是|现在|現在|目前|今は|いまは|今では|けど|지금은|하지만|대신"
)
_DENIED = re.compile(r"不|没|沒|ない|ません|なく|않|안 |못 ")


@dataclass(frozen=True)
class _Way:
    """How a language says it. marks: what says it, in a clause. parts: what the rest of a clause is about."""

    says: re.Pattern[str]
    marks: re.Pattern[str]
    parts: Callable[[str], set[str]]


def _over_in_dense(statement: str) -> str:
    if (way := _way_of(statement)) is None:
        return ""
    return way.marks.sub(
        "", _clause(statement, way.says.search(statement), _DENSE_CLAUSE_END).strip()
    ).strip()


def _ends_in_dense(statement: str, memory: str) -> bool:
    """Whether it is about the same, and hardly less."""
    over, way = _over_in_dense(statement), _way_of(statement)
    if not over or way is None or way is not _way_of(memory) or _DENIED.search(memory):
        return False
    gone, held = way.parts(over), way.parts(without_user(memory))
    return bool(gone) and gone <= held and len(held - gone) <= (len(gone) > 1)


def _way_of(text: str) -> _Way | None:
    scripts = {script(char) for char in text if char.isalpha()}
    if "HANGUL" in scripts:
        return _KOREAN
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return _JAPANESE
    return _CHINESE if "CJK" in scripts or "HAN" in scripts else None


_OF_GRAMMAR = frozenset("我的在也还還都是有就吗嗎呢吧啊")
_PARTICLES = re.compile(r"(?:に|で|と|へ)?[はもがをのにでへと]|[私僕俺](?:は|が|も)?|わたしは?")
_ENDING = re.compile(
    r"(?:て|で)?(?:い)?(?:ます|ました|る|た|です|だ)$|[んっ]?[てで]い?$|[まみらりいきちしばびえ]$"
)
_KANA_ENDING = re.compile(r"(?<=[一-龯])[ぁ-ん]+$")
_SPEAKER_KOREAN = frozenset(("저는", "나는", "제가", "내가", "전", "난"))
_PARTICLE_KOREAN = re.compile(r"(?<=\w)(?:에서|에게|으로|에|을|를|이|가|은|는|도|와|과|로|의)$")


def _chinese(text: str) -> set[str]:
    return {char for word in words_of(text) for char in word} - _OF_GRAMMAR


def _japanese(text: str) -> set[str]:
    """What stands between particles: of a word with a Chinese character without its ending."""
    pieces = (piece for word in words_of(text) for piece in _PARTICLES.split(word) if piece)
    return {rest for piece in pieces if (rest := _ENDING.sub("", _KANA_ENDING.sub("", piece)))}


def _korean(text: str) -> set[str]:
    """The words without particles, and of the last one, the verb, how it begins."""
    words = [word for word in words_of(text) if word not in _SPEAKER_KOREAN]
    return {_PARTICLE_KOREAN.sub("", word) for word in words[:-1]} | {word[:1] for word in words[-1:]}


_CHINESE = _Way(
    re.compile(r"不再|再也[不没沒]|(?:已经|已經|早就)[不没沒]|[不没沒][^，。；！？,.;!?]{1,40}了"),
    re.compile(r"不再|再也|已经|已經|早就|[不没沒了]"),
    _chinese,
)
_JAPANESE = _Way(
    re.compile(r"もう[^、。！？,.!?]{1,40}(?:ませ[んぬ]|な(?:い|かっ|く))|なくな[っりる]"),
    re.compile(r"もう|最近|(?:な(?:い|かっ|く)|ませ[んぬ])(?:でし)?[^一-龯ァ-ヺー]{0,8}$|んです$"),
    _japanese,
)
_KOREAN = _Way(
    re.compile(r"(?:더 ?이상|더는|이제는?)[^.!?,]{1,60}(?:않|안 |못 |못하|없)"),
    re.compile(r"더 ?이상|더는|이제는?|(?:지 ?)?(?:않|못하)\w*|안 |못 "),
    _korean,
)
