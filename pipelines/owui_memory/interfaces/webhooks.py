"""POST /hooks/open-webui/<secret>: what Open WebUI tells of chats and users that were deleted there.

It tells each event once, unsigned: the secret in the address is all there is. What is told is written down,
and carried out in the background; where Open WebUI can be asked and still has it, nothing is done.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..config.settings import Valves
from ..core.errors import MemoryFault
from ..core.memory import is_person
from . import access_log
from .body import mapping
from .chats import Chats
from .requests import RequestError, body_of, refusing
from .webui import WebUi

log = logging.getLogger(__name__)

_MOST_BYTES = 64 * 1024  # of an event; Open WebUI cuts strings at 1,000 characters
_ID_CHARS = 200


def hook_routes(chats: Chats) -> list[Route]:
    access_log.keep_private()

    async def told(request: Request) -> Response:
        secret = chats.settings().webhook_secret
        given = request.path_params["secret"]
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            raise RequestError(404, "not_found", "There is nothing here.")
        try:
            event = json.loads(await body_of(request.receive, _MOST_BYTES))
        except (ValueError, RecursionError):
            raise RequestError(400, "invalid_json", "This is no JSON.") from None
        try:
            noted = await run_in_threadpool(_note, chats, event)
        except Exception as error:  # Open WebUI does not ask again: the comparison finds it
            log.warning("A deletion in Open WebUI could not be written down (%s).", type(error).__name__)
            raise RequestError(503, "not_now", "Not now.") from error
        return JSONResponse({"noted": noted})

    return [Route(f"{access_log.HOOKS}{{secret}}", refusing(told), methods=["POST"])]


def _note(chats: Chats, event: Any) -> int:
    """Write down what was deleted; how many chats and users."""
    event = mapping(event)
    kind, subject, data = event.get("event"), event.get("subject"), event.get("data")
    subject_id = _id(subject, "id")
    if not subject_id or kind not in ("chat.deleted", "chat.deleted_all", "user.deleted"):
        return 0
    runtime, settings = chats.opened(), chats.settings()
    if kind == "chat.deleted":
        owner = _id(data, "owner_id")
        if not is_person(owner) or _is_there(settings, lambda webui: webui.has_chat(subject_id)):
            return 0
        runtime.deletions.note(owner, subject_id)
        count = 1
    elif not is_person(subject_id):
        return 0
    elif kind == "chat.deleted_all":
        if _is_there(settings, lambda webui: bool(webui.chats_of(subject_id))):
            return 0
        count = runtime.deletions.note_all_chats(subject_id)
    else:
        if _is_there(settings, lambda webui: webui.has_user(subject_id)):
            return 0
        runtime.deletions.note(subject_id)
        count = 1
    if count:
        runtime.deletion_worker.thread.wake()
    return count


def _is_there(settings: Valves, ask: Callable[[WebUi], bool]) -> bool:
    """Whether Open WebUI says that it has it; False where it cannot be asked."""
    if not settings.webui_url or not settings.webui_api_key:
        return False
    try:
        with WebUi.of(settings) as webui:
            return ask(webui)
    except MemoryFault:
        return False


def _id(value: Any, name: str) -> str:
    id_ = mapping(value).get(name)
    return id_ if isinstance(id_, str) and 0 < len(id_) <= _ID_CHARS else ""
