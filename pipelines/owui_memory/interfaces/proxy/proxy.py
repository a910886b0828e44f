"""The proxy: an ASGI application for all under /v1."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import aiohttp
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from ...commands.parse import is_command
from ...config.context_limits import limit_of
from ...config.model_patterns import named
from ...config.upstreams import Upstream
from ...core.events import Event, EventKind
from ...core.trace import PARENT, TRACE, Trace
from ...core.turn import Answered, Turn
from ..body import mappings, text_of, without_blocks
from ..chats import Chats
from ..embeddings import OWN_MODEL, embedded
from ..identity import Caller, caller_of, given_key, metadata_of
from ..intake import read_asked
from ..requests import Places, RequestError, pieces_of, too_large
from ..server_key import has_key
from ..tools.calls import Calls, in_lane
from .agent import Agent, Task, reserve
from .answer import Ear, Read, Said, StreamEar, WholeEar
from .catalogue import AGENT, Catalogue
from .dialects import DIALECTS, Dialect
from .relay import Answer, Ears, Keep, Relay, Request, passed_on, refusal, reuses, send_json

log = logging.getLogger(__name__)

_AT_ONCE, _AT_ONCE_EACH = 256, 64  # requests, of all and of one user
_WAIT_S = 60.0  # for the next piece of a request
_MOST_VALUES = 500_000  # in lists and objects of a body, about: to read them nothing else goes on meanwhile
_MOST_BYTES, _MOST_BYTES_AT_ONCE = 64_000_000, 256_000_000  # of requests' bodies
_CONNECT_S = 10.0  # for an answer there is no limit but the client's and the upstream's
_KEPT_OPEN_S = 4.0  # less than servers do, which would else close what is about to be used
_LINE_BYTES = 65_536  # of a header
_NAME_CHARS = 200  # of a model's name
_OPERATIONS = {
    "/chat/completions": "chat",
    "/responses": "chat",
    "/completions": "text_completion",
    "/embeddings": "embeddings",
}
_TASK = "### Task:"  # Open WebUI's own begin so, where its connection does not tell them


@dataclass(frozen=True)
class _Request:
    """path: below /v1, as it came. body: {} where it is no JSON object. model, name: "" for none."""

    method: str
    path: str
    query: bytes
    headers: Headers
    raw: bytes
    body: Mapping[str, Any]
    began: float
    name: str = ""  # of the model, without the prefix that asks for memory

    @property
    def model(self) -> str:
        model = self.body.get("model")
        return model if isinstance(model, str) else ""


class Proxy:
    """For one event loop. prefix: of the paths that it serves, as they come: /v1, or what ends so."""

    def __init__(self, chats: Chats, prefix: str) -> None:
        self._chats, self._prefix = chats, prefix.encode()
        self._opened: tuple[aiohttp.ClientSession, Catalogue] | None = None
        self._places, self._bytes_at_once = Places(_AT_ONCE, _AT_ONCE_EACH), 0
        self._is_closing = False
        calls = Calls(chats.settings, partial(in_lane, chats), chats.emit, chats.changes)
        self._agent = Agent(calls, lambda: chats.runtime.kept_steps if chats.runtime else None)
        self._keeping: set[asyncio.Future[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer(scope, receive, sending)
        except RequestError as refused:
            await send_json(sending, refused.status, refusal(str(refused), refused.code))
        except RecursionError:  # what was just not too deep to be read is too deep to be written
            if not started:
                await send_json(sending, 400, refusal("A request is nested too deeply.", "invalid_json"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is answered
            # Without its message, which may hold what somebody said.
            kind, came_from = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
            log.warning("A request to the proxy failed (%s).\n%s", kind, came_from)
            if not started:
                text = f"Something is wrong inside the proxy ({kind}). Look at the server's log."
                await send_json(sending, 500, refusal(text, "internal_error", "server_error"))

    async def close(self) -> None:
        """Close the connections to the upstreams: those of answers that still come, after these."""
        self._is_closing = True
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=5)
        await self._close_if_idle()

    async def _close_if_idle(self) -> None:
        if self._is_closing and not self._places.are_taken and self._opened is not None:
            (session, catalogue), self._opened = self._opened, None
            catalogue.close()
            await session.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = asyncio.get_running_loop().time()
        headers = Headers(scope=scope)
        if self._chats.environment.traces:
            TRACE.set(Trace.below(headers.get(PARENT, "")))
        path = self._path(scope)
        caller = await caller_of(headers, self._chats)
        if scope["method"] in ("TRACE", "CONNECT"):  # an upstream would answer with what it was sent: its key
            raise RequestError(405, "method_not_allowed", "This method is not passed on.")
        size = 0
        try:
            with self._places.one(caller.id):
                raw = await self._read(receive, headers)
                size = len(raw)
                body = await self._parsed(caller, headers, raw)
                asked = _Request(scope["method"], path, scope["query_string"], headers, raw, body, began)
                await self._route(asked, caller, receive, send)
        finally:
            self._bytes_at_once -= size
            await self._close_if_idle()

    def _path(self, scope: Scope) -> str:
        """What is asked for below /v1, as it came; nothing that leads out of there."""
        whole = scope.get("raw_path") or quote(scope["path"]).encode()
        path = whole.partition(b"?")[0].removeprefix(self._prefix).decode("latin-1")
        segments = unquote_to_bytes(path).replace(b"\\", b"/").split(b"/")
        if not path.startswith("/") or len(path) < 2 or b".." in segments or b"." in segments:
            raise RequestError(404, "not_found", "There is nothing here: the API is below /v1.")
        return path

    async def _read(self, receive: Receive, headers: Headers) -> bytes:
        told, pieces, size = headers.get("content-length", ""), [], 0
        if told.isdecimal() and int(told[:20]) > _MOST_BYTES:
            raise too_large(_MOST_BYTES)
        try:
            async for piece in pieces_of(receive, _MOST_BYTES, _WAIT_S):
                pieces.append(piece)
                size += len(piece)
                self._bytes_at_once += len(piece)
                if self._bytes_at_once > _MOST_BYTES_AT_ONCE:
                    raise RequestError(503, "overloaded", "Too much at once. Try again in some seconds.")
        except BaseException:
            self._bytes_at_once -= size
            raise
        return b"".join(pieces)

    async def _parsed(self, caller: Caller, headers: Headers, raw: bytes) -> Mapping[str, Any]:
        """The body, where it is a JSON object; what is none, the upstream may judge."""
        kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if not raw or not (kind.endswith("json") or raw[:1] == b"{"):
            return {}
        if raw.count(b",") > _MOST_VALUES:
            raise RequestError(413, "request_too_large", "A request has too many values.")
        try:
            body = await self._chats.intake.load(caller.id, raw)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    async def _route(self, asked: _Request, caller: Caller, receive: Receive, send: Send) -> None:
        _, catalogue = self._open()
        if asked.method == "GET" and (asked.path == "/models" or asked.path.startswith("/models/")):
            return await self._tell_models(asked.path, catalogue, send)
        upstreams = self._chats.settings().upstreams_in_use
        if asked.path == "/embeddings" and (asked.model in ("", OWN_MODEL) or not upstreams):
            answer = await embedded(asked.raw, lambda: self._chats.opened().embedder())
            return await send_json(send, *answer)
        if not upstreams:
            hint = "Set `upstreams`, or OPENAI_API_BASE_URL, as docs/proxy.md says."
            raise RequestError(503, "no_upstream", f"There is no model server behind the proxy. {hint}")
        name = await catalogue.bare(asked.model)
        asked = replace(asked, name=name)
        chosen = await catalogue.choose(name) if name else (upstreams[0], name)
        if chosen is None:
            text = f"No model server here has the model {name[:100]!r}. GET /v1/models lists those there are."
            raise RequestError(404, "model_not_found", text)
        upstream, model = chosen
        remembers = name != asked.model or named(self._chats.settings().memory_by_default, name)
        dialect = DIALECTS.get(asked.path) if asked.method == "POST" else None
        if remembers and caller.id and dialect is not None:
            return await self._remembering(asked, dialect, caller, chosen, receive, send)
        raw = asked.raw
        if model != asked.model:
            raw = await self._chats.intake.dump(caller.id, {**asked.body, "model": model})
        return await self._relay(asked, upstream, raw, receive, send)

    async def _tell_models(self, path: str, catalogue: Catalogue, send: Send) -> None:
        models = await catalogue.models()
        if path == "/models":
            if not models and self._chats.settings().upstreams_in_use:
                raise RequestError(502, "upstream_unreachable", "No model server lists a model.")
            return await send_json(send, 200, {"object": "list", "data": models})
        wanted = unquote_to_bytes(path.removeprefix("/models/")).decode(errors="replace")
        for model in models:
            if model["id"] == wanted:
                return await send_json(send, 200, model)
        raise RequestError(404, "model_not_found", f"There is no model {wanted[:100]!r}.")

    async def _remembering(
        self,
        asked: _Request,
        dialect: Dialect,
        caller: Caller,
        chosen: tuple[Upstream, str],
        receive: Receive,
        send: Send,
    ) -> None:
        """With recall before, and remembering after it; a command is answered here."""
        deadline, intake = self._chats.deadline(), self._chats.intake
        upstream, model = chosen
        messages = dialect.opened(asked.body)
        # A filter may have seen to it already.
        if messages is None or await intake.rewrite(caller.id, _has_block, messages):
            raw = await intake.dump(caller.id, {**asked.body, "model": model})
            return await self._relay(asked, upstream, raw, receive, send)
        meta = metadata_of(asked.headers, asked.body)
        local = "local" if upstream.is_local else "external"
        meta["model"] = {"id": model, "owned_by": "openai", "connection_type": local}
        seen = {"model": model, "messages": messages, "metadata": meta, "tools": asked.body.get("tools")}
        body, turn = await intake.read(read_asked, seen, caller.user)
        is_shown = has_key(asked.headers, self._chats.environment.server_key, given_key(asked.headers))
        turn = replace(turn, searched=dialect.in_system, is_shown=is_shown)
        if not turn.task and turn.text.startswith(_TASK) and "<chat_history>" in turn.text:
            turn = replace(turn, task="as its words tell")
        if is_command(turn):
            return await dialect.reply(send, asked.body, await self._chats.carried_out(turn))
        model_key, verbs, room = (upstream.name, model), [], 0
        if asked.model == AGENT + asked.name and asked.path == "/chat/completions":
            reserved, room = reserve(limit_of(self._chats.settings().context_tokens, model))
            verbs = self._agent.offered(turn, asked.body, model_key) if room else []
            turn = replace(turn, reserved=reserved if verbs else 0)
        told = await self._chats.told(body, turn, deadline)
        raw = await intake.dump(caller.id, dialect.closed({**asked.body, "model": model}, told["messages"]))

        async def keep(heard: Said) -> None:
            said = heard.final()
            if said is not None and turn.text and not turn.task and dialect.learned(asked.body):
                await self._keep(turn, said, heard.prompt_tokens)

        if verbs:
            self._took(asked, "yes")
            back = self._agent.put_back
            messages, room = await intake.rewrite(caller.id, back, told["messages"], turn.user_id, room)
            body = {**asked.body, "model": model, "messages": messages}
            ask = partial(self._ask, asked, upstream, caller, receive)
            steps = self._chats.settings().advanced_numbers.agent_steps
            task = Task(turn, body, model_key, steps, ask, keep, room)
            if (again := await self._agent.run(task, verbs, send)) is None:
                return None
            send = again
        ears = partial(_ears, dialect.read)
        return await self._relay(asked, upstream, raw, receive, send, ears, lambda ear: keep(ear.said))

    async def _keep(self, turn: Turn, said: str, prompt_tokens: int) -> None:
        """The exchange is on disk afterwards, whoever goes away meanwhile."""
        who = turn.name, turn.chat_kind, prompt_tokens
        answered = Answered(turn.user_id, (turn.key,), turn.text, said, *who)
        self._chats.finished(answered)
        keeping = asyncio.ensure_future(self._chats.keep(answered))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        await asyncio.shield(keeping)

    async def _relay(
        self,
        asked: _Request,
        upstream: Upstream,
        raw: bytes,
        receive: Receive,
        send: Send,
        ears: Ears | None = None,
        keep: Keep | None = None,
    ) -> None:
        self._took(asked, "yes" if ears else "no")
        request = self._request(asked, upstream, raw, readable=ears is not None)
        await Relay(self._open()[0], upstream, self._chats.emit, ears, keep).run(request, receive, send)

    def _took(self, asked: _Request, with_memory: str) -> None:
        took = asyncio.get_running_loop().time() - asked.began
        self._chats.emit(Event(EventKind.PROXIED, code=with_memory, seconds=took))

    async def _ask(
        self, asked: _Request, upstream: Upstream, caller: Caller, receive: Receive, body: Any, take: Send
    ) -> None:
        """One step of an agent: `take` gets the answer."""
        raw = await self._chats.intake.dump(caller.id, body)
        request = self._request(asked, upstream, raw, readable=True)
        await Relay(self._open()[0], upstream, self._chats.emit).run(request, receive, take)
        if (trace := TRACE.get()) is not None:
            TRACE.set(trace.again())

    @staticmethod
    def _request(asked: _Request, upstream: Upstream, raw: bytes, *, readable: bool) -> Request:
        query = f"?{asked.query.decode('latin-1')}" if asked.query else ""
        headers = passed_on(asked.headers.raw, upstream, readable=readable)
        if (trace := TRACE.get()) is not None and trace.is_own:
            headers = [*(one for one in headers if one[0].lower() != PARENT), (PARENT, trace.header)]
        url = f"{upstream.base_url}{asked.path}{query}"
        operation = _OPERATIONS.get(asked.path, "")
        return Request(asked.method, url, headers, raw, operation, asked.name[:_NAME_CHARS])

    def _open(self) -> tuple[aiohttp.ClientSession, Catalogue]:
        if self._opened is None:
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=2 * _AT_ONCE, keepalive_timeout=_KEPT_OPEN_S),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),  # one user's are not the next one's
                auto_decompress=False,
                response_class=Answer,
                trace_configs=[reuses()],
                trust_env=False,  # what is sent goes to the configured server, and past nobody else
                max_line_size=_LINE_BYTES,
                max_field_size=_LINE_BYTES,
            )
            self._opened = session, Catalogue(session, lambda: self._chats.settings().upstreams_in_use)
        return self._opened


def _ears(read: Read, content_type: str) -> Ear | None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return StreamEar(read)
    return WholeEar(read) if kind == "application/json" else None


def _has_block(messages: list[Any]) -> bool:
    """Whether a block of ours is in these messages."""
    contents = [one.get("content") for one in mappings(messages)]
    return any(text_of(without_blocks(content)) != text_of(content) for content in contents)
