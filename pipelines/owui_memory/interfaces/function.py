"""What single_file/memory_function.py asks: Open WebUI's bodies as JSON, behind the server's key.

POST inlet and outlet with {"body", "user", "only_recall", "notes"} answer {"body", "events"}: the body as it
is to go on, null where it is as it came, and what the chat is to show, which whoever asks emits.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..core.events import Job
from .chats import Body, Chats
from .requests import RequestError, body_of, refusing
from .server_key import ask_for_key
from .turns import Turns

_LINE_S, _SOURCES_S = 0.3, 3.0  # that what is shown may take
_MOST_BYTES = 64_000_000  # of a request


def function_routes(chats: Chats, turns: Turns) -> list[Route]:
    async def asked(request: Request) -> Response:
        ask_for_key(request.headers, chats.environment.server_key)
        try:
            form = await chats.intake.load("", await body_of(request.receive, _MOST_BYTES))
        except (ValueError, RecursionError):
            form = None
        body = form.get("body") if isinstance(form, dict) else None
        if not isinstance(body, dict):
            raise RequestError(422, "no_body", 'Send JSON like {"body": {...}, "user": {"id": "..."}}.')
        user, notes = form.get("user"), form.get("notes") is not False
        keys: tuple[str, ...] = ()
        finished = request.url.path.endswith("/outlet")
        if finished:
            told, answered = await turns.outlet(body, user, second=True, notes=notes)
            owner, keys = (answered.user_id, answered.keys) if answered else ("", ())
        else:
            only_recall = form.get("only_recall") is True
            wanted = {"only_recall": only_recall, "notes": notes}
            told, turn = await turns.inlet(body, user, second=True, **wanted)
            owner, keys = (turn.user_id, (turn.key,)) if turn else ("", ())
        events = await _events(chats, owner, keys, finished=finished) if keys and notes else []
        answer = {"body": None if told is body else told, "events": events}
        return Response(await chats.intake.dump(owner, answer), media_type="application/json")

    return [Route(f"/function/{name}", refusing(asked), methods=["POST"]) for name in ("inlet", "outlet")]


async def _events(chats: Chats, owner: str, keys: Sequence[str], *, finished: bool) -> list[Body]:
    """What the chat is to show now, where nothing is posted; nothing if it is late."""
    seconds, job = (_SOURCES_S, Job.OUTLET) if finished else (_LINE_S, Job.INLET)
    events = await chats.shown(
        seconds, job, lambda one: one.live_chats.events(owner, keys, finished=finished)
    )
    return events or []
