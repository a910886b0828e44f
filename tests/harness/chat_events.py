"""The part of Open WebUI's API that running chats are shown something through, on a free port."""

import threading
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.harness.bodies import Chat
from tests.harness.waiting import wait_until
from tests.harness.web import WebServer

KEY = "sk-an-admins"


class ChatEvents(WebServer):
    """`posted`: each event with the ids of its chat and message. While `hangs`, nothing is answered."""

    def __init__(self) -> None:
        app = FastAPI()
        self.posted: list[tuple[str, str, dict[str, Any]]] = []
        self.role, self.admins_may_look = "admin", True
        self.titles: dict[str, list[dict[str, str]]] = {}  # by user
        self.members: dict[str, list[str]] = {}  # by channel: ids of users, whose addresses begin with them
        self.asked_for_members = 0
        self.goes_on = threading.Event()
        self.goes_on.set()

        def refusal(request: Request) -> JSONResponse | None:
            self.goes_on.wait(60)
            right = request.headers.get("authorization") == f"Bearer {KEY}"
            return None if right else JSONResponse({"detail": "no"}, status_code=401)

        @app.post("/api/v1/chats/{chat}/messages/{message}/event")
        def post(chat: str, message: str, event: dict[str, Any], request: Request) -> Any:
            if refused := refusal(request):
                return refused
            self.posted.append((chat, message, event))
            return True

        @app.get("/api/v1/auths/")
        def who(request: Request) -> Any:
            # A real one tells only people who have signed in who they are, and no API key.
            return refusal(request) or JSONResponse({"detail": "A human session is required."}, 403)

        @app.get("/api/v1/users/")
        def users(request: Request) -> Any:
            found = {"users": [{"id": "root", "role": "admin"}], "total": 1}
            refused = JSONResponse({"detail": "prohibited"}, 401)
            return refusal(request) or (found if self.role == "admin" else refused)

        @app.get("/api/v1/chats/list/user/{user}")
        def chats(user: str, request: Request) -> Any:
            return refusal(request) or self.titles.get(user, [])

        @app.get("/api/v1/chats/{chat}")
        def chat(chat: str, request: Request) -> Any:
            owners = [user for user, chats in self.titles.items() if chat in [one["id"] for one in chats]]
            found = {"id": chat, "user_id": owners[0]} if owners else JSONResponse({}, status_code=401)
            return refusal(request) or found

        @app.get("/api/v1/channels/{channel}/members")
        def members(channel: str, request: Request, query: str = "", page: int = 1) -> Any:
            self.asked_for_members += 1
            if channel not in self.members:
                return refusal(request) or JSONResponse({"detail": "no"}, status_code=404)
            found = [{"id": one} for one in self.members[channel] if query.startswith(one) or not query]
            some = found[30 * (page - 1) : 30 * page]
            return refusal(request) or {"users": some, "total": len(found)}

        @app.get("/api/config")
        def config() -> Any:
            return {"features": {"enable_admin_chat_access": self.admins_may_look}}

        super().__init__(app)

    def own(self, chat: Chat) -> Chat:
        """List a chat as its user's."""
        self.titles.setdefault(chat.user_id, []).append({"id": chat.chat_id, "title": "New Chat"})
        return chat

    def wait_for(self, message: str, kind: str, count: int = 1) -> list[Any]:
        """What was posted of this kind to a message, once there is so much of it."""

        def found() -> list[Any]:
            return [one["data"] for _, to, one in list(self.posted) if to == message and one["type"] == kind]

        wait_until(lambda: len(found()) >= count, what=lambda: f"{count} {kind}: {self.posted}")
        return found()
