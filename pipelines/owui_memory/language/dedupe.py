"""Whether two sentences say the same, so that one of them is enough.

Embedders hardly tell left from right, two from three, or a statement from its denial: many such pairs have a
cosine of 0.97 and more, and few true duplicates do. So the words decide. What differs must be harmless: an
article, "now", "I" for "the user" with the verb's form that goes with it, a phrase that stands elsewhere. In
doubt two sentences are not the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from .detection import likely
from .scripts import fold, is_dense
from .speech import without_openers
from .tables import Phrases, tables
from .words import telling, words

_SAME_PARTS = 0.85  # cosine; from here on what begins one sentence may end the other
_SAME_WISH = 0.6  # likeness; what is opposite has it too, and then the later one holds
_SAYS = 0.6  # cosine; "I am vegan" has 0.61 to "The user is vegan."
_LONGEST_CHARS = 2000  # of what is compared word by word; no memory is longer
_BEFORE_VERB = 2  # words that may stand between a speaker and the verb

_SPEAKER = "ʘ"  # in place of "I", "my" and "the user"; a letter, so that it is a word
_TELLING_SIGNS = frozenset("%#&@°")  # beside symbols: currencies, operators, pictures
_CONTRACTIONS = (
    *(("can't", "can not"), ("cannot", "can not"), ("won't", "will not"), ("shan't", "shall not")),
    *(("n't", " not"), ("'m", " am"), ("'re", " are"), ("'ve", " have"), ("'ll", " will")),
    *(("it's", "it is"), ("he's", "he is"), ("that's", "that is")),
)
_HAN_NUMBERS = str.maketrans("两兩二三四五六七八九", "2223456789")
_TENS = re.compile("[2-9]0")
_TENS_AND = frozenset(("and", "y", "e", "et", "i", "og", "och"))
_NOT_TELLING = ("Sk",)  # modifiers: ` ^ ´


class _Table:
    """What a language has to compare sentences, ready for use. `user`: phrases, the longest first."""

    def __init__(self, phrases: Phrases) -> None:
        self.spaced, self.progressive = phrases.spaced, "".join(phrases["progressive"])
        self.fillers, self.speaker, self.links = (
            frozenset(phrases[section]) for section in ("fillers", "speaker", "links")
        )
        self.user = tuple(sorted(phrases["user"], key=len, reverse=True))
        self.forms = frozenset(map(_pair, phrases["forms"]))
        self.endings = tuple(map(_pair, phrases["endings"]))
        self.numbers = dict(map(_pair, phrases["numbers"]))
        common = self.fillers | self.speaker | self.links | self.numbers.keys()
        of_user = (word for phrase in self.user for word in wording(phrase))
        self.common = common.union(of_user, (word for form in self.forms for word in form))


def _pair(written: str) -> tuple[str, str]:
    first, _, third = written.partition("/")
    return first, third


def wording(text: str) -> tuple[str, ...]:
    """The words of a text and the signs that tell something (C++, -5 °C, $50), without case."""
    text = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return tuple(_TOKEN.findall(_MARK.sub(lambda mark: _as_token(text, mark.start()), text)))


_MARK = re.compile(r"[^\w\s']")
_TOKEN = re.compile(r"\x00.|[^\s\x00']+|'s(?!\S)")


def _as_token(text: str, at: int) -> str:
    char = text[at]
    kind = _category(char)
    if kind[0] == "M":
        return char
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char in ".,:/" and before.isdigit() and after.isdigit():
        return char
    if char in "-−" and after.isdigit() and not before.isalnum():
        return "\x00-"
    if char in _TELLING_SIGNS or (kind[0] == "S" and kind not in _NOT_TELLING):
        return f"\x00{char}"
    return " "


@lru_cache(4096)
def _category(char: str) -> str:
    return unicodedata.category(char)


def same(text: str, other: str, meaning: float) -> bool:
    """Whether two sentences have the same words, but for what is harmless. meaning: their cosine."""
    if max(len(text), len(other)) > _LONGEST_CHARS:
        return text == other
    text, other = (without_openers(_with_digits(fold(one))) for one in (text, other))
    if wording(text) == wording(other):
        return True
    if is_dense(text) or is_dense(other):
        return any(
            _plain_dense(text, table) == _plain_dense(other, table)
            for table in _compared()
            if not table.spaced
        )
    table = _table_of(text, other)
    if table is None:
        return False
    one, two = _Said.of(text, table), _Said.of(other, table)
    if _agree(one, two, table):
        return True
    return meaning >= _SAME_PARTS and _is_turned(one.parts(), two.parts())


def same_wish(text: str, other: str, likeness: float) -> bool:
    """Whether two wishes are one, or one takes the other's place: "short answers" and "brief", or "long".

    likeness: calibrated, 0 to 1. Names and numbers must be the same.
    """
    alike = likeness >= _SAME_WISH and telling(text) == telling(other)
    return alike or same(text, other, likeness)


def figures(text: str) -> frozenset[str]:
    """The numbers in a text, those in words too, where its language has a table."""
    found = wording(text)
    named = [dict(map(_pair, table["numbers"])) for table in likely(fold(text))]
    written = (table[word] for word in found for table in named if word in table)
    return frozenset((*(word for word in found if any(map(str.isdigit, word))), *written))


@dataclass(frozen=True)
class _Said:
    """A sentence's words without fillers; the speaker is `_SPEAKER`. by_user: it is said of "the user"."""

    words: tuple[str, ...]
    links: frozenset[str]
    by_user: bool
    progressive: bool

    @classmethod
    def of(cls, text: str, table: _Table) -> _Said:
        spoken = f" {unicodedata.normalize('NFC', text).casefold().replace('’', chr(39))} "
        for short, long in _CONTRACTIONS:
            spoken = spoken.replace(short, long)
        by_user = False
        for phrase in table.user:
            found = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", f" {_SPEAKER} ", spoken)
            by_user, spoken = by_user or found != spoken, found
        said = _joined([_SPEAKER if word in table.speaker else word for word in wording(spoken)], table)
        kept = [word for word in said if word not in table.fillers]
        return cls(tuple(kept), table.links, by_user, progressive=len(kept) < len(said))

    def content(self) -> list[str]:
        """The words without the speaker."""
        return [word for word in self.words if word != _SPEAKER]

    def parts(self) -> list[tuple[str, ...]]:
        """The words in parts, of which each but the first begins with a link or the speaker."""
        parts: list[list[str]] = [[]]
        for word in self.words:
            if word == _SPEAKER or word in self.links:
                parts.append([])
            parts[-1].append(word)
        return [tuple(part) for part in parts if part]


def _with_digits(text: str) -> str:
    """With 0 to 9 in place of the digits of other scripts."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def _joined(said: list[str], table: _Table) -> list[str]:
    """The words as they are compared, "thirty-four" and "treinta y cuatro" as one number."""
    found: list[str] = []
    for word in (table.numbers.get(word, word) for word in said):
        before = [one for one in found[-2:] if one not in _TENS_AND]
        if len(word) == 1 and word.isdecimal() and before and _TENS.fullmatch(before[-1]):
            while found.pop() != before[-1]:
                pass
            found.append(before[-1][0] + word)
        else:
            found.append(word)
    return found


def _agree(one: _Said, two: _Said, table: _Table) -> bool:
    """Whether the words are the same in the same order, but for the verb's form that its person asks for."""
    first, second = one.content(), two.content()
    if len(first) != len(second) or not first:
        return False
    differ = [at for at, (word, other) in enumerate(zip(first, second, strict=True)) if word != other]
    if not differ:
        return True
    at = differ[0]
    if len(differ) > 1 or at > _BEFORE_VERB or any(first[before] not in table.links for before in range(at)):
        return False
    if one.by_user != two.by_user:
        pair = (second[at], first[at]) if one.by_user else (first[at], second[at])
        return _are_persons(*pair, table) or _are_progressive(*pair, table)
    return (one.progressive or two.progressive) and _are_progressive(first[at], second[at], table)


def _is_turned(one: list[tuple[str, ...]], two: list[tuple[str, ...]]) -> bool:
    """Whether what begins one ends the other: "On Mondays I swim." """
    return len(one) > 1 and two in (one[1:] + one[:1], one[-1:] + one[:-1])


def _are_persons(first: str, third: str, table: _Table) -> bool:
    """Whether they are a verb's first and third person."""
    if (first, third) in table.forms:
        return True
    return any(
        first.endswith(mine)
        and third.endswith(theirs)
        and len(first) - len(mine) > 1
        and first.removesuffix(mine) == third.removesuffix(theirs)
        for mine, theirs in table.endings
    )


def _are_progressive(word: str, other: str, table: _Table) -> bool:
    """Whether one is the progressive form of the other: living, live, lives."""
    ending = table.progressive
    if not ending or word.endswith(ending) == other.endswith(ending):
        return False
    longer, base = (word, other) if word.endswith(ending) else (other, word)
    stem = longer.removesuffix(ending)
    return len(stem) > 1 and any(
        stem in (form, form.removesuffix("e"), form + form[-1:])
        for form in (base, base.removesuffix("s"), base.removesuffix("es"))
    )


def _plain_dense(text: str, table: _Table) -> str:
    """A sentence of a script without spaces, without what is harmless."""
    spoken = "".join(table.numbers.get(word, word) for word in wording(text)).translate(_HAN_NUMBERS)
    for phrase in table.user:
        spoken = spoken.replace(phrase, _SPEAKER)
    for word in sorted(table.speaker, key=len, reverse=True):
        spoken = spoken.replace(word, _SPEAKER)
    for first, third in table.forms:
        spoken = spoken.replace(first, third)
    for filler in sorted(table.fillers, key=len, reverse=True):
        spoken = spoken.replace(filler, "")
    return spoken.replace(_SPEAKER, "")


def _table_of(text: str, other: str) -> _Table | None:
    """The table of the language of two sentences, told from their commonest words."""
    said = set(wording(text)) | set(wording(other))
    best = max(_compared(), key=lambda table: len(table.common & said))
    return best if best.common & said else None


@cache
def _compared() -> tuple[_Table, ...]:
    return tuple(map(_Table, tables()))


def says(message: str, memory: str, meaning: float) -> bool:
    """Whether a message says what a memory holds, in its own words and perhaps among other things."""
    named = telling(memory)
    return bool(message) and meaning >= _SAYS and (not named or not named.isdisjoint(words(message)))
