"""Open WebUI's webhook through the real server: what it tells of is gone, and nobody else may tell."""

import httpx
import pytest

from tests.harness.bodies import Chat, told_text
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.waiting import wait_until

SECRET = "a-secret-of-my-own-0123456789"
SAID = "The walnut shelf in the hallway took me nine evenings, and its bracket is crooked."
QUESTION = "What took me nine evenings in the hallway?"


@pytest.fixture(scope="module")
def server(module_servers: StartServer) -> PipelinesServer:
    return module_servers(env={"MEMORY_WEBHOOK_SECRET": SECRET, "MEMORY_ON_CHAT_DELETED": "erase"})


def tell(server: PipelinesServer, event: object, secret: str = SECRET) -> httpx.Response:
    url = f"{server.url}/memory/hooks/open-webui/{secret}"
    content = event if isinstance(event, bytes) else None
    json = None if content is not None else event
    return httpx.post(url, content=content, json=json, timeout=30, trust_env=False)


def event(name: str, subject: str, **data: object) -> dict[str, object]:
    """As Open WebUI 0.12.4 sends it."""
    kind = name.partition(".")[0] if name != "chat.deleted_all" else "user"
    about = {
        "event": name,
        "resource": kind,
        "operation": "deleted",
        "subject": {"type": kind, "id": subject},
    }
    return {"schema": "0.12.4", "id": "e", "created_at": 1, "source": "api", "data": data, **about}


def said(server: PipelinesServer, user: str) -> Chat:
    chat = Chat(user)
    turn = chat.say(SAID)
    sent = server.inlet(turn.inlet, turn.user)
    server.outlet(turn.outlet("Loosen its upper screw.", sent=sent), turn.user)
    server.wait_until_drained()
    assert "walnut" in asked(server, user)
    return chat


def asked(server: PipelinesServer, user: str) -> str:
    turn = Chat(user).say(QUESTION)
    return told_text(server.inlet(turn.inlet, turn.user))


@pytest.mark.parametrize("name", ["chat.deleted", "user.deleted", "chat.deleted_all"])
def test_what_was_deleted_is_gone(server: PipelinesServer, user: str, name: str) -> None:
    chat = said(server, user)
    kept = said(server, f"{user}-2")
    subject = chat.chat_id if name == "chat.deleted" else user
    assert tell(server, event(name, subject, owner_id=user)).json() == {"noted": 1}
    wait_until(lambda: "walnut" not in asked(server, user), what="it is erased")
    assert kept.chat_id
    assert "walnut" in asked(server, f"{user}-2")
    assert SECRET not in server.log()


def test_what_is_no_deletion_changes_nothing(server: PipelinesServer, user: str) -> None:
    chat = said(server, user)
    assert tell(server, event("chat.deleted", chat.chat_id, owner_id=user), "wrong").status_code == 404
    assert tell(server, event("chat.deleted", chat.chat_id, owner_id=user), "").status_code in (401, 404)
    assert tell(server, b"{no json").status_code == 400
    assert tell(server, b"[" * 60_000).status_code == 400
    assert tell(server, b" " * 100_000).status_code == 413
    others = [
        event("chat.deleted", chat.chat_id),
        event("chat.deleted", chat.chat_id, owner_id=f"{user}-other"),
        event("chat.deleted", "another-chat", owner_id=user),
        event("chat.archived", chat.chat_id, owner_id=user),
        event("user.deleted", "team/design"),
        {"event": "chat.deleted", "subject": [chat.chat_id], "data": 5},
        [],
        7,
    ]
    # Of a chat that is not known yet it is noted: its first message may be on its way.
    noted = [0, 1, 1, 0, 0, 0, 0, 0]
    assert [tell(server, one).json() for one in others] == [{"noted": count} for count in noted]
    assert "walnut" in asked(server, user)
