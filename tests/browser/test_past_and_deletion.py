"""A real Open WebUI's chats come along, and what is deleted there goes."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from owui_memory.interfaces.webui import WebUi
from owui_memory.manage.history import reading
from owui_memory.manage.history.entries import Chat, Fact
from tests.browser.house import Account, House, ask
from tests.browser.pages import Person
from tests.harness.waiting import wait_until

SECRET = "the-secret-of-a-browser-test"
SAID, ANSWER = "I have two goats called Pippi and Frida.", "Hay, and dried leaves of birch suit them best."
QUESTION = "Which leaves suit the goats Pippi and Frida?"


@pytest.fixture
def connected(house: House, admin: Person, unchanged_settings: None) -> Iterator[Account]:
    """The filter knows where Open WebUI is, and Open WebUI tells it of deletions."""
    del unchanged_settings
    settings = {"webui_url": house.webui.url, "webui_api_key": house.api_key()}
    house.save_valves(**settings, webhook_secret=SECRET, on_chat_deleted="erase")
    address = f"{house.pipelines.url}/memory/hooks/open-webui/{SECRET}"
    events = ["chat.deleted", "chat.deleted_all", "user.deleted"]
    hook = webui(house, "POST", "events/webhooks", admin.account, {"url": address, "events": events})
    yield admin.account
    webui(house, "DELETE", f"events/webhooks/{hook['id']}", admin.account)


def webui(house: House, method: str, path: str, account: Account, form: Any = None) -> Any:
    root = "api" if path.startswith("events") else "api/v1"
    return ask(method, f"{house.webui.url}/{root}/{path}", account.token, form)


def chat_of(house: House, account: Account) -> str:
    """A chat that the filter has never seen, as Open WebUI's own page would save it; its id."""
    user, answer = str(uuid.uuid4()), str(uuid.uuid4())
    messages = {
        user: {"id": user, "parentId": None, "childrenIds": [answer], "role": "user", "content": SAID},
        answer: {"id": answer, "parentId": user, "childrenIds": [], "role": "assistant", "content": ANSWER},
    }
    for one in messages.values():
        one |= {"timestamp": 1735700000, "models": ["m"]}
    history = {"messages": messages, "currentId": answer}
    form = {"chat": {"title": "Goats", "models": ["m"], "history": history, "messages": []}}
    return str(webui(house, "POST", "chats/new", account, form)["id"])


def run(house: House, *arguments: str) -> Any:
    """The command line, beside the running server."""
    package = str(Path(__file__).parents[2] / "pipelines")
    env = {**house.pipelines.environment(), "PYTHONPATH": package}
    command = [sys.executable, "-m", "owui_memory", *arguments, "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def knows(house: House, account: Account) -> bool:
    return "leaves of birch" in house.recalled(account, QUESTION)


def brought(house: House, account: Account) -> str:
    """Its chat is imported and remembered."""
    chat_id = chat_of(house, account)
    assert run(house, "import", "open-webui", "--user", account.id, "--yes")["exchanges"] == 1
    wait_until(lambda: knows(house, account), within=90, what="what was imported is recalled")
    house.wait_until_remembered()
    return chat_id


def test_chats_come_along_once_by_the_api_and_by_an_export(
    house: House, connected: Account, new_person: Callable[[str], Person], tmp_path: Path
) -> None:
    bob = new_person("Bob").account
    chat_id = brought(house, bob)
    assert run(house, "import", "open-webui", "--user", bob.id, "--yes")["exchanges"] == 0
    house.add_native_memory(bob, "User collects stamps.")
    export, own = tmp_path / "chats.json", tmp_path / "own.json"
    every = httpx.get(
        f"{house.webui.url}/api/v1/chats/all",
        headers={"Authorization": f"Bearer {bob.token}"},
        timeout=60,
        trust_env=False,
    )
    export.write_text(every.text)
    told = run(house, "import", str(export), "--user", bob.id)
    assert (told["labels"], told["exchanges"], told["known"]) == (["Open WebUI"], 0, 1)
    with WebUi.of(house_settings(house, bob)) as api:  # as the page does, with the user's own session
        api.fetch_past(bob.id, own)
    found = [one.entry for one in reading.read(own)]
    assert [one.id for one in found if isinstance(one, Chat)] == [chat_id]
    assert [one.text for one in found if isinstance(one, Fact)] == ["User collects stamps."]
    (one,) = run(house, "imports", bob.id)
    run(house, "undo-import", bob.id, one["import_id"])
    assert not knows(house, bob)


def house_settings(house: House, account: Account) -> Any:
    from owui_memory.config.settings import Valves

    return Valves(webui_url=house.webui.url, webui_api_key=account.token)


@pytest.mark.parametrize("deleted", ["chat", "user"])
def test_what_is_deleted_there_is_told_by_the_webhook(
    house: House, connected: Account, new_person: Callable[[str], Person], deleted: str
) -> None:
    bob = new_person("Bob").account
    chat_id = brought(house, bob)
    if deleted == "chat":
        webui(house, "DELETE", f"chats/{chat_id}", bob)
    else:
        webui(house, "DELETE", f"users/{bob.id}", connected)
    wait_until(lambda: not knows(house, bob), within=90, what="what was deleted is erased")
    assert SECRET not in house.filter_log()


def test_what_the_webhook_missed_is_found_by_comparing(
    house: House, connected: Account, new_person: Callable[[str], Person]
) -> None:
    bob, eve = new_person("Bob").account, new_person("Eve").account
    kept = new_person("Kay").account
    chat_id = brought(house, bob)
    brought(house, eve)
    brought(house, kept)
    for hook in webui(house, "GET", "events/webhooks", connected):
        webui(house, "PUT", f"events/webhooks/{hook['id']}", connected, {"enabled": False})
    assert run(house, "compare")["missing"] == []
    webui(house, "DELETE", f"chats/{chat_id}", bob)
    webui(house, "DELETE", f"users/{eve.id}", connected)
    told = run(house, "compare")
    assert sorted(told["missing"]) == sorted([[bob.id, chat_id], [eve.id, ""]])
    assert told["deleted"] == []
    assert knows(house, bob)
    assert run(house, "compare", "--erase")["erased"] >= 2  # and once more what a webhook told before
    assert not knows(house, bob)
    assert not knows(house, eve)
    assert knows(house, kept)
