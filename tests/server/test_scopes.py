"""Folders, personas and teams with a real server, from the inlet's body to what another chat is told."""

import pytest

from tests.harness.bodies import Chat, Turn, told_text
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import ask, recalled, take
from tests.harness.waiting import wait_until

SCOPED = {
    "MEMORY_FOLDER_MEMORIES": "own",
    "MEMORY_PERSONAS": "tutor",
    "MEMORY_TEAMS": "design: ada bob@example.com; sales: cleo; plans: dora emil",
    "MEMORY_ADVANCED": "batch_idle_seconds=0",
}


@pytest.fixture(scope="module")
def server(module_servers: StartServer) -> PipelinesServer:
    """One for all; each test has users of its own."""
    return module_servers(env=SCOPED)


def put(turn: Turn, *, folder: str = "", model: str = "") -> Turn:
    """The same turn in a folder, or of another model."""
    if folder:
        turn.inlet["metadata"]["folder_id"] = folder
    if model:
        turn.inlet["model"] = turn.inlet["metadata"]["model"]["id"] = model
    return turn


def say(server: PipelinesServer, text: str, user: str = "ada", **where: str) -> None:
    turn = put(Chat(user).say(text), **where)
    take(server, turn)
    server.wait_until_drained()


def told(server: PipelinesServer, question: str, user: str = "ada", **where: str) -> str:
    turn = put(Chat(user).say(question), **where)
    return told_text(server.inlet(turn.inlet, turn.user))


def test_what_a_project_is_about_stays_in_its_folder(server: PipelinesServer) -> None:
    say(server, "My greenhouse project needs forty panes of glass.", "una", folder="garden")
    say(server, "I live in Berlin.", "una", folder="garden")
    question = "How many panes of glass does my greenhouse project need?"
    assert "forty panes" in told(server, question, "una", folder="garden")
    assert "forty panes" not in told(server, question, "una")
    assert "forty panes" not in told(server, question, "una", folder="thesis")
    assert "Berlin" in told(server, "Where do I live? In Berlin?", "una", folder="thesis")


def test_what_a_persona_is_told_stays_with_it(server: PipelinesServer) -> None:
    say(server, "My dog is called Rex.", "duo")
    say(server, "My sword is called Sting.", "duo", model="tutor")
    assert "Sting" in told(server, "What is my sword called?", "duo", model="tutor")
    assert "Sting" not in told(server, "What is my sword called?", "duo")
    assert "Rex" in told(server, "What is my dog called?", "duo", model="tutor")


def test_a_chat_that_changes_its_model_keeps_both_apart(server: PipelinesServer) -> None:
    chat = Chat("tri")
    for text, model in (("My sword is called Sting.", "tutor"), ("My dog is called Rex.", "tiny-chat")):
        turn = put(chat.say(text), model=model)
        sent = server.inlet(turn.inlet, turn.user)
        server.outlet(turn.outlet("Noted.", sent=sent), turn.user)
    server.wait_until_drained()
    assert "Sting" not in told(server, "What is my sword called?", "tri")
    assert "Sting" in told(server, "What is my sword called?", "tri", model="tutor")
    assert "Rex" in told(server, "What is my dog called?", "tri")


def test_a_team_knows_what_is_shared_until_it_is_withdrawn(server: PipelinesServer) -> None:
    say(server, "The logo of our project is a green heron.")
    question = "What is the logo of our project?"
    assert recalled(server, question, user="bob") == ""
    chat = Chat("ada")
    assert "green heron" in ask(server, "/memory", chat=chat)
    assert "Team design now knows" in ask(server, "/memory share 1 design", chat=chat)
    to_bob = recalled(server, question, user="bob")
    assert 'Ada, team design (just now): "The logo' in to_bob
    assert "Facts about the user" not in to_bob
    assert "team design" not in recalled(server, question, user="ada"), "it is her own"
    assert recalled(server, question, user="cleo") == ""
    bobs = Chat("bob")
    assert "| Ada, team design |" in ask(server, "/memory team", chat=bobs)
    assert "| you, team design |" in ask(server, "/memory team", chat=chat)
    asked = bobs.say(question)
    server.outlet(asked.outlet("A heron.", sent=server.inlet(asked.inlet, asked.user)), asked.user)
    server.wait_until_drained()
    wait_until(lambda: "Ada, team design: The logo" in ask(server, "/memory why", chat=bobs))
    assert "only what you have shared yourself" in ask(server, "/memory withdraw 1", chat=bobs)
    assert "Your teams: design" in ask(server, "/memory share 1 sales", chat=chat)
    assert "green heron" in ask(server, "/memory team", chat=chat)
    assert "Withdrawn" in ask(server, "/memory withdraw 1", chat=chat)
    assert recalled(server, f"{question} Tell me.", user="bob") == ""
    assert "green heron" in told(server, question)


def test_who_is_erased_leaves_nothing_with_teams(server: PipelinesServer) -> None:
    say(server, "The logo of our project is a green heron.", "dora")
    chat = Chat("dora")
    ask(server, "/memory", chat=chat)
    ask(server, "/memory share 1", chat=chat)
    assert "heron" in recalled(server, "What is the logo of our project?", user="emil")
    ask(server, "/memory forget everything yes", chat=chat)
    assert recalled(server, "What is the logo of our project, please?", user="emil") == ""
