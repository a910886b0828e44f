"""A started server with its page, an Open WebUI that knows some sessions, and browsers before both."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.web import WebServer
from tests.unit.interfaces.proxy.desk import Desk, desk

PAGE_URL = "http://chat.example/memory"


class FakeWebUI:
    """What Open WebUI answers to `GET /api/v1/auths/`. sessions: what it says of each token."""

    def __init__(self) -> None:
        self.app, self.sessions, self.asked, self.url = FastAPI(), dict[str, Any](), 0, ""
        self.app.add_api_route("/api/v1/auths/", self._answer)

    def knows(self, user_id: str, role: str = "user", **more: Any) -> str:
        token = f"token-of-{user_id}"
        named = {"id": user_id, "name": user_id.title(), "email": f"{user_id}@example.com", "role": role}
        self.sessions[token] = {**named, **more}
        return token

    async def _answer(self, request: Request) -> Response:
        self.asked += 1
        told = self.sessions.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if isinstance(told, int):
            return JSONResponse({}, told)
        if not told:
            return JSONResponse({"detail": "Not authenticated"}, 401)
        raw = json.dumps(told).encode()
        pieces = iter([raw[at : at + 50_000] for at in range(0, len(raw), 50_000)])
        return StreamingResponse(pieces, media_type="application/json")


class Browser(httpx.Client):
    """Follows nothing by itself. `send_form` fills in what the page's own forms carry."""

    def __init__(self, url: str, token: str = "", language: str = "en") -> None:
        cookies = {"token": token} if token else {}
        super().__init__(base_url=f"{url}/memory/", headers={"accept-language": language}, cookies=cookies)

    def csrf(self) -> str:
        return self._hidden("csrf", "switches")

    def send_form(self, view: str, /, **fields: str) -> httpx.Response:
        return self.post(view, data={"csrf": self.csrf(), **fields})

    def upload(self, archive: bytes, name: str = "past.jsonl") -> str:
        """What a form for importing an archive then names it by."""
        files = {"file": (name, archive)}
        told = self.post("import-preview", data={"csrf": self.csrf()}, files=files).text
        return told.partition('name="file" value="')[2].partition('"')[0]

    def send_document(self, name: str, content: bytes) -> httpx.Response:
        """A file for the folder of documents."""
        return self.post("send-document", data={"csrf": self.csrf()}, files={"file": (name, content)})

    def sign_in(self, way: str, **fields: str) -> httpx.Response:
        form = self._hidden("form", "sign-in")
        return self.post("sign-in", data={"form": form, "way": way, **fields})

    def _hidden(self, name: str, view: str) -> str:
        found = re.search(f'name="{name}" value="([^"]+)"', self.get(view).text)
        return found[1] if found else ""


class Visitors:
    def __init__(self, at: Desk, webui: FakeWebUI, llm: ScriptedLLM) -> None:
        self.at, self.webui, self._llm = at, webui, llm
        self.browsers: list[Browser] = []

    def browser(self, user_id: str = "", role: str = "user", *, token: str = "", **more: Any) -> Browser:
        """Of somebody who is signed in to Open WebUI; "" for nobody, or who has this token."""
        token = self.webui.knows(user_id, role) if user_id else token
        self.browsers.append(Browser(self.at.url, token, **more))
        return self.browsers[-1]

    def link(self, user: str = "ada", **more: Any) -> str:
        answer = self.at.command("/memory page", user=user, **more)
        assert f"({PAGE_URL}/sign-in?link=" in answer
        return answer.partition("?link=")[2].partition(")")[0]

    def told(self, question: str, user: str) -> str:
        """All that the model gets with a question."""
        self.at.chat(question, user=user)
        return [one for one in self._llm.requests if one.endpoint == "chat"][-1].text

    def knows(self, user: str, *texts: str) -> None:
        for text in texts:
            self.at.command(f"/memory remember {text}", user=user)


@contextmanager
def visitors(folder: Path, **presets: str) -> Iterator[Visitors]:
    webui = FakeWebUI()
    with ScriptedLLM() as llm, WebServer(webui.app) as server:
        webui.url = server.url
        given = {"webui_url": server.url, "page_url": PAGE_URL, **llm.embeds(), **presets}
        with desk(folder, llm, **given) as at:
            some = Visitors(at, webui, llm)
            yield some
            for browser in some.browsers:
                browser.close()


def batch_of(answer: httpx.Response) -> str:
    """What "Undo" beside "That was done" takes back."""
    return parse_qs(answer.headers["location"].partition("?")[2])["batch"][0]


def texts(browser: Browser, view: str = "./") -> list[str]:
    """The memories of a page, in its order."""
    return re.findall(r'<p class="text" dir="auto">(.*?)</p>', browser.get(view).text, re.DOTALL)
