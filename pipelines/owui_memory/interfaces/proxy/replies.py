"""Answers of the proxy's own: to a command, in the form that the client asked for, as a stream or not."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.types import Send

from .relay import send_bytes, send_json

_STREAM = b"text/event-stream; charset=utf-8"
_NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}  # no model was asked


async def send_chat(send: Send, body: Mapping[str, Any], text: str) -> None:
    envelope = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": body.get("model")}
    if not body.get("stream"):
        choice = {"index": 0, "message": _message(text), "logprobs": None, "finish_reason": "stop"}
        whole = {**envelope, "object": "chat.completion", "choices": [choice], "usage": _NOTHING}
        return await send_json(send, 200, whole)
    envelope["object"] = "chat.completion.chunk"
    chunks = [
        {**envelope, "choices": [{"index": 0, "delta": _message(text), "finish_reason": None}]},
        {**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]
    options = body.get("stream_options")
    if isinstance(options, Mapping) and options.get("include_usage"):
        chunks.append({**envelope, "choices": [], "usage": _NOTHING})
    events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return await send_bytes(send, 200, events.encode(), _STREAM)


async def send_completion(send: Send, body: Mapping[str, Any], text: str) -> None:
    told = {"id": f"cmpl-{uuid.uuid4().hex}", "object": "text_completion", "created": int(time.time())}
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
    whole = {**told, "model": body.get("model"), "choices": [choice]}
    if not body.get("stream"):
        return await send_json(send, 200, {**whole, "usage": _NOTHING})
    events = f"data: {json.dumps(whole)}\n\ndata: [DONE]\n\n"
    return await send_bytes(send, 200, events.encode(), _STREAM)


async def send_response(send: Send, body: Mapping[str, Any], text: str) -> None:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": f"msg_{uuid.uuid4().hex}", "type": "message", "role": "assistant"}
    done = {**item, "status": "completed", "content": [part]}
    usage: dict[str, Any] = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    told = {"id": f"resp_{uuid.uuid4().hex}", "object": "response", "created_at": int(time.time())}
    told |= {"model": body.get("model"), "error": None, "incomplete_details": None, "tools": []}
    told |= {"instructions": None, "metadata": {}, "parallel_tool_calls": True, "tool_choice": "auto"}
    whole = {**told, "status": "completed", "output": [done], "usage": usage}
    if not body.get("stream"):
        return await send_json(send, 200, whole)
    begun = {**told, "status": "in_progress", "output": []}
    of_item, of_part = {"output_index": 0}, {"output_index": 0, "content_index": 0, "item_id": item["id"]}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("created", {"response": begun}),
        ("output_item.added", {**of_item, "item": {**item, "status": "in_progress", "content": []}}),
        ("content_part.added", {**of_part, "part": {**part, "text": ""}}),
        ("output_text.delta", {**of_part, "delta": text, "logprobs": []}),
        ("output_text.done", {**of_part, "text": text, "logprobs": []}),
        ("content_part.done", {**of_part, "part": part}),
        ("output_item.done", {**of_item, "item": done}),
        ("completed", {"response": whole}),
    ]
    events = "".join(
        f"event: response.{name}\ndata: "
        + json.dumps({"type": f"response.{name}", "sequence_number": number, **step})
        + "\n\n"
        for number, (name, step) in enumerate(steps)
    )
    return await send_bytes(send, 200, events.encode(), _STREAM)


def _message(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}
