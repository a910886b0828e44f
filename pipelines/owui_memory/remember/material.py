"""What of a message is not its user's own words: code, quotes, mails, logs, what is given to be worked on.

It is left out and marked by `HOLE`. Each scan goes through a text once, and `marked` cuts long ones first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ..language.phrases import anywhere, at_beginning, at_end
from ..language.scripts import fold, is_dense
from ..language.self_reference import signs
from ..language.sentences import sentences
from ..language.speech import hands_over

HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"

_MOST_CHARS = 20_000  # looked at: a message's beginning and its end
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~\n.*?(?:\n~~~|\Z)", re.DOTALL)
_QUOTED_LINES = re.compile(r"^ {0,3}>.*$", re.MULTILINE)
# Indented code, tables, shell prompts, headings.
_OTHER_LINES = re.compile(r"^(?: {4}|\t|[|$#]).*$", re.MULTILINE)

# From here on a message is somebody else's.
_DASHES = re.compile(r"[-_=*]{3,40} ?[^\W\d]")
_VERSE = re.compile(r"\[(?:verse|chorus|bridge|intro|outro|refrain|hook|strophe|pre-chorus)[^\]\n]{0,20}\]")
_HEAD_CHARS = 160  # of a line that is looked at
_SAID_BY = re.compile(
    r"^[ \t]*(?:[\[(]?\d{1,4}[:./-]\d\d[^\n\])]{0,24}[\])]?[ ,-]{0,3})?"
    r"(?:\[|<)?([^\W\d_][\w .'’-]{0,30})(?:\]|>|[\[(]\d{1,2}[:.]\d\d[^\])\n]{0,12}[\])])?"
    r"[ \t]{0,2}[:：]\s*(\S)"
)
_TIMED = re.compile(r"^[ \t]*[\[(]?\d{1,2}[:.]\d\d")
_FORM_LINES = 3  # of label and value, one below the other
_HEADERS_WITHIN = 4  # lines
_LABEL_CHARS = 20  # of "Subject:"
_LETTER_WORDS = 6  # of a salutation or a sign-off
_SEPARATOR = re.compile(r"[-=*_~]{3,80}|\"{3}|'{3}|<(\w{1,30})>|\[(\w{1,30})\]")
_COLON = re.compile(r":(?=\s|\ufffc|$|[^\x00-\x7f])|：")
_COLONS_MOST = 3  # of a sentence
_QUOTED_WORDS = 5  # so many are no name or title
_QUOTED_CHARS = 10  # in scripts without spaces
_TITLE_WORDS = 8

_SALUTATIONS = at_beginning("salutations")
_SIGNOFFS = at_beginning("signoffs")
_SUBJECTS = at_beginning("subjects")
_HEADERS = at_beginning("headers")
_RESUMES = at_beginning("resumes")
_FORWARDING, _WROTE = anywhere("forwarding"), at_end("wrote")

_CLOSERS = dict(
    pair.split("/")  # an opening mark, and those that close it
    for pair in "“/” „/“” ‘/’ ‚/‘’ «/» »/« ‹/› 「/」 『/』 \"/\" '/'".split()  # noqa: SIM905
)
_TAG = re.compile(r"<(/?)([a-z]\w{2,30})(?: [^<>]{0,80})?>", re.IGNORECASE)
_OF_STYLE = frozenset(("strong", "span", "div", "small", "font", "mark", "code"))
_QUOTES = re.compile("[" + "".join(_CLOSERS) + "”’」』›]")


def marked(text: str) -> str:
    """A message with `HOLE` in place of fenced and quoted lines; of a long one beginning and end."""
    return _QUOTED_LINES.sub(HOLE, _FENCE.sub(f"\n{HOLE}\n", ends_of(text)))


def prose(text: str) -> str:
    """The same without tables, headings and indented lines."""
    return _OTHER_LINES.sub("", marked(text))


def own_part(text: str, *, strict: bool) -> str:
    """A text with `HOLE` in place of what is not its user's own.

    strict: also what only may be somebody else's, for where nobody reads it before it is kept.
    """
    text = _without_letters(_without_forwarded(text.lstrip("\n")))
    text = _without_quotes(_without_tagged(_without_logs(text, strict=strict)))
    return _without_handed_over(text, least=1 if strict else 2)


def ends_of(text: str) -> str:
    """The beginning and the end of a text that is longer than what is looked at."""
    if len(text) <= _MOST_CHARS:
        return text
    half = _MOST_CHARS // 2
    opened = text.count("```", half, len(text) - half) % 2  # a fence goes on where the middle was
    return f"{text[:half]}\n{'```' if opened else ''}\n{text[-half:]}"


def _without_forwarded(text: str) -> str:
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if _is_forwarding(line):
            return "\n".join([*lines[:at], HOLE])
    return text


def _is_forwarding(line: str) -> bool:
    """Whether somebody else's words come below a line: "--- Forwarded message ---", "On 3 May Eve wrote:"."""
    head = fold(line[:_HEAD_CHARS]).strip()
    if _DASHES.match(head):
        return bool(_FORWARDING.search(head))
    if head.endswith((":", "：")) and any(char.isdigit() or char == "@" for char in head):
        return bool(_WROTE.search(head))
    return bool(_VERSE.match(head))


def _without_letters(text: str) -> str:
    """Without mails: from their headers on, or from salutation to signature."""
    lines = text.split("\n")
    lowered = [line.strip().lower() for line in lines]
    headers = [at for at, line in enumerate(lowered) if ":" in line[:14] and _HEADERS.match(line)]
    for first, second in pairwise(headers):
        if second - first < _HEADERS_WITHIN:
            return "\n".join([*lines[:first], HOLE])
    if _heads_material(lowered[0]) and len(lines) > 1:
        return HOLE
    begins = next((at for at, line in enumerate(lowered) if _is_short(line) and _salutes(line)), None)
    if begins is None:
        return text
    ends = [
        at for at, line in enumerate(lowered) if at > begins and _is_short(line) and _SIGNOFFS.match(line)
    ]
    if not ends:
        return text
    after = ends[-1] + 1
    while after < len(lines) and not lowered[after]:
        after += 1
    signed = after < len(lines) and _is_short(lowered[after])
    return "\n".join([*lines[:begins], HOLE, *lines[after + signed :]])


def _heads_material(line: str) -> bool:
    """Whether a message's first line is the heading of a CV, or a mail's subject."""
    label, colon, _ = line.partition(":")
    if colon and len(label) < _LABEL_CHARS and _SUBJECTS.fullmatch(label.strip()):
        return True
    return _is_short(line) and bool(_RESUMES.fullmatch(line.strip(" :#*")))


def _is_short(line: str) -> bool:
    return 0 < len(line) <= 60 and len(line.split()) <= _LETTER_WORDS


def _salutes(line: str) -> bool:
    return bool(_SALUTATIONS.match(line)) and line.endswith((",", "，", ":", "：", "!"))


def _without_logs(text: str, *, strict: bool) -> str:
    """Without chats, lines of "name: what they said", and forms, where `strict`."""
    lines = text.split("\n")
    said = [_SAID_BY.match(line[:200]) for line in lines]
    runs: list[list[int]] = []
    for at, match in enumerate(said):
        if match and runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        elif match:
            runs.append([at])
    for run in runs:
        labels = [match[1].lower() for at in run if (match := said[at])]
        timed = sum(bool(_TIMED.match(lines[at])) for at in run) >= len(run) / 2
        talk = len(run) > 1 and (timed or len(set(labels)) < len(labels))
        others = strict and (
            len(run) >= _FORM_LINES
            or (len(run) > 1 and any(signs(lines[at].partition(":")[2]) for at in run))
        )
        if talk or others:
            for at in run:
                lines[at] = HOLE
    return "\n".join(lines)


def _without_tagged(text: str) -> str:
    """Without what stands between tags such as <email> and </email>."""
    tags = [(match, match[2].lower()) for match in _TAG.finditer(text)]
    last = {name: match.start() for match, name in tags if match[1]}
    kept, end, opened = list[str](), 0, ""
    for match, name in tags:
        if not opened and not match[1] and name not in _OF_STYLE and last.get(name, -1) > match.start():
            kept += [text[end : match.start()], HOLE]
            opened = name
        elif opened == name and match[1]:
            end, opened = match.end(), ""
    return "".join([*kept, text[end:]])


def _without_quotes(text: str) -> str:
    kept, end = [], 0
    for start, after in _quoted(text):
        if _is_said(text[start + 1 : after - 1]):
            kept += [text[end:start], HOLE]
            end = after
    return "".join([*kept, text[end:]])


def _quoted(text: str) -> Iterator[tuple[int, int]]:
    """Where paired quotation marks begin and end, outermost only."""
    marks = [(match.start(), match.group()) for match in _QUOTES.finditer(text)]
    last = {mark: at for at, mark in marks if _may_close(text, at)}
    opened, closers = -1, ""
    for at, mark in marks:
        if opened >= 0:
            if mark in closers and _may_close(text, at):
                yield opened, at + 1
                opened = -1
        elif mark in _CLOSERS and _may_open(text, at):
            closers = _CLOSERS[mark]
            if any(last.get(closer, -1) > at for closer in closers):
                opened = at


def _may_open(text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if text[at] in "\"'":
        return not (before.isalnum() or before in ".,!?)") and bool(after) and not after.isspace()
    return True


def _may_close(text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if text[at] in "\"'’":
        return bool(before) and not before.isspace() and not after.isalnum()
    return True


def _is_said(quoted: str) -> bool:
    """Whether something quoted is what somebody says, not a name or a title."""
    quoted = quoted.strip()
    ended = quoted.endswith((".", "!", "?", "。", "！", "？", "…"))
    if is_dense(quoted[:400]):
        return ended or len(quoted) >= _QUOTED_CHARS or bool(signs(quoted[:400]))
    found = quoted.split(maxsplit=_TITLE_WORDS + 1)
    if len(found) <= _TITLE_WORDS and not ended and all(word[0].isupper() or len(word) < 4 for word in found):
        return False
    return (
        len(found) >= _QUOTED_WORDS or (len(found) > 2 and ended) or (len(found) > 3 and bool(signs(quoted)))
    )


def _without_handed_over(text: str, *, least: int) -> str:
    kept: list[str] = []
    done = 0  # up to where the text is in `kept` or left out
    for sentence in sentences(text):
        if sentence.start < done:
            continue
        lead_end = _lead_end(text, sentence.start, sentence.end, sentence.line_ends, least)
        if not lead_end:
            continue
        rest = text[lead_end:].lstrip()
        begins = len(text) - len(rest)
        if rest.startswith(HOLE):
            continue  # it is delimited, and what comes after it is the user's
        if not rest:
            if _hands_over_above(text[: sentence.start], sentence.text, least):
                return f"{HOLE}\n{text[sentence.start : lead_end]}"
            continue
        kept += [text[done:lead_end], f" {HOLE}\n"]
        closing = _closing(rest)
        if not closing:
            return "".join(kept)
        done = begins + closing
    return "".join([*kept, text[done:]])


def _hands_over_above(above: str, lead: str, least: int) -> bool:
    """Whether a text's last sentence is about what stands above it, not about what is left out already."""
    return bool(
        above.strip()
        and HOLE not in above
        and not lead.endswith((":", "："))
        and hands_over(lead, line_ends=least > 1 and above.endswith("\n")) >= least
    )


def _lead_end(text: str, start: int, end: int, line_ends: bool, least: int) -> int:
    """Where the lead in a sentence ends, 0 if there is none: at a colon within it, or at its end."""
    for colon in list(_COLON.finditer(text, start, min(end, start + 400)))[:_COLONS_MOST]:
        at = colon.end()
        ends = not text[at:end].strip()
        if hands_over(text[start:at], line_ends=ends and line_ends) >= least:
            return at
    if text[start:end].rstrip().endswith((":", "：")):
        return 0
    return end if hands_over(text[start:end], line_ends=line_ends) >= least else 0


def _closing(rest: str) -> int:
    """Where material ends that is set between lines like "---" or tags; 0 where it is not."""
    first, _, others = rest.partition("\n")
    match = _SEPARATOR.fullmatch(first.strip())
    if not match:
        return 0
    name = match[1] or match[2]
    closing = f"</{name}>" if match[1] else f"[/{name}]" if match[2] else first.strip()
    at = others.find(f"\n{closing}")
    return len(first) + 1 + at + 1 + len(closing) if at >= 0 else 0
