"""Plain requests to forget something: "Forget my phone number." """

from __future__ import annotations

import re

from .forget_subject import FRAMING
from .forgetting import to_forget
from .forms import stem
from .self_reference import speaks_of_self
from .words import content_words, terms_of

_LONGEST_CHARS = 300  # of such a request

# At the beginning of a sentence, perhaps after a word of politeness.
_POLITE = (
    r"(?:please|kindly|ok|okay|now|and|just|can you|could you|i want you to|i'd like you to|bitte|kannst du|"
    r"könntest du|por favor|s'il te plaît|s'il vous plaît|per favore|alsjeblieft|proszę|пожалуйста|"
    r"будь ласка|请|請|どうか|제발)"
)
_POLITE_WORDS = re.compile(rf"\b{_POLITE}\b|ください", re.IGNORECASE)
# Verbs that ask for nothing else: "forget", but "don't forget" is another matter, and stands before it.
_FORGET = (
    r"forget|stop remembering|(?:do not|don't|no longer) remember|"
    r"vergiss|vergessen sie|oublie|oubliez|olvida|olvídate|olvide|dimentica|esquece|esqueça|"
    r"vergeet|zapomnij|забудь|забудьте|забути|glem|glöm|unohda|unut|felejtsd el|uită"
)
# Verbs that are said of files and code as well.
_DELETE = (
    r"delete|erase|remove|lösche|lösch|löschen sie|efface|supprime|borra|elimina|cancella|apague|apaga|"
    r"verwijder|wis|usuń|удали|удалите|видали|slet|radera|poista|sil"
)
_OF_MEMORY = re.compile(
    r"\b(?:memor\w*|remember\w*|about me\b|you know|(?:i|i've|have) told you|everything about|anything about|"
    r"gedächtnis\w*|erinnerung\w*|über mich\b|alles über|"
    r"(?:du|sie|ich) .{0,60}\b(?:weißt|wissen|gesagt|erzählt)|"
    r"mémoire\w*|souvenir\w*|sur moi\b|tout sur|(?:tu|vous) (?:sais|savez)|(?:t'ai|vous ai) (?:dit|raconté)|"
    r"sobre mí\b|recuerdo\w*|todo sobre|sabes|te (?:dije|he dicho|conté)|"
    r"su di me\b|ricord\w*|tutto su\w*|(?:che|cosa) sai|ti ho (?:detto|raccontato)|"
    r"sobre mim\b|lembran\w*|tudo sobre|você sabe|(?:te|lhe|eu) (?:disse|contei|falei)|"
    r"geheugen|over mij\b|alles over|je .{0,60}\bweet|(?:heb|had) .{0,60}\b(?:gezegd|verteld)|"
    r"pamię\w*|wszystko o|wiesz|(?:mówiłe|powiedziałe|mówiła|powiedziała)m|"
    r"о мне\b|памят\w*|всё о|все о|зна(?:ешь|ете)|(?:говорил|сказал|рассказал|рассказывал)а?)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"\W*(?:{_POLITE}[\s,]+)*(?:({_FORGET})|({_DELETE}))\b(?!\s+(?:to|it|not|nicht|niet|ikke|inte|ej)\b)",
    re.IGNORECASE,
)
# Where no spaces are set between words, and the verb may come last.
_DENSE = re.compile(
    r"忘れてください|(?:を|は|のことを?)忘れて|^([^?？]{0,8}?)(?:忘记|忘掉|忘記)|(?:을|를|은|는)?\s*잊어\s*(?:줘|주세요|버려)"
)
_DENSE_NOT = re.compile(r"忘れないで|(?:不要|别|別)忘|잊지")
_ALL = re.compile(
    r"\b(?:everything|all|alles|tout|todo|tutto|tudo|wszystko|всё|все|усе|alt|allt|kaikki|her şeyi)\b"
    r"|全部|すべて|모두|모든",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s*|\n+")


def forget_request(text: str) -> str:
    """What a message asks to be forgotten, in its words; "" where it asks for no such thing."""
    if len(text) > _LONGEST_CHARS:
        return ""
    for sentence in _SENTENCE_END.split(text):
        if match := _ASKS.match(sentence):
            if match[1] or _OF_MEMORY.search(sentence):
                return _bare(sentence[match.end() :]) or sentence
        elif _DENSE.search(sentence) and not _DENSE_NOT.search(sentence):
            return _bare(_DENSE.sub(r"\1 ", sentence))
        elif (asked := to_forget(sentence)) and speaks_of_self(sentence):
            return asked
    return ""


def means_all(asked: str) -> bool:
    """Whether a wish is for all that is remembered: "everything", not "everything about my cat"."""
    words = content_words(_ALL.sub(" ", asked), or_all=False)
    return bool(_ALL.match(asked)) and all(stem(word) in FRAMING for word in words)


def _bare(asked: str) -> str:
    """Without words of politeness."""
    return " ".join(_POLITE_WORDS.sub(" ", asked).strip(" \t.!,:;。！、").split())


def words_asked(asked: str) -> set[str]:
    """The stems of what a request is about."""
    return {stem(word) for word in content_words(asked)} - FRAMING


def share_of(words: set[str], text: str) -> float:
    """How many of these stems a text has, 0 to 1."""
    return len(words.intersection(map(stem, terms_of(text)))) / len(words) if words else 0.0


def is_alone(text: str) -> bool:
    """Whether a message has one sentence only."""
    return sum(bool(sentence.strip()) for sentence in _SENTENCE_END.split(text)) == 1
