"""`agent/<model>`: the model calls memory's tools by itself, and its client gets the final answer alone.

Each step asks the model once. Its calls of memory's tools are carried out and their results told to it; calls
of the client's own tools go out to the client. What was found on the way to these is put back when the client
comes with their results: see `kept_steps.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import Send

from ...core.latest import Latest
from ...core.turn import Turn
from ...models.tokens import estimated_tokens
from ..tools.calls import Calls
from ..tools.verbs import VERBS, Verb, schema
from .answer import Said
from .kept_steps import KeptSteps, tokens_of
from .relay import refusal, send_json
from .steps import Event, Step, ToolCall, ending, whole

_CALLS, _MOST_CALLS = 16, 64  # of memory's tools that are carried out in a step, and that are answered
_BEAT_S = 10.0  # between signs of life to the client
# In tokens: for all that is added to a prompt, where those of the model have no limit; for its tools.
_RESULTS, _TOOLS, _LEAST_RESULTS = 20_000, 800, 1_200
_MOST_PLAIN, _PLAIN_S = 500, 3600.0  # models that know no tools; for so long they are asked without
_NO_TOOLS = (400, 404, 405, 415, 422, 501)
_GO_ON = "[heartbeat] The tools have answered. Go on, or answer the user now."
_REPEATED = "You have asked this already, and its answer stands above. Answer the user now."
_TOO_MANY = "Too many calls at once. Ask again for this alone, if you still need it."
_NO_ROOM = "The answer is too long for the room that is left. Ask for fewer results, or answer the user."
_NO_ANSWER = "(The model gave no answer within the steps that it may take.)"
_STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
_OF_A_BODY = (b"content-length", b"content-encoding")
Ask = Callable[[Event, Send], Awaitable[None]]
Keep = Callable[[Said], Awaitable[None]]


def can_loop(body: Mapping[str, Any]) -> bool:
    """Whether a request leaves room for tools beside its own: it demands no call, and one answer only."""
    tools, choice = body.get("tools"), body.get("tool_choice")
    one = body.get("n") in (None, 1) and not body.get("functions")
    return one and (tools is None or isinstance(tools, list)) and choice in (None, "auto")


def reserve(limit: int) -> tuple[int, int]:
    """Of a limit of a model's prompts (0: none): what tools add to one at most; without their schemas."""
    if not limit:
        return 0, _RESULTS
    reserved = min(max(limit // 4, _TOOLS + _LEAST_RESULTS), limit // 2)
    return reserved, max(min(reserved - _TOOLS, _RESULTS), 0)


@dataclass(frozen=True, slots=True)
class Task:
    """One request of a client. body: with the messages as memory has made them, and what was put back.

    ask: asks the model once. keep: keeps what was said. model: the upstream's name and the model's, as a key.
    room: for the model's calls and their results, in tokens.
    """

    turn: Turn
    body: Event
    model: tuple[str, str]
    steps: int
    ask: Ask
    keep: Keep
    room: int


class Agent:
    """For one event loop. kept: None until there are memories."""

    def __init__(self, calls: Calls, kept: Callable[[], KeptSteps | None]) -> None:
        self._calls, self._kept = calls, kept
        # Models without tools, and until when they count so, each for the user whose request it was.
        self._plain = Latest[tuple[str, ...], float](_MOST_PLAIN)

    def offered(self, turn: Turn, body: Mapping[str, Any], model: tuple[str, str]) -> list[Verb]:
        """The tools that are added to the client's."""
        if not can_loop(body) or self._plain.get((turn.user_id, *model), 0.0) > time.monotonic():
            return []
        taken = _names(body.get("tools") or ())
        return [verb for verb in self._calls.offered(turn) if verb.name not in taken]

    async def run(self, task: Task, verbs: Sequence[Verb], send: Send) -> Send | None:
        """Answer; or how to do so without tools, where the model seems to know none and nothing was sent."""
        out = _Out(send, streams=bool(task.body.get("stream")))
        loop = _Loop(self._calls, task, verbs)
        async with out.alive():
            while True:
                step = await loop.ask(out)
                if step.status != 200 or step.whole is None:
                    if loop.number == 1 and step.status in (*_NO_TOOLS, 500):
                        told = step.error.lower()
                        names_them = b"tool" in told or b"function" in told
                        if names_them and step.status in _NO_TOOLS:
                            return self._noting(task, send)
                        if names_them or step.status in (400, 422, 501):
                            return send
                    await out.fail(step)
                    return None
                if not step.done:  # one of both sides has gone
                    await out.break_off(step)
                    await task.keep(loop.answered(step))
                    return None
                if not await loop.goes_on(step, out):
                    break
            if loop.others and (kept := self._kept()) is not None:
                calls = [one.written() for one in loop.others]
                kept.keep(task.turn.user_id, loop.began, calls, loop.added)
            if not loop.others:
                step.said.prompt_tokens = 0  # they count tools and results, too
                step.said.calls = False  # those that it may not make any more
                await task.keep(loop.answered(step))
            await out.finish(step, loop.others, loop.usage, loop.sorry)
            return None

    def _noting(self, task: Task, send: Send) -> Send:
        """The same, which notes that the model knows no tools if it answers without them."""

        async def sending(message: Any) -> None:
            if message.get("status") == 200:
                self._plain[task.turn.user_id, *task.model] = time.monotonic() + _PLAIN_S
            await send(message)

        return sending

    def put_back(self, messages: list[Any], user_id: str, room: int) -> tuple[list[Any], int]:
        """See `KeptSteps.put_back`. Takes its time where the messages are long; for any thread."""
        kept = self._kept()
        return (messages, room) if kept is None else kept.put_back(messages, user_id, room)


class _Loop:
    """The steps of one request.

    others: calls of the client's tools in the last step. added: the messages since the client's, up to these.
    sorry: what the client is told where the model says nothing in its last step.
    """

    def __init__(self, calls: Calls, task: Task, verbs: Sequence[Verb]) -> None:
        self._calls, self._task = calls, task
        self._theirs, self._own = list(task.body.get("tools") or ()), list(map(_described, verbs))
        self.number, self.usage = 0, Event()
        self.others: list[ToolCall] = []
        self.added: list[Event] = []
        self.sorry = ""
        self._stuck, self._nudged = 0, False
        self._seen: set[str] = set()
        self._shown: list[str] = []  # of answers that went on to a call after all
        self._room, self.began = task.room, time.monotonic()

    async def ask(self, out: _Out) -> Step:
        self.number += 1
        tools = self._theirs if self._is_last and self._theirs else [*self._theirs, *self._own]
        body = {**self._task.body, "messages": [*self._task.body["messages"], *self.added], "tools": tools}
        if self._is_last and not self._theirs:
            body["tool_choice"] = "none"
        step = Step()

        async def take(message: Any) -> None:
            step.take(message)
            if step.status == 200:
                await out.open()
            if step.is_final:
                await out.pass_on(step)

        await self._task.ask(body, take)
        self.usage = _sum(self.usage, step.usage)
        return step

    def answered(self, step: Step) -> Said:
        """What the client got of all steps, the last of which this is."""
        step.said.pieces[:0] = self._shown
        return step.said

    @property
    def _is_last(self) -> bool:
        return self.number >= self._task.steps or self._stuck > 1 or self._room <= 0

    async def goes_on(self, step: Step, out: _Out) -> bool:
        """Whether the model is to be asked again, after its calls of memory's tools were carried out."""
        theirs = set(_names(self._theirs))
        mine = [call for call in step.calls if call.name not in theirs]
        self.others = [call for call in step.calls if call.name in theirs]
        is_silent = not step.calls and not "".join(step.said.pieces).strip()
        if is_silent and self.added and not (self._nudged or self._is_last):
            self._nudged = True
            self.added.append({"role": "user", "content": _GO_ON})
            return True
        if not (step.said.pieces or self.others) and (self._is_last or (self.added and not mine)):
            self.sorry = _NO_ANSWER
        mine = [] if self._is_last else mine[:_MOST_CALLS]
        if mine or self.others:
            made = {id(call) for call in (*mine, *self.others)}
            self.added.append(step.message([call for call in step.calls if id(call) in made], theirs))
            self._room -= 0 if self.others else tokens_of(self.added[-1])
        self.added += await self._results(mine, out)
        goes_on = bool(mine) and not self.others
        self._shown += step.said.pieces if goes_on and step.is_shown else []
        return goes_on

    async def _results(self, calls: Sequence[ToolCall], out: _Out) -> list[Event]:
        """What the model is told for its calls."""
        results, is_new = [], False
        for at, call in enumerate(calls):
            arguments: object = None
            written = call.arguments
            with contextlib.suppress(ValueError, RecursionError):
                arguments = call.read()
                written = json.dumps(arguments, sort_keys=True)
            if (key := f"{call.name} {written}") in self._seen:
                said = _REPEATED
            elif at >= _CALLS:
                said = _TOO_MANY
            else:
                is_new |= call.name in VERBS
                if _changes(call.name):  # after which the same search may find something else
                    self._seen = {one for one in self._seen if _changes(one.partition(" ")[0])}
                self._seen.add(key)
                name = call.name if call.name in VERBS else "an unknown tool"
                await out.comment(f"memory: {name}, step {self.number} of {self._task.steps}")
                said = (await self._calls.carry_out(self._task.turn, call.name, arguments)).written()
                said = said if estimated_tokens(said) <= self._room else _NO_ROOM
            self._room -= estimated_tokens(said)
            results.append({"role": "tool", "tool_call_id": call.id, "content": said})
        self._stuck = 0 if is_new else self._stuck + 1
        return results


class _Out:
    """What the client gets: a stream that begins with the first sign of an answer, or one piece of JSON."""

    def __init__(self, send: Send, *, streams: bool) -> None:
        self._send, self._streams = send, streams
        self._lock = asyncio.Lock()
        self.is_open = False

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Inside, an open stream gets a sign of life now and then."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            await self.comment("heartbeat")

    async def open(self) -> None:
        if self._streams and not self.is_open:
            self.is_open = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _STREAM})

    async def comment(self, text: str) -> None:
        """A line of the stream that clients leave out."""
        if self.is_open:
            await self._write(f": {text}\n\n".encode())

    async def pass_on(self, step: Step, *, whole: bool = False) -> None:
        """The events that came, but for the last ones, which wait until the answer is kept."""
        if not self.is_open:
            return
        step.is_shown = True
        ready = [one for one in step.events if whole or not _is_end(one)]
        step.events = [one for one in step.events if not (whole or not _is_end(one))]
        await self._write(b"".join(map(_written, ready)))

    async def finish(self, step: Step, calls: Sequence[ToolCall], usage: Event, text: str) -> None:
        if not self.is_open:
            return await send_json(self._send, 200, whole(step, calls, usage, text))
        events = ending(step, calls, usage, text)
        return await self._end(b"".join(map(_written, events)) + b"data: [DONE]\n\n")

    async def break_off(self, step: Step) -> None:
        """What came of an answer, without an end."""
        if self.is_open:
            return await self.pass_on(step, whole=True)
        text = "The model server broke off its answer."
        return await send_json(self._send, 502, refusal(text, "upstream_broke_off", "server_error"))

    async def fail(self, step: Step) -> None:
        """What the model server said in place of an answer."""
        if not self.is_open:
            if step.status == 200:
                return await send_json(self._send, 502, {"error": _error(step)})
            headers = [one for one in step.headers if one[0].lower() not in _OF_A_BODY]
            await self._send({"type": "http.response.start", "status": step.status, "headers": headers})
            return await self._end(bytes(step.error))
        return await self._end(b"data: " + json.dumps({"error": _error(step)}).encode() + b"\n\n")

    async def _write(self, data: bytes) -> None:
        async with self._lock:
            if data:
                await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def _end(self, data: bytes) -> None:
        async with self._lock:
            self.is_open = False
            await self._send({"type": "http.response.body", "body": data, "more_body": False})


def _written(event: Event) -> bytes:
    return b"data: " + json.dumps(event, ensure_ascii=False).encode(errors="replace") + b"\n\n"


def _is_end(event: Event) -> bool:
    choices = event.get("choices")
    return not choices or bool(choices[0].get("finish_reason"))


def _error(step: Step) -> Any:
    with contextlib.suppress(ValueError, RecursionError):
        told = json.loads(step.error)
        if isinstance(told, Mapping) and told.get("error"):
            return told["error"]
    text = f"What the model server answered ({step.status}) cannot be read."
    return {"message": text, "type": "server_error", "code": step.status}


def _changes(name: str) -> bool:
    return name in VERBS and VERBS[name].changes


def _described(verb: Verb) -> Event:
    told = {"name": verb.name, "description": verb.description, "parameters": schema(verb.name)}
    return {"type": "function", "function": told}


def _names(tools: Sequence[Any]) -> list[str]:
    parts = [part for tool in tools if isinstance(tool, Mapping) for part in (tool, *tool.values())]
    return [part["name"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("name"), str)]


def _sum(before: Event, now: Event) -> Event:
    """Tokens of two answers together."""
    added = {
        name: value + before[name]
        for name, value in now.items()
        if isinstance(value, int) and isinstance(before.get(name), int)
    }
    return {**before, **now, **added}
