"""Parts of a text between an opening and a closing, taken out in one pass: linear, whatever the text is."""

from __future__ import annotations

import re
from collections.abc import Callable

# What a model says to itself, and what Open WebUI folds away. An opening holds no other one, so that no
# character is looked at for more than one of them.
_TAG = re.compile(r"<(/?)(details|think|thinking|reasoning)\b([^<>]*)>", re.IGNORECASE)
_TYPE = re.compile(r"\btype=", re.IGNORECASE)


def without_spans(
    text: str,
    opening: str,
    closing: str,
    *,
    after: re.Pattern[str],
    ours: Callable[[str], bool] | None = None,
) -> str:
    """A text without what stands between an opening and the next closing, and without both.

    Of several openings before a closing the last one counts: what somebody wrote after an earlier one stays.
    after: what goes with the closing. ours: whether this is to be taken out, told what stands between.
    The same object where nothing was taken out.
    """
    if opening not in text:
        return text
    kept: list[str] = []
    done = floor = 0
    close = text.find(closing)
    while close >= 0:
        end = close + len(closing)
        begin = text.rfind(opening, floor, close)
        if begin >= 0 and (ours is None or ours(text[begin + len(opening) : close])):
            kept.append(text[done:begin])
            if goes_too := after.match(text, end):
                end = goes_too.end()
            done = end
        floor = end
        close = text.find(closing, end)
    return "".join([*kept, text[done:]]) if done else text


def without_thoughts(text: str) -> str:
    """A model's answer without its reasoning and without what Open WebUI folds away (tool calls, code).

    An opening counts up to the first closing; without one, only where the answer begins with it: that model
    was stopped before it said anything.
    """
    if "<" not in text:
        return text
    last_closing = {tag[2].lower(): tag.start() for tag in _TAG.finditer(text) if tag[1]}
    kept: list[str] = []
    done, inside = 0, ""
    has_said = False
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if inside:
            if tag[1] and name == inside:
                done, inside = tag.end(), ""
        elif not tag[1] and _hides(name, tag[3]):
            if last_closing.get(name, -1) > tag.start():
                kept.append(text[done : tag.start()])
                inside = name
            elif not has_said:
                has_said = bool("".join([*kept, text[done : tag.start()]]).strip())
                if not has_said:
                    return ""
    return "".join([*kept, text[done:]]) if done else text


def _hides(name: str, attributes: str) -> bool:
    return bool(_TYPE.search(attributes)) if name == "details" else not attributes.strip()
