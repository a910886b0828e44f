"""Worth remembering at all? Told from the shape of an exchange, before any call is paid for.

`judge` decides whether an LLM should read an exchange, and lets through what is in doubt: a call costs
little, a lost fact cannot be had again. `statements` picks, without an LLM, the sentences to be kept as they
are, and is strict: nobody sorts out later what it lets through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from ..core.exchange import Exchange
from ..language import speech
from ..language.detection import known_script
from ..language.forget_requests import asks_to_forget, forget_request
from ..language.scripts import is_dense, scripts_of
from ..language.self_reference import (
    names,
    names_and_states,
    shows_statements,
    signs,
    tells_of_others,
    verb_of_self,
    weak_sign,
)
from ..language.sentences import sentences
from ..language.words import is_caseless, letters
from .material import HOLE, ends_of, marked, own_part, prose

_ANSWER_WORDS = 2
_LONGEST_CHARS = 600  # of a sentence that somebody says about themselves
_FEWEST_WORDS = 3
_FEWEST_WORDS_WITHOUT_AM = 2  # "Я веган", "Soy vegano": without "am", or without "I"
_FEWEST_AROUND_NUMBERS = 4  # words of a sentence that is mostly a number: a date, an address
_FEWEST_DENSE_CHARS = 5  # in scripts that set no spaces between words
_FEWEST_DENSE_CHARS_OF_SELF = 4  # "我不喝酒": with a word for their speaker
_CONTINUES_WORDS = 8  # a sentence so short, without a sign of its own, leans on the one before
_LEANS_WORDS = 4  # and so does one that has a sign, but not at its beginning
_DOCUMENT_CHARS = 1500
_OWN_PARAGRAPH_CHARS = 300  # what one writes above or below something pasted
_DOCUMENT_CHARS_PER_SIGN = 400  # with more signs than that, somebody tells of themselves at length
_WORK_CHARS = 800  # of an answer that is a piece of work, not a reaction
_LONG_WORK_CHARS = 1600  # of one that surely is: many models chat at length about a plain fact
_TASK_SENTENCES = 3
_STATED_AT_ONCE = 3  # sentences, in a language that nothing is known of
_LINE_CHARS = 300  # of a line, to tell whether it is a program's

# What programs read or write: code without a fence, markup, stack traces, lines of a log.
_MACHINE_LINE = re.compile(
    r".*[=()\[\]].*;|.*[{}\\]|\s*[<@{}\[].*|.*\w\([^)]*\)\s*[:;,]?"
    r"|.*(?:[=!<>]=|=>|::|\w\.\w+\(|\w = |</).*"
    r"|\W?(?:\d{4}-\d\d-\d\d[T ]\d\d:|\d\d:\d\d:\d\d|\w{3} +\d+ \d\d:\d\d:\d\d ).*"
    r"|\s*(?:File|at) \S+[\"():].*|\S+Error: .*|\W?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\W.*"
)
_ONLY_IN_CODE = re.compile(r"[;{}\\]|\d\d:\d\d:\d\d")
_COLONS = (":", "：")
_COMMA = re.compile(r"[,;，；、،؛]\s*|\s[–—-]\s")
_COMMAS_MOST = 12  # of a sentence
_URL = re.compile(r"\w{1,12}://\S+|\bwww\.\S+")


def judge(exchange: Exchange, before: Exchange | None = None) -> str:
    """Why no LLM need read this exchange, for the status; "" where one should.

    before: the exchange that it follows in its batch.
    """
    text, answer = exchange.user_text, exchange.assistant_text
    own = own_words(text)
    if not letters(own):
        return _what_is_left_out(text)
    if _signs_in(own) and (len(own) < _DOCUMENT_CHARS or _tells_at_length(own)):
        return ""
    if not known_script(own):
        return ""
    if len(prose(text)) >= _DOCUMENT_CHARS:
        return "a pasted document"
    said = [one.text for one in sentences(own) if one.text != HOLE]
    parts = map(_before_asking, said)
    stated = [one for one in parts if one and not _is_crumb(one)]
    if not stated and any(map(speech.has_question_mark, said)):
        return "only a question"
    if not stated:
        asked = before is not None and speech.has_question_mark(before.assistant_text)
        return "" if asked else "a greeting or a crumb"
    return "a task" if _is_task(own, said, stated, answer) else ""


def sift(exchanges: Iterable[Exchange], *, verbatim: bool) -> Iterator[tuple[Exchange, str]]:
    """Each exchange of a batch in order, with why it is not worth remembering; "" where it is."""
    if verbatim:
        for exchange in exchanges:
            yield exchange, _judge_verbatim(exchange)
        return
    held: tuple[Exchange, str] | None = None
    for exchange in exchanges:
        reason = judge(exchange, held[0] if held else None)
        if held:
            answered = not reason and (_answers(exchange, held[0]) or judge(exchange))
            yield held[0], ("" if answered else held[1])
        held = (exchange, reason)
    if held:
        yield held


def _judge_verbatim(exchange: Exchange) -> str:
    if forget_request(said_by_user(exchange.user_text)):
        return ""
    if reason := judge(exchange):
        return reason
    return "" if statements(exchange.user_text, exchange.assistant_text) else "nothing stated"


def _answers(exchange: Exchange, before: Exchange) -> bool:
    """Whether it is a word or two in answer to a question, which says what they mean."""
    asked = before.assistant_text.rstrip()[-1:]
    return len(exchange.user_text.split()) <= _ANSWER_WORDS and speech.has_question_mark(asked)


def statements(text: str, answer: str = "") -> list[str]:
    """The sentences that state something: no questions, tasks, code, quotes, links, crumbs.

    What cannot stand alone comes with the sentence before it. `answer` is what the model made of it: where
    that is a piece of work, only what the speaker says of themselves is kept.
    """
    own = own_words(text, keep_links=True, strict=True)
    if len(own) >= _DOCUMENT_CHARS and not _tells_at_length(own):
        return []
    found: list[str] = []
    before = ""  # the sentence that the next may go on with
    prior = ""  # what the user has stated last, kept or not: the next may be about that
    said = [one.text for one in sentences(own)]
    if len(said) > _STATED_AT_ONCE and not known_script(own):
        return []  # a text in a language that nothing is known of, rather than statements
    for whole in said:
        if speech.supposes(whole):
            break  # and so does what follows
        sentence = _before_asking(whole)
        if not sentence:
            before, prior = "" if HOLE in whole or speech.requests(whole) else whole, ""
            continue
        if HOLE in sentence or _is_no_statement(sentence):
            before = prior = ""
            continue
        about_self = _is_about_self(sentence, answer)
        last, prior = prior, sentence
        if speech.leans(sentence) and (last or not names(sentence)):
            before = prior = _with_last(found, last, sentence, about_self=about_self)
        elif about_self and _states_something(sentence):
            alone = not before or _stands_alone(sentence)
            before = _keep(found, sentence if alone else _joined(before, sentence), "" if alone else before)
        elif before and not _is_work(answer) and _continues(sentence, before, answer):
            before = prior = _keep(found, _joined(before, sentence), before)
        elif not _is_work(answer) and tells_of_others(sentence) and _states_something(sentence):
            before = _keep(found, sentence, "")  # of others, or of a project: as good a fact
        else:
            before = ""
    return [statement for statement in dict.fromkeys(found) if len(statement) <= _LONGEST_CHARS]


def said_by_user(text: str) -> str:
    """A message without what is surely not its user's own."""
    return own_part(marked(text), strict=False)


def _is_no_statement(sentence: str) -> bool:
    return (
        speech.asks(sentence)
        or speech.requests(sentence)
        or speech.is_conditional(sentence)
        or speech.is_polite(sentence)
        or speech.reacts(sentence)
        or asks_to_forget(sentence)
    )


def _before_asking(sentence: str) -> str:
    """The part of a sentence before it asks for something: "I am vegan, what can I cook?"; "" where none is.

    All of a sentence that does not ask.
    """
    asks = speech.has_question_mark(sentence)
    commas = list(islice(_COMMA.finditer(sentence, 0, _LONGEST_CHARS), _COMMAS_MOST))
    for comma in commas:
        clause = sentence[comma.end() :].rstrip(" ?？")
        if speech.addresses(clause):
            return sentence[: comma.start()]
        if asks and (clause.startswith("¿") or speech.asks(clause)):
            return _if_of_self(sentence[: comma.start()])
    if (asks or speech.ends_in_request(sentence)) and commas and not _is_crumb(sentence[commas[-1].end() :]):
        return _if_of_self(sentence[: commas[-1].start()])
    return "" if asks else sentence


def _if_of_self(stated: str) -> str:
    """What is stated, where its speaker comes first; else it is a part of the question."""
    words = stated.lstrip("¡ ").split()
    first = " ".join(words[: 2 if is_caseless(stated) or "CYRILLIC" in scripts_of(stated) else 1])
    return stated if first and signs(stated if is_dense(first) else first) else ""


def _keep(found: list[str], statement: str, instead_of: str) -> str:
    if found and found[-1] == instead_of:
        found.pop()
    found.append(statement)
    return statement


def _signs_in(text: str) -> int:
    return sum(signs(sentence.text) for sentence in sentences(text))


def own_words(text: str, *, keep_links: bool = False, strict: bool = False) -> str:
    """A message without code, tables, logs and links, and with a mark for what is quoted or handed over.

    strict: see `own_part`. Of a very long message it is the beginning and the end.
    """
    said = own_part(prose(text), strict=strict)
    said = "\n".join(line for line in said.split("\n") if not _is_of_a_machine(line))
    return (said if keep_links else _URL.sub("", said)).strip()


def _is_of_a_machine(line: str) -> bool:
    line = line[:_LINE_CHARS]
    return bool(_MACHINE_LINE.fullmatch(line)) and (bool(_ONLY_IN_CODE.search(line)) or not signs(line))


def _what_is_left_out(text: str) -> str:
    text = ends_of(text)
    if not text.strip():
        return "nothing said"
    if not letters(_URL.sub("", text)):
        return "only links" if _URL.search(text) else "no words"
    return "only code, logs or quotes"


def _tells_at_length(text: str) -> bool:
    """Of a long text: its speaker is all through it, or in what stands short above or below the rest."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    ends = [part for part in (parts[0], parts[-1]) if len(part) <= _OWN_PARAGRAPH_CHARS]
    return any(map(_signs_in, ends)) or _signs_in(text) * _DOCUMENT_CHARS_PER_SIGN >= len(text)


def _is_task(own: str, said: list[str], stated: list[str], answer: str) -> bool:
    """Told from what is given to work on, or from few words without a number and a long answer to them."""
    lead, _, material = own.partition("\n")
    leads = [sentence.rstrip(f"{HOLE} ") for sentence in stated]
    if all(one.endswith(_COLONS) or (HOLE in own and speech.requests(one)) for one in leads):
        return True  # what it was for is code, or handed over
    if lead.rstrip().endswith(_COLONS) and not weak_sign(lead) and len(answer) * 2 >= len(material):
        return True
    if any(map(names_and_states, stated)):
        return False
    few = len(said) <= _TASK_SENTENCES and not re.search(r"\d", own)
    return few and ("```" in answer or len(answer) >= _LONG_WORK_CHARS)


def _is_work(answer: str) -> bool:
    return "```" in answer or len(answer) >= _WORK_CHARS


def _is_about_self(sentence: str, answer: str) -> bool:
    if signs(sentence) or (not known_script(sentence) and not _is_work(answer)):
        return True
    wish = speech.wishes(sentence)
    return wish > 1 or (weak_sign(sentence) and (bool(wish) or not _is_work(answer)))


def _with_last(found: list[str], last: str, sentence: str, *, about_self: bool) -> str:
    """Keep a sentence with the one that it is about; what the next may be about."""
    if not last or not (about_self or (last in found and not sentence.endswith(("!", "！")))):
        return last if last in found else ""
    return _keep(found, _joined(last, sentence), last) if _states_something(last) else ""


def _joined(before: str, sentence: str) -> str:
    return before + ("" if before.endswith(("。", "！", "？")) else " ") + sentence


def _stands_alone(sentence: str) -> bool:
    """Its speaker comes first, or it is long enough to say what it is about."""
    first = sentence.split()[0]
    return bool(signs(first)) or len(sentence.split()) > _LEANS_WORDS or is_dense(sentence)


def _continues(sentence: str, before: str, answer: str) -> bool:
    """Whether a sentence without a sign goes on with the one before, or answers it."""
    if sentence.endswith((*_COLONS, "!", "！")) or shows_statements(sentence):
        return False
    if speech.has_question_mark(before):
        return _is_about_self(before, answer) and _word_count(sentence) <= _LEANS_WORDS
    return _states_something(sentence) and _word_count(sentence) <= _CONTINUES_WORDS


def _word_count(sentence: str) -> int:
    """About two characters are a word where no spaces are set."""
    return len(sentence) // 2 if is_dense(sentence) else len(sentence.split())


def _is_crumb(sentence: str) -> bool:
    if is_dense(sentence):
        return letters(sentence) <= _FEWEST_DENSE_CHARS
    return len(sentence.split()) < _FEWEST_WORDS and ": " not in sentence  # "name: Ada"


def _states_something(sentence: str) -> bool:
    if len(sentence) > _LONGEST_CHARS or speech.has_question_mark(sentence) or sentence.endswith(_COLONS):
        return False
    count = letters(sentence)
    said = count // 2 if is_dense(sentence) else sum(map(str.isalpha, sentence.split()))
    if count < len(sentence.replace(" ", "")) / 2 and said < _FEWEST_AROUND_NUMBERS:
        return False  # numbers, symbols, logs
    if is_dense(sentence):
        return count >= (_FEWEST_DENSE_CHARS_OF_SELF if signs(sentence) else _FEWEST_DENSE_CHARS)
    words = re.split(r"[\s'’]+", _URL.sub("", sentence).strip())
    few = is_caseless(sentence) or "CYRILLIC" in scripts_of(sentence) or verb_of_self(sentence)
    fewest = _FEWEST_WORDS_WITHOUT_AM if few else _FEWEST_WORDS
    return len(words) >= fewest
