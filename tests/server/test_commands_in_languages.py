"""Every command in every language, through the real server: what is typed, what is read, what is changed."""

import re
from typing import Any

import pytest

from owui_memory.channels.requests import read_request
from owui_memory.commands.verbs import VERBS, word_for
from owui_memory.core.locales import CODES, locale
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import answer_of, held, recalled, rows, tell

DOG, CITY = "My dog is called Rex and he is very old.", "I live in Lisbon, near the river."
CAT = "I have a cat called Mia."
TAGS = {tag[:2]: tag for tag in ("en-GB", "de-DE", "es-ES", "fr-CA", "ru-RU", "zh-CN", "ja-JP")}


class Talk:
    """One user's chat in a language: verbs are typed as that language calls them."""

    def __init__(self, server: PipelinesServer, user: str, code: str) -> None:
        self.server, self.code, self.words = server, code, locale(code)
        self.chat = Chat(user, options={"language": TAGS[code]})
        self.typed: set[str] = set()

    def __call__(self, verb: str, rest: str = "", name: str = "/memory") -> str:
        self.typed.add(verb)
        return answer_of(self.server, self.chat.say(f"{name} {word_for(verb, self.code)} {rest}".strip()))

    def says(self, id_: str, **values: Any) -> str:
        return self.words.say(id_, **values)

    def word(self, kind: str) -> str:
        return self.words.words(f"word {kind}")[0]


@pytest.mark.parametrize("code", CODES)
def test_every_command(shared_server: PipelinesServer, user: str, code: str) -> None:
    server = shared_server
    for text in (DOG, CITY):
        tell(server, text, user=user)
    talk = Talk(server, user, code)
    says = talk.says

    assert talk("help") == says("help text")
    assert talk("remember", CAT) == says("remembered", text=CAT)
    assert talk("remember", CAT) == says("known", text=CAT)
    listed = talk("list")
    assert rows(listed) == [CAT, CITY, DOG]
    assert listed.startswith(says("all, head", memories=says("memories in bold", n=3)))
    assert says("column memory") in listed
    assert rows(talk("page", "1")) == [CAT, CITY, DOG]
    assert talk("page", "7") == says("no page", number=7, n=1)
    found = talk("search", "Lisbon")
    facts, quotes = rows(found)
    assert found.startswith(says("found, head", n=1))
    assert facts == CITY
    assert quotes.endswith(CITY)
    assert says("nothing found", words="")[:5] in talk("search", "zebra quantum")

    changed = talk("edit", "1 I live in Porto, near the sea.")
    assert changed.startswith(says("changed, head"))
    assert says("undone: replace") in talk("undo")
    assert CITY in dict(held(server, user))
    numbers = {text: at for at, text in enumerate(rows(talk("list")), 1)}
    forgotten = talk("forget", str(numbers[CAT]))
    assert forgotten.startswith(says("forgotten", what=says("quoted", text=CAT)))
    assert says("can undo one", n=10) in forgotten
    assert CAT not in dict(held(server, user))
    assert says("undone: remove") in talk("undo")
    assert CAT in dict(held(server, user))
    assert talk("forget", "99").startswith(says("no number", number=99))

    exported = talk("export")
    assert exported.startswith(says("export, head", memories=says("memories in bold", n=3)))
    assert talk("import", '\n{"memory": "I play the cello."}') == says("imported", n=1, known=0)
    assert talk("import").startswith(says("say import"))

    assert talk("off") == says("switched off here")
    assert recalled(server, "What is my dog called?", chat=talk.chat) == ""
    assert says("is off here") in talk("status")
    assert talk("on") == says("switched on here")
    assert says("is on") in (status := talk("status"))
    assert says("known of you", memories=says("memories", n=4)) in status
    assert says("waiting", n=0) in status
    assert talk("off", talk.word("always")) == says("switched off always")
    assert talk("on", talk.word("always")) == says("switched on always")

    assert says("reason: the user has switched memory off here") in talk("why")
    turn = talk.chat.say("What is my dog called?")
    sent = server.inlet(turn.inlet, turn.user)
    assert says("block, header") in str(sent["messages"][0]["content"])
    server.outlet(turn.outlet("Rex.", sent=sent), turn.user)
    server.wait_until_drained()
    why = talk("why")
    assert why.startswith(says("why, message", text=says("quoted", text="What is my dog called?")))
    assert says("why, used") in why

    assert says("chats, head", chats="|").partition("|")[0] in talk("chats")
    assert talk("documents") == says("documents, none")
    assert talk("make").startswith(says("digests, head"))
    assert talk("episodes", word_for("off", code)) == says("episodes off")
    assert talk("episodes", word_for("on", code)) == says("episodes on")
    assert talk("notes", word_for("off", code)) == says("notes off")
    assert talk("notes", word_for("on", code)) == says("notes on")

    assert talk("channels") == says("channels, not here")
    for verb in ("team", "share", "withdraw"):
        assert talk(verb, "1") == says("no team")

    asked = talk("forget", talk.word("everything"))
    assert held(server, user), "not before it is confirmed"
    (sure,) = re.findall(r"`(/memory [^`]+)`", asked)
    assert answer_of(server, talk.chat.say(sure)).startswith(
        says("forgotten list", what="|").partition("|")[0]
    )
    assert held(server, user) == []
    assert talk("list") == says("nothing yet")
    assert talk("profile") == says("profile, none")
    assert talk.typed == set(VERBS)


def test_channels_in_every_language(shared_server: PipelinesServer, user: str) -> None:
    shared_server.change_valves(channels="on")
    for code in CODES:
        talk = Talk(shared_server, f"{user}-{code}", code)
        says, how = talk.says, talk.says("channels, how")
        assert talk("channels") == f"{says('channels, own off')}\n\n{how}"
        assert talk("channels", word_for("on", code)) == says("channels, own on")
        assert talk("channels") == f"{says('channels, own on')}\n\n{how}"
        assert talk("channels", word_for("off", code)) == says("channels, own off")
        shown = talk("channels", talk.word("link"))
        (typed,) = re.findall("`(.+)`", shown)
        request = read_request(typed)
        assert (request.what, request.words.code) == ("link", code)
        assert shown == says("channels, code", code=request.code)
        assert talk("channels", f"{talk.word('unlink')} 1") == says("say channels")
        assert talk("channels", "nonsense") == says("say channels")
    shared_server.reset_valves()


@pytest.mark.parametrize("code", CODES)
def test_every_name_of_the_command(shared_server: PipelinesServer, user: str, code: str) -> None:
    talk = Talk(shared_server, user, code)
    for name in talk.words.words("name"):
        assert talk("list", name=f"/{name.capitalize()}") == talk.says("nothing yet")


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_english_verbs_work_too(shared_server: PipelinesServer, user: str, code: str) -> None:
    chat = Chat(user, options={"language": TAGS[code]})
    assert answer_of(shared_server, chat.say("/memory help")) == locale(code).say("help text")
    answer = answer_of(shared_server, chat.say("/memory fogret 1"))
    assert answer == locale(code).say("unknown verb, near", verb="`fogret`", command="`/memory forget 1`")


def test_an_api_call_is_answered_in_the_language_of_its_verb(
    shared_server: PipelinesServer, user: str
) -> None:
    turn = Chat(user).say("/память список")
    turn.inlet["metadata"].update(chat_id="", message_id=None, user_message_id=None, variables={})
    turn.inlet["metadata"].pop("user_message")
    sent = shared_server.inlet(turn.inlet, turn.user)
    assert locale("ru").say("nothing yet") in sent["messages"][-1]["content"]


def test_notes_are_in_the_language_of_the_chat(pipelines_server: StartServer) -> None:
    server = pipelines_server(env={"MEMORY_SHOW_MEMORY_NOTES": "true"})
    for text in ("Good morning, my friend.", DOG):
        tell(server, text)
    turn = Chat(options={"language": "fr-FR"}).say("What is my dog called?")
    sent = server.inlet(turn.inlet, turn.user)
    server.wait_until_drained()
    last = server.outlet(turn.outlet("Rex.", sent=sent), turn.user)["messages"][-1]["content"]
    assert "<summary>Mémoire\u00a0: 1 utilisé" in last
    assert f"- «\u00a0{DOG}\u00a0»" in last
    assert "nouveau\u00a0:" in last


def test_what_a_chat_was_told_stays_after_a_restart_and_with_another_interface(
    pipelines_server: StartServer,
) -> None:
    server = pipelines_server()
    tell(server, DOG)
    chat = Chat(options={"language": "ja"})
    first = recalled(server, "What is my dog called?", chat=chat)
    assert locale("ja").say("block, header") in first
    turn = chat.say("What is my dog called?")
    server.outlet(turn.outlet("Rex.", sent=server.inlet(turn.inlet, turn.user)), turn.user)
    server.wait_until_drained()
    server.restart()
    server.wait_until_ready()
    chat.options["language"] = "de"
    assert recalled(server, "Und wie alt ist mein Hund?", chat=chat).startswith(first)
