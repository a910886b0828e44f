"""Upstreams, limits and odd bodies: what is refused, and what is for the upstream to judge."""

import contextlib
import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.resolver import ThreadedResolver

from owui_memory.config.environment import PUBLIC_DEFAULT_KEY
from owui_memory.interfaces.server_key import open_to_browsers
from tests.harness.upstream import Upstream
from tests.unit.interfaces.proxy.desk import KEY, Desk, desk


def test_the_name_of_the_only_upstream_may_stand_before_a_model(at: Desk, user: str) -> None:
    for model in ("main/llama3", "memory/main/llama3"):
        at.chat("Hi", model=model, user=user).raise_for_status()
        assert at.sent["model"] == "llama3"


# Several upstreams, settings ----------------------------------------------------------------------


def test_the_first_upstream_that_has_a_model_answers(tmp_path: Path) -> None:
    with (
        Upstream(("llama3",)) as first,
        Upstream(("llama3", "qwen:latest")) as second,
        desk(tmp_path, first, second, memory_by_default="qwen*") as at,
    ):
        ids = [one["id"] for one in at.client.get("/v1/models").json()["data"]]
        assert ids[::3] == ["llama3", "second/llama3", "qwen:latest"]
        for model, answers, called in [
            ("llama3", first, "llama3"),
            ("memory/llama3", first, "llama3"),
            ("second/llama3", second, "llama3"),
            ("memory/second/llama3", second, "llama3"),
            ("qwen", second, "qwen"),
        ]:
            asked = len(answers.asked)
            at.chat("My dog is called Rex.", model=model).raise_for_status()
            assert len(answers.asked) == asked + 1, model
            assert answers.asked[-1].body["model"] == called
            name = "main" if answers is first else "second"
            assert answers.asked[-1].header("authorization") == f"Bearer key of {name}"
        at.settle()
        at.chat("What is my dog called?", model="qwen")
        assert "Rex" in json.dumps(second.asked[-1].body), "it takes part by default"
        missing = at.chat("Hi", model="nobody")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


FAR = "llm.example.com"


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """A model server with an address of the wide world, whose name leads to this machine here."""
    resolve = ThreadedResolver.resolve

    async def here(resolver: Any, host: str, *more: Any, **named: Any) -> Any:
        return await resolve(resolver, "127.0.0.1" if host == FAR else host, *more, **named)

    monkeypatch.setattr(ThreadedResolver, "resolve", here)
    with Upstream() as one:
        yield one


def test_local_only_keeps_memories_from_an_upstream_that_is_not_local(tmp_path: Path, far: Upstream) -> None:
    asked, headers = "What is my dog called?", {"X-OpenWebUI-User-Id": "ada"}
    forms: dict[str, dict[str, Any]] = {
        "chat/completions": {"messages": [{"role": "user", "content": asked}]},
        "responses": {"input": asked},
        "completions": {"prompt": asked},
    }
    with Upstream() as near:
        servers = [
            {"name": "near", "base_url": near.base_url},
            {"name": "far", "base_url": far.base_url.replace("127.0.0.1", FAR)},
        ]
        with desk(tmp_path, near, local_only="true", upstreams=json.dumps(servers)) as at:
            at.remember("My dog is called Rex.")
            assert "Rex" in at.command("/memory"), "127.0.0.1 is local"
            for path, body in forms.items():
                sent = {"model": "memory/far/llama3", **body}
                at.client.post(f"/v1/{path}", json=sent, headers=headers).raise_for_status()
                assert far.asked[-1].body == {**sent, "model": "llama3"}, path
            at.remember("My cat is called Mia.", model="memory/far/llama3")
            for named in ({}, {"X-Memory-Chat-Id": "c1"}):
                assert "may not know" in at.command("/memory", headers=named, model="memory/far/llama3")
            assert "Mia" not in at.command("/memory")
            at.chat(asked).raise_for_status()
            assert "Rex" in json.dumps(near.asked[-1].body)
            assert "Rex" not in json.dumps(far.bodies)


def test_nothing_goes_through_another_server(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with Upstream() as elsewhere:
        monkeypatch.setenv("HTTP_PROXY", elsewhere.base_url)
        monkeypatch.setenv("http_proxy", elsewhere.base_url)
        at.chat("Hi").raise_for_status()
        assert elsewhere.asked == []


def test_a_template_that_nobody_filled_in_is_no_user(at: Desk) -> None:
    at.remember("My dog is called Rex.", headers={"X-Memory-User-Id": "{{USER_ID}}"})
    assert "Rex" in at.command("/memory"), "the next header names the user"
    at.chat("My cat is called Mia.", user="", headers={"X-Memory-User-Id": "{{USER_ID}}"})
    at.settle()
    assert "Mia" not in at.command("/memory", user="{{USER_ID}}", headers={"X-Memory-User-Id": "ada"})


CHAT = "/v1/chat/completions"
MANY = b'{"model":"llama3","x":[' + b"[]," * 600_000 + b"0]}"  # to read it would hold up all others


@pytest.mark.parametrize(
    ("method", "path", "content", "length", "status", "told"),
    [
        ("TRACE", "/v1/models", b"", 0, 405, b"not passed on"),  # an upstream would tell what it is sent
        ("POST", CHAT, MANY, len(MANY), 413, b"too many values"),
        ("POST", CHAT, b"x", 99_999_999_999, 413, b"64 MB"),
    ],
    ids=["a method", "many values", "too long"],
)
def test_what_goes_to_nobody_is_refused_in_a_sentence(
    at: Desk, method: str, path: str, content: bytes, length: int, status: int, told: bytes
) -> None:
    url = httpx.URL(at.url)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Length": str(length)}
    with contextlib.closing(HTTPConnection(url.host, url.port)) as connection:
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        assert (answer.status, told in answer.read()) == (status, True)
    assert not at.upstream.asked


@pytest.mark.parametrize(
    ("key", "is_open"), [("a key of one's own", True), (PUBLIC_DEFAULT_KEY, False), ("", False)]
)
def test_pages_of_others_are_let_in_only_with_a_key_that_they_do_not_know(key: str, is_open: bool) -> None:
    anything: Any = object()
    assert (open_to_browsers(anything, key) is not anything) is is_open


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"memory"',
        b'{"model": 7}',
        b'{"model": "memory/llama3"}',
        b'{"model": "memory/llama3", "messages": "Hi"}',
        b'{"model": "memory/llama3", "messages": [null, {"role": 7}, {"role": "user", "content": {"a": 1}}]}',
        b'{"model": "memory/llama3", "messages": [{"role": "user", "content": "\\ud800"}], "metadata": []}',
        b'{"model": "memory/llama3", "messages": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff\xfe\x00",
    ],
)
def test_odd_bodies_are_for_the_upstream_to_judge(at: Desk, body: bytes, user: str) -> None:
    at.upstream.answers(400, b'{"error": "no"}')
    headers = {"X-OpenWebUI-User-Id": user, "Content-Type": "application/json"}
    answer = at.client.post("/v1/chat/completions", content=body, headers=headers)
    assert (answer.status_code, answer.content) == (400, b'{"error": "no"}')
    assert len(at.upstream.asked) == 1
    assert KEY not in (at.upstream.asked[0].header("authorization") or "")
