"""What is written, edited and deleted in Open WebUI's channels, handed on once and in order."""

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Engine, delete, select, update

from owui_memory.channels.channels import Channels
from owui_memory.config.settings import Valves
from owui_memory.core.locales import locale
from owui_memory.core.scope import WEBUI, channel_owner
from owui_memory.interfaces import channel_poller, followed_channel, webui_channels
from owui_memory.interfaces.channel_poller import ChannelPoller
from owui_memory.state import channel_messages, open_state
from owui_memory.state import channels as channels_table
from tests.harness.webui_channels import KEY, WebuiStandIn

NOTICE = locale("en").say("channel, notice")


class Desk:
    """A poller that looks when it is told to, and what it has handed on."""

    def __init__(self, engine: Engine, webui: WebuiStandIn, names: str = "team") -> None:
        self.engine, self.webui = engine, webui
        values = {"channels": "on", "webui_channels": names, "webui_url": webui.url, "webui_api_key": KEY}
        self.settings = Valves(**values)
        self.start()

    def start(self) -> None:
        self.channels = Channels(self.engine, lambda: self.settings)
        self.poller = ChannelPoller(self.channels, lambda: self.settings)

    def look(self, *, sweep: bool = False) -> None:
        """Look into every channel, whenever it was looked into before."""
        for turn in self.poller._turns.values():
            turn.due_at = 0.0
            turn.swept_at = float("-inf") if sweep else time.monotonic()
        self.poller._not_before = 0.0
        assert self.poller.look() is False

    def kept(self, channel: str = "id-of-team") -> list[str]:
        """The texts that were handed on, the oldest first; "" for what was deleted."""
        mine = channel_messages.c.user_id == channel_owner(WEBUI, channel)
        with self.engine.connect() as connection:
            rows = connection.execute(select(channel_messages).where(mine)).all()
        return [row.text for row in sorted(rows, key=lambda row: int(row.message_id[1:]))]

    def told(self) -> str:
        part = self.poller.part()
        assert part
        return f"{part.ok}: {part.detail} {part.hint}"


@pytest.fixture
def webui() -> Iterator[WebuiStandIn]:
    with WebuiStandIn() as webui:
        webui.add("team")
        yield webui


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_state(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(engine: Engine, webui: WebuiStandIn) -> Desk:
    return Desk(engine, webui)


def test_members_are_told_before_anything_is_read(desk: Desk, webui: WebuiStandIn) -> None:
    webui.write("id-of-team", "ada", "Wir haben das schon am Montag gesagt.")
    desk.look()
    assert webui.said_by_us("id-of-team") == [locale("de").say("channel, notice")]
    assert desk.kept() == []
    webui.write("id-of-team", "ada", "We deploy on Fridays.")
    for _ in range(2):
        desk.look()
        desk.start()  # nor is it done again by the next process
    desk.look(sweep=True)
    assert desk.kept() == ["We deploy on Fridays."]
    assert len(webui.said_by_us("id-of-team")) == 1
    assert desk.told().startswith("True: 1 is read")


def test_only_what_members_write_is_read_as_they_see_it(desk: Desk, webui: WebuiStandIn) -> None:
    desk.look()
    first = webui.write("id-of-team", "ada", "<@U:1234|Bob>, see <#C:77|ops> and <@M:m-1>: <b> stays.")
    webui.write("id-of-team", "ada", "A model's answer.", meta={"model_id": "m-1", "model_name": "M"})
    webui.write("id-of-team", "ada", "An alert.", meta={"webhook": {"id": "other"}})
    webui.write("id-of-team", "ada", "An app's card.", app_id="app")
    webui.write("id-of-team", "ada", "", data=True)
    webui.write("id-of-team", "bob", "Fine.", reply_to_id=first)
    desk.look()
    assert [text for text in desk.kept() if text] == ["@Bob, see #ops and @m-1: <b> stays.", "Fine."]
    with desk.engine.connect() as connection:
        row = connection.execute(select(channel_messages).where(channel_messages.c.author == "bob")).one()
    assert (row.reply_to, row.author_name, row.at) == (first, "Bob", pytest.approx(webui.now))


def test_edits_and_deletions_are_noticed_in_threads_too(desk: Desk, webui: WebuiStandIn) -> None:
    desk.look()
    one, two, three = (webui.write("id-of-team", "ada", f"Message {number}.") for number in (1, 2, 3))
    reply = webui.write("id-of-team", "bob", "A reply.", parent=two)
    other = webui.write("id-of-team", "bob", "Another reply.", parent=two)
    deep = webui.write("id-of-team", "bob", "A reply to the third.", parent=three)
    desk.look()
    messages = ["Message 1.", "Message 2.", "Message 3."]
    assert desk.kept() == [*messages, "A reply.", "Another reply.", "A reply to the third."]
    webui.edit("id-of-team", one, "Message 1, corrected.")
    webui.delete("id-of-team", reply)
    webui.delete("id-of-team", three)  # with its thread
    desk.look()
    assert desk.kept() == ["Message 1, corrected.", "Message 2.", "", "", "Another reply.", ""]
    webui.edit("id-of-team", other, "Another reply, corrected.")  # which its channel's list does not show
    desk.look()
    desk.look(sweep=True)
    assert desk.kept()[4] == "Another reply, corrected."
    webui.edit("id-of-team", one, "")
    desk.look()
    assert desk.kept() == ["", "Message 2.", "", "", "Another reply, corrected.", ""]
    assert deep not in desk.poller._turns["id-of-team"].followed._seen
    # What is deleted while no process looks.
    desk.start()
    webui.delete("id-of-team", two)
    desk.look()
    assert set(desk.kept()) == {""}


def test_a_long_gap_is_read_in_order_while_new_messages_arrive(
    desk: Desk, webui: WebuiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.look()
    expected = [f"Message {number}." for number in range(450)]
    for text in expected:
        webui.write("id-of-team", "ada", text)
    batches: list[list[str]] = []
    observe = desk.channels.observe

    def observed(messages: list[object]) -> object:
        batches.append([one.text for one in messages])
        return observe(messages)

    monkeypatch.setattr(desk.channels, "observe", observed)
    late = iter(range(450, 453))

    def write_more(path: str) -> None:
        if path.endswith("/messages") and (number := next(late, None)):
            expected.append(f"Message {number}.")
            webui.write("id-of-team", "ada", expected[-1])

    webui.before = write_more
    desk.look()
    desk.look()
    assert [text for batch in batches for text in batch] == expected
    assert desk.kept() == expected
    # A process that was away for long reads on where the one before was.
    desk.start()
    for number in range(453, 1_800):
        webui.write("id-of-team", "ada", f"Message {number}.")
    desk.look(sweep=True)
    assert desk.kept() == [f"Message {number}." for number in range(1_800)]


def test_a_message_deleted_between_two_pages_hides_no_other(desk: Desk, webui: WebuiStandIn) -> None:
    desk.look()
    ids = [webui.write("id-of-team", "ada", f"Message {number}.") for number in range(150)]
    gone = iter(ids[-3:])

    def delete_one(path: str) -> None:
        if path.endswith("/messages") and (id_ := next(gone, None)):
            webui.delete("id-of-team", id_)

    webui.before = delete_one
    desk.look()
    desk.look()
    assert [text for text in desk.kept() if text] == [f"Message {number}." for number in range(147)]


def test_odd_answers_lose_nothing(desk: Desk, webui: WebuiStandIn, caplog: pytest.LogCaptureFixture) -> None:
    desk.look()
    webui.write("id-of-team", "ada", "We deploy on Fridays.")
    odd = [
        (JSONResponse({"detail": "no"}, 500), "answers 500"),
        (Response("<html>", 502), "answers 502"),
        (Response("no JSON"), "no JSON"),
        (Response("[" * 100_000), "no JSON"),
        (JSONResponse({"messages": []}), "not what is expected"),
        (JSONResponse("no list"), "not what is expected"),
        (JSONResponse({"detail": "no"}, 422), "not what is expected"),
        (Response(status_code=307, headers={"location": "http://127.0.0.1:9/"}), "answers 307"),
        (JSONResponse({"detail": "401 Unauthorized"}, 401), "does not let this key read"),
        (JSONResponse({"detail": "Channels is disabled"}, 403), "does not let this key read"),
        (JSONResponse({"detail": "not found"}, 404), "There is no such channel"),
    ]
    for answer, words in odd:
        webui.odd = {"/messages": lambda answer=answer: answer}
        desk.look()
        assert desk.told().startswith("False"), words
        assert words in desk.told()
        webui.odd = {"/list": lambda answer=answer: answer}
        desk.look()
        assert desk.told().startswith("False"), words
    webui.odd = {
        "/messages": lambda: JSONResponse([None, 7, {}, {"id": 7}, {"id": "m0", "created_at": "no"}])
    }
    desk.look()
    assert desk.kept() == []
    webui.odd = {}
    desk.look()
    assert desk.kept() == ["We deploy on Fridays."]
    assert desk.told().startswith("True")
    assert KEY not in caplog.text
    assert "Fridays" not in caplog.text


def test_one_that_is_away_is_asked_more_and_more_seldom(
    desk: Desk, webui: WebuiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    webui.stop()
    for pause in (40, 80, 160, 320, 640, 900, 900, 900):
        desk.poller._not_before = 0.0
        before = time.monotonic()
        desk.poller.look()
        assert before + pause <= desk.poller._not_before <= time.monotonic() + pause
    assert "cannot be reached" in desk.told()
    asked = len(webui.asked)
    desk.poller.look()  # not before that is over
    assert len(webui.asked) == asked
    with WebuiStandIn() as another:
        desk.settings = desk.settings.model_copy(update={"webui_url": another.url})
        desk.poller.ask_again()
        desk.poller.look()
        assert another.asked, "other settings are tried at once"


def test_channels_that_vanish_or_are_closed_cost_no_other(engine: Engine, webui: WebuiStandIn) -> None:
    webui.add("ops")
    webui.add("closed", "group")
    webui.add("two people", "dm")
    webui.closed.add("id-of-closed")
    everyone = Desk(engine, webui, "*")
    everyone.look()
    assert everyone.told().startswith("True: 2 are read")
    assert not webui.hooks["id-of-closed"]
    assert not webui.hooks["id-of-two people"]
    desk = Desk(engine, webui, " #Team , id-of-ops, closed, two people, no such")
    said = {name: webui.write(f"id-of-{name}", "ada", f"In {name}.") for name in ("team", "ops")}
    desk.look()
    assert desk.told().startswith("False: 2 are read, not all: closed.")
    assert (desk.kept(), desk.kept("id-of-ops")) == (["In team."], ["In ops."])
    gone = webui.channels.pop("id-of-ops")
    webui.write("id-of-team", "ada", "Once more.")
    desk.look(sweep=True)
    assert (desk.kept(), desk.kept("id-of-ops")) == (["In team.", "Once more."], ["In ops."])

    # One that vanishes while it is looked into: its memories are not forgotten for that.
    webui.channels["id-of-ops"] = gone
    desk.look()
    webui.before = lambda path: path.endswith("/messages") and webui.channels.pop("id-of-ops", None)
    desk.look(sweep=True)
    assert desk.kept("id-of-ops") == ["In ops."]
    webui.before = lambda _: None
    webui.channels["id-of-ops"] = gone
    desk.look()
    webui.delete("id-of-ops", said["ops"])
    webui.before = lambda path: "/messages/" in path and webui.channels.pop("id-of-ops", None)
    desk.look()
    assert "id-of-ops" not in webui.channels
    assert desk.kept("id-of-ops") == ["In ops."]
    assert Desk(engine, webui, "no such").poller.part() is None


def test_what_was_forgotten_paused_or_too_old_does_not_come_back(desk: Desk, webui: WebuiStandIn) -> None:
    desk.look()
    webui.write("id-of-team", "ada", "Ada's first.")
    webui.write("id-of-team", "bob", "Bob's first.")
    desk.look()
    webui.write("id-of-team", "ada", "memory forget me")
    desk.look()
    webui.write("id-of-team", "ada", "Said while she is not read.")
    desk.look()
    webui.write("id-of-team", "ada", "memory read me")
    desk.look()
    webui.now += 120.0
    webui.write("id-of-team", "ada", "Ada's second.")
    for _ in range(2):
        desk.look(sweep=True)
        desk.start()
    said = webui.said_by_us("id-of-team")
    assert said == [NOTICE, locale("en").say("channel, forgotten"), locale("en").say("channel, read")]
    assert [text for text in desk.kept() if text] == ["Bob's first.", "Ada's second."]

    # While the channel is paused.
    pause = update(channels_table)
    with desk.engine.begin() as connection:
        connection.execute(pause.values(paused=True))
    desk.look()
    webui.now = time.time() - 60.0
    webui.write("id-of-team", "ada", "While it is paused.")
    desk.look()
    with desk.engine.begin() as connection:
        connection.execute(pause.values(paused=False))
    webui.now = time.time() + 60.0
    webui.write("id-of-team", "ada", "After the pause.")
    desk.look(sweep=True)
    assert [text for text in desk.kept() if text][2:] == ["After the pause."]

    # What retention has deleted, and a channel that was erased: its members are told anew.
    with desk.engine.begin() as connection:
        connection.execute(delete(channel_messages))
        connection.execute(update(channels_table).values(announced_at=1.0))
    desk.settings = desk.settings.model_copy(update={"advanced": "channel_days=1"})
    webui.now = time.time() - 2 * 24 * 3600.0
    webui.write("id-of-team", "ada", "Two days ago.")
    desk.start()
    desk.look(sweep=True)
    assert "Two days ago." not in desk.kept()
    with desk.engine.begin() as connection:
        for table in (channel_messages, channels_table):
            connection.execute(delete(table))
    webui.now = time.time() + 120.0
    desk.look(sweep=True)
    assert desk.kept() == []
    assert webui.said_by_us("id-of-team")[-1] == NOTICE


def test_messages_that_are_too_many_or_too_long_wait_or_are_passed_over(
    desk: Desk, webui: WebuiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.look()
    monkeypatch.setattr(webui_channels, "_MOST_BYTES", 60_000)
    monkeypatch.setattr("owui_memory.channels.queue.MOST_OF_A_CHANNEL", 30)
    webui.write("id-of-team", "ada", "The first.")
    webui.write("id-of-team", "ada", "x" * 70_000)
    for number in range(40):
        webui.write("id-of-team", "ada", f"{number}: " + "y" * 25_000)
    desk.look()
    assert len(desk.kept()) == 30
    assert "Too many messages" in desk.told()
    with desk.engine.begin() as connection:
        connection.execute(update(channel_messages).values(state="read"))
    desk.look()
    desk.look(sweep=True)
    kept = desk.kept()
    assert kept[0] == "The first."
    assert [text.partition(":")[0] for text in kept[1:]] == [str(number) for number in range(40)]
    assert {len(text) for text in kept[1:]} == {20_000}


def test_the_webhooks_token_is_in_no_log(
    desk: Desk, webui: WebuiStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        desk.look()
    assert webui.said_by_us("id-of-team")
    assert "secret-token" not in caplog.text


def test_what_is_seen_is_bounded(desk: Desk, webui: WebuiStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_channel, "_MOST_SEEN", 10)
    desk.look()
    for number in range(50):
        parent = webui.write("id-of-team", "ada", f"Message {number}.")
        webui.write("id-of-team", "ada", f"Reply {number}.", parent=parent)
    desk.look()
    followed = desk.poller._turns["id-of-team"].followed
    assert len(followed._seen) <= 20
    assert len(followed._threads) <= 10
    desk.look()
    assert len(desk.kept()) == len(set(desk.kept())) == 100


def test_it_is_off_unless_all_of_it_is_set(desk: Desk, webui: WebuiStandIn) -> None:
    for change in ({"channels": "off"}, {"webui_channels": " "}):
        settings = desk.settings
        desk.settings = settings.model_copy(update=change)
        desk.look()
        assert desk.poller.part() is None
        desk.settings = settings
    assert not webui.asked
    desk.settings = desk.settings.model_copy(update={"webui_api_key": ""})
    desk.look()
    assert "webui_api_key" in desk.told()
    with contextlib.suppress(RuntimeError):
        desk.poller.thread.stop(0.0)
    assert channel_poller._LOOK_S
