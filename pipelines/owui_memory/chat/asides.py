"""What is said in a chat and is no conversation with the model: commands, their answers, and our notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .body import text_of
from .slash import read_command

NOTES = '<details type="memory_notes">'
_NOTES = re.compile(re.escape(NOTES) + r".*?</details>\s*", re.DOTALL)
# In the text of a task, which Open WebUI makes of the chat: no line of an answer of ours begins like this.
_COMMAND_LINES = re.compile(
    r"^USER: /memory(?=\s).*?(?=^USER: |^</chat_history>|\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_INSTEAD = "USER: What do you remember about me?\nASSISTANT: (a list)\n"


def without_asides(body: Any) -> Any:
    """A body as the model is to see it: the same object where it has none. The last message stays."""
    messages = body.get("messages") if isinstance(body, Mapping) else None
    if not isinstance(messages, list) or not messages:
        return body
    if isinstance(meta := body.get("metadata"), Mapping) and meta.get("task"):
        kept = [_without_lines(message) for message in messages]
    else:
        kept = [*_conversation(messages[:-1]), messages[-1]]
    return body if kept == messages else {**body, "messages": kept}


def _conversation(messages: list[Any]) -> Iterator[Any]:
    aside = False
    for message in messages:
        role = message.get("role") if isinstance(message, Mapping) else None
        if role == "user":
            aside = read_command(text_of(message.get("content"))) is not None
        if role == "assistant" and isinstance(content := message.get("content"), str) and NOTES in content:
            message = {**message, "content": _NOTES.sub("", content).rstrip()}
        if not aside or role == "system":
            yield message


def _without_lines(message: Any) -> Any:
    content = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(content, str) or ("/memory" not in content.lower() and NOTES not in content):
        return message
    return {**message, "content": _NOTES.sub("", _COMMAND_LINES.sub(_INSTEAD, content))}
