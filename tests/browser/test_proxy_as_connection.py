"""Open WebUI with nothing but the proxy, as its connection: who asks, in which chat, and what is a task."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.processes import stop
from scripts.services import Connection, OpenWebUI
from tests.browser.house import PASSWORD, ask, headers_of_the_page
from tests.harness.pipelines_server import clean_environment, free_port
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk

MODEL = "memory/scripted-chat"


class Page:
    def __init__(self, webui: OpenWebUI) -> None:
        self.url = webui.url
        form = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
        account = ask("POST", f"{self.url}/api/v1/auths/signup", "", form)
        self.user, self.token = account["id"], account["token"]

    def ask(self, method: str, path: str, form: Any = None) -> Any:
        return ask(method, f"{self.url}/{path}", self.token, form)

    def say(self, text: str) -> str:
        """A new chat with one message, as the page sends it; the chat's id."""
        made = self.ask("POST", "api/v1/chats/new", {"chat": {"title": "New Chat", "models": [MODEL]}})
        said = {"id": "u", "parentId": None, "childrenIds": ["a"], "role": "user", "content": text}
        answer = {
            "id": "a",
            "parentId": "u",
            "childrenIds": [],
            "role": "assistant",
            "content": "",
            "model": MODEL,
        }
        history = {"messages": {"u": said, "a": answer}, "currentId": "a"}
        self.ask("POST", f"api/v1/chats/{made['id']}", {"chat": {"models": [MODEL], "history": history}})
        form = {
            "model": MODEL,
            "stream": True,
            "messages": [{"role": "user", "content": text}],
            "chat_id": made["id"],
            "id": "a",
            "session_id": "session",
            "user_message": said,
            "background_tasks": {"title_generation": True, "tags_generation": True},
        }
        self.ask("POST", "api/chat/completions", form)
        return str(made["id"])

    def answer(self, chat: str) -> str:
        told = self.ask("GET", f"api/v1/chats/{chat}")["chat"]["history"]["messages"]["a"]
        return str(told.get("content") or "")


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with ScriptedLLM() as llm, desk(tmp_path / "memory", llm) as one:
        yield one


@pytest.fixture
def page(at: Desk, tmp_path: Path) -> Iterator[Page]:
    connections = (Connection(f"{at.url}/v1", KEY),)
    webui = OpenWebUI(tmp_path / "webui", free_port(), "secret", connections, (), clean_environment())
    child = webui.start(tmp_path / "webui.log")
    try:
        wait_until(webui.is_healthy, within=240, what="Open WebUI is healthy")
        one = Page(webui)
        config = one.ask("GET", "openai/config")
        config["OPENAI_API_CONFIGS"] = {"0": {"enable": True, "headers": headers_of_the_page("proxy")}}
        one.ask("POST", "openai/config/update", config)
        yield one
    finally:
        stop([child])


def test_chats_have_memory_and_tasks_cost_nothing(at: Desk, page: Page) -> None:
    assert MODEL in [one["id"] for one in page.ask("GET", "api/models")["data"]]
    first = page.say("My dog is called Rex.")
    wait_until(lambda: page.answer(first), within=60, what="an answer")
    alone = 'owui_memory_messages_left_alone_total{reason="task"} 2.0'
    wait_until(lambda: alone in at.numbers(), within=60, what="title and tags")
    at.settle()
    second = page.say("What is my dog called?")
    wait_until(lambda: "Rex" in page.answer(second), within=60, what="an answer that knows")
    assert f"/c/{first}" in at.command("/memory", user=page.user), "the chat that it is from"
    told = page.say("/memory")
    wait_until(lambda: "My dog is called Rex." in page.answer(told), within=60, what="the list, as it is")
