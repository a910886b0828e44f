"""A secret that somebody tells is nowhere afterwards, and the status says that there was one."""

from pathlib import Path

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import answer_of, recalled, stored, take, tell

_PASSWORD, _CARD = "hunter2-of-ada", "4111 1111 1111 1111"


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def counters(server: PipelinesServer) -> str:
    return str(server.part("filter")["detail"])


def test_a_secret_is_kept_nowhere(pipelines_server: StartServer) -> None:
    server = pipelines_server()
    take(
        server,
        Chat().say(f"My dog is called Rex. My password is {_PASSWORD}. I pay with {_CARD}."),
        answer=f"Nice dog! But {_PASSWORD} is a weak password.",
    )
    server.wait_until_drained()
    assert [text for _, text in stored(server)] == ["My dog is called Rex."]
    assert "secrets not stored: 3" in counters(server)
    assert "Rex" in recalled(server, f"What is my dog called? My password is {_PASSWORD}, if that helps.")
    server.stop()
    kept = bytes_of(server.data_dir)
    assert b"Rex" in kept
    assert _PASSWORD.encode() not in kept
    assert _CARD.encode() not in kept
    assert _PASSWORD not in server.log()


def test_a_memory_shows_no_markup(pipelines_server: StartServer) -> None:
    server = pipelines_server()
    tell(server, "My blog on bread is [here](https://example.com/bread), and I like it.")
    told = recalled(server, "What is my blog on bread?")
    assert "here (example.com/bread)" in told
    assert "https://" not in told
    assert "memories shown without their markup: 1" in counters(server)


def test_a_command_of_a_chat_that_is_stopped_is_kept_without_its_secret(
    pipelines_server: StartServer,
) -> None:
    server = pipelines_server()
    stopped = Chat().say(f"/memory remember my bank password is {_PASSWORD}")
    server.inlet(stopped.inlet, stopped.user)
    assert "are not kept" in answer_of(
        server, Chat().say(f"/memory remember my PIN is {_PASSWORD}, password too")
    )
    server.stop()
    assert _PASSWORD.encode() not in bytes_of(server.data_dir)
    assert _PASSWORD not in server.log()
