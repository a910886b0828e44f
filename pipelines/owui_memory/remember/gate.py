"""Worth remembering at all? Told from the shape of an exchange, before any call is paid for.

`judge` decides whether an LLM should read an exchange, and lets through what is in doubt: a call costs
little, a lost fact cannot be had again. `statements` picks, without an LLM, the sentences to be kept as they
are, and is strict: nobody sorts out later what it lets through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..recall.wishes import wish
from .oneself import known_script, names_and_states, shows_statements, signs, tells_of_others, weak_sign
from .outbox import Exchange

_LONGEST_CHARS = 400  # of a sentence that somebody says about themselves
_FEWEST_WORDS = 3
_FEWEST_WORDS_WITHOUT_AM = 2  # "Я веган": languages of these scripts do without
_FEWEST_DENSE_CHARS = 5  # in scripts that set no spaces between words
_CONTINUES_WORDS = 8  # a sentence so short, without a sign of its own, leans on the one before
_LEANS_WORDS = 4  # and so does one that has a sign, but not at its beginning
_DOCUMENT_CHARS = 1500
_OWN_PARAGRAPH_CHARS = 300  # what one writes above or below something pasted
_DOCUMENT_CHARS_PER_SIGN = 400  # with more signs than that, somebody tells of themselves at length
_WORK_CHARS = 800  # of an answer that is a piece of work, not a reaction
_LONG_WORK_CHARS = 1600  # of one that surely is: many models chat at length about a plain fact
_TASK_SENTENCES = 3
_MOST_CHARS = 20_000  # looked at: its beginning and its end
_LINE_CHARS = 300  # of a line, to tell whether it is a program's
_END_CHARS = 40  # of a sentence, to tell whether it asks

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
# Indented code, quotes, tables, shell prompts, headings.
_OTHER_LINES = re.compile(r"^(?: {4}|\t|[>|$#]).*$", re.MULTILINE)
# What programs read or write: code without a fence, markup, stack traces, lines of a log.
_MACHINE_LINE = re.compile(
    r".*[=()\[\]].*;|.*[{}\\]|\s*[<@{}\[].*|.*\w\([^)]*\)\s*[:;,]?"
    r"|.*(?:[=!<>]=|=>|::|\w\.\w+\(|\w = |</).*"
    r"|\W?(?:\d{4}-\d\d-\d\d[T ]\d\d:|\d\d:\d\d:\d\d|\w{3} +\d+ \d\d:\d\d:\d\d ).*"
    r"|\s*(?:File|at) \S+[\"():].*|\S+Error: .*|\W?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\W.*"
)
_ONLY_IN_CODE = re.compile(r"[;{}\\]|\d\d:\d\d:\d\d")
_END = re.compile(r"(?<=[.!?…؟।])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")
_QUESTION = re.compile(r"(?:[?？؟՞\u037e]|[α-ωά-ώ]\s*;)[^\w;]*$")
_BULLET = re.compile(r"^(?:[-*•–]|\d{1,2}[.)])\s+")
_COLONS = (":", "：")
_URL = re.compile(r"\w{1,12}://\S+|\bwww\.\S+")
_DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NO_COPULA = re.compile(r"[\u0400-\u04ff\u0590-\u06ff]")
_LETTER = re.compile(r"[^\W\d_]|[\u0900-\u0eff]")  # with the vowel signs, which \w does not know
_ABBREVIATION = re.compile(
    r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|etc|vs|No|Nr|Sra|bzw))\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an exchange is worth remembering, and if not, why: for the status, in words."""

    worth: bool
    reason: str = ""


def judge(exchange: Exchange, before: Exchange | None = None) -> Verdict:
    """Whether an LLM should read this exchange; `before` is the one that it follows in its batch."""
    text, answer = exchange.user_text, exchange.assistant_text
    own = own_words(text)
    if not _LETTER.search(own):
        return Verdict(False, _what_is_left_out(text))
    if _signs_in(own) and (len(own) < _DOCUMENT_CHARS or _tells_at_length(own)):
        return Verdict(True)
    if not known_script(own):
        return Verdict(True)
    if len(own) >= _DOCUMENT_CHARS:
        return Verdict(False, "a pasted document")
    said = list(_sentences(own))
    stated = [sentence for sentence in said if not _asks(sentence) and not _is_crumb(sentence)]
    if not stated and any(_asks(sentence) for sentence in said):
        return Verdict(False, "only a question")
    if not stated:
        asked = before is not None and _asks(before.assistant_text)
        return Verdict(asked, "" if asked else "a greeting or a crumb")
    if _is_task(own, said, stated, answer):
        return Verdict(False, "a task")
    return Verdict(True)


def sift(exchanges: Iterable[Exchange], *, verbatim: bool) -> Iterator[tuple[Exchange, Verdict]]:
    """Each exchange of a batch with its verdict, in order."""
    if verbatim:
        for exchange in exchanges:
            verdict = judge(exchange)
            if wish(exchange.user_text):
                verdict = Verdict(True)
            elif verdict.worth and not statements(exchange.user_text, exchange.assistant_text):
                verdict = Verdict(False, "nothing stated")
            yield exchange, verdict
        return
    held: tuple[Exchange, Verdict] | None = None
    for exchange in exchanges:
        verdict = judge(exchange, held[0] if held else None)
        if held:
            answered = verdict.worth and not judge(exchange).worth  # and is nothing without its question
            yield held[0], (Verdict(True) if answered else held[1])
        held = (exchange, verdict)
    if held:
        yield held


def statements(text: str, answer: str = "") -> list[str]:
    """The sentences that state something: no questions, tasks, code, quotes, links, crumbs.

    What cannot stand alone comes with the sentence before it. `answer` is what the model made of it: where
    that is a piece of work, only what the speaker says of themselves is kept.
    """
    own = own_words(text, keep_links=True)
    if len(own) >= _DOCUMENT_CHARS and not _tells_at_length(own):
        return []
    found: list[str] = []
    before = ""  # the sentence that the next may lean on
    for sentence in _sentences(own):
        about_self = _is_about_self(sentence, answer)
        if _asks(sentence):
            before = sentence
        elif about_self and _states_something(sentence):
            alone = not before or _stands_alone(sentence)
            before = _keep(found, sentence if alone else _joined(before, sentence), "" if alone else before)
        elif before and not _is_work(answer) and _continues(sentence, before, answer):
            before = _keep(found, _joined(before, sentence), before)
        elif not _is_work(answer) and tells_of_others(sentence) and _states_something(sentence):
            before = _keep(found, sentence, "")  # of others, or of a project: as good a fact
        else:
            before = ""
    return [statement for statement in dict.fromkeys(found) if len(statement) <= _LONGEST_CHARS]


def _keep(found: list[str], statement: str, instead_of: str) -> str:
    if found and found[-1] == instead_of:
        found.pop()
    found.append(statement)
    return statement


def _signs_in(text: str) -> int:
    """The signs in all sentences of a text."""
    return sum(signs(sentence) for sentence in _sentences(text))


def own_words(text: str, *, keep_links: bool = False) -> str:
    """A message without code, quotes, tables, logs and links; of a very long one, beginning and end."""
    prose = _OTHER_LINES.sub("", _FENCE.sub("\n", text))
    if len(prose) > _MOST_CHARS:
        prose = prose[: _MOST_CHARS // 2] + "\n" + prose[-_MOST_CHARS // 2 :]
    prose = "\n".join(line for line in prose.split("\n") if not _is_of_a_machine(line))
    return (prose if keep_links else _URL.sub("", prose)).strip()


def _is_of_a_machine(line: str) -> bool:
    line = line[:_LINE_CHARS]
    return bool(_MACHINE_LINE.fullmatch(line)) and (bool(_ONLY_IN_CODE.search(line)) or not signs(line))


def _what_is_left_out(text: str) -> str:
    if not text.strip():
        return "nothing said"
    if not _LETTER.search(_URL.sub("", text)):
        return "only links" if _URL.search(text) else "no words"
    return "only code, logs or quotes"


def _tells_at_length(text: str) -> bool:
    """Of a long text: its speaker is all through it, or in what stands short above or below the rest."""
    parts = _paragraphs(text)
    ends = [part for part in (parts[0], parts[-1]) if len(part) <= _OWN_PARAGRAPH_CHARS]
    return any(map(_signs_in, ends)) or _signs_in(text) * _DOCUMENT_CHARS_PER_SIGN >= len(text)


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _is_task(own: str, said: list[str], stated: list[str], answer: str) -> bool:
    """Told from what is given to work on, or from few words without a number and a long answer to them."""
    lead, _, material = own.partition("\n")
    if all(sentence.endswith(_COLONS) for sentence in stated):
        return True  # what it was for is code, or left out
    if lead.rstrip().endswith(_COLONS) and not weak_sign(lead) and len(answer) * 2 >= len(material):
        return True
    if any(map(names_and_states, stated)):
        return False
    few = len(said) <= _TASK_SENTENCES and not re.search(r"\d", own)
    return few and ("```" in answer or len(answer) >= _LONG_WORK_CHARS)


def _is_work(answer: str) -> bool:
    return "```" in answer or len(answer) >= _WORK_CHARS


def _is_about_self(sentence: str, answer: str) -> bool:
    if signs(sentence) or not known_script(sentence):
        return True
    return weak_sign(sentence) and not _is_work(answer)


def _asks(text: str) -> bool:
    return bool(_QUESTION.search(text[-_END_CHARS:]))


def _joined(before: str, sentence: str) -> str:
    return before + ("" if before.endswith(("。", "！", "？")) else " ") + sentence


def _stands_alone(sentence: str) -> bool:
    """Its speaker comes first, or it is long enough to say what it is about."""
    first = sentence.split()[0]
    return bool(signs(first)) or len(sentence.split()) > _LEANS_WORDS or bool(_DENSE.search(sentence))


def _continues(sentence: str, before: str, answer: str) -> bool:
    """Whether a sentence without a sign goes on with the one before, or answers it."""
    if sentence.endswith((*_COLONS, "!", "！")) or shows_statements(sentence):
        return False
    if _asks(before):
        return _is_about_self(before, answer) and _word_count(sentence) <= _LEANS_WORDS
    return _states_something(sentence) and _word_count(sentence) <= _CONTINUES_WORDS


def _word_count(sentence: str) -> int:
    """About two characters are a word where no spaces are set."""
    return len(sentence) // 2 if _DENSE.search(sentence) else len(sentence.split())


def _is_crumb(sentence: str) -> bool:
    if _DENSE.search(sentence):
        return len(_LETTER.findall(sentence)) <= _FEWEST_DENSE_CHARS
    return len(sentence.split()) < _FEWEST_WORDS and ": " not in sentence  # "name: Ada"


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        sentence = text[start : end.start()].strip()
        if _ABBREVIATION.search(sentence[-_END_CHARS:]) and "\n" not in end.group():
            continue
        if sentence:
            yield _BULLET.sub("", sentence)
        start = end.end()
    if rest := text[start:].strip():
        yield _BULLET.sub("", rest)


def _states_something(sentence: str) -> bool:
    if len(sentence) > _LONGEST_CHARS or _asks(sentence) or sentence.endswith(_COLONS):
        return False
    letters = len(_LETTER.findall(sentence))
    if letters < len(sentence.replace(" ", "")) / 2:
        return False  # numbers, symbols, logs
    if _DENSE.search(sentence):
        return letters >= _FEWEST_DENSE_CHARS
    words = re.split(r"[\s'’]+", _URL.sub("", sentence).strip())
    fewest = _FEWEST_WORDS_WITHOUT_AM if _NO_COPULA.search(sentence) else _FEWEST_WORDS
    return len(words) >= fewest
