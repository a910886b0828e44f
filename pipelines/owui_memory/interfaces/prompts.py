"""A body's messages as the turns of a chat: what they say, what is counted, and what of them stays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..context.turns import PER_MESSAGE, Past, Texts
from ..core.turn import Turn
from .body import appended, exchange_names, final_text, mapping, prepended, seen_numbers, text_of, typed

_IMAGE_TOKENS, _BYTES_A_CHAR = 1_000, 4
_USER_CHARS, _ANSWER_CHARS, _RESULT_CHARS = 2_000, 600, 300  # that an abstract is made of
_MOST_RESULTS = 3
_ALWAYS = ("system", "developer")
_PLAIN = frozenset(("role", "content", "id", "type", "status"))
_ADDED = ("tools", "tool_ids", "tool_servers", "toolIds", "files", "knowledge")
_SUMMARY = "[CONVERSATION SUMMARY]\n"  # begins what Open WebUI's own compaction puts into the system prompt


@dataclass(frozen=True)
class Prompt:
    """A body whose chat has turns. begins: the numbers of the messages that `Turn.positions` names."""

    body: Mapping[str, Any]
    begins: Sequence[int]

    @classmethod
    def of(cls, body: Any, turn: Turn) -> Prompt | None:
        """None where it is not one of a chat."""
        messages = _messages(body)
        if not messages or not turn.positions:
            return None
        begins = [at for at in seen_numbers(messages) if messages[at].get("role") == "user"]
        return cls(body, begins) if len(begins) == len(turn.positions) else None

    @cached_property
    def texts(self) -> Texts:
        fixed, more = [], 0
        if self.body.get("tools"):
            fixed.append(_json(self.body["tools"]))
        turns: list[list[str]] = [[] for _ in self.begins]
        others = [0] * len(turns)
        for number, message in zip(self._turn_of, self.body["messages"], strict=True):
            said, tokens = _texts(message)
            if number < 0:
                fixed += said
                more += tokens
            else:
                turns[number] += said
                others[number] += tokens
        return Texts(fixed, more, turns, others)

    @cached_property
    def _turn_of(self) -> list[int]:
        """The number of each message's turn, -1 where it always stays.

        A call, with the reasoning before it, is of the turn of its last result: they stay, or go, together.
        """
        begins, number, turns, messages = set(self.begins), -1, [], self.body["messages"]
        made: dict[str, int] = {}  # calls, by ids that some servers use again
        results: dict[int, list[int]] = {}  # of the message that made the call
        for at, message in enumerate(messages):
            number += at in begins
            turns.append(-1 if _role(message) in _ALWAYS else number)
            made.update(dict.fromkeys(_made(message), at))
            if (call := made.get(_answered(message), -1)) >= 0:
                results.setdefault(call, []).append(at)
        for call, found in results.items():
            if turns[call] == (last := turns[found[-1]]):
                continue
            thought = call - (call > 0 and mapping(messages[call - 1]).get("type") == "reasoning")
            for at in (thought, call, *found):
                turns[at] = last
        return turns

    def names(self, turn: Turn, numbers: Sequence[int]) -> list[str]:
        """How the keys of these turns' exchanges end: see `context.turns.Past`."""
        if not turn.user_message_id:  # then they are made of all that was said
            said = [typed(self.body["messages"][at]) for at in self.begins]
            named = exchange_names(turn, said)
            return [named[at] for at in numbers]
        return exchange_names(turn, [typed(self.body["messages"][self.begins[at]]) for at in numbers])

    def past(self, turn: Turn, first: int, last: int) -> list[Past]:
        """The turns from one number up to another, as an abstract is made of them."""
        numbers, ends = range(first, last), [*self.begins, len(self.body["messages"])]
        return [
            Past(*_said(self.body["messages"][ends[at] : ends[at + 1]]), name, turn.positions[at + 1])
            for at, name in zip(numbers, self.names(turn, numbers), strict=True)
        ]

    def cut(self, kept: Sequence[int], abstract: str, *, in_system: bool) -> dict[str, Any]:
        """The body with these turns only; the abstract in its system message, else before what is first said.

        in_system: a system message is made where there is none.
        """
        stay = {-1, *kept}
        numbered = zip(self._turn_of, self.body["messages"], strict=True)
        left = [message for number, message in numbered if number in stay]
        if abstract:
            first = next(at for at, one in enumerate(left) if _role(one) == "user")
            if _role(left[0]) == "system" and isinstance(left[0].get("content") or "", str | list):
                left[0] = {**left[0], "content": appended(abstract, left[0].get("content"))}
            elif in_system:
                left.insert(0, {"role": "system", "content": abstract})
            else:
                left[first] = {**left[first], "content": prepended(abstract, left[first].get("content"))}
        return {**self.body, "messages": left}


def most_tokens(body: Any) -> list[int]:
    """How many tokens a prompt has at most: no more than bytes. Costs little.

    Up to each of the user's messages, with it and with what is said of tools, and in all.
    """
    tools = mapping(body).get("tools")
    most = len(_json(tools)) * _BYTES_A_CHAR if tools else 0
    upto: list[int] = []
    for message in _messages(body):
        if not isinstance(message, Mapping):
            continue
        content = message.get("content")
        text = content if isinstance(content, str) else text_of(content)
        most += PER_MESSAGE + (len(text) if text.isascii() else len(text.encode(errors="replace")))
        if not isinstance(content, str) or len(message) > len(("role", "content")):
            most += sum(len(one) for one in _texts(message)[0][1:]) * _BYTES_A_CHAR
            most += len(content) * _IMAGE_TOKENS if isinstance(content, list) else 0
        if message.get("role") == "user":
            upto.append(most)
    return [*upto, most]


def is_all(body: Any, turn: Turn) -> bool:
    """Whether nothing is seen to come to a prompt behind the filter: no files, searches, tools, knowledge."""
    body = mapping(body)
    meta = mapping(body.get("metadata"))
    own = mapping(mapping(mapping(meta.get("model")).get("info")).get("meta"))
    return not turn.searched and not any(one.get(name) for one in (body, meta, own) for name in _ADDED)


def is_compacted(body: Any) -> bool:
    """Whether Open WebUI has shortened this chat itself, or was told to: then we do not."""
    params = mapping(mapping(mapping(body).get("metadata")).get("params"))
    if str(params.get("compact_token_threshold") or "0") != "0":
        return True
    systems = (text_of(one.get("content")) for one in _messages(body)[:20] if _role(one) == "system")
    return any(text.startswith(_SUMMARY) or f"\n{_SUMMARY}" in text for text in systems)


def _messages(body: Any) -> list[Any]:
    messages = mapping(body).get("messages")
    return messages if isinstance(messages, list) else []


def _texts(message: Any) -> tuple[list[str], int]:
    """What is counted of a message, the text that it says first, and tokens of what is no text."""
    if not isinstance(message, Mapping):
        return [], 0
    content = message.get("content")
    if isinstance(content, str) and len(message) == len(("role", "content")):  # nearly all are so
        return [content], PER_MESSAGE
    said = [text] if (text := text_of(content)) else []
    parts = content if isinstance(content, list) else []
    images = sum(not (isinstance(one, Mapping) and isinstance(one.get("text"), str)) for one in parts)
    rest = {name: value for name, value in message.items() if name not in _PLAIN and value}
    if rest:
        said.append(_json(rest))
    return said, PER_MESSAGE + images * _IMAGE_TOKENS


def _said(messages: Sequence[Any]) -> tuple[str, str]:
    """What a turn's message says, and its answer with some of what tools have found."""
    first, *others = messages
    answers = [final_text(text_of(one.get("content"))) for one in others if _role(one) == "assistant"]
    results = (_ends(text, _RESULT_CHARS) for one in others if (text := _result(one)))
    found = [f"[{text}]" for _, text in zip(range(_MOST_RESULTS), results, strict=False)]
    answer = "\n".join(filter(None, answers))
    return _ends(typed(first), _USER_CHARS), "\n".join([*found, _ends(answer, _ANSWER_CHARS)]).strip()


def _result(message: Any) -> str:
    if _role(message) == "tool":
        return text_of(message.get("content"))
    output = mapping(message).get("output")
    return output if isinstance(output, str) else ""


def _made(message: Any) -> list[str]:
    """The ids of the calls of tools that a message makes."""
    message = mapping(message)
    calls = message.get("tool_calls")
    made = [one.get("id") for one in calls if isinstance(one, Mapping)] if isinstance(calls, list) else []
    made += [] if "output" in message else [message.get("call_id")]
    return [one for one in made if isinstance(one, str)]


def _answered(message: Any) -> str:
    """The id of the call that a message is the result of, "" for none."""
    message = mapping(message)
    id_ = message.get("tool_call_id") or ("output" in message and message.get("call_id"))
    return id_ if isinstance(id_, str) else ""


def _ends(text: str, most: int) -> str:
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""


def _role(message: Any) -> Any:
    return mapping(message).get("role")
