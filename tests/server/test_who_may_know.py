"""Who may know, at the real Pipelines server, with bodies as Open WebUI sends them."""

import copy
from typing import Any

import pytest

from owui_memory.state import open_state
from owui_memory.state.switches_table import Switches
from tests.harness.bodies import Chat, recording, told_text, user_of
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import command_line, recalled, stored, take, tell
from tests.harness.waiting import wait_until

FACT, QUESTION = "My dog is called Rex and I live in Lisbon.", "What is my dog called?"
LOCAL = {"connection": "local"}
LISTS = ("models_recall", "models_remember")


@pytest.fixture(scope="module")
def _server(module_servers: StartServer) -> PipelinesServer:
    return module_servers()


@pytest.fixture
def server(_server: PipelinesServer, user: str) -> PipelinesServer:
    """All settings as they are by default, and `user` has told a fact."""
    _server.change_valves(local_only=False, **dict.fromkeys(LISTS))
    tell(_server, FACT, user=user, chat=Chat(user, options=LOCAL))
    return _server


def of(name: str, user: str, **described: Any) -> dict[str, Any]:
    """A recorded body, said by `user` with words of their own."""
    body = recording(name)["body"]
    body["messages"][-1]["content"] = QUESTION
    body["metadata"]["model"].update(described)
    return body


def why(server: PipelinesServer, chat_id: str) -> str:
    """What `python -m owui_memory why` prints."""
    done = command_line("why", chat_id, env={"MEMORY_DATA_DIR": str(server.data_dir)})
    assert done.stderr == ""
    return done.stdout


class TestLocalOnly:
    @pytest.fixture(autouse=True)
    def _local_only(self, server: PipelinesServer) -> None:
        server.change_valves(local_only=True)

    @pytest.mark.parametrize("name", ["first-turn.inlet", "api-no-chat-id.inlet", "two-models.inlet"])
    def test_recorded_models_are_external(self, server: PipelinesServer, user: str, name: str) -> None:
        body = of(name, user)
        assert server.inlet(copy.deepcopy(body), user_of(user)) == body

    @pytest.mark.parametrize("name", ["first-turn.inlet", "api-no-chat-id.inlet", "two-models.inlet"])
    def test_the_same_ones_with_a_local_connection(
        self, server: PipelinesServer, user: str, name: str
    ) -> None:
        body = of(name, user, connection_type="local")
        assert "Rex" in told_text(server.inlet(body, user_of(user)))

    def test_the_second_of_two_models_is_not_taken_for_the_first(
        self, server: PipelinesServer, user: str
    ) -> None:
        body = of("two-models.inlet.2", user, connection_type="local")
        assert server.inlet(copy.deepcopy(body), user_of(user)) == body

    def test_nothing_is_learned_from_an_external_model(self, server: PipelinesServer, user: str) -> None:
        tell(server, "My cat is called Tom.", user=user)
        tell(server, "My bird is called Pip.", user=user, chat=Chat(user, options=LOCAL))
        texts = [text for owner, text in stored(server) if owner == user]
        assert any("Pip" in text for text in texts)
        assert not any("Tom" in text for text in texts)

    def test_the_reason_is_told(self, server: PipelinesServer, user: str) -> None:
        chat = Chat(user)
        take(server, chat.say(QUESTION))
        reason = "left alone: the model is external (local_only)"
        assert reason in server.part("filter")["detail"]
        wait_until(lambda: f"1. {reason}, " in why(server, chat.chat_id), what="it is kept")

    def test_what_is_external_of_the_settings_is_told(self, server: PipelinesServer) -> None:
        assert server.part("local only")["ok"]


@pytest.mark.parametrize(
    ("rule", "told", "learned"),
    [
        (dict.fromkeys(LISTS, "!tiny-*, !gpt-*"), False, False),
        (dict.fromkeys(LISTS, "gpt-*"), False, False),
        ({"models_remember": "!Tiny-Chat"}, True, False),
        ({"models_recall": "!*"}, False, True),
        (dict.fromkeys(LISTS, "tiny-chat, !gpt-*"), True, True),
    ],
    ids=str,
)
def test_models(server: PipelinesServer, user: str, rule: dict[str, str], told: bool, learned: bool) -> None:
    server.change_valves(**rule)
    assert ("Rex" in recalled(server, QUESTION, user=user)) == told
    body = of("workspace-model-with-system-prompt.inlet", user)  # stands on tiny-chat
    assert ("Rex" in told_text(server.inlet(body, user_of(user)))) == told
    tell(server, "My cat is called Tom.", user=user)
    assert any("Tom" in text for owner, text in stored(server) if owner == user) == learned


def test_a_pattern_that_cannot_be_meant_is_refused(server: PipelinesServer) -> None:
    before = server.get_valves()
    server.save_valves({**before, "models_recall": "gpt-4 gpt-5"})
    assert server.get_valves() == before
    told = server.valves_spec()["properties"]["models_recall"]["description"]
    assert told.startswith(
        "NOT SAVED: models_recall must be ids of models or patterns like gpt-* and !gpt-4*"
    )
    server.save_valves(before).raise_for_status()


def test_a_users_own_switch(server: PipelinesServer, user: str) -> None:
    engine = open_state(server.data_dir)
    switches, chat = Switches(engine), Chat(user)
    switches.set(user, chat.chat_id, on=False)
    assert recalled(server, QUESTION, user=user, chat=chat) == ""
    tell(server, "My cat is called Tom.", user=user, chat=chat)
    assert not any("Tom" in text for owner, text in stored(server) if owner == user)
    assert "Rex" in recalled(server, QUESTION, user=user)
    off = "left alone: the user has switched memory off here"
    wait_until(lambda: off in why(server, chat.chat_id), what="it is kept")
    switches.set(user, chat.chat_id, on=True)
    assert "Rex" in recalled(server, QUESTION, user=user, chat=chat)
    engine.dispose()
