"""Bots tell what is said in channels, through the real server; others do not, whatever they send."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from owui_memory.core.locales import locale
from owui_memory.state import open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.hang import returns
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.plugins import loaded
from tests.harness.waiting import wait_until
from tests.harness.webui_channels import KEY, WebuiStandIn

MESSAGE = {"channel": "general", "id": "m1", "author": "u1", "text": "We ship the heron release on Friday."}


@pytest.fixture(scope="module")
def server(module_servers: StartServer) -> PipelinesServer:
    return module_servers(env={"MEMORY_CHANNELS": "on"})


@pytest.fixture(scope="module")
def key(server: PipelinesServer) -> str:
    return keys_of(server).add_observer("discord")


def keys_of(server: PipelinesServer) -> ApiKeys:
    return ApiKeys(open_state(server.data_dir))


def tell(server: PipelinesServer, body: object, key: str, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {key}", **headers} if key else headers
    url = f"{server.url}/memory/observe"
    return httpx.post(url, content=content, headers=sent, timeout=60, trust_env=False)


def test_a_bot_tells_messages(server: PipelinesServer, key: str) -> None:
    told, german = (
        tell(server, MESSAGE, key),
        {"channel": "halle", "text": "Wir treffen uns nicht am Freitag."},
    )
    (notice,) = told.json().pop("reply")
    assert notice == {"channel": MESSAGE["channel"], "to": "", "text": locale("en").say("channel, notice")}
    taken = {"accepted": 1, "known": 0, "refused": [], "reply": [notice]}
    assert (told.status_code, told.json()) == (202, taken)
    (notice,) = tell(server, MESSAGE | german, key).json()["reply"]
    assert notice["text"] == locale("de").say("channel, notice")
    assert tell(server, MESSAGE, key).json()["reply"] == []  # members are told once
    both = {"messages": [MESSAGE, {**MESSAGE, "id": "m2"}, {**MESSAGE, "text": 7}, {"id": "m3"}]}
    answer = tell(server, both, key).json()
    assert (answer["accepted"], answer["known"]) == (1, 1)
    assert [one["index"] for one in answer["refused"]] == [2, 3]
    assert answer["refused"][0]["why"] == "text must be a string."
    assert tell(server, {**MESSAGE, "deleted": True}, key).json()["accepted"] == 1
    assert tell(server, MESSAGE, key).json()["known"] == 1


def test_nobody_else_tells_any(server: PipelinesServer, key: str) -> None:
    users_key = keys_of(server).add("ada")
    for wrong in ("", "wrong", users_key, key + "x", "mk-"):
        refused = tell(server, MESSAGE, wrong)
        assert refused.status_code == 401
        assert "--observer" in refused.json()["detail"]
    # The server's own key says which source.
    assert tell(server, MESSAGE, server.key).status_code == 400
    assert tell(server, MESSAGE, server.key, **{"X-Memory-Source": "Not One"}).status_code == 400
    assert tell(server, MESSAGE, server.key, **{"X-Memory-Source": "matrix"}).json()["accepted"] == 1
    # An observer's key opens nothing else.
    for path in ("/memory/status", "/memory/v1/models", "/memory/tools/openapi.json", "/memory/documents"):
        headers = {"Authorization": f"Bearer {key}"}
        asked = httpx.request("GET", f"{server.url}{path}", headers=headers, trust_env=False)
        assert asked.status_code in (401, 403, 404, 405), path
    assert httpx.get(f"{server.url}/models", headers=headers, trust_env=False).status_code == 401


def test_hostile_bodies_are_refused_in_a_sentence(server: PipelinesServer, key: str) -> None:
    for body in (b"", b"{no json", b"[" * 100_000, b'"text"', b"[]", b"\xff\xfe", b'{"messages": {}}'):
        refused = tell(server, body, key)
        assert refused.status_code == 400, body[:20]
        assert refused.json()["detail"]
    assert tell(server, {"messages": [MESSAGE] * 1001}, key).status_code == 400
    assert tell(server, b" " * (4 * 1024 * 1024 + 1), key).status_code == 413
    deep = b'{"channel": "c", "id": "m", "author": "u", "text": ' + b"[" * 500 + b"]" * 500 + b"}"
    assert tell(server, deep, key).json()["refused"]
    odd = {**MESSAGE, "id": "\ud800\0 ' -- \u202e", "channel": "a b/../\n", "author": "*", "text": "\0" * 50}
    assert tell(server, odd, key).json()["accepted"] == 1
    assert tell(server, odd, key).json()["known"] == 1
    assert "heron" not in server.log()


def test_where_it_is_off_an_admin_is_told_how(module_servers: StartServer) -> None:
    server = module_servers()
    refused = tell(server, MESSAGE, keys_of(server).add_observer("discord"))
    assert refused.status_code == 403
    assert "`channels`" in refused.json()["detail"]


def test_open_webuis_own_channels_are_read_once_members_were_told(module_servers: StartServer) -> None:
    with WebuiStandIn() as webui:
        channel = webui.add("team")
        where = {"MEMORY_WEBUI_URL": webui.url, "MEMORY_WEBUI_API_KEY": KEY}
        server = module_servers(env={**where, "MEMORY_CHANNELS": "on", "MEMORY_WEBUI_CHANNELS": "#team"})
        wait_until(lambda: webui.said_by_us(channel), what="the members are told")
        assert webui.said_by_us(channel) == [locale("en").say("channel, notice")]
        lines = wait_until(lambda: lines_of(server), what="the status tells of it")
        assert lines == [(True, "1 is read")]
        assert KEY not in server.log()
        assert "secret-token" not in server.log()


def test_the_server_takes_what_the_observers_of_examples_send(
    server: PipelinesServer, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = loaded("examples/outbox.py")
    monkeypatch.setattr(outbox, "GATHER_SECONDS", 0.001)
    box, said = outbox.Outbox(str(tmp_path / "box.db"), server.url, key), list[tuple[str, str, str]]()
    more = {"channel": "from-a-bot", "channel_name": "ops", "author_name": "Ada", "reply_to": "m0"}
    times = ("2026-11-28T09:00:00.123000+00:00", 1_795_856_400.25)
    box.put([{**MESSAGE, **more, "id": f"m{number}", "time": at} for number, at in enumerate(times)])
    box.put([{"channel": "from-a-bot", "id": "m1", "deleted": True}])

    async def say(*what: str) -> None:
        said.append((what[0], what[1], what[2]))

    async def until_told() -> None:
        sending = asyncio.create_task(box.run(say))
        while not said:
            await asyncio.sleep(0.01)
        sending.cancel()

    with returns():
        asyncio.run(until_told())
    assert said == [("from-a-bot", "", locale("en").say("channel, notice"))]
    assert tell(server, {**MESSAGE, **more, "id": "m1"}, key).json()["known"] == 1
    assert tell(server, {**MESSAGE, **more, "id": "m0"}, key).json()["known"] == 1


def lines_of(server: PipelinesServer) -> list[tuple[bool, str]]:
    parts = server.status()["parts"]
    return [(one["ok"], one["detail"]) for one in parts if one["name"] == "Open WebUI's channels"]
