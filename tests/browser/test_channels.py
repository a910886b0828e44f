"""A channel of a real Open WebUI: its members are told, it is read, and what it knows is told in it alone."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.browser.house import MODEL, Account, House, ask
from tests.browser.pages import Person
from tests.harness.waiting import wait_until

DOG = "My dog is called Rex and he sleeps in the shed."
DECIDED = "It is decided: the team deploys on Mondays at nine."
LEARNED = "The team deploys on Mondays at nine."
BATCH = 100  # messages that are read at once
OPERATION = {"op": "add", "text": LEARNED, "kind": "fact", "expires": None, "from": [1]}


class Channel:
    """A channel that everybody of this Open WebUI may read and write."""

    def __init__(self, house: House, name: str) -> None:
        assert house.admin
        self.house, self.admin = house, house.admin
        everybody = {"principal_type": "user", "principal_id": "*"}
        grants = [{**everybody, "permission": permission} for permission in ("read", "write")]
        self.id = self._ask("POST", "create", self.admin, {"name": name, "access_grants": grants})["id"]

    def post(self, who: Account, text: str, **more: Any) -> str:
        return str(self._ask("POST", f"{self.id}/messages/post", who, {"content": text, **more})["id"])

    def change(self, who: Account, message: str, text: str) -> None:
        self._ask("POST", f"{self.id}/messages/{message}/update", who, {"content": text})

    def remove(self, who: Account, message: str) -> None:
        self._ask("DELETE", f"{self.id}/messages/{message}/delete", who)

    def shown(self) -> list[dict[str, Any]]:
        """The newest messages, as members see them."""
        return list(self._ask("GET", f"{self.id}/messages", self.admin))

    def asks_model(self, who: Account, question: str) -> str:
        """Mention the model; all that it was told then."""
        self.post(who, f"<@M:{MODEL}|{MODEL}> {question}")
        requests = self.house.llm.chats
        found = wait_until(
            lambda: next((one for one in requests() if question in one.text), None),
            within=90,
            what=lambda: f"the model is asked: {self.house.status()}",
        )
        return found.text

    def _ask(self, method: str, path: str, who: Account, form: Any = None) -> Any:
        return ask(method, f"{self.house.webui.url}/api/v1/channels/{path}", who.token, form)


@pytest.fixture
def channel(house: House, admin: Person, unchanged_settings: None) -> Channel:
    del unchanged_settings
    own = Channel(house, "team")
    reading = house.llm.reads(MODEL)
    asked = {"webui_url": house.webui.url, "webui_api_key": house.api_key()}
    house.save_valves(**reading, llm_api_key="k", **asked, channels="on", webui_channels="#team")
    return own


@pytest.mark.slow  # three minutes, most of them waiting
def test_a_channel_is_read_and_told_of_in_it_alone(house: House, user: Person, channel: Channel) -> None:
    bob, ada = user.account, channel.admin
    channel.post(ada, "Said before anybody was told.")
    wait_until(
        lambda: [one for one in channel.shown() if (one["meta"] or {}).get("webhook")],
        within=120,
        what=lambda: f"the members are told: {house.status()}",
    )
    notice = channel.shown()[0]
    assert notice["user"]["name"] == "Memory"
    assert "a memory reads this channel" in notice["content"]

    user.new_chat()
    user.say(DOG)
    house.wait_until_remembered()
    house.llm.when("keep the memory of a team's channel", json.dumps({"operations": [OPERATION]}))
    decided = channel.post(ada, DECIDED)
    wrong = channel.post(bob, "My number is 0151 5550000.")

    def chats(number: int) -> None:
        channel.post((ada, bob)[number % 2], f"Message {number} about nothing.")

    with ThreadPoolExecutor(8) as members:
        list(members.map(chats, range(BATCH)))
    channel.post(bob, "A reply.", parent_id=decided)
    channel.remove(bob, wrong)
    house.save_valves()  # with settings that are saved, Open WebUI is asked at once

    asked = itertools.count(1)

    def is_learned() -> bool:
        return "The team deploys" in channel.asks_model(bob, f"({next(asked)}) When does the team deploy?")

    wait_until(is_learned, within=300, every=2.0, what=lambda: f"the channel is read: {house.status()}")
    prompts = [one.text for one in house.llm.chats() if "keep the memory of a team's channel" in one.text]
    assert DECIDED in prompts[0]
    assert not any("before anybody was told" in text for text in prompts)

    # Private memories are not told in the channel, nor the channel's in a private chat.
    assert "Rex" in house.recalled(bob, "What is my dog called?")
    told = channel.asks_model(bob, "Where does my dog sleep, and what is it called?")
    assert "shed" not in told.replace(DOG, "")
    assert "Mondays" not in house.recalled(bob, "When does the team deploy?")
    user.new_chat()
    user.say("On which day does the team deploy?")
    assert "Mondays" not in user.asked_model("On which day does the team deploy?").text

    # Who wants to be forgotten is, with what was learned.
    channel.post(ada, "memory forget me")
    house.save_valves()
    wait_until(
        lambda: any("forgotten" in one["content"] for one in channel.shown() if not one["parent_id"]),
        within=120,
        what=lambda: f"it is answered: {house.status()}",
    )
    told = channel.asks_model(bob, "When did we say that the team deploys?")
    assert LEARNED not in told
