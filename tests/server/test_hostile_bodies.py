"""Big and odd bodies over HTTP: everybody else goes on, and the server answers."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.harness.bodies import Chat
from tests.harness.hang import returns
from tests.harness.pipelines_server import FILTER, PipelinesServer
from tests.harness.talk import recalled, tell

_BYTES = 10_000_000  # of JSON


def post(server: PipelinesServer, way: str, content: dict[str, Any]) -> httpx.Response:
    """As json.dumps writes it: half a surrogate pair stays what it is."""
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    url = f"{server.url}/{FILTER}/filter/{way}"
    return httpx.post(url, content=json.dumps(content), headers=headers, timeout=120)


@pytest.mark.parametrize("fragment", ["see <details type= ", "<think>\n", "wlan-", "字\ud800"])
def test_others_go_on_while_one_sends_megabytes(
    shared_server: PipelinesServer, user: str, fragment: str
) -> None:
    tell(shared_server, "My dog is called Rex.", user=user)
    text = fragment * (_BYTES // (len(json.dumps(fragment)) - 2))
    asked, answered = Chat(f"not-{user}").say(text), Chat(f"not-{user}").say("I live in Lisbon.")
    shared_server.inlet(answered.inlet, answered.user)  # so that the answer may be remembered
    sent = [("inlet", {"body": asked.inlet, "user": asked.user})] * 2
    sent += [("outlet", {"body": answered.outlet(text), "user": answered.user})] * 2
    with ThreadPoolExecutor(len(sent)) as pool:
        busy = [pool.submit(post, shared_server, *one) for one in sent]
        while not all(one.done() for one in busy):
            with returns("a server that stands still"):
                assert "Rex" in recalled(shared_server, "What is my dog called?", user=user)
    assert [one.result().status_code for one in busy] == [200] * len(sent)


@pytest.mark.parametrize(
    "odd", ["My dog is \ud83d Rex.", "\udc00", float("nan"), {"\ud800": ["x\udfff"]}], ids=repr
)
def test_what_the_server_cannot_answer_with_does_not_end_the_chat(
    shared_server: PipelinesServer, user: str, odd: Any
) -> None:
    turn = Chat(user).say("Hello there.")
    turn.inlet["messages"].append({"role": "user", "content": odd})
    turn.inlet["metadata"]["odd"] = odd
    sent = post(shared_server, "inlet", {"body": turn.inlet, "user": turn.user})
    assert sent.status_code == 200
    assert sent.json()["messages"][0] == turn.inlet["messages"][0]
    body = {**turn.outlet("Hi."), "odd": odd}
    assert post(shared_server, "outlet", {"body": body, "user": turn.user}).status_code == 200
