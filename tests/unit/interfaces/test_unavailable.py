"""Commands and their answers never reach the model, and get an answer, whatever of memory does not work."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from owui_memory.commands.markup import NOTES
from owui_memory.commands.parse import COMMAND_CHARS
from owui_memory.core.locales import ENGLISH
from tests.harness.bodies import Chat, Turn, new_id
from tests.harness.pipelines_server import with_embedder
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.waiting import wait_until
from tests.unit.interfaces.test_filter import Running

LISTED = "| 1 | My PIN is 1234 |"
NOTE = f"{NOTES}\n<summary>Memory: 1 used</summary>\n\n- “My PIN is 1234”\n\n</details>"


@pytest.fixture(scope="module", params=["not opened", "no tables", "fine"])
def one(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _running_llm: ScriptedLLM
) -> Iterator[Running]:
    """A filter whose state database cannot be opened, or lost its tables since, or works."""
    folder = tmp_path_factory.mktemp("state") / "data"
    if request.param == "not opened":
        folder.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**with_embedder(_running_llm), "MEMORY_DATA_DIR": str(folder)}.items():
            patch.setenv(name, value)
        running = Running()
    if request.param != "not opened":
        wait_until(lambda: running.part("backend")["ok"], what="the backend is ready")
    if request.param == "no tables":
        with sqlite3.connect(folder / "state.db") as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in tables:
                if not name.startswith("sqlite_"):
                    connection.execute(f"DROP TABLE {name}")
        connection.close()
    yield running
    running.close()


@pytest.fixture
def running(one: Running) -> Iterator[Running]:
    """With the settings of before."""
    before = one.pipeline.valves
    yield one
    one.pipeline.valves = before


@pytest.fixture
def works(request: pytest.FixtureRequest) -> bool:
    return bool(request.node.callspec.params["one"] == "fine")


def after_a_command(**options: Any) -> Turn:
    said = ["/memory", LISTED, "Hello.", f"Hi.\n\n{NOTE}", "/MEMORY forget 1\n", "Forgotten: My PIN is 1234"]
    history = [
        {"id": new_id(), "role": ("user", "assistant")[at % 2], "content": text}
        for at, text in enumerate(said)
    ]
    return Chat(history=history).say("And now?", **options)


@pytest.mark.parametrize("options", [{}, {"memory": False}, {"system": "Be terse."}, {"temporary": True}])
def test_earlier_commands_are_kept_from_the_model(running: Running, options: dict[str, Any]) -> None:
    turn = after_a_command(**options)
    sent = running.inlet(turn.inlet, turn.user)
    said = [message["content"] for message in sent["messages"] if message["role"] != "system"]
    assert said == ["Hello.", "Hi.", "And now?"]


def test_also_from_tasks(running: Running) -> None:
    turn = Chat().say(f"/memory\nASSISTANT: {LISTED}\nUSER: Hello.", task="title_generation")
    assert "My PIN is" in str(turn.inlet)
    assert "My PIN is" not in str(running.inlet(turn.inlet, turn.user)["messages"])


@pytest.mark.parametrize("how", [Chat, Chat.temporary])
@pytest.mark.parametrize("text", ["/memory", "/memory forget everything yes", "/Memory\nremember tea"])
def test_a_command_is_answered_by_nobody_else(running: Running, works: bool, how: Any, text: str) -> None:
    turn = how("ada").say(text)
    sent = running.inlet(turn.inlet, turn.user)
    assert text not in str(sent["messages"]), "the model gets another task"
    answered = running.outlet(turn.outlet("I forgot all I know.", sent=sent), turn.user)
    assert "I forgot" not in str(answered)
    last = answered["messages"][-1]
    assert (last["content"] == ENGLISH.say("not now")) is not works
    assert last["output"][0]["content"][0]["text"] == last["content"]


def test_an_api_chat_is_told_by_the_model(running: Running, works: bool) -> None:
    turn = Chat("ada").say("/memory")
    turn.inlet["metadata"] = {}
    (task,) = running.inlet(turn.inlet, turn.user)["messages"]
    assert task["content"].startswith("Repeat the text")
    assert (ENGLISH.say("not now") in task["content"]) is not works


@pytest.mark.parametrize("how", [Chat, Chat.temporary])
def test_a_command_where_memory_is_switched_off(running: Running, how: Any) -> None:
    running.use(enabled=False)
    turn = how("ada").say("/memory")
    sent = running.inlet(turn.inlet, turn.user)
    answered = running.outlet(turn.outlet("I know all.", sent=sent), turn.user)
    assert answered["messages"][-1]["content"] == ENGLISH.say("switched off by the admin")
    turn = after_a_command()
    assert "My PIN is" not in str(running.inlet(turn.inlet, turn.user))


def test_a_command_that_is_too_long_is_not_cut_in_silence(running: Running) -> None:
    turn = Chat("ada").say("/memory import\n" + '{"memory": "I like tea."}\n' * (COMMAND_CHARS // 20))
    sent = running.inlet(turn.inlet, turn.user)
    answered = running.outlet(turn.outlet("OK", sent=sent), turn.user)
    assert answered["messages"][-1]["content"] == ENGLISH.say("command too long", most=COMMAND_CHARS)


def test_in_a_channel_it_is_a_message_like_any_other(running: Running) -> None:
    turn = Chat.channel("ada").say("/memory")
    assert running.inlet(turn.inlet, turn.user) == turn.inlet
    body = turn.outlet("What?")
    assert running.outlet(body, turn.user) == body


def test_who_goes_on_with_the_answer_of_a_command_gets_it_again(running: Running, works: bool) -> None:
    """Continue Response: the answer is the last message, and no model is to see it."""
    turn = Chat("ada").say("/memory")
    turn.inlet["messages"].append({"role": "assistant", "content": LISTED})
    sent = running.inlet(turn.inlet, turn.user)
    assert "My PIN is" not in str(sent["messages"])
    answered = running.outlet(turn.outlet("Hm.", sent=sent), turn.user)
    assert "Hm." not in str(answered)
