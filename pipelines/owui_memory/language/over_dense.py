"""As `over`, for Chinese, Japanese and Korean, which say it in and around the verb."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from .scripts import script, words_of
from .subject import without_user

_CLAUSE_END = re.compile(
    r"[,;:.!?،，、。；：！？…]|但是?|而是|现在|現在|目前|今は|いまは|今では|けど|지금은|하지만|대신"
)
_DENIED = re.compile(r"不|没|沒|ない|ません|なく|않|안 |못 ")


@dataclass(frozen=True)
class _Way:
    """How a language says it. marks: what says it, in a clause. parts: what the rest of a clause is about."""

    says: re.Pattern[str]
    marks: re.Pattern[str]
    parts: Callable[[str], set[str]]
    spare: int  # parts that a memory may have more


_SAYS_CHINESE = re.compile(r"不再|再也[不没沒]|(?:已经|已經|早就)[不没沒]|[不没沒][^，。；！？,.;!?]{1,40}了")
_MARKS_CHINESE = re.compile(r"不再|再也|已经|已經|早就|[不没沒了]")
_OF_GRAMMAR = frozenset("我的在也还還都是有就吗嗎呢吧啊")

_NEVER_MORE = r"(?:ませ[んぬ]|な(?:い|かっ|く))"
_SAYS_JAPANESE = re.compile(rf"もう[^、。！？,.!?]{{1,40}}{_NEVER_MORE}|なくな[っりる]")
_MARKS_JAPANESE = re.compile(
    r"もう|最近|(?:な(?:い|かっ|く)|ませ[んぬ])(?:でし)?[^一-龯ァ-ヺー]{0,8}$|んです$"
)
_PARTICLES = re.compile(r"(?:に|で|と|へ)?[はもがをのにでへと]|[私僕俺](?:は|が|も)?|わたしは?")
_ENDING = re.compile(
    r"(?:て|で)?(?:い)?(?:ます|ました|る|た|です|だ)$|[んっ]?[てで]い?$|[まみらりいきちしばびえ]$"
)

_SAYS_KOREAN = re.compile(r"(?:더 ?이상|더는|이제는?)[^.!?,]{1,60}(?:않|안 |못 |못하|없)")
_MARKS_KOREAN = re.compile(r"더 ?이상|더는|이제는?|(?:지 ?)?(?:않|못하)\w*|안 |못 ")
_SPEAKER_KOREAN = frozenset(("저는", "나는", "제가", "내가", "전", "난"))
_PARTICLE_KOREAN = re.compile(r"(?<=\w)(?:에서|에게|으로|에|을|를|이|가|은|는|도|와|과|로|의)$")


def what_is_over(statement: str) -> str:
    """The part of a statement that says what is over, without the words for that; "" where none does."""
    if (way := _way_of(statement)) is None:
        return ""
    return way.marks.sub("", clause(statement, way.says.search(statement), _CLAUSE_END).strip()).strip()


def clause(text: str, found: re.Match[str] | None, end: re.Pattern[str]) -> str:
    """The part of a text around a match, as far as the ends of its clause; "" of no match."""
    if found is None:
        return ""
    ends = [one.span() for one in end.finditer(text)]
    start = max((after for _, after in ends if after <= found.start()), default=0)
    return text[start : min((begin for begin, _ in ends if begin >= found.end()), default=len(text))]


def ends(statement: str, memory: str) -> bool:
    """Whether a statement says that what a memory holds is over: it is about the same, and hardly less."""
    over, way = what_is_over(statement), _way_of(statement)
    if not over or way is None or way is not _way_of(memory) or _DENIED.search(memory):
        return False
    gone, held = way.parts(over), way.parts(without_user(memory))
    return bool(gone) and gone <= held and len(held - gone) <= (way.spare if len(gone) > 1 else 0)


def _way_of(text: str) -> _Way | None:
    scripts = {script(char) for char in text if char.isalpha()}
    if "HANGUL" in scripts:
        return _ways()[2]
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return _ways()[1]
    return _ways()[0] if "CJK" in scripts or "HAN" in scripts else None


def _chinese(text: str) -> set[str]:
    return {char for word in words_of(text) for char in word} - _OF_GRAMMAR


def _japanese(text: str) -> set[str]:
    """What stands between particles: of a word with a Chinese character without its ending."""
    pieces = (piece for word in words_of(text) for piece in _PARTICLES.split(word) if piece)
    return {rest for piece in pieces if (rest := _ENDING.sub("", _stem(piece)))}


def _stem(piece: str) -> str:
    return re.sub(r"(?<=[一-龯])[ぁ-ん]+$", "", piece)


def _korean(text: str) -> set[str]:
    """The words without particles, and of the last one, the verb, how it begins."""
    words = [word for word in words_of(text) if word not in _SPEAKER_KOREAN]
    return {_PARTICLE_KOREAN.sub("", word) for word in words[:-1]} | {word[:1] for word in words[-1:]}


@cache
def _ways() -> tuple[_Way, _Way, _Way]:
    return (
        _Way(_SAYS_CHINESE, _MARKS_CHINESE, _chinese, 1),
        _Way(_SAYS_JAPANESE, _MARKS_JAPANESE, _japanese, 1),
        _Way(_SAYS_KOREAN, _MARKS_KOREAN, _korean, 1),
    )
