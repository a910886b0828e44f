"""What is said to be a secret: "my password is hunter2", `DB_PASSWORD=...`, "door code 4711".

Names are looked for once (`credential_names.py`); only a few words around each are read, and of so many
names only: the time is linear in the text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from . import credential_words as table
from .credential_names import Place, flattened, places
from .credential_values import (
    FEWEST_CHARS,
    FEWEST_KEY_CHARS,
    FIGURES,
    NUMBER,
    QUOTED,
    SENT,
    WORD,
    Span,
    bare_words,
    counts,
    ends_clause,
    first_figures,
    is_no_placeholder,
    is_value,
    is_version,
    is_word,
    looks_made,
    stripped,
    with_tail,
)

_MOST_NAMES = 300  # in one text; one with more is no sentence, and is taken for a secret as a whole
_LOOKED_CHARS = 200  # behind a name
_NEAR_CHARS = 60  # around it
_BEFORE_CHARS = 120
_IDENTIFIER_CHARS = 80
_MOST_WORDS = 8  # between a name and its value
_FEWEST_PHRASE_WORDS = 4

_ENDS = ".!?;。！？；؟।\n"
_COLONS = (":", "=", "：")
_ASSIGNED = re.compile(  # also of XML: key="password" value="..."
    r"[\"'”»`’\])*]{0,3}[ \t]{0,3}(?:[,:]?\s?[\"']?value[\"']?[ \t]?)?(?::=|=>|->|→|[:=：＝])[ \t\n]{0,4}"
)
_BRACKET = re.compile(r"[)\]]?\s{0,2}[(]")
_CODE = re.compile(r"[_.]|[a-z][A-Z]|\w-\w")
_NEXT_SETTING = re.compile(r"[;&](?=[\w ]+=|$)")
_PAIR = re.compile(r":\s{0,2}[\w.@+-]{2,64}/(\S{6,64})")
_END_OF_SETTING = re.compile(r"[ \t]*[,;}]?[ \t]*(?:#|//|\n|\Z)")
_VARIABLE = re.compile(r"[a-z]+(?:_[a-z]+)+|[a-z]+(?:[A-Z][a-z]+)+")
_GAP = re.compile(r"(?:\s|,|/|and\b|und\b|et\b|y\b){1,8}")
_PHRASE_LINK = re.compile(
    r"(?:[^\n.:=]{0,40}?\s(?:is|are|ist|lautet|sind|est|es|è|é|son|sont|jest|to|är|je|это)\b|\s*[:=(-])\s*:?\s*"
)
_ASCII_VALUE = re.compile(r"[!-~]{3,64}")
_DENSE_END = re.compile(r"[。！？\n]")
_DENSE_LINK = re.compile(r"(?:は|が|是|为|為|은|는|이|가|คือ|เป็น|ແມ່ນ|គឺ|：|:|=|「|『|\"|'|“|\s){0,6}")


def said_secrets(text: str) -> Iterator[Span]:
    """Where in a text stands what it says to be a secret."""
    flat = flattened(text)
    found = list(islice(places(text, flat), _MOST_NAMES + 1))
    if len(found) > _MOST_NAMES:
        yield 0, len(text)
        return
    for place in found:
        yield from _Around(text, flat, place).values()


@dataclass(frozen=True, slots=True)
class _Around:
    """A name in a text, and what stands around it. `flat`: see `flattened`."""

    text: str
    flat: str
    place: Place

    def values(self) -> Iterator[Span]:
        """What it is said to be."""
        name, sort = self.place.name, self.place.name.sort
        is_other = self.flat[self.place.end :][:30].lstrip().startswith(table.NOT_BEHIND)
        if is_other and not sort.startswith("dense") and not self._sign():
            return  # a password manager
        if sort == "password":
            yield from self._password()
        elif sort == "key":
            yield from self._assigned() or self._said(FEWEST_KEY_CHARS)
        elif sort == "phrase":
            yield from self._assigned() or self._phrase()
        elif sort == "identifier":
            yield from () if self._is_of_another_thing() else self._assigned()
        elif sort == "login":
            yield from self._pair()
        elif sort == "near":
            if any(word in self._near() for word in table.NETWORKS):
                yield from self._said(FEWEST_KEY_CHARS)
        elif sort == "open":
            before = self._words_before(30)
            if self._opens(before):
                articles = table.ARTICLES.isdisjoint(before[-1:])
                yield from self._figures(FIGURES, linked=" " not in name.text and articles)
            elif self._is_sent():
                yield from self._figures(SENT, linked=False)
        elif sort == "code":
            is_any_pin = name.text == "pin" and not self._named()[: len(name.text)].isupper()
            yield from self._figures(FIGURES, linked=is_any_pin and not self._is_near_a_lock())
            yield from self._before(FIGURES)
        elif sort == "number":
            yield from self._figures(NUMBER, linked=False)
            yield from self._before(NUMBER)
        else:
            yield from self._dense()

    def _password(self) -> Iterator[Span]:
        if assigned := self._assigned():
            yield from assigned
            return
        weak = self.place.name.weak
        yield from self._said(FEWEST_CHARS, bare=not weak and not self._is_of_another_thing())
        if not weak:
            yield from self._before(None)

    # What stands around

    def _named(self) -> str:
        return self.text[self.place.start : self.place.end]

    def _sign(self) -> re.Match[str] | None:
        return _ASSIGNED.match(self.text, self.place.end)

    def _near(self) -> str:
        return self.flat[max(self.place.start - _NEAR_CHARS, 0) : self.place.end + _NEAR_CHARS]

    def _words_before(self, chars: int) -> list[str]:
        return self.flat[max(self.place.start - chars, 0) : self.place.start].split()

    def _words_behind(self, begin: int) -> Iterator[tuple[int, re.Match[str]]]:
        end = min(begin + _LOOKED_CHARS, len(self.text))
        return enumerate(WORD.finditer(self.text, begin, end))

    def _is_of_another_thing(self) -> bool:
        before = self.flat[max(self.place.start - 30, 0) : self.place.start]
        is_just_before = not table.NOT_JUST_BEFORE.isdisjoint(before.split()[-1:])
        return is_just_before or any(word in before for word in table.NOT_BEFORE)

    def _opens(self, before: list[str]) -> bool:
        """Whether a code is one that opens something, or that its reader was sent."""
        return self._is_a_code(before) and (not table.YOURS.isdisjoint(before[-3:]) or self._is_near_a_lock())

    def _is_a_code(self, before: list[str]) -> bool:
        behind = self.flat[self.place.end : self.place.end + 30].split()
        return not {*before[-1:], *behind[:1]} & table.NOT_CODES

    def _is_near_a_lock(self) -> bool:
        near = self._near()
        return any(word in near for word in table.PLACES)

    def _is_sent(self) -> bool:
        """Whether a code has the name of who sends it: "WhatsApp code 481-223"."""
        words = self.text[max(self.place.start - 30, 0) : self.place.start].split()
        return bool(words) and words[-1][0].isupper() and self._is_a_code([words[-1].lower()])

    def _is_link(self, word: str) -> bool:
        languages = table.LOCAL_LINKS.get(word, "").split()
        return word in table.LINKS or any(one in self.place.name.languages.split() for one in languages)

    def _follows_user(self) -> bool:
        """Whether a user's name stands just before, as in .netrc."""
        words = [word.strip(":=,") for word in self._words_before(_IDENTIFIER_CHARS)]
        words = [word for word in words if word and word not in table.BETWEEN_USER_AND_PASSWORD]
        return len(words) >= 2 and not table.USERS.isdisjoint(words[-4:-1])

    # Values

    def _assigned(self) -> list[Span]:
        """The value in `NAME=value`, "name": "value" and their like; none where the name is a sentence's."""
        text, sort, sign = self.text, self.place.name.sort, self._sign()
        if not sign:
            return []
        first = self.place.start
        least = max(first - _IDENTIFIER_CHARS, 0)
        while first > least and (text[first - 1].isalnum() or text[first - 1] in "_-."):
            first -= 1
        identifier = text[first : self.place.end]
        is_code = (
            sort == "identifier"
            or text[first - 1 : first] in ("'", '"', "`", "$")
            or ("=" in sign[0] and " =" not in sign[0])
            or bool(_CODE.search(identifier))
            or (identifier.isupper() and len(identifier) > FEWEST_CHARS)
        )
        if not is_code or not identifier.isascii():
            return []
        if quoted := QUOTED.match(text, sign.end()):
            start, end = quoted.span(1)
        elif word := WORD.match(text, sign.end(), min(sign.end() + _LOOKED_CHARS, len(text))):
            start, end = stripped(text, *word.span())
            if "=" in sign[0] and (cut := _NEXT_SETTING.search(text, start, end)):
                end = cut.start()
        else:
            return []
        value = text[start:end]
        if len(value) < 3 or not is_no_placeholder(value):
            return []
        if not quoted and identifier.islower() and _VARIABLE.fullmatch(value):
            return []
        is_told = quoted or "=" in sign[0] or looks_made(value, FEWEST_CHARS)
        if not is_told and not _END_OF_SETTING.match(text, end):
            return []  # a sentence about it
        made = looks_made(value, FEWEST_KEY_CHARS)
        if sort == "key" and not made and (value.isdigit() or not (quoted or "=" in sign[0])):
            return []
        if sort == "identifier" and self.place.name.text in ("key", "auth") and not is_value(value, 12):
            return []
        if sort == "identifier" and first == self.place.start and not looks_made(value, FEWEST_CHARS):
            return []
        return [with_tail(text, start, end)]

    def _said(self, fewest: int, *, bare: bool = False) -> Iterator[Span]:
        """The value behind a link such as "is", or right behind the name. bare: any word may be the value."""
        text = self.text
        sign = self._sign() or _BRACKET.match(text, self.place.end)
        is_option = text[max(self.place.start - 2, 0) : self.place.start] == "--"  # --password X
        # linked: the next word may be the value; sure: also one like any other.
        linked = bool(sign) or is_option or (bare and self._follows_user())
        is_code = sign is not None and sign[0].rstrip()[-1:] in ("(", "=")
        sure = linked and not (sign and sign[0].endswith("("))
        behind = 0  # the word that is right behind the name, or behind what the password is for
        for count, word in self._words_behind(sign.end() if sign else self.place.end):
            small = word[0].lower().rstrip(",")
            if self._is_link(small):
                linked, sure = True, small in table.SURE_LINKS
                continue
            start, end = stripped(text, *word.span())
            value = text[start:end]
            if linked and bare and (quoted := QUOTED.match(text, word.start())):
                yield quoted.span(1)
                return
            if is_code and count == 0 and _VARIABLE.fullmatch(value):
                return
            # A word in Latin letters stands out among others.
            stands_out = value.isascii() and not self._named().isascii() and len(value) > fewest
            if linked or count == behind or (stands_out and not value.isdigit()):
                # A key has figures, unless it is said to be one.
                if is_value(value, fewest) and (
                    linked or fewest == FEWEST_CHARS or any(map(str.isdigit, value))
                ):
                    yield with_tail(text, start, end)
                    yield from self._others(word.end(), fewest)
                    return
                if bare and linked and sure and is_word(value) and ends_clause(text, end):
                    yield with_tail(text, start, end)
                    return
            if linked and small in table.FILLERS:
                sure = sure and small not in table.ARTICLES
                continue
            linked = sure = word[0].endswith(_COLONS)
            if bare and small.startswith(table.NETWORKS):
                behind = count + 1
            if (
                count >= _MOST_WORDS
                or (not linked and word[0][-1] in _ENDS)
                or text[word.end() :][:1] == "\n"
            ):
                return

    def _others(self, at: int, fewest: int) -> Iterator[Span]:
        """More values: "... and def456"."""
        for _ in range(_MOST_WORDS):
            words = WORD.finditer(self.text, at, min(at + _NEAR_CHARS, len(self.text)))
            if (joint := next(words, None)) is None or joint[0].lower() not in table.AND:
                return
            other = next((word for word in islice(words, _MOST_WORDS) if not self._is_between(word[0])), None)
            if other is None:
                return
            start, end = stripped(self.text, *other.span())
            if not is_value(self.text[start:end], fewest):
                return
            yield with_tail(self.text, start, end)
            at = other.end()

    def _is_between(self, word: str) -> bool:
        """Whether it stands between "and" and another value: "and the new one is"."""
        word = word.lower()
        return word in table.FILLERS or self._is_link(word)

    def _before(self, figures: re.Pattern[str] | None) -> Iterator[Span]:
        """The value in "X is my password", "I use X as password"; only such figures, if any are given."""
        begin = max(self.place.start - _BEFORE_CHARS, 0)
        words = list(WORD.finditer(self.text, begin, self.place.start))[-6:]
        for word, link in zip(reversed(words[:-1]), reversed(words[1:]), strict=True):
            if link[0][-1] in _ENDS:
                return
            if link[0].lower() in table.BEFORE_LINKS:
                start, end = stripped(self.text, *word.span())
                value = self.text[start:end]
                if figures.fullmatch(value) if figures else is_value(value, FEWEST_CHARS):
                    yield with_tail(self.text, start, end)
                return

    def _pair(self) -> Iterator[Span]:
        """The password in "name / password"."""
        text, end = self.text, min(self.place.end + _LOOKED_CHARS, len(self.text))
        line = text.find("\n", self.place.end, end)
        slash = text.find(" / ", self.place.end, line if line >= 0 else end)
        if slash >= 0 and (word := WORD.match(text, slash + 3, end)):
            span = stripped(text, *word.span())
            if is_value(text[slice(*span)], FEWEST_CHARS):
                yield with_tail(text, *span)
        elif pair := _PAIR.search(text, self.place.end, line if line >= 0 else end):
            span = stripped(text, *pair.span(1))
            if is_value(text[slice(*span)], 6):
                yield with_tail(text, *span)

    def _figures(self, figures: re.Pattern[str], *, linked: bool) -> Iterator[Span]:
        """The figures behind a link, or, unless they must be `linked`, right behind the name."""
        text = self.text
        sign = self._sign() or _BRACKET.match(text, self.place.end)
        may_be, is_told = bool(sign) or not linked, bool(sign)
        for count, word in self._words_behind(sign.end() if sign else self.place.end):
            if may_be:
                start = first_figures(text, *word.span())
                if (match := figures.match(text, start)) and counts(match[0], figures):
                    yield match.span()
                    yield from self._more_figures(match.end(), figures)
                    return
                start, end = stripped(text, *word.span())
                value = text[start:end]
                digits = sum(map(str.isdigit, value))  # of letters, too: G-48291, 4f9a-22c1
                if (
                    figures is FIGURES
                    and (digits if is_told else digits > 1 and "-" in value)
                    and is_value(value, 4)
                ):
                    yield start, end
                    return
            small = word[0].lower()
            is_link = self._is_link(small) or (figures is NUMBER and small in table.NUMBER_LINKS)
            is_told = is_link or word[0].endswith(_COLONS) or (is_told and small in table.FILLERS)
            may_be = is_told or (may_be and small in table.FILLERS)
            if count >= _MOST_WORDS or (word[0][-1] in _ENDS and not may_be):
                return

    def _more_figures(self, at: int, figures: re.Pattern[str]) -> Iterator[Span]:
        for _ in range(_MOST_WORDS):
            gap = _GAP.match(self.text, at, min(at + 8, len(self.text)))
            match = figures.match(self.text, gap.end()) if gap else None
            if not match or not counts(match[0], figures):
                return
            yield match.span()
            at = match.end()

    def _phrase(self) -> Iterator[Span]:
        begin = self.place.end
        line = self.text[begin : begin + 2 * _LOOKED_CHARS].partition("\n\n")[0]
        if link := _PHRASE_LINK.match(line):
            value = re.split(r"[.!?]\s|[.!?]\Z", line[link.end() :], maxsplit=1)[0].rstrip()
            words = bare_words(value)
            if len(words) >= _FEWEST_PHRASE_WORDS and table.SMALL_WORDS.isdisjoint(words):
                yield begin + link.end(), begin + link.end() + len(value)

    def _dense(self) -> Iterator[Span]:
        """In a text without spaces: the next letters and figures of ours."""
        begin = self.place.end
        near = _DENSE_END.split(self.text[begin : begin + 40], maxsplit=1)[0]
        for match in _ASCII_VALUE.finditer(near):
            start, end = stripped(self.text, begin + match.start(), begin + match.end())
            value = self.text[start:end]
            if self.place.name.sort == "dense code":
                is_one = sum(map(str.isdigit, value)) >= 4
            elif value.lower() in table.NETWORKS:  # whose password it is
                is_one = False
            elif _DENSE_LINK.fullmatch(near[: match.start()]):
                is_one = len(value) >= FEWEST_CHARS and not is_version(value)
            else:
                is_one = is_value(value, FEWEST_CHARS) and not value.isdigit()
            if is_one:
                yield with_tail(self.text, start, end)
                return
