"""The forms in which a model is asked: a request as messages of a chat, and messages as a request again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import Send

from ..body import mapping, role_of
from . import answer, replies
from .answer import Read

Body = Mapping[str, Any]
_SYSTEM = "system"
_PROMPT_CHARS = 100_000
# What goes on for several people: a chat's template, or lines that begin with who speaks.
_TEMPLATE = ("<|", "[INST]", "<start_of_turn>", "### Instruction", "### Response")
_SPEAKER = re.compile(r"^\W{0,3}[^\W\d][\w .'-]{0,30}:(?:\s|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """read: what an event of its answers says. reply: answers with a text of our own.

    opened: a request's messages, None where it has none. closed: a request with these ones.
    in_system: blocks may stand among instructions only. learned: whether what is said may be remembered.
    """

    opened: Callable[[Body], list[Any] | None]
    closed: Callable[[Body, Sequence[Any]], dict[str, Any]]
    read: Read
    reply: Callable[[Send, Body, str], Awaitable[None]]
    in_system: bool = False
    learned: Callable[[Body], bool] = lambda _: True


def _chat(body: Body) -> list[Any] | None:
    messages = body.get("messages")
    return messages if isinstance(messages, list) else None


def _as_chat(body: Body, messages: Sequence[Any]) -> dict[str, Any]:
    return {**body, "messages": messages}


def _responses(body: Body) -> list[Any] | None:
    """Instructions are a system message; items that are no messages stay where they are."""
    given = body.get("input")
    if not isinstance(given, str | list):
        return None
    said = [{"role": "user", "content": given}] if isinstance(given, str) else given
    return [*_instructions(body), *said]


def _as_responses(body: Body, messages: Sequence[Any]) -> dict[str, Any]:
    given, told, rest = body.get("input"), {}, list(messages)
    first = mapping(rest[0]) if rest else {}
    own_system = isinstance(given, list) and given and role_of(given[0]) == _SYSTEM
    if first.get("role") == _SYSTEM and (_instructions(body) or not own_system):
        told, rest = {"instructions": first.get("content")}, rest[1:]
    if isinstance(given, str) and len(rest) == 1:
        return {**body, **told, "input": rest[0].get("content")}
    return {**body, **told, "input": rest}


def _instructions(body: Body) -> list[Any]:
    told = body.get("instructions")
    return [{"role": _SYSTEM, "content": told}] if isinstance(told, str) and told else []


def _completion(body: Body) -> list[Any] | None:
    prompt = body.get("prompt")
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else None


def _as_completion(body: Body, messages: Sequence[Any]) -> dict[str, Any]:
    told = [str(one.get("content")) for one in messages if isinstance(one, Mapping)]
    return {**body, "prompt": "\n\n".join(told)}


def _is_said(body: Body) -> bool:
    """Whether a prompt is something that its user says, and no chat of several, written out."""
    prompt = str(body.get("prompt"))[:_PROMPT_CHARS]
    return not any(mark in prompt for mark in _TEMPLATE) and len(_SPEAKER.findall(prompt)) < 2


DIALECTS = {
    "/chat/completions": Dialect(_chat, _as_chat, answer.chat, replies.send_chat),
    "/responses": Dialect(_responses, _as_responses, answer.responses, replies.send_response, in_system=True),
    "/completions": Dialect(
        _completion, _as_completion, answer.chat, replies.send_completion, learned=_is_said
    ),
}
