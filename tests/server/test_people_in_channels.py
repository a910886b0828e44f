"""Who is who in channels, through the real server: linked by a code, forgotten, not read, erased."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from owui_memory.core.locales import locale
from owui_memory.core.scope import channel_owner
from owui_memory.state import channel_authors, channel_messages, open_state
from owui_memory.state.api_keys_table import ApiKeys
from tests.harness.bodies import Chat, told_text
from tests.harness.chat_events import KEY, ChatEvents
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import answer_of, held, take, tell
from tests.harness.waiting import wait_until

SAYS = locale("en").say
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def webui() -> Iterator[ChatEvents]:
    with ChatEvents() as server:
        yield server


@pytest.fixture(scope="module")
def server(module_servers: StartServer, webui: ChatEvents) -> PipelinesServer:
    known = {"MEMORY_WEBUI_URL": webui.url, "MEMORY_WEBUI_API_KEY": KEY, "MEMORY_WEBUI_CHANNELS": "*"}
    return module_servers(env={"MEMORY_CHANNELS": "on", **known})


class Bot:
    """Tells what is said in a channel of a source."""

    def __init__(self, server: PipelinesServer, channel: str, source: str = "discord") -> None:
        self._server, self._channel = server, channel
        engine = open_state(server.data_dir)
        self._key = ApiKeys(engine).add_observer(source)
        engine.dispose()

    def post(self, path: str, body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._key}"}
        url = f"{self._server.url}/memory/observe{path}"
        return httpx.post(url, content=json.dumps(body), headers=headers, timeout=60, trust_env=False)

    def tells(self, *said: tuple[str, str]) -> list[str]:
        """Authors and texts; what is to be said in answer."""
        messages = [
            {"channel": self._channel, "id": f"m{next(_NUMBERS)}", "author": author, "text": text}
            for author, text in said
        ]
        answer = self.post("", {"messages": messages}).raise_for_status().json()
        told = [one for one in answer["reply"] if one["to"]]  # without what each channel is told once
        ids = {one["id"] for one in messages}
        assert all(one["channel"] == self._channel and one["to"] in ids for one in told)
        return [one["text"] for one in told]

    def tells_much(self, *said: tuple[str, str]) -> None:
        """The same among so many others that it is read at once."""
        others = [("z1", f"The lorry number {number} is at gate {number % 7}.") for number in range(100)]
        self.tells(*said, *others)

    def knows(self, text: str) -> str:
        """The block for a question, once there is one."""
        asked = {"channel": self._channel, "text": text}
        wait_until(lambda: self.post("/recall", asked).json()["block"], what="it is read")
        return str(self.post("/recall", asked).json()["block"])


@pytest.fixture
def bot(server: PipelinesServer, user: str) -> Bot:
    return Bot(server, f"general-{user}")


def texts(server: PipelinesServer, *authors: str) -> Sequence[str]:
    """What is kept of these authors."""
    engine = open_state(server.data_dir)
    with engine.connect() as connection:
        wanted = select(channel_messages.c.text).where(channel_messages.c.author.in_(authors))
        found = [text for text in connection.scalars(wanted) if text]
    engine.dispose()
    return found


def code_for(server: PipelinesServer, chat: Chat) -> str:
    (code,) = re.findall("`memory link (.+)`", answer_of(server, chat.say("/memory channels link")))
    return code


def test_an_author_is_linked_by_a_code_and_the_user_ends_it(
    server: PipelinesServer, bot: Bot, user: str
) -> None:
    chat, author = Chat(user), f"u1-{user}"
    asked = chat.say("/memory channels link")
    shown = answer_of(server, asked)
    (code,) = re.findall("`memory link (.+)`", shown)
    again = server.outlet(asked.outlet("OK"), asked.user)["messages"][-1]["content"]
    assert code not in again, "it is shown once"
    assert bot.tells((author, "hello"), (author, f"memory link {code}")) == [SAYS("channel, linked")]
    assert bot.tells((f"u2-{user}", f"memory link {code}")) == [SAYS("channel, no such code")]
    assert texts(server, author, f"u2-{user}") == ["hello"]
    listed = answer_of(server, chat.say("/memory channels"))
    assert re.search(rf"^1\. {author} \(discord\), since ", listed, re.MULTILINE)
    assert author not in answer_of(server, Chat(f"{user}-b").say("/memory channels"))
    assert answer_of(server, Chat(f"{user}-b").say("/memory channels unlink 1")) == SAYS("say channels")
    ended = answer_of(server, chat.say("/memory channels unlink 1"))
    assert ended == SAYS("channels, unlinked", name=author, source="discord")
    assert author not in answer_of(server, chat.say("/memory channels"))


def test_who_asks_is_forgotten_and_not_read(server: PipelinesServer, bot: Bot, user: str) -> None:
    ada, bob = f"ada-{user}", f"bob-{user}"
    bot.tells((ada, "I moved to Porto."), (bob, "I moved to Rome."))
    assert bot.tells((ada, "/memory forget me"), (ada, "And then to Oslo.")) == [SAYS("channel, forgotten")]
    assert bot.tells((ada, "To Bern."), (bob, "To Wien.")) == []
    assert texts(server, ada) == []
    assert texts(server, bob) == ["I moved to Rome.", "To Wien."]
    assert bot.tells((ada, "memory read me"), (ada, "To Kyiv.")) == [SAYS("channel, read")]
    assert texts(server, ada) == ["To Kyiv."]


def test_who_is_erased_is_forgotten_in_channels(server: PipelinesServer, bot: Bot, user: str) -> None:
    author, chat = f"u1-{user}", Chat(user)
    tell(server, "My dog is called Rex.", user=user)
    bot.tells((author, f"memory link {code_for(server, chat)}"), (author, "I moved to Porto."))
    answer_of(server, chat.say("/memory forget everything yes"))
    assert texts(server, author) == []
    engine = open_state(server.data_dir)
    with engine.connect() as connection:
        (row,) = connection.execute(select(channel_authors).where(channel_authors.c.author == author)).all()
    engine.dispose()
    assert (row.user_id, row.name, row.silent) == ("", "", True)
    assert bot.tells((author, "I moved to Rome.")) == []
    assert texts(server, author) == []


def test_a_private_chat_neither_links_nor_forgets(server: PipelinesServer, bot: Bot, user: str) -> None:
    """What is a request in a channel is a message like any other elsewhere."""
    chat = Chat(user)
    bot.tells((user, "I moved to Porto."))
    take(server, chat.say(f"memory link {code_for(server, chat)}"))
    take(server, chat.say("memory forget me"))
    assert texts(server, user) == ["I moved to Porto."]
    assert f"1. {user}" not in answer_of(server, chat.say("/memory channels"))


def test_a_bot_asks_what_is_known_of_its_channels(bot: Bot) -> None:
    question = {"channel": "general", "text": "When do we deploy?"}
    assert bot.post("/recall", question).json() == {"block": "", "memories": []}
    for wrong in (
        {},
        [],
        {"channel": 7.5, "text": "x"},
        {"channel": "c"},
        {"channel": "c", "text": "x" * 20_001},
    ):
        refused = bot.post("/recall", wrong)
        assert refused.status_code == 400
        assert '{"channel": ..., "text": ...}' in refused.json()["detail"]
    for odd in ("past/ada", "../team/x", "*", "\0", "x" * 500):
        assert bot.post("/recall", {**question, "channel": odd}).json()["memories"] == []


def test_what_a_channel_knows_is_told_there_alone(
    server: PipelinesServer, webui: ChatEvents, user: str
) -> None:
    channel, question = f"c-{user}", "On which day do we ship the heron release?"
    bot, elsewhere = Bot(server, channel, "open-webui"), Bot(server, channel, "discord")
    tell(server, "My dog is called Rex and we ship the heron release on Mondays.", user=user)
    bot.tells_much(("u1", "We ship the heron release on Fridays, as the customers asked for."))
    assert "heron release on Fridays" in bot.knows(question)
    assert elsewhere.post("/recall", {"channel": channel, "text": question}).json()["memories"] == []

    webui.members[channel] = [user]
    mentioned = Chat(user, f"channel:{channel}")
    turn = mentioned.say(question)
    sent = server.inlet(turn.inlet, turn.user)
    told = told_text(sent)
    assert told.splitlines()[1] == SAYS("block, channel")
    assert "heron release on Fridays" in told
    assert "Rex" not in told
    assert "Mondays" not in told
    server.outlet(turn.outlet("My cat is called Tom.", sent=sent), turn.user)
    server.wait_until_drained()
    private = told_text(server.inlet((own := Chat(user).say(question)).inlet, own.user))
    assert "Mondays" in private
    assert "Fridays" not in private
    for chat in (Chat(f"{user}-b", f"channel:{channel}"), Chat(user, f"channel:{channel}-b")):
        turn = chat.say(question)
        assert told_text(server.inlet(turn.inlet, turn.user)) == ""
    assert answer_of(server, Chat(user).say("/memory")).count("heron") == 1


def test_what_was_learned_goes_with_who_said_it(server: PipelinesServer, bot: Bot, user: str) -> None:
    ada, bob, question = f"ada-{user}", f"bob-{user}", "Where is the key of the archive room?"
    bot.tells_much((ada, "The key of the archive room hangs behind the stove."), (bob, "The stove is blue."))
    assert "behind the stove" in bot.knows(question)
    owner = channel_owner("discord", f"general-{user}")
    assert any("behind the stove" in text for text, _ in held(server, owner))
    bot.tells((ada, "memory forget me"))
    asked = {"channel": f"general-{user}", "text": question}
    assert "behind the stove" not in bot.post("/recall", asked).text, "at once"

    def is_gone() -> bool:
        return not any("behind the stove" in text for text, _ in held(server, owner))

    wait_until(is_gone, what="it is erased where memories are")
