"""What is fetched from Open WebUI, within bounds, and while chats are deleted there."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, StreamingResponse

from owui_memory.config.settings import Valves
from owui_memory.core.errors import Retry
from owui_memory.interfaces import webui
from owui_memory.interfaces.webui import WebUi
from tests.harness.waiting import wait_until
from tests.harness.web import WebServer
from tests.unit.interfaces.web.visitors import visitors

API = "/api/v1"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[WebUi]:
    """ada has two chats and one that is deleted meanwhile, zoe's are not for the key; admin's break off."""
    app = FastAPI()

    def answers(path: str, answer: Any) -> None:
        app.add_api_route(API + path, lambda: answer)

    @app.get(API + "/chats/list/user/{user_id}")
    def listed(user_id: str, page: int) -> Any:
        ids = ("a", "b", "gone") if user_id == "ada" else ("gone",)
        return [{"id": id_} for id_ in ids] if page == 1 else []

    @app.get(API + "/chats/all")
    def broken_off() -> Any:
        return StreamingResponse(iter([b"[1,"]), headers={"Content-Length": "99"})

    answers("/auths/", {"id": "admin"})
    answers("/chats/gone", JSONResponse({"detail": "not found"}, 404))
    for id_ in "ab":
        answers(f"/chats/{id_}", {"id": id_, "text": "x" * 500})
    with WebServer(app) as server, WebUi.of(Valves(webui_url=server.url, webui_api_key="key")) as one:
        yield one


def test_a_chat_that_is_deleted_meanwhile_costs_nothing_else(api: WebUi, tmp_path: Path) -> None:
    api.fetch_past("ada", tmp_path / "past")
    assert [json.loads(line)["id"] for line in (tmp_path / "past").read_text().splitlines()] == ["a", "b"]


@pytest.mark.parametrize(
    ("user", "bound", "most", "told"),
    [
        ("ada", "_MOST_BYTES", 900, "too large"),
        ("ada", "_SECONDS", -1.0, "too long"),
        ("admin", "_SECONDS", 60.0, "cannot be reached"),
        ("zoe", "_SECONDS", 60.0, "not what is expected"),
    ],
)
def test_what_cannot_be_fetched_is_told(
    api: WebUi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, bound: str, most: float, told: str
) -> None:
    monkeypatch.setattr(webui, bound, most)
    with pytest.raises(Retry, match=told):
        api.fetch_past(user, tmp_path / "past")


@pytest.mark.parametrize(
    ("own", "whose"),
    [
        ({"/chats/": [{"id": "c"}], "/chats/c": {"id": "c", "user_id": "root"}, "/memories/": []}, "root"),
        ({"/chats/": [], "/memories/": [{"user_id": "root"}]}, "root"),
        ({"/chats/": [], "/memories/": []}, "boss"),
        ({"/chats/": [], "/memories/": JSONResponse({"detail": "off"}, 403)}, "boss"),
    ],
    ids=["by a chat", "by a memory", "nothing of its own", "memories are off"],
)
def test_an_api_key_is_not_told_whose_it_is(own: dict[str, Any], whose: str) -> None:
    app = FastAPI()
    people = [{"id": "ada", "role": "user"}, {"id": "root", "role": "admin"}, {"id": "boss", "role": "admin"}]
    refusal = JSONResponse({"detail": "A human session is required."}, 403)
    for path, answer in {"/auths/": refusal, "/users/all": {"users": people}, **own}.items():
        app.add_api_route(API + path, lambda answer=answer: answer)
    with WebServer(app) as server, WebUi.of(Valves(webui_url=server.url, webui_api_key="sk-key")) as one:
        assert (one.users(), one.admin()) == ({"ada", "root", "boss"}, whose)


def test_a_list_of_users_without_an_admin_is_none() -> None:
    app = FastAPI()
    app.add_api_route(API + "/users/all", lambda: {"users": [{"id": "ada", "role": "user"}]})
    with (
        WebServer(app) as server,
        WebUi.of(Valves(webui_url=server.url, webui_api_key="sk-key")) as one,
        pytest.raises(Retry, match="not what is expected"),
    ):
        one.users()


def test_users_whose_past_is_fetched_keep_nobody_waiting(tmp_path: Path) -> None:
    go_on, asked = threading.Event(), list[str]()

    def listed(user_id: str) -> Any:
        asked.append(user_id)
        go_on.wait(60)
        return []

    with visitors(tmp_path, webui_api_key="token-of-admin") as house:
        house.webui.knows("admin", "admin")
        house.webui.app.add_api_route(API + "/chats/list/user/{user_id}", listed)
        forms = [(one, one.csrf()) for one in (house.browser(f"user{number}") for number in range(8))]
        form = {"source": "open-webui"}
        sending = [
            threading.Thread(
                target=one.post,
                args=("import-preview",),
                kwargs={"data": {**form, "csrf": csrf}, "timeout": 60},
            )
            for one, csrf in forms
        ]
        try:
            for thread in sending:
                thread.start()
            wait_until(lambda: len(asked) >= 2, what="two are fetched")
            assert house.browser("nina").get("./").status_code == 200
        finally:
            go_on.set()
            for thread in sending:
                thread.join()
        assert set(asked) == {f"user{number}" for number in range(8)}
        again = forms[0][0].post("import-preview", data={**form, "csrf": forms[0][1]})
        assert (again.status_code, "five minutes" in again.text) == (429, True)
