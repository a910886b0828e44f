"""What is said in a chat and is no conversation with the model: commands, their answers, and our notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from operator import is_
from typing import Any

from ..commands.markup import NOTES
from ..commands.parse import read_command
from ..core.locales import Locale, code_of, locale
from ..language.spans import without_spans
from .body import LANGUAGE, mapping, role_of, text_of

_BLANKS = re.compile(r"\s*")
# In the text of a task, which Open WebUI makes of the chat: no line of an answer of ours begins like these.
_USER, _ASSISTANT, _END = "USER: ", "\nASSISTANT: ", "\n</chat_history>"
_MOST_SAID = 10_000  # messages of a task that are looked at


def without_commands(body: Any) -> Any:
    """A body as the model is to see it: the same object where it has none.

    The last message of the user stays, with what follows it: it may be a command that is to be answered.
    """
    messages = mapping(body).get("messages")
    if not isinstance(messages, list) or not messages:
        return body
    meta = mapping(body.get("metadata"))
    if meta.get("task"):
        words = locale(code_of(mapping(meta.get("variables")).get(LANGUAGE)))
        kept = [_with_texts(message, partial(_without_commands, words=words)) for message in messages]
    else:
        last = max((at for at, message in enumerate(messages) if role_of(message) == "user"), default=0)
        kept = [*_conversation(messages[:last]), *map(_without_notes, messages[last:])]
    same = len(kept) == len(messages) and all(map(is_, kept, messages))
    return body if same else {**body, "messages": kept}


def _conversation(messages: list[Any]) -> Iterator[Any]:
    aside = False
    for message in messages:
        role = role_of(message)
        if role == "user":
            aside = read_command(text_of(message.get("content"))) is not None
        if not aside or role == "system":
            yield _without_notes(message)


def _without_notes(message: Any) -> Any:
    return _with_texts(message, _noteless) if role_of(message) == "assistant" else message


def _noteless(text: str) -> str:
    without = without_spans(text, NOTES, "</details>", after=_BLANKS)
    return text if without is text else without.rstrip()


def _without_commands(text: str, words: Locale) -> str:
    """The text of a task without the commands in its chat, without their answers and without notes."""
    text = without_spans(text, NOTES, "</details>", after=_BLANKS)
    kept: list[str] = []
    asked, answered = words.say("instead of a command"), words.say("instead of its answer")
    done, end_of_chat = 0, -1
    at = 0 if text.startswith(_USER) else text.find(f"\n{_USER}") + 1
    for _ in range(_MOST_SAID if text.startswith(_USER, at) else 0):
        following = text.find(f"\n{_USER}", at) + 1
        if end_of_chat < at:
            end_of_chat = text.find(_END, at) + 1 or len(text)
        end = min(following or len(text), end_of_chat)
        if read_command(text[at + len(_USER) : end].partition(_ASSISTANT)[0]) is not None:
            kept += [text[done:at], f"{_USER}{asked}{_ASSISTANT}{answered}\n"]
            done = end
        if not following:
            break
        at = following
    return "".join([*kept, text[done:]]) if kept else text


def _with_texts(message: Any, changed: Callable[[str], str]) -> Any:
    """A message with another text, or other text parts; the same object where nothing changes."""
    content = mapping(message).get("content")
    if isinstance(content, str):
        without = changed(content)
        return message if without is content else {**message, "content": without}
    if not isinstance(content, list):
        return message
    parts = [_with_text(part, changed) for part in content]
    return message if all(map(is_, parts, content)) else {**message, "content": parts}


def _with_text(part: Any, changed: Callable[[str], str]) -> Any:
    text = mapping(part).get("text")
    if not isinstance(text, str) or (without := changed(text)) is text:
        return part
    return {**part, "text": without}
