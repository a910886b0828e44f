"""Running chats show what was used and learned, through Open WebUI's API or by the function's own events."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.bodies import Chat, Turn, told_text
from tests.harness.chat_events import KEY, ChatEvents
from tests.harness.pipelines_server import PipelinesServer
from tests.harness.talk import held
from tests.harness.waiting import wait_until

DOG, CITY = "My dog is called Rex and he is very old.", "I live in Lisbon, near the river."


@pytest.fixture(scope="module")
def webui() -> Iterator[ChatEvents]:
    with ChatEvents() as server:
        yield server


@pytest.fixture
def server(shared_server: PipelinesServer, webui: ChatEvents) -> Iterator[PipelinesServer]:
    shared_server.change_valves(
        webui_url=webui.url, webui_api_key=KEY, page_url="https://chat.example/memory/"
    )
    yield shared_server
    shared_server.reset_valves()


def told(server: PipelinesServer, turn: Turn) -> str:
    return told_text(server.inlet(turn.inlet, turn.user))


def take(server: PipelinesServer, turn: Turn, answer: str = "I see.", **user: str) -> str:
    """A whole turn through the filter; what is read in the end."""
    user = {**turn.user, **user}
    sent = server.inlet(turn.inlet, user)
    read = server.outlet(turn.outlet(answer, sent=sent), user)
    server.wait_until_drained()
    return str(read["messages"][-1]["content"])


def asked(server: PipelinesServer, turn: Turn, answer: str = "I see.", **more: Any) -> list[dict[str, Any]]:
    """What the function's turn was told and what is read in the end; then the events of inlet and outlet."""
    form = {"body": turn.inlet, "user": turn.user, **more}
    inlet = server.post("/memory/function/inlet", form).raise_for_status().json()
    sent = inlet["body"] or turn.inlet
    form = {"body": turn.outlet(answer, sent=sent), "user": turn.user}
    outlet = server.post("/memory/function/outlet", form).raise_for_status().json()
    server.wait_until_drained()
    told = outlet["body"] or form["body"]
    return [
        {"told": told_text(sent), "read": told["messages"][-1]["content"]},
        *inlet["events"],
        *outlet["events"],
    ]


def test_one_line_and_sources_in_the_users_language(
    server: PipelinesServer, webui: ChatEvents, user: str
) -> None:
    first = webui.own(Chat(user)).say(DOG)
    take(server, first)
    (learned,) = webui.wait_for(first.message_id, "status")
    assert learned == {"description": f"Remembered: {DOG[:-1]}", "done": True}

    turn = webui.own(Chat(user)).say("Wie heißt mein Hund, what is my dog called?", language="de-DE")
    take(server, turn)
    (used,) = webui.wait_for(turn.message_id, "status")
    (source,) = webui.wait_for(turn.message_id, "source")
    assert used["description"] == "1 Erinnerung verwendet"
    assert source["source"] == {"name": "Gedächtnis", "url": "https://chat.example/memory/"}
    assert source["document"] == [DOG]
    assert [one["name"] for one in source["metadata"]] == [DOG]
    chats = {chat for chat, message, _ in webui.posted if message == turn.message_id}
    assert chats == {turn.inlet["metadata"]["chat_id"]}


def test_nothing_in_temporary_chats_nor_for_who_wants_none(
    server: PipelinesServer, webui: ChatEvents, user: str
) -> None:
    first = webui.own(Chat(user)).say(DOG)
    take(server, first)
    webui.wait_for(first.message_id, "status")
    take(server, webui.own(Chat(user)).say("/memory notes off"))
    before = len(webui.posted)
    take(server, webui.own(Chat(user)).say("What is my dog called?"))
    take(server, webui.own(Chat.temporary(user)).say("What is my dog called?"))
    take(server, webui.own(Chat(user)).say("/memory notes on"))
    last = webui.own(Chat(user)).say("What is my old dog called?")
    take(server, last)
    webui.wait_for(last.message_id, "source")
    assert {message for _, message, _ in webui.posted[before:]} == {last.message_id}


def test_nothing_in_chats_of_others_nor_for_who_has_the_functions_valve_off(
    server: PipelinesServer, webui: ChatEvents, user: str
) -> None:
    learned = webui.own(Chat(user)).say(DOG)
    take(server, learned)
    webui.wait_for(learned.message_id, "status")
    before = len(webui.posted)
    others = Chat(user)  # whose owner lets others continue it
    asked(server, others.say("What is my dog called?"))
    asked(server, others.say(CITY))
    asked(server, webui.own(Chat(user)).say("What is my dog called?"), notes=False)
    last = webui.own(Chat(user)).say("What is my old dog called?")
    asked(server, last)
    webui.wait_for(last.message_id, "source")
    assert {message for _, message, _ in webui.posted[before:]} == {last.message_id}


def test_in_a_chat_of_somebody_elses_no_note_and_no_answer_tells_what_is_known(
    server: PipelinesServer, webui: ChatEvents, user: str
) -> None:
    server.change_valves(webui_url=webui.url, webui_api_key=KEY, show_memory_notes=True)
    take(server, webui.own(Chat(user)).say(DOG))
    continued = Chat(user, webui.own(Chat("bob")).chat_id)
    assert take(server, continued.say("What is my dog called?")) == "I see."
    assert "somebody else's" in take(server, continued.say("/memory"))
    own = webui.own(Chat(user))
    assert "Rex" in take(server, own.say("What is my dog called?"))
    assert "Rex" in take(server, own.say("/memory"))


def test_quotes_bear_the_titles_of_their_chats(server: PipelinesServer, webui: ChatEvents, user: str) -> None:
    named, unnamed = Chat(user), Chat(user)
    webui.titles[user] = [
        {"id": named.chat_id, "title": "The old dog"},
        {"id": unnamed.chat_id, "title": "New Chat"},
    ]
    take(server, named.say(DOG), "Rex is a fine name for a dog of that age, whatever people say of him.")
    take(server, unnamed.say(CITY), "Lisbon is known for its hills, its trams and its custard tarts.")
    assert ', "The old dog"' in told(server, Chat(user).say("What did you say about my dog's name?"))
    listed = take(server, Chat(user).say("/memory chats"))
    assert f"[The old dog](/c/{named.chat_id})" in listed
    assert "New Chat" not in listed


def test_chats_wait_for_no_open_webui_and_the_status_tells(
    server: PipelinesServer, webui: ChatEvents, user: str
) -> None:
    take(server, Chat(user).say(DOG))
    assert server.part("lines in chats")["ok"]
    webui.goes_on.clear()
    try:
        for _ in range(20):
            turn = Chat(user).say("What is my dog called?")
            assert "Rex" in told_text(server.inlet(turn.inlet, turn.user))
    finally:
        webui.goes_on.set()

    wrong = [
        ({"webui_api_key": "sk-wrong"}, "refuses webui_api_key"),
        ({"webui_url": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"webui_url": f"{webui.url}/elsewhere"}, "something else answers"),
    ]
    for setting, told in wrong:
        server.change_valves(webui_url=webui.url, webui_api_key=KEY)
        server.change_valves(**setting)
        part = server.part("lines in chats")
        assert (part["ok"], told in part["detail"]) == (False, True), part
    assert "something else answers" in take(server, Chat(user).say("/memory status"), role="admin")
    plain = take(server, Chat(user).say("/memory status"))
    assert "webui" not in plain
    assert "127.0.0.1" not in plain


def test_the_function_recalls_remembers_and_shows(shared_server: PipelinesServer, user: str) -> None:
    (read, *events) = asked(shared_server, Chat(user).say(DOG))
    assert (read["told"], events) == ("", [])
    assert held(shared_server, user) == [(DOG, "")]
    read, status, source = asked(shared_server, Chat(user).say("What is my dog called?"))
    assert "Rex" in read["told"]
    assert status == {"type": "status", "data": {"description": "1 memory used", "done": True}}
    assert source["data"]["document"] == [DOG]
    assert source["data"]["source"] == {"name": "Memory"}, "no page's address is known"

    asked(shared_server, Chat(user).say(CITY), only_recall=True)
    assert len(held(shared_server, user)) == 1
    (command,) = asked(shared_server, Chat(user).say("/memory"), "OK")
    assert DOG in command["read"].replace("\\", "")
    asked(shared_server, Chat(user).say("/memory notes off"))
    assert len(asked(shared_server, Chat(user).say("What is my dog called?"))) == 1


def test_where_a_filter_was_first_the_function_does_nothing(
    shared_server: PipelinesServer, user: str
) -> None:
    take(shared_server, Chat(user).say(DOG))
    for text in ("What is my dog called?", "/memory"):
        turn = Chat(user).say(text)
        sent = shared_server.inlet(turn.inlet, turn.user)
        form = {"body": sent, "user": turn.user}
        assert shared_server.post("/memory/function/inlet", form).json() == {"body": None, "events": []}
        read = shared_server.outlet(turn.outlet("Rex.", sent=sent), turn.user)
        form = {"body": read, "user": turn.user}
        assert shared_server.post("/memory/function/outlet", form).json() == {"body": None, "events": []}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 422),
        (b"[" * 10_000, 422),
        (b'{"body": []}', 422),
        (b'{"body": {}}', 200),
        (b'{"body": {"messages": 1}}', 200),
    ],
)
def test_odd_requests_to_the_function(shared_server: PipelinesServer, sent: bytes, status: int) -> None:
    for way in ("inlet", "outlet"):
        url = f"/memory/function/{way}"
        assert shared_server.client.post(url, content=sent).status_code == status
        assert (
            shared_server.client.post(url, content=sent, headers={"Authorization": "Bearer x"}).status_code
            == 401
        )


def test_a_document_is_a_source_by_its_title(shared_server: PipelinesServer, user: str) -> None:
    folder = shared_server.data_dir / "documents" / user
    folder.mkdir(parents=True)
    (folder / "harbour.md").write_text("The lighthouse of the harbour was painted with tar and lime.")
    question = "What was the lighthouse of the harbour painted with?"
    wait_until(lambda: "tar and lime" in told(shared_server, Chat(user).say(question)))
    events = asked(shared_server, Chat(user).say(question))[1:]
    assert [one["name"] for event in events for one in event["data"].get("metadata", ())] == ["harbour"]
