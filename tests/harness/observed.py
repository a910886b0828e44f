"""Where observers bring what they have heard: answers as `POST /memory/observe` does, or as it is told to."""

import threading
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.harness.web import WebServer

KEY = "an-observers-key"


class ObservedMemory(WebServer):
    """`taken` has the messages that it accepted, in order, those that came twice too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: list[dict[str, Any]] = []
        self.sizes: list[int] = []  # of each request, in messages
        self.next_answers: list[Response] = []  # instead of accepting
        self.replies: list[dict[str, str]] = []  # of the next answer
        app = FastAPI()
        app.add_api_route("/memory/observe", self._observe, methods=["POST"])
        super().__init__(app)

    async def _observe(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"detail": "This key opens nothing here."}, 401)
        messages = (await request.json())["messages"]
        with self._lock:
            self.sizes.append(len(messages))
            if self.next_answers:
                return self.next_answers.pop(0)
            self.taken += messages
            replies, self.replies = self.replies, []
        told = {"accepted": len(messages), "known": 0, "refused": [], "reply": replies}
        return JSONResponse(told, 202)

    def texts(self) -> list[str]:
        """Of all that was taken; a deletion is "-" and its id."""
        return [one.get("text", f"-{one['id']}") for one in self.taken]
