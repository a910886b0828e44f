"""What is said in one chat, through the real inlet and outlet, is found by command in another one."""

import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer
from tests.harness.talk import ask, take

ASKED = "Which of the ferries to Porto Santo takes bicycles?"
ANSWERED = "The Lobo Marinho does, for twelve euros each way."


@pytest.fixture
def server(shared_server: PipelinesServer, user: str) -> PipelinesServer:
    """One that has heard a question and its answer."""
    take(shared_server, Chat(user).say(ASKED), ANSWERED)
    shared_server.wait_until_drained()
    return shared_server


def test_both_sides_are_found_in_another_chat_and_by_nobody_else(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    found = ask(server, "/memory chats Porto Santo bicycles", chat=chat)
    assert f"you: {ASKED}" in found
    assert f"assistant: {ANSWERED}" in ask(server, "/memory chats Lobo Marinho", chat=chat)
    assert "/c/" in found
    assert "Lobo" not in ask(server, "/memory", chat=chat), "no fact"
    assert "2 passages of 1 chat" in ask(server, "/memory status", chat=chat)
    assert "Porto" not in ask(server, "/memory chats ferries bicycles", user=f"{user}-2")


def test_a_regenerated_answer_takes_the_place_of_the_first(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    turn = chat.say("How long is the crossing to Porto Santo?")
    take(server, turn, "Two hours and a half, weather permitting.")
    server.wait_until_drained()
    take(server, turn.regenerated(), "Two hours and a quarter in summer.")
    server.wait_until_drained()
    assert "a quarter in summer" in ask(server, "/memory chats two hours quarter summer", user=user)
    assert "permitting" not in ask(server, "/memory chats weather two hours half", user=user)


def test_temporary_chats_leave_none_and_switched_off_chats_neither(
    server: PipelinesServer, user: str
) -> None:
    take(server, Chat.temporary(user).say("Is the museum of whaling open on Mondays?"), "It is closed.")
    ask(server, "/memory episodes off", user=user)
    take(server, Chat(user).say("When does the museum of whaling open in winter?"), "It opens at ten.")
    server.wait_until_drained()
    assert "whaling" not in ask(server, "/memory chats museum of whaling", user=user).partition("fits")[0]


def test_a_chat_is_forgotten_by_its_number(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    ask(server, "/memory chats Porto Santo bicycles", chat=chat)
    assert "2 passages" in ask(server, "/memory forget chat 1", chat=chat)
    assert "assistant:" not in ask(server, "/memory chats Lobo Marinho", chat=chat)
