"""Quotes of past chats through the real server: told in another chat, byte for byte, and gone once erased."""

from tests.harness.bodies import Chat, told_text
from tests.harness.pipelines_server import PipelinesServer

SAID = "The walnut shelf in the hallway took me nine evenings, and the left bracket is still crooked."
QUESTION = "Which bracket of the walnut shelf in the hallway is crooked?"


def test_a_passage_is_quoted_in_another_chat_until_it_is_forgotten(
    shared_server: PipelinesServer, user: str
) -> None:
    server, chat = shared_server, Chat(user)
    turn = chat.say(SAID)
    sent = server.inlet(turn.inlet, turn.user)
    server.outlet(turn.outlet("Loosen the upper screw and level it again.", sent=sent), turn.user)
    server.wait_until_drained()
    same = chat.say(QUESTION)
    assert "the upper screw" not in told_text(server.inlet(same.inlet, same.user))
    other = Chat(user)
    first = other.say(QUESTION)
    told = server.inlet(first.inlet, first.user)
    assert 'assistant: "Loosen the upper screw' in told_text(told)  # the rest is told as a fact
    server.outlet(first.outlet("The left one.", sent=told), first.user)
    later = other.say("Thanks.")
    assert server.inlet(later.inlet, later.user)["messages"][: len(told["messages"])] == told["messages"]
    forgetting = Chat(user).say("/memory forget everything yes")
    sent = server.inlet(forgetting.inlet, forgetting.user)
    server.outlet(forgetting.outlet("", sent=sent), forgetting.user)
    gone = Chat(user).say(QUESTION)
    assert "walnut" not in told_text(server.inlet(gone.inlet, gone.user))
