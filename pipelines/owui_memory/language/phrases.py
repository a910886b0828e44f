"""What a language's table has, and how its phrases become patterns.

Phrases are separated by commas or line ends; a line that begins with `|` goes on with the one before. `*` is
any ending of a word, `(a|b)` are alternatives, `(a )?` may be left out, `_` is a word, `... ` none to three
words, `…` up to eight, `~` up to twelve characters, `$` the end. They are compared with lower-case text, and
written so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from re import Match, Pattern

from .scripts import has_signs, signs


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """The words of one language that tell what a sentence is. All are optional.

    script: as `scripts.script` names it, where it is not that of the first word in `own`.
    spaced: False where words stand without spaces between them; then phrases are found within runs, too.
    glued: words have spaces between them, but particles stick to them; then those of `own` are whole words.
    letters: such as few other languages of its script have.
    common: the stop words of its queries, by which it is known; as it is by the words of known_by.
    common_pairs: as `common`, of a script without spaces, whose terms are pairs of characters (`words`).

    Who speaks of themselves:
    own: "I", "my". own_verbs: verbs that carry their subject. own_objects: "me", who may also be who asks.
    own_endings: of words that do, wherever they stand; own_first: of the first word of a sentence; with `*`
    behind it, its beginning. own_not: words with such an ending that do not; with `*`, beginnings of words.
    before_verbs: may stand before that first word: "not", "now".
    requested: are taken away before "me" counts: "give me". impersonal: before "I" does: "how do I".
    personal: speak of their speaker although they hold one of these: "how do I usually".
    keeping: ask to keep something: "remember", "always".
    states: verbs that state something of somebody: "is", "lives". points: first words that are nobody: "it".
    ends_statement, ends_no_statement: forms of verbs that state something of whoever speaks, and such that
    only look like them, in languages where that tells more than words do.

    openers: what may stand before a sentence's first real word: "please", "hello", "ok", "by the way".
    polite: begin a sentence that only thanks, greets or agrees. reacts: one that only says what its speaker
    makes of an answer: "I get the gist of it".
    addresses: begin a clause that asks whoever answers for something: "can you", "how should I".
    prefers: say what its speaker likes better: "I prefer".
    leans_first, leans_last: begin or end a sentence about something that was said before: "it is", "that";
    leans: stand anywhere in such a sentence.
    questions: begin a question, with or without its mark. ends_question: end one. asks: make one of a
    sentence wherever they stand.
    requests: begin a request for a piece of work. ends_request: end one.
    always: near the beginning, make a standing wish of a request: "always". standing: anywhere.
    supposing: begin a supposition or a role play, which lasts. ends_supposing: end its first sentence.
    conditional: begin a supposition that its sentence ends.
    roles: begin a sentence that is said in somebody else's person: "as a pirate".
    handling: verbs that hand over a text to be worked on. soft_handling: verbs that also ask in general.
    texts: what can be handed over: "this", "mail", "text". speaking: verbs before somebody's words.
    self_leads: in a line that ends in a colon, make the user's own of what follows: "about me", "remember".
    salutations, signoffs: begin the first and the last line of a letter. headers: of a mail.
    forwarding: in a line of dashes, announce somebody else's mail. wrote: end the line above a quoted one.
    resumes: headings of a CV.
    forgetting: ask to forget, where they begin a sentence or follow one of `asking`.
    denying: before such a verb, deny it: "don't"; denying_after: behind it: "nicht".
    everything: in such a sentence, mean all that is remembered.
    ending: say that something is over: "divorced", "sold".
    corrects: say that what was said before was wrong, or has been changed: "I meant", "postponed".

    To compare two sentences, which single words make up (`user` has phrases, too):
    fillers: change nothing: articles, the present of "to be", "now", "really".
    numbers: words and figures: "two/2"; not of one, which is an article in many languages.
    speaker: who speaks: "I", "my", "myself". user: what models call them: "the user".
    links: bind what follows them, which may therefore stand elsewhere: prepositions, "than", "and".
    forms: a verb's first and third person, where they are not told from their `endings`: "have/has".
    endings: of a verb's first and third person: "o/e". progressive: after `fillers`, of the same verb: "ing".
    """

    script: str = ""
    spaced: bool = True
    glued: bool = False
    letters: str = ""
    common: str = ""
    common_pairs: str = ""
    known_by: str = ""
    own: str = ""
    own_verbs: str = ""
    own_objects: str = ""
    own_endings: str = ""
    own_first: str = ""
    own_not: str = ""
    before_verbs: str = ""
    requested: str = ""
    impersonal: str = ""
    personal: str = ""
    keeping: str = ""
    states: str = ""
    points: str = ""
    ends_statement: str = ""
    ends_no_statement: str = ""
    openers: str = ""
    polite: str = ""
    reacts: str = ""
    addresses: str = ""
    prefers: str = ""
    leans_first: str = ""
    leans_last: str = ""
    leans: str = ""
    questions: str = ""
    ends_question: str = ""
    asks: str = ""
    requests: str = ""
    ends_request: str = ""
    always: str = ""
    standing: str = ""
    supposing: str = ""
    ends_supposing: str = ""
    conditional: str = ""
    roles: str = ""
    handling: str = ""
    soft_handling: str = ""
    texts: str = ""
    speaking: str = ""
    self_leads: str = ""
    salutations: str = ""
    signoffs: str = ""
    headers: str = ""
    subjects: str = ""
    forwarding: str = ""
    wrote: str = ""
    resumes: str = ""
    forgetting: str = ""
    asking: str = ""
    denying: str = ""
    denying_after: str = ""
    everything: str = ""
    ending: str = ""
    corrects: str = ""
    fillers: str = ""
    numbers: str = ""
    speaker: str = ""
    user: str = ""
    links: str = ""
    forms: str = ""
    endings: str = ""
    progressive: str = ""


def listed(phrases: str) -> list[str]:
    """The phrases of a table's entry."""
    joined = re.sub(r"\n\s*\|", "|", phrases)
    return [" ".join(phrase.split()) for phrase in re.split(r"[,\n]", joined) if phrase.strip()]


class Matcher:
    """A pattern made of tables, compiled when it is first used: all of them take a quarter of a second."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    @cached_property
    def _pattern(self) -> Pattern[str]:
        return re.compile(self._make())

    def match(self, text: str) -> Match[str] | None:
        """Where the beginning of a lower-case text matches."""
        return self._pattern.match(text)

    def fullmatch(self, text: str) -> Match[str] | None:
        """Where the whole of it does."""
        return self._pattern.fullmatch(text)

    def search(self, text: str, start: int = 0, end: int = sys.maxsize) -> Match[str] | None:
        """The first match in it."""
        return self._pattern.search(text, start, end)

    def finditer(self, text: str) -> Iterator[Match[str]]:
        """All matches in it."""
        return self._pattern.finditer(text)

    def sub(self, text: str) -> str:
        """The text with a space in place of each match."""
        return self._pattern.sub(" ", text)


def at_beginning(tables: tuple[Phrases, ...], entry: str) -> Matcher:
    """Phrases at the beginning of a lower-case text, for `match`."""
    return Matcher(lambda: _either(tables, entry, "", _NOT_BEFORE_WORD, ""))


def anywhere(tables: tuple[Phrases, ...], entry: str) -> Matcher:
    """Phrases anywhere in a lower-case text, for `search`."""
    return Matcher(lambda: _either(tables, entry, _NOT_AFTER_WORD, _NOT_BEFORE_WORD, ""))


def at_end(tables: tuple[Phrases, ...], entry: str) -> Matcher:
    """Phrases at the end of a lower-case text, whatever marks follow, for `search`."""
    return Matcher(lambda: _either(tables, entry, _NOT_AFTER_WORD, _END, _END))


_NOT_AFTER_WORD, _NOT_BEFORE_WORD, _END = r"(?<![\w])", r"(?![\w])", r"\W{0,9}$"


def _either(tables: tuple[Phrases, ...], entry: str, before: str, after: str, after_dense: str) -> str:
    parts = []
    for spaced in (True, False):
        entries = [getattr(table, entry) for table in tables if table.spaced is spaced]
        found = dict.fromkeys(phrase for phrases in entries for phrase in listed(phrases))
        if not spaced:  # the longest first: nothing else tells where one ends
            found = dict.fromkeys(sorted(found, key=len, reverse=True))
        if found:
            body = "|".join(map(_pattern, found))
            parts.append(_bounded(before, body, after) if spaced else f"(?:{body}){after_dense}")
    return "|".join(f"(?:{part})" for part in parts) or r"(?!)"


def _bounded(before: str, body: str, after: str) -> str:
    """Vowel signs are parts of words, too, which `\\w` lacks: looked for where the phrases have such."""
    if not body.isascii() and has_signs(body):
        before, after = (bound.replace("[\\w]", f"[\\w{signs()}]") for bound in (before, after))
    return f"{before}(?:{body}){after}"


def _pattern(phrase: str) -> str:
    """A phrase as a pattern: no repetition in it is without a bound."""
    pattern = "".join(_AS_PATTERN.get(char, char) for char in phrase)
    pattern = pattern.replace(r"{0,8}?,?\s{1,2}", "{0,8}?")
    return pattern.replace(r"\.\.\.,?\s{1,2}", r"(?:[^\s,;:!?()\"]{1,20},?\s{1,2}){0,3}")


_AS_PATTERN = {
    "*": r"[^\s,.;:!?()\"]{0,20}",
    " ": r",?\s{1,2}",
    "'": "['’]",
    "_": r"[^\s,.;:!?()\"]{1,20}",
    "(": "(?:",
    "$": r"\W{0,9}$",
    ".": r"\.",
    "أ": "[أا]",
    "إ": "[إا]",
    "آ": "[آا]",
    "ى": "[ىي]",
    "ة": "[ةه]",
    "~": ".{0,12}",
    "…": r"(?:[^\s,;:!?()\"]{1,20},?\s{1,2}){0,8}?",
}
