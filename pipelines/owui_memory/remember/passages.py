"""An exchange cut into passages of what was said, without an LLM.

What is no prose (code, tables, logs, long quotes, pasted documents) is shortened to what says what it is.
Of a very long message beginning and end are looked at; each text is gone through once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..core.exchange import Exchange
from ..language import speech
from ..language.scripts import ends_sentences, is_dense, sets_no_spaces
from ..language.self_reference import signs
from ..language.sentences import sentences
from ..language.words import content_words
from ..recall.block import without_block
from .material import ends_of

USER, ASSISTANT = "user", "assistant"

LEAST, MOST = 60, 200  # tokens of a passage, as `size_of` counts them
_MOST_CHARS = 4 * (MOST - 1)  # more are too many tokens in any script
_MOST_PASSAGES = 40  # of a message, from its beginning and its end
_LEAD_CHARS = 120  # of the question before an answer
_FIRST_CHARS = 120  # of the first line of what is shortened
_SHORT_CHARS = 200  # of code that stays, having no more than
_SHORT_LINES = 3
_QUOTE_CHARS = 300  # of a quote that stays
_MACHINE_LINES = 4  # one below the other make a log
_DOCUMENT_CHARS, _OWN_PARAGRAPH_CHARS, _CHARS_PER_SIGN = 2000, 300, 400  # as the gate tells documents
_REPLY_CHARS = 160  # of an answer to a greeting that is none but a greeting
_FEWEST_WORDS = 2  # that say something

_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([^`\n]{0,200})$")
_TABLE_RULE = re.compile(r"[\s|:+-]*-[\s|:+-]*")
_QUOTED = re.compile(r"\s{0,3}>\s?")
# A program's: times first, levels, traces, braces. Not what is only calculated.
_MACHINE_LINE = re.compile(
    r"\W?(?:\d{4}-\d\d-\d\d[T ]\d\d:|\d\d:\d\d:\d\d|\w{3} +\d+ \d\d:\d\d:\d\d ).*"
    r"|\W?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\W.*|\s*(?:File|at) \S+[\"():].*|[\w.]+Error: .*"
    r"|\s*[<{}].*|.*[;{}]"
)
_FILE_NAME = re.compile(r"[\w./-]{1,80}\.\w{1,8}\b")
_HEADING = re.compile(r"\s*#{1,6}\s|.*[:：]\s*\**$")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences of a message, in one line. `role`: who said them, USER or ASSISTANT.

    lead: the beginning of what they answer, by which they are found, too; it is not quoted.
    """

    role: str
    text: str
    lead: str = ""


def passages(exchange: Exchange) -> list[Passage]:
    """What is kept of an exchange, in order; nothing of greetings, thanks, and answers to those."""
    said, answer = without_block(exchange.user_text), without_block(exchange.assistant_text)
    if not _says_something(said) and len(answer) <= _REPLY_CHARS and not _tells(answer):
        return []
    own = of_message(said)
    lead = (own[0] if own else " ".join(said.split()))[:_LEAD_CHARS]
    answered = of_message(answer, by=ASSISTANT)
    return [Passage(USER, text) for text in own] + [Passage(ASSISTANT, text, lead) for text in answered]


def of_message(text: str, *, by: str = USER) -> list[str]:
    """What is kept of what somebody says, without what it answers; [] of greetings, thanks and the like.

    Of a long one, its beginning and end.
    """
    if not _says_something(text, by=by):
        return []
    found = cut(shaped(ends_of(text), len(text), may_be_pasted=by == USER))
    half = _MOST_PASSAGES // 2
    return found[:half] + found[-half:] if len(found) > _MOST_PASSAGES else found


def _says_something(text: str, *, by: str = USER) -> bool:
    """Whether it is more than a greeting, thanks or a word of agreement."""
    text = text[:_DOCUMENT_CHARS].strip()
    if not any(map(str.isalnum, text)):
        return False
    if any(map(str.isdigit, text)) or len(text) > _REPLY_CHARS:
        return True
    said = [one.text for one in sentences(text)]
    left = [one for one in said if not speech.is_polite(one)]
    told = content_words(" ".join(left), or_all=False)
    is_question = any(speech.has_question_mark(one) and _is_longer(one) for one in left)
    is_of_self = by == USER and any(map(signs, left))  # "I am vegan"; an assistant says "I see"
    return is_of_self or len(told) >= (1 if is_question else _FEWEST_WORDS)


def _is_longer(question: str) -> bool:
    """Than "Really?" and "Why not?"."""
    return is_dense(question) or len(question.split()) > _FEWEST_WORDS


def _tells(answer: str) -> bool:
    """Whether a short answer to a greeting says something, beside asking back."""
    said = [one.text for one in sentences(answer)]
    left = [one for one in said if not (speech.is_polite(one) or speech.has_question_mark(one))]
    return any(map(signs, left)) or any(map(str.isdigit, answer))


# What is no prose


def shaped(text: str, whole_chars: int, *, may_be_pasted: bool = False) -> list[str]:
    """The paragraphs of a message, with a note in place of what is no prose."""
    blocks = list(_blocks(text.split("\n")))
    told = sum(len(block) for block, is_prose in blocks if is_prose)
    if not may_be_pasted or told < _DOCUMENT_CHARS or _tells_at_length(blocks, told):
        return [block for block, _ in blocks]
    # One's own words stand short above or below what is pasted.
    first, last = 0, len(blocks)
    while first < last and len(blocks[first][0]) <= _OWN_PARAGRAPH_CHARS:
        first += 1
    while last > first and len(blocks[last - 1][0]) <= _OWN_PARAGRAPH_CHARS:
        last -= 1
    note = _note("pasted text", f"{whole_chars:,} characters", blocks[first][0] if first < last else "")
    return [*(block for block, _ in blocks[:first]), note, *(block for block, _ in blocks[last:])]


def _tells_at_length(blocks: list[tuple[str, bool]], chars: int) -> bool:
    """Whether its speaker is all through a long text."""
    found = sum(signs(one.text) for block, is_prose in blocks if is_prose for one in sentences(block))
    return found * _CHARS_PER_SIGN >= chars


def _blocks(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Paragraphs and notes in order, and which are paragraphs."""
    prose: list[str] = []
    at = 0
    while at < len(lines):
        end, note = _other(lines, at)
        if end == at and lines[at].strip():
            prose.append(lines[at])
        elif prose:
            yield "\n".join(prose), True
            prose = []
        if note:
            yield note, False
        at = max(end, at + 1)
    if prose:
        yield "\n".join(prose), True


def _other(lines: list[str], at: int) -> tuple[int, str]:
    """Where something ends that begins in this line and is no prose, and the note of it; else `at`."""
    line = lines[at]
    if opened := _FENCE.match(line):
        closing, end = opened[1], at + 1
        while end < len(lines) and not lines[end].strip().startswith(closing):
            end += 1
        return end + 1, _code(opened[2].strip(), lines[at + 1 : end])
    if _is_of_table(line) and at + 1 < len(lines) and _TABLE_RULE.fullmatch(lines[at + 1]):
        end = _run(lines, at, _is_of_table)
        return end, _table(lines[at:end])
    if _QUOTED.match(line):
        end = _run(lines, at, _QUOTED.match)
        quoted = [_QUOTED.sub("", one, count=1) for one in lines[at:end]]
        chars = sum(map(len, quoted))
        if chars <= _QUOTE_CHARS:
            return end, " ".join(" ".join(quoted).split())
        return end, _note("quote", f"{chars:,} characters", _first(quoted))
    end = _run(lines, at, _is_of_a_machine)
    if end - at >= _MACHINE_LINES:
        return end, _note("log or code", f"{end - at} lines", _first(lines[at:end]))
    return at, ""


def _run(lines: list[str], at: int, kind: Callable[[str], object]) -> int:
    """Where the lines of a kind end that begin here."""
    end = at
    while end < len(lines) and kind(lines[end]):
        end += 1
    return end


def _is_of_table(line: str) -> bool:
    return line.count("|") > 1


def _is_of_a_machine(line: str) -> bool:
    return bool(_MACHINE_LINE.fullmatch(line.rstrip()[:_QUOTE_CHARS]))


def _code(info: str, lines: list[str]) -> str:
    """What a fenced block is: language, file, size and first line; short ones as they are."""
    body = [line for line in lines if line.strip()]
    if not body:
        return ""
    language = info.split()[0].strip("{}.") if info.split() else "code"
    whole = " ".join(" ".join(body).split())
    if len(body) <= _SHORT_LINES and len(whole) <= _SHORT_CHARS:
        return f"[{language}: {whole}]"
    named = _FILE_NAME.search(info) or _FILE_NAME.search(body[0][:_FIRST_CHARS])
    return _note(" ".join([language, *([named[0]] if named else [])]), f"{len(lines)} lines", _first(body))


def _table(lines: list[str]) -> str:
    """A table's columns, and the first cell of its rows as far as there is room."""
    head, _, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    names = ", ".join(row[0] for row in rows)[: 2 * _FIRST_CHARS]
    return _note("table", f"{len(rows)} rows", f"{' | '.join(head)[:_FIRST_CHARS]}: {names}")


def _first(lines: list[str]) -> str:
    return next((line for line in lines if any(map(str.isalnum, line))), "")


def _note(what: str, size: str, first: str) -> str:
    first = " ".join(first.split())
    shown = first[: 3 * _FIRST_CHARS if what == "table" else _FIRST_CHARS]
    return f"[{what}, {size}: {shown}{'…' if len(first) > len(shown) else ''}]"


# Passages


def cut(blocks: list[str]) -> list[str]:
    """Passages of paragraphs: sentences together, a new one with a paragraph if there is enough."""
    found: list[str] = []
    current: list[str] = []
    size = 0
    for text, ends_block in _units(blocks):
        heads = bool(_HEADING.match(text))  # it goes with what is below it
        if current and (size + size_of(text) > MOST or (heads and size >= LEAST)):
            carried = [current.pop()] if len(current) > 1 and _HEADING.match(current[-1]) else []
            found.append(_joined(current))
            current, size = carried, sum(map(size_of, carried))
        current.append(text)
        size += size_of(text)
        if ends_block and size >= LEAST and not heads:
            found.append(_joined(current))
            current, size = [], 0
    if current:
        last = _joined(current)
        if found and size < LEAST and size_of(found[-1]) + size <= MOST:
            last = _joined([found.pop(), last])
        found.append(last)
    return found


def _units(blocks: list[str]) -> Iterator[tuple[str, bool]]:
    """Sentences, none longer than a passage, and whether each is the last of its paragraph."""
    for block in blocks:
        parts = [block] if block.startswith("[") and block.endswith("]") else _sentences(block)
        pieces = [piece for part in parts for piece in _pieces(part)]
        for at, piece in enumerate(pieces, 1):
            yield piece, at == len(pieces)


def _sentences(block: str) -> list[str]:
    return [" ".join(block[one.start : one.end].split()) for one in sentences(block)]


def _pieces(sentence: str) -> Iterator[str]:
    """A sentence, or the parts of one that is too long, cut between words where it has some."""
    while len(sentence) > _MOST_CHARS or size_of(sentence) > MOST:
        head = sentence[:_MOST_CHARS]
        end = max(len(head) * MOST // max(size_of(head), MOST), 1)
        blank = head.rfind(" ", end // 2, end)
        end = blank if blank > 0 else end
        yield sentence[:end].strip()
        sentence = sentence[end:].strip()
    if sentence:
        yield sentence


def _joined(parts: list[str]) -> str:
    """One line; a slash where a line ended without a mark."""
    text = parts[0]
    for part in parts[1:]:
        last = text[-1:]
        if ends_sentences(last) and sets_no_spaces(text[-2:-1]):
            text += part
        else:
            ended = ends_sentences(last) or last in ",;:：)]\"'”*"
            text += f" {part}" if ended else f" / {part}"
    return text


def size_of(text: str) -> int:
    """About so many tokens: a word is four characters or more, where no spaces are set one."""
    if text.isascii():
        return len(text) // 4 + 1
    dense = sum(map(sets_no_spaces, text))
    return dense + (len(text) - dense) // 4 + 1
