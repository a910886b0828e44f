"""Who is meant, in which chat and with which task: by keys, signatures and headers."""

import json
import time
from typing import Any

import httpx
import jwt
import pytest

from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.unit.interfaces.proxy.desk import Desk


def test_a_key_is_its_users_whatever_headers_say(at: Desk, user: str) -> None:
    engine = open_state(at.data_dir)
    keys = ApiKeys(engine)
    key = keys.add(user, "laptop")
    own = {"Authorization": f"Bearer {key}"}
    at.remember("My dog is called Rex.", user="the victim")
    at.chat("My parrot is called Coco.", user="the victim", headers=own)
    at.settle()
    at.chat("What are my pets called?", user="the victim", headers=own)
    assert "Coco" in json.dumps(at.sent)
    assert "Rex" not in json.dumps(at.sent)
    assert at.client.get("/memory/status", headers=own).status_code == 401
    assert key not in (at.data_dir / "state.db").read_bytes().decode("latin-1")

    (known,) = keys.all(user)
    assert keys.revoke(known.id) == 1
    assert at.chat("Hi", headers=own).status_code == 401
    engine.dispose()


@pytest.mark.parametrize("key", ["wrong", "mk-wrong", "0p3n-w3bu!", "schlüssel"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/anything"])
def test_nothing_without_a_key(at: Desk, key: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {key}".encode(), "X-OpenWebUI-User-Id": "ada"}
    answer = httpx.get(at.url + path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert not at.upstream.asked


def signed(user: str, secret: str = "s" * 40, **claims: Any) -> dict[str, str]:
    told = {"sub": user, "name": "Ada", "iss": "open-webui", "exp": int(time.time()) + 300, **claims}
    return {"X-OpenWebUI-User-Jwt": jwt.encode(told, secret, algorithm="HS256"), "Authorization": ""}


def test_open_webuis_signature_names_the_user(at: Desk, user: str) -> None:
    at.remember("My dog is called Rex.", user="", headers=signed(user))
    at.chat("What is my dog called?", user="the victim", headers=signed(user))
    assert "Rex" in json.dumps(at.sent)


@pytest.mark.parametrize(
    "headers",
    [
        signed("ada", "x" * 40),
        signed("ada", exp=int(time.time()) - 300),
        signed("ada", iss="somebody"),
        {"X-OpenWebUI-User-Jwt": jwt.encode({"sub": "ada"}, None, algorithm="none"), "Authorization": ""},
        {"X-OpenWebUI-User-Jwt": "a.b.c", "Authorization": ""},
    ],
    ids=["another secret", "too old", "another issuer", "unsigned", "none"],
)
def test_a_signature_that_is_none_is_none(at: Desk, headers: dict[str, str]) -> None:
    assert at.chat("Hi", headers=headers).status_code == 401


def test_headers_of_the_connection_name_chat_message_and_task(at: Desk, user: str) -> None:
    def from_chat(message: str, parent: str, text: str, **more: str) -> None:
        headers = {
            "X-Memory-User-Id": user,
            "X-Memory-Chat-Id": "chat-7",
            "X-Memory-Message-Id": f"answer-{message}",
            "X-Memory-User-Message-Id": message,
            "X-Memory-User-Message-Parent-Id": parent,
            "X-Memory-Task": "",
            **more,
        }
        at.chat(text, user="", headers=headers).raise_for_status()

    from_chat("m1", "", "I live in Lisbon.", **{"X-Memory-Task": "title_generation"})
    at.settle()
    assert "Lisbon" not in at.command("/memory", user=user)
    before = at.stored
    from_chat("m1", "", "I live in Lisbon.")
    from_chat("m1", "", "I live in Lisbon.", **{"X-Memory-Message-Id": "another answer"})
    assert at.stored == before + 1
    from_chat("m2", "", "I live in Porto.")  # the first message, edited
    at.settle()
    listed = at.command("/memory", user=user)
    assert "Porto" in listed
    assert "Lisbon" not in listed


def test_a_task_that_is_not_told_is_known_by_its_words(at: Desk, user: str) -> None:
    task = "### Task:\nGenerate a title.\n<chat_history>\nUSER: My dog is called Rex.\n</chat_history>"
    at.chat(task, user=user)
    assert at.sent["messages"] == [{"role": "user", "content": task}]
    at.settle()
    assert "Rex" not in at.command("/memory", user=user)


def test_a_temporary_chat_leaves_nothing(at: Desk, user: str) -> None:
    at.chat("My dog is called Rex.", user=user, headers={"X-OpenWebUI-Chat-Id": "temporary:abc"})
    at.settle()
    assert "Rex" not in at.command("/memory", user=user)
