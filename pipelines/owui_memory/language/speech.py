"""What a sentence is: a question, a request, a supposition, thanks; told by how it begins and ends.

All of it is of one sentence, and takes time in proportion to its length.
"""

from __future__ import annotations

import re

from ..core.text import capped
from .detection import known_script
from .phrases import anywhere, at_beginning, at_end
from .scripts import fold, is_dense, question_mark
from .self_reference import signs, speaks_of_self, verb_of_self

_MARKS = " ,.!;:…，。！、،؛।-–—~"
_LOOKED_CHARS = 400  # of a sentence
_END_CHARS = 40
_BEGINNING = re.compile(r"(?:\S{1,40}\s+){0,4}\S{0,40}")  # of spaced languages, where "always" makes a wish
_BEGINNING_DENSE = 12  # characters
_OPENERS_MOST = 5
_LEAD_CHARS = 160  # of a sentence that hands over a text, if it does not end in a colon
_LABEL_CHARS = 24  # "Text:", "This mail:"
_OBJECT_CHARS = 24  # from the verb to what is handed over
_SET_OFF = re.compile(r"\s{0,2}[^\w\s\"'“„«(]{1,3}\s*")  # a mark behind an opener
_ADDRESSED = re.compile(r"\w{1,20}[,!]\s+")  # "Claude, write ..."
_AFTER_FRAME = re.compile(r"(?:as|for|with|in|if|als|für|como|para|pour|come|per|как|для)\b[^,]{1,60},\s+")

_OPENERS = at_beginning("openers")
_POLITE = at_beginning("polite")
_QUESTIONS, _ENDS_QUESTION = at_beginning("questions"), at_end("ends_question")
_ASKS = anywhere("asks")
_REQUESTS, _ENDS_REQUEST = at_beginning("requests"), at_end("ends_request")
_ALWAYS, _STANDING = anywhere("always"), anywhere("standing")
_SUPPOSING, _CONDITIONAL = at_beginning("supposing"), at_beginning("conditional")
_ENDS_SUPPOSING = at_end("ends_supposing")
_ROLES = at_beginning("roles")
_HANDLING, _SOFT_HANDLING = anywhere("handling"), anywhere("soft_handling")
_TEXTS, _SPEAKING = anywhere("texts"), anywhere("speaking")
_SELF_LEADS = anywhere("self_leads")
_ENDING, _CORRECTS = anywhere("ending"), anywhere("corrects")
_REACTS, _ADDRESSES = at_beginning("reacts"), at_beginning("addresses")
_PREFERS, _ALWAYS_FIRST = anywhere("prefers"), at_beginning("always")
_LEANS_FIRST, _LEANS_LAST = at_beginning("leans_first"), at_end("leans_last")
_LEANS = anywhere("leans")
_REACTION_CHARS, _REST_WORDS = 100, 9  # of a sentence that only reacts; and of what follows the words for it
_SPEAKER_CHARS = 2  # of a script without spaces, in which its speaker may stand
_LEANS_WORDS, _ENDS_LEANING_WORDS, _LEANS_CHARS = 8, 5, 12  # of a sentence; characters without spaces
_COLONS = (":", "：")


def has_question_mark(text: str) -> bool:
    """Whether it ends in the mark of a question, of any language."""
    return bool(question_mark().search(text[-_LOOKED_CHARS:]))


def asks(sentence: str) -> bool:
    """Whether it is a question, with its mark or without."""
    if has_question_mark(sentence):
        return True
    text = lowered(sentence)
    return (
        any(_QUESTIONS.match(start) for start in starts(text))
        or bool(_ENDS_QUESTION.search(text[-_END_CHARS:]))
        or bool(_ASKS.search(text))
    )


def requests(sentence: str) -> bool:
    """Whether it asks for a piece of work, and not for how to be answered from now on."""
    text = lowered(sentence)
    return _is_request(text) and not _is_standing(text)


def ends_in_request(sentence: str) -> bool:
    """Whether its end asks for a piece of work, as in languages where the verb comes last."""
    text = lowered(sentence)
    return bool(_ENDS_REQUEST.search(text[-_END_CHARS:])) and not _is_standing(text)


def supposes(sentence: str) -> bool:
    """Whether it begins a supposition or a role play, of which what follows is a part."""
    text = lowered(sentence)
    if _ENDS_SUPPOSING.search(text[-_END_CHARS:]):
        return True
    return any(_SUPPOSING.match(start) or _ROLES.match(start) for start in starts(text))


def is_conditional(sentence: str) -> bool:
    """Whether it supposes something for itself alone: "If I were rich, ..."."""
    return any(_CONDITIONAL.match(start) for start in starts(lowered(sentence)))


def is_polite(sentence: str) -> bool:
    """Whether it thanks, greets or agrees, and no more."""
    text = lowered(sentence)
    if len(text) > 2 * _END_CHARS or not _POLITE.match(text):
        return False
    rest = without_openers(text)
    return bool(_POLITE.match(rest)) or not speaks_of_self(rest)


def reacts(sentence: str) -> bool:
    """Whether it only says what its speaker makes of an answer: "Sure, I get the gist of it." """
    text = lowered(sentence)
    if len(text) > _REACTION_CHARS or any(map(str.isdigit, text)):
        return False
    first, _, others = text.partition(",")
    begins = starts(text) if others and len(first.split()) > 2 else [*starts(text), others.lstrip(_MARKS)]
    for start in begins:
        if found := _REACTS.match(start):
            rest = start[found.end() :]
            return len(rest.split()) <= _REST_WORDS and all(map(_adds_nothing, rest.split(",")))
    return False


def _adds_nothing(clause: str) -> bool:
    clause = clause.lstrip(_MARKS)
    return not signs(clause) or bool(_REACTS.match(clause) or _POLITE.match(clause))


def addresses(clause: str) -> bool:
    """Whether a clause begins to ask whoever answers for something: "can you", "and how should I"."""
    return any(_ADDRESSES.match(start) for start in starts(lowered(clause)))


def prefers(sentence: str) -> bool:
    """Whether it says what its speaker likes better."""
    return bool(_PREFERS.search(lowered(sentence)))


def wishes(sentence: str) -> int:
    """Whether it says how its speaker wants to be answered from now on. 0: no. 1: perhaps. 2: surely.

    "Always show units", and not "I always swim on Mondays".
    """
    text = lowered(sentence)
    for start in starts(text):
        if found := _ALWAYS_FIRST.match(start):
            return 0 if _acts(start[found.end() :]) else 2
    if _acts(text) or not _is_standing(text):
        return 0
    return 2 if _is_request(text) else 1


def _acts(text: str) -> bool:
    """Whether its speaker, or theirs, come first: they do what it says."""
    text = text.lstrip(_MARKS)
    first = text[:_SPEAKER_CHARS] if is_dense(text) else text.partition(" ")[0]
    return bool(signs(first)) or verb_of_self(first)


def leans(sentence: str) -> bool:
    """Whether it is about something that was said before it: "It is too dark", "I hate that"."""
    text = lowered(sentence)
    if _LEANS_FIRST.match(text) and not signs(sentence):
        return True
    words = len(text.split()) + (len(text) > _LEANS_CHARS) * _LEANS_WORDS * is_dense(text)
    ends = words <= _ENDS_LEANING_WORDS and _LEANS_LAST.search(text[-_END_CHARS:])
    return bool(ends or (words <= _LEANS_WORDS and _LEANS.search(text)))


def hands_over(lead: str, *, line_ends: bool) -> int:
    """Whether what follows a sentence, or the part of one before a colon, is handed over to be worked on.

    0: it is not. 1: perhaps, too likely to be kept without anybody's reading it. 2: it surely is.
    line_ends: nothing more stands on its line.
    """
    text = lowered(lead)
    handled, softly = bool(_HANDLING.search(text)), bool(_SOFT_HANDLING.search(text))
    asked = _is_request(text) or any(_QUESTIONS.match(start) for start in starts(text))
    if text.endswith(_COLONS):
        if _SELF_LEADS.search(text) and not (handled or softly):
            return 0
        if handled or _SPEAKING.search(text) or (softly and asked):
            return 2
        in_doubt = line_ends or asked or not known_script(text)
        return 1 if in_doubt or (len(text) <= _LABEL_CHARS and _labels_text(text)) else 0
    if not asked or len(text) > _LEAD_CHARS:
        return 0
    if any(_names_text(text, verb) for verb in _HANDLING.finditer(text)):
        return 2 if line_ends else 1
    return int(line_ends and any(_names_text(text, verb) for verb in _SOFT_HANDLING.finditer(text)))


def _labels_text(label: str) -> bool:
    """ "This mail:", "rap lyrics:"."""
    return bool(_TEXTS.match(label) or _TEXTS.fullmatch(label.rstrip(" :：").rpartition(" ")[2]))


def _names_text(text: str, verb: re.Match[str]) -> bool:
    """Whether a text is named right before or after a verb that hands it over."""
    return bool(
        _TEXTS.search(text, verb.end(), verb.end() + _OBJECT_CHARS)
        or _TEXTS.search(text, max(verb.start() - _OBJECT_CHARS, 0), verb.start())
    )


def says_it_ended(sentence: str) -> bool:
    """Whether it says that something is over: a marriage, a job, a life."""
    return not asks(sentence) and bool(_ENDING.search(lowered(sentence)))


def corrects(sentence: str) -> bool:
    """Whether it says that what was said before was wrong, is over, or has been changed."""
    text = lowered(sentence)
    return bool(_CORRECTS.search(text)) or says_it_ended(sentence)


def _is_request(text: str) -> bool:
    return any(_REQUESTS.match(start) for start in starts(text)) or bool(
        _ENDS_REQUEST.search(text[-_END_CHARS:])
    )


def _is_standing(text: str) -> bool:
    beginning = _BEGINNING.match(text)
    first = beginning.group() if beginning and " " in text else text[:_BEGINNING_DENSE]
    return bool(_ALWAYS.search(first) or _STANDING.search(text))


def starts(text: str) -> list[str]:
    """A lower-case text from its first word on, after words that open it, and after "for my wife,"."""
    found = [text]
    for _ in range(_OPENERS_MOST):
        match = _OPENERS.match(text)
        if not match or not (rest := text[match.end() :].lstrip(_MARKS)):
            break
        text = rest
        found.append(text)
    if len(found) > 1 and (match := _ADDRESSED.match(text)):
        found.append(text[match.end() :])
    if match := _AFTER_FRAME.match(text):
        found.append(text[match.end() :])
    return found


def without_openers(text: str) -> str:
    """A lower-case text without what a mark sets off at its beginning: "by the way, ...", "hi! ..."."""
    for _ in range(_OPENERS_MOST):
        match = _OPENERS.match(text)
        set_off = _SET_OFF.match(text, match.end()) if match else None
        if not set_off or not (rest := text[set_off.end() :]):
            break
        text = rest
    return text


def lowered(sentence: str) -> str:
    """A sentence as the phrases are written, its beginning and its end."""
    return fold(capped(sentence, _LOOKED_CHARS, between=" ")).strip(" \t-*•\"'“„«¡¿(")
