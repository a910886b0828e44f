"""Answers of the proxy's own: to a command, in the form that the client asked for, as a stream or not."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.types import Send

from .relay import send_bytes, send_json

_NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}  # no model was asked


async def send_chat(send: Send, body: Mapping[str, Any], text: str) -> None:
    """An answer of /chat/completions."""
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
    return await send_bytes(send, 200, events.encode(), b"text/event-stream; charset=utf-8")


def _message(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}
