"""A model that is mentioned in a channel is told what is known of it, and nothing that is a user's own."""

import copy
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from owui_memory.core.scope import WEBUI
from tests.harness.bodies import Chat, told_text
from tests.harness.channels import learn, said
from tests.harness.chat_events import KEY, ChatEvents
from tests.unit.interfaces.test_filter import Running, remember

DEPLOYS, ASKED = "The team deploys the shop on Fridays.", "When do we deploy the shop?"
OWN = "My dog is called Rex and I deploy the shop on Mondays."


@pytest.fixture(scope="module")
def webui() -> Iterator[ChatEvents]:
    with ChatEvents() as server:
        yield server


@pytest.fixture
def running(shared_filter: Running, webui: ChatEvents) -> Running:
    found = {"webui_url": webui.url, "webui_api_key": KEY}
    shared_filter.use(channels="on", webui_channels="*", **found)
    return shared_filter


@pytest.fixture
def channel(running: Running, webui: ChatEvents, user: str) -> str:
    """The id of one of which something is known, and whose member the user is."""
    service = running.pipeline._runtime
    id_ = f"c-{uuid.uuid4().hex}"
    engine: Engine = service._engine
    learn(engine, service.live.get(), DEPLOYS, said("Fridays", source=WEBUI, channel=id_))
    webui.members[id_] = [user]
    return id_


def in_channel(running: Running, channel: str, user: str, text: str = ASKED, **options: object) -> str:
    turn = Chat(user, f"channel:{channel}", dict(options)).say(text)
    sent = running.inlet(copy.deepcopy(turn.inlet), turn.user)
    running.outlet(turn.outlet("On Fridays.", sent=sent), turn.user)
    return told_text(sent)


def test_a_channel_is_told_its_notes_and_nothing_of_its_users(
    running: Running, channel: str, user: str
) -> None:
    remember(running, OWN, user)
    told = in_channel(running, channel, user)
    assert DEPLOYS in told
    assert "Rex" not in told
    assert "Mondays" not in told
    own = Chat(user).say("What is my dog called, and when do we deploy the shop?")
    told = told_text(running.inlet(own.inlet, own.user))
    assert "Rex" in told
    assert "Fridays" not in told


def test_what_is_said_in_a_channel_is_not_remembered(running: Running, channel: str, user: str) -> None:
    assert DEPLOYS in in_channel(running, channel, user, f"{ASKED} My cat is called Tom.")
    running.settle()
    own = Chat(user).say("What is my cat called?")
    assert told_text(running.inlet(own.inlet, own.user)) == ""


def test_no_member_is_told_nothing(running: Running, channel: str, webui: ChatEvents, user: str) -> None:
    """Whoever calls Open WebUI's API, or the proxy's, may say that it is in any channel."""
    assert in_channel(running, channel, f"{user}-other") == ""
    webui.members["of others"] = [f"{user}-other"]
    assert in_channel(running, "of others", user) == ""
    for forged in ("", "*", f"{channel}/members?x=", f"../channels/{channel}", "ada", f"past/{user}", user):
        assert in_channel(running, forged, user) == "", forged


def test_where_nobody_can_tell_nothing_is_told(
    running: Running, channel: str, webui: ChatEvents, user: str
) -> None:
    for change in (
        {"webui_url": "", "webui_api_key": ""},
        {"webui_api_key": "wrong"},
        {"webui_url": "http://127.0.0.1:9"},
    ):
        before = running.pipeline.valves
        running.use(**change)
        assert in_channel(running, channel, user) == "", change
        running.pipeline.valves = before
        running.pipeline._runtime.live_chats.drop(user)
    assert DEPLOYS in in_channel(running, channel, user)


def test_what_switches_it_off(running: Running, channel: str, user: str) -> None:
    before = running.pipeline.valves
    for change in (
        {"channels": "off"},
        {"webui_channels": ""},
        {"webui_channels": "another"},
        {"enabled": False},
        {"memories_per_turn": 0},
        {"models_recall": "!*"},
        {"local_only": True},
    ):
        running.use(**change)
        assert in_channel(running, channel, user) == "", change
        running.pipeline.valves = before
    task = Chat(user, f"channel:{channel}").say(ASKED, task="title_generation")
    assert told_text(running.inlet(task.inlet, task.user)) == ""
    assert in_channel(running, channel, user, capability=False) == ""
    assert DEPLOYS in in_channel(running, channel, user)


def test_members_are_asked_for_once_in_a_while(
    running: Running, channel: str, webui: ChatEvents, user: str
) -> None:
    webui.members[channel] = [*(f"m{number}" for number in range(70)), user]
    before = webui.asked_for_members
    for _ in range(3):
        assert DEPLOYS in in_channel(running, channel, user)
    assert webui.asked_for_members == before + 1
    turn = Chat(user, f"channel:{channel}").say(ASKED)
    nameless = {**turn.user, "email": ""}
    running.pipeline._runtime.live_chats.drop(user)
    assert DEPLOYS in told_text(running.inlet(turn.inlet, nameless))
    assert webui.asked_for_members == before + 4


def test_commands_stay_off_and_are_messages_like_any_other(running: Running, channel: str, user: str) -> None:
    turn = Chat(user, f"channel:{channel}").say("/memory")
    sent = running.inlet(turn.inlet, turn.user)
    assert sent["messages"][-1]["content"] == "/memory"
