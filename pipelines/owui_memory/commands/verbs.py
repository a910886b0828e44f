"""What may stand behind `/memory`, in all languages there are texts in: verbs, a few words after them."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ..core.locales import CODES, ENGLISH, locale

VERBS = (
    *("list", "page", "search", "why", "help", "status", "remember", "edit", "forget", "undo"),
    *("team", "share", "withdraw", "export", "import", "off", "on", "chats", "episodes"),
    *("documents", "notes", "profile", "make", "channels"),
)
_LIKE, _LIKE_OURS, _LIKE_OTHERS = 0.65, 0.75, 0.86  # of difflib's ratio: English verbs, other words, offered
_WORD_CHARS = 40
_SHORTEST_SLIP = 4  # characters in which a slip can be told from another word
_SHORTEST_GLUED = 2  # characters of a verb that needs no blank behind it
_LETTERS_WITH_MARKS = ("LATIN", "CYRILLIC")


@dataclass(frozen=True, slots=True)
class Word:
    """One that means a verb, in these languages. `done`: else it is only offered what it may mean."""

    text: str
    verb: str
    codes: tuple[str, ...]
    done: bool = True

    @property
    def language(self) -> str:
        """The code of its language; "" if it is a word of several, or of English too."""
        return self.codes[0] if len(self.codes) == 1 and self.codes[0] != ENGLISH.code else ""

    @property
    def sent(self) -> str:
        return self.text if self.done else word_for(self.verb, self.codes[0])


def folded(word: str) -> str:
    """As words are compared: without case, width and accents; the marks of kana are none."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    kept = []
    for char in plain:
        base = unicodedata.normalize("NFD", char)[0]
        has_accents = base != char and unicodedata.name(base, "").startswith(_LETTERS_WITH_MARKS)
        kept.append(base if has_accents else char)
    return "".join(kept)


@cache
def names() -> Mapping[str, str]:
    """What `/memory` may be called, with the code of the language, "" for English or several."""
    found: dict[str, str] = {}
    for code in CODES:
        for name in map(folded, locale(code).words("name")):
            known = code == ENGLISH.code or found.get(name, code) != code
            found[name] = "" if known else code
    return found


@cache
def words() -> Mapping[str, Word]:
    """All words for verbs, as `folded` has them; before those that are only offered go the others."""
    found: dict[str, Word] = {}
    for done in (True, False):
        for verb in VERBS:
            for code in CODES:
                for text in _listed(code, verb, done=done):
                    known = found.get(folded(text))
                    if known is None:
                        found[folded(text)] = Word(text, verb, (code,), done)
                    elif known.verb == verb and known.done == done and code not in known.codes:
                        found[folded(text)] = Word(known.text, verb, (*known.codes, code), done)
    return found


def _listed(code: str, verb: str, *, done: bool) -> Iterable[str]:
    carried_out, _, offered = locale(code).say(f"verb {verb}").partition("|")
    return filter(None, (word.strip() for word in (carried_out if done else offered).split(",")))


def word_for(verb: str, code: str) -> str:
    """What a verb is called in a language."""
    return next(iter(_listed(code, verb, done=True)), verb)


def meaning(word: str) -> Word | None:
    """What a word, or two of them, tells to do; None if that is nothing."""
    found = words().get(folded(word))
    return found if found is not None and found.done else None


def glued(token: str) -> tuple[Word, str] | None:
    """The verb that a text begins with that knows no blanks, and what follows: 忘记1."""
    plain = folded(token)
    for length in range(min(len(plain), _longest_glued()), _SHORTEST_GLUED - 1, -1):
        found = words().get(plain[:length])
        if found is not None and found.done and is_glued(found.text):
            return found, unicodedata.normalize("NFKC", token)[length:]
    return None


def glued_at_the_end(token: str) -> tuple[Word, str] | None:
    """The same for a language that puts it last: 1を忘れて."""
    plain = folded(token)
    for length in range(min(len(plain), _longest_glued()), _SHORTEST_GLUED - 1, -1):
        found = words().get(plain[-length:])
        if found is not None and found.done and is_glued(found.text):
            before = plain[:-length].rstrip("をはのに")
            return (found, before) if before else None
    return None


@cache
def _longest_glued() -> int:
    return max((len(one) for one in words() if is_glued(one)), default=0)


def is_glued(text: str) -> bool:
    """Whether a word is of a script that has no blanks between words."""
    return any(unicodedata.name(char, "").startswith(("CJK", "HIRAGANA", "KATAKANA")) for char in text)


def on_or_off(word: str) -> str:
    """The verb that a word means, "" for any other verb and for anything else."""
    found = meaning(word) if len(word) <= _WORD_CHARS else None
    return found.verb if found and found.verb in ("on", "off") else ""


def nearest(word: str, code: str = ENGLISH.code) -> Word | None:
    """The verb that a word may have been meant for, as it is called in English or in this language."""
    word = folded(word)
    if known := words().get(word):
        return known
    best, likeness = None, 0.0
    matcher = difflib.SequenceMatcher(b=word)
    for text, one in words().items():
        if code not in one.codes and ENGLISH.code not in one.codes:
            continue
        if len(word) < _SHORTEST_SLIP and text not in VERBS:
            continue
        begins_so = text in VERBS and text[:1] == word[:1]  # "what" is no slip for "chats"
        least = _LIKE_OTHERS if not one.done else _LIKE if begins_so else _LIKE_OURS
        matcher.set_seq1(text)
        if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
            continue
        ratio = matcher.ratio() + (0.001 if code in one.codes else 0.0) + (0.002 if one.done else 0.0)
        if matcher.ratio() >= least and ratio > likeness:
            best, likeness = one, ratio
    return best


def says(kind: str, word: str) -> bool:
    """Whether a word means "everything", "yes", "always" or "here", in any language."""
    return folded(word) in _of_kind(kind)


@cache
def _of_kind(kind: str) -> Collection[str]:
    return frozenset(folded(word) for code in CODES for word in locale(code).words(f"word {kind}"))
