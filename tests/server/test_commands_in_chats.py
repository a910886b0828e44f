"""`/memory` through the real Pipelines server: what the model gets, what the user reads, what is changed."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.harness.bodies import Chat, inlet_body, recording, told_text
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import answer_of, ask, held, read, recalled, rows, take, tell
from tests.harness.waiting import wait_until

DOG = "My dog is called Rex and he is very old."
CITY = "I live in Lisbon, near the river."
PHONE = "My phone number is 555-0199."


def why(server: PipelinesServer, chat: Chat, question: str) -> str:
    """What the user reads of this question: what it was told is kept while the chat goes on."""
    aside = Chat(chat.user_id, chat.chat_id)  # its answers are no part of the chat

    def told() -> str:
        answer = ask(server, "/memory why", chat=aside)
        return answer if question in answer else ""

    return wait_until(told, what=f"why {question!r} was told something")


@pytest.fixture
def server(shared_server: PipelinesServer, user: str) -> PipelinesServer:
    """One that knows three things of the user."""
    for text in (DOG, CITY, PHONE):
        tell(shared_server, text, user=user)
    return shared_server


def test_the_list_is_exact_and_newest_first(server: PipelinesServer, user: str) -> None:
    answer = ask(server, "/memory", user=user)
    assert rows(answer) == [PHONE, CITY, DOG]
    assert "3 memories" in answer


def test_the_model_gets_a_word_and_nothing_else(server: PipelinesServer, user: str) -> None:
    turn = Chat(user, options={"system": "You are a pirate."}).say("/memory")
    turn.inlet["tool_ids"] = ["web"]
    sent = server.inlet(turn.inlet, turn.user)
    assert sent["messages"] == [{"role": "user", "content": "Reply with: OK"}]
    assert "tool_ids" not in sent
    assert sent["features"] == {}
    assert sent["metadata"] == turn.inlet["metadata"]


def test_numbers_mean_the_list_that_was_seen(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    ask(server, "/memory", chat=chat)
    tell(server, "I play the cello in an orchestra.", user=user)  # the list would begin with this now
    assert CITY[:-1] in ask(server, "/memory forget 2", chat=chat)
    assert CITY not in dict(held(server, user))
    assert PHONE in dict(held(server, user))
    assert "gone already" in ask(server, "/memory forget 2", chat=chat)
    assert len(held(server, user)) == 3


def test_numbers_of_another_chat_mean_nothing_here(server: PipelinesServer, user: str) -> None:
    ask(server, "/memory", user=user)
    assert "No list has been shown" in ask(server, "/memory forget 1", user=user)
    assert len(held(server, user)) == 3


def test_a_regenerated_answer_does_nothing_twice(server: PipelinesServer, user: str) -> None:
    turn = Chat(user).say("/memory undo")
    first = answer_of(server, turn)
    assert "555\\-0199" in first or "555-0199" in first
    assert answer_of(server, turn.regenerated()) == first
    assert sorted(text for text, _ in held(server, user)) == sorted([DOG, CITY])


def test_two_models_side_by_side_do_it_once_and_answer_alike(server: PipelinesServer, user: str) -> None:
    turn = Chat(user).say("/memory undo")
    second = turn.regenerated()
    server.inlet(turn.inlet, turn.user)
    server.inlet(second.inlet, second.user)
    answers = [read(server.outlet(one.outlet("OK"), one.user)) for one in (turn, second)]
    assert answers[0] == answers[1]
    assert len(held(server, user)) == 2


def test_a_command_is_no_exchange_and_no_part_of_the_conversation(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    take(server, chat.say("What do whales eat?"), "Krill.")
    turn = chat.say("/memory remember I keep bees in the garden.")
    sent = server.inlet(turn.inlet, turn.user)
    answer = read(server.outlet(turn.outlet("OK", sent=sent), turn.user))
    chat.history[-1]["content"] = answer
    server.wait_until_drained()
    assert sorted(text for text, _ in held(server, user)) == sorted(
        [DOG, CITY, PHONE, "I keep bees in the garden."]
    )
    later = chat.say("And sharks?")
    messages = server.inlet(later.inlet, later.user)["messages"]
    said = [m["content"].rpartition("</user_memories>\n\n")[2] for m in messages if m["role"] == "user"]
    assert said[-2:] == ["What do whales eat?", "And sharks?"]
    assert "bees in the garden" not in "".join(m["content"] for m in messages if m["role"] == "assistant")


def test_nobody_sees_or_changes_what_is_anothers(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    ask(server, "/memory", chat=chat)
    other = Chat(f"not-{user}", chat.chat_id)
    assert "nothing about you" in ask(server, "/memory", chat=other)
    assert "No list" in ask(server, "/memory forget 1", chat=Chat(f"not-{user}-2", chat.chat_id))
    assert "no change to take back" in ask(server, "/memory undo", chat=other)
    assert len(held(server, user)) == 3


def test_why_tells_what_was_used_for_the_last_answer(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    take(server, chat.say("What is my dog called?"))
    answer = why(server, chat, "What is my dog called?")
    used, _, _ = answer.partition("Left out")
    assert DOG in used


def test_why_tells_since_when_something_stands_in_the_prompt(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    take(server, chat.say("What is my dog called?"))
    why(server, chat, "What is my dog called?")
    sent = take(server, chat.say("Convert thirty miles into kilometres."))
    assert DOG in told_text(sent)
    answer = why(server, chat, "Convert thirty miles into kilometres.")
    assert "so no memory was used" not in answer
    assert f"- “{DOG}”: since your message 1\n" in answer
    assert DOG not in answer.partition("Left out")[2]


def test_without_memories_for_messages_the_profile_stays(pipelines_server: StartServer, user: str) -> None:
    server = pipelines_server(env={"MEMORY_MEMORIES_PER_TURN": "0"}, embedder=None)
    for text in (DOG, "I live in Lisbon."):
        tell(server, text, user=user)
    chat = Chat(user)
    told = told_text(take(server, chat.say("What is my dog called, and where do I live?")))
    assert "I live in Lisbon." in told
    assert DOG not in told
    answer = why(server, chat, "What is my dog called, and where do I live?")
    assert "- “I live in Lisbon.”: in every conversation" in answer
    assert "`memories_per_turn` to 0" in answer


def test_one_memory_for_a_message_is_one_beside_the_profile(pipelines_server: StartServer, user: str) -> None:
    server = pipelines_server(env={"MEMORY_MEMORIES_PER_TURN": "1", "MEMORY_EPISODES": "off"}, embedder=None)
    for text in ("I live in Lisbon.", DOG, "My dog Rex likes to swim.", "My dog Rex sleeps in the kitchen."):
        tell(server, text, user=user)
    told = told_text(take(server, Chat(user).say("What does my dog Rex like?")))
    assert "I live in Lisbon." in told
    assert told.count("Rex") == 1


def test_forget_by_words_asks_where_several_are_meant(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    answer = ask(server, "/memory forget my", chat=chat)
    assert set(rows(answer)) >= {DOG, PHONE}
    assert len(held(server, user)) == 3
    number = rows(answer).index(PHONE) + 1
    ask(server, f"/memory forget {number}", chat=chat)
    assert sorted(text for text, _ in held(server, user)) == sorted([DOG, CITY])


def test_forget_by_words_forgets_the_one_that_has_them(server: PipelinesServer, user: str) -> None:
    assert "My phone number is" in ask(server, "/memory forget phone number", user=user)
    assert sorted(text for text, _ in held(server, user)) == sorted([DOG, CITY])
    assert "555" not in recalled(server, "What is my phone number?", user=user)


def test_everything_is_forgotten_only_when_asked_twice(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    assert "all **3 memories and 6 passages**" in ask(server, "/memory forget everything", chat=chat)
    assert len(held(server, user)) == 3
    assert "3 memories" in ask(server, "/memory forget everything yes", chat=chat)
    assert held(server, user) == []


def test_what_was_exported_can_be_imported(server: PipelinesServer, user: str) -> None:
    exported = ask(server, "/memory export", user=user)
    assert [json.loads(line)["memory"] for line in exported.splitlines() if line.startswith("{")] == [
        DOG,
        CITY,
        PHONE,
    ]
    answer = ask(server, f"/memory import\n{exported}", user=f"new-{user}")
    assert answer.startswith("3 memories added")
    assert sorted(text for text, _ in held(server, f"new-{user}")) == sorted([DOG, CITY, PHONE])


def test_off_here_and_on_again(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    ask(server, "/memory off", chat=chat)
    assert recalled(server, "What is my dog called?", chat=chat) == ""
    tell(server, "My sister is called Joana.", chat=chat)
    assert len(held(server, user)) == 3
    assert "Rex" in recalled(server, "What is my dog called?", user=user), "other chats go on"
    ask(server, "/memory on", chat=chat)
    assert "Rex" in recalled(server, "What is my dog called again?", chat=chat)


def test_off_always(server: PipelinesServer, user: str) -> None:
    ask(server, "/memory off always", user=user)
    assert recalled(server, "What is my dog called?", user=user) == ""
    assert rows(ask(server, "/memory", user=user)) == [PHONE, CITY, DOG]


def test_what_is_forgotten_is_hidden_and_undone(server: PipelinesServer, user: str) -> None:
    chat = Chat(user)
    ask(server, "/memory", chat=chat)
    ask(server, "/memory forget zzzz", chat=chat)
    assert "`/memory undo` brings it back" in ask(server, "/memory forget 3", chat=chat)
    assert "Rex" not in recalled(server, "What is my dog called?", user=user)
    assert "remembered again" in ask(server, "/memory undo", chat=chat)
    assert "Rex" in recalled(server, "What is my dog called?", user=user)


def test_a_temporary_chat_is_answered_too(server: PipelinesServer, user: str) -> None:
    assert rows(ask(server, "/memory", chat=Chat.temporary(user))) == [PHONE, CITY, DOG]


def test_in_a_channel_nothing_is_told(server: PipelinesServer, user: str) -> None:
    turn = Chat.channel(user).say("/memory")
    assert server.inlet(turn.inlet, turn.user) == turn.inlet


def test_with_the_users_switch_off_commands_still_work(server: PipelinesServer, user: str) -> None:
    assert len(rows(ask(server, "/memory", chat=Chat(user, options={"memory": False})))) == 3


class TestApi:
    """Open WebUI gives API callers the model's own answer: the model is asked to repeat ours."""

    def call(self, text: str, user: str) -> tuple[dict[str, Any], dict[str, Any]]:
        call = recording("api-no-chat-id.inlet")
        call["body"]["messages"] = [{"role": "user", "content": text}]
        return call["body"], {**call["user"], "id": user}

    def test_the_prompt_holds_the_exact_answer(self, server: PipelinesServer, user: str) -> None:
        sent = server.inlet(*self.call("/memory", user))
        (message,) = sent["messages"]
        assert rows(message["content"]) == [PHONE, CITY, DOG]
        assert message["content"].startswith("Repeat the text")

    def test_the_same_text_again_is_another_request(self, server: PipelinesServer, user: str) -> None:
        for left in (2, 1):
            server.inlet(*self.call("/memory undo", user))
            assert len(held(server, user)) == left

    def test_its_answer_is_not_remembered(self, server: PipelinesServer, user: str) -> None:
        body, who = self.call("/memory remember I keep bees in the garden.", user)
        sent = server.inlet(body, who)
        out = recording("api-no-chat-id.outlet")["body"]
        out["messages"] = [*sent["messages"], {**out["messages"][-1], "content": "Remembered."}]
        assert server.outlet(copy.deepcopy(out), who) == out
        server.wait_until_drained()
        assert len(held(server, user)) == 4


def test_a_title_is_made_without_what_was_answered(server: PipelinesServer, user: str) -> None:
    body = inlet_body("/memory", user_id=user, task="title_generation")
    content = body["messages"][0]["content"]
    body["messages"][0]["content"] = content.replace("ASSISTANT: ", "ASSISTANT: | 1 | My PIN is 1234 |")
    sent = server.inlet(body, {"id": user})
    assert "1234" not in sent["messages"][0]["content"]
    assert "</chat_history>" in sent["messages"][0]["content"]


def test_when_the_backend_fails_the_answer_says_so_and_works_later(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server()
    turn = Chat().say("/memory remember I keep bees in the garden.")
    with scripted_llm.fault("embeddings", status=503):
        assert "did not work" in answer_of(server, turn)
    assert "Remembered" in answer_of(server, turn.regenerated())
    assert [text for text, _ in held(server, "ada")] == ["I keep bees in the garden."]


def test_another_server_gives_the_same_answer(pipelines_server: StartServer, tmp_path: Any) -> None:
    data = {"MEMORY_DATA_DIR": str(tmp_path / "shared")}
    first, second = pipelines_server(env=data), pipelines_server(env=data)
    turn = Chat().say("/memory remember I keep bees in the garden.")
    sent = first.inlet(turn.inlet, turn.user)
    body = turn.outlet("OK", sent=sent)
    answer = read(second.outlet(copy.deepcopy(body), turn.user))
    assert answer.startswith("Remembered")
    assert read(first.outlet(body, turn.user)) == answer
    assert told_text(first.inlet(Chat().say("Do I keep bees?").inlet, turn.user)).count("bees") == 1


def test_one_users_imports_keep_nobody_waiting(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server()
    tell(server, DOG, user="bob")
    lines = "\n".join(json.dumps({"memory": f"I have been to place number {n}."}) for n in range(60))
    imports = []
    for number in range(8):
        turn = Chat("ada").say(f"/memory import\n{lines.replace('place', f'place {number}.')}")
        imports.append(turn.outlet("OK", sent=server.inlet(turn.inlet, turn.user)))
    held_up = scripted_llm.hold("embeddings", when=lambda request: "place" in str(request.inputs))
    with held_up as gate, ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(server.outlet, body, {"id": "ada"}) for body in imports]
        wait_until(lambda: gate.waiting == 1, what="one of them is at work")
        assert rows(ask(server, "/memory", user="bob")) == [DOG]
        assert ask(server, "/memory remember I keep bees.", user="bob").startswith("Remembered")
        assert gate.waiting == 1
        gate.release()
        assert all(read(answer.result()).startswith("60 memories added") for answer in answers)
    assert len(held(server, "ada")) == 480
