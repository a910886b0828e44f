"""Whatever a body holds: the server can send it on, its texts have a bound, inlet and outlet agree on it."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.commands.parse import COMMAND_CHARS, read_command
from owui_memory.interfaces.body import TEXT_CHARS, read_inlet, read_outlet, with_blocks
from owui_memory.interfaces.intake import Intake, is_small, read_asked, read_finished, sendable
from owui_memory.recall.block import Blocks, line, render
from tests.harness.bodies import Chat, recording, recording_names
from tests.harness.samples import NOW, memory

ODD = (
    st.text(st.characters(codec=None, categories=("Cs", "Lu", "Cc")), max_size=6)
    | st.sampled_from([float("nan"), float("inf"), -float("inf"), "\ud83d", "\ud83d\ude00", "a\0b"])
    | st.integers()
    | st.none()
)
BODIES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | ODD, inner, max_size=4),
)


def as_the_server_answers(body: Any) -> bytes:
    """What its JSONResponse does."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


@given(BODIES)
def test_the_server_can_send_on_whatever_comes(body: Any) -> None:
    body = json.loads(json.dumps(body))  # as it comes in: what was NaN stays so, names are texts
    as_the_server_answers(sendable(body))


@pytest.mark.parametrize("name", recording_names())
def test_a_body_that_is_well_stays_the_same_object(name: str) -> None:
    body = recording(name)["body"]
    assert sendable(body) is body


def test_only_the_halves_of_characters_change() -> None:
    body = {"a\udc00": ["x\ud83dy", "ü\0", {"b": float("nan"), "c": 1.5}], "d": "plain 😀"}
    assert sendable(body) == {"a\ufffd": ["x\ufffdy", "ü\0", {"b": None, "c": 1.5}], "d": "plain 😀"}


def test_halves_are_found_in_any_company() -> None:
    controls = "".join(map(chr, range(32)))
    for text in ("?\ud800?\udfff\x01?", f"{controls}?\ud800?{controls * 20_000}\udc00?"):
        expected = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
        assert sendable([text]) == [expected]


def test_a_deep_body_is_mended_too() -> None:
    body: Any = "\ud800"
    for _ in range(400):
        body = [body]
    as_the_server_answers(sendable(body))


def test_a_body_that_is_too_deep_does_not_raise() -> None:
    body: Any = "\ud800"
    for _ in range(100_000):
        body = [body]
    assert sendable({"messages": body})
    assert read_asked({"messages": body}, None)[1].text == ""


LONG = "The beginning. " + "é" * 3_000_000 + " The end."


@pytest.mark.parametrize("content", [LONG, [{"type": "text", "text": LONG}], f"{LONG}\0\ud800 The end."])
def test_texts_have_a_bound_and_keep_their_ends(content: Any) -> None:
    chat = Chat(history=[{"id": "1", "role": "user", "content": content}])
    turn = chat.say("And?")
    turn.inlet["messages"].append({"role": "user", "content": content})
    read = read_inlet(turn.inlet, turn.user)
    finished = read_outlet(turn.outlet(LONG), turn.user)
    for text in (read.text, finished.assistant_text):
        assert TEXT_CHARS - 10 < len(text) < TEXT_CHARS + 10
        assert text.startswith("The beginning.")
        assert text.endswith("The end.")
        text.encode()
        assert "\0" not in text


def test_every_name_has_a_bound_and_different_ones_stay_so() -> None:
    long = "n" * 1_000_000
    meta = {"chat_id": f"temporary:{long}", "message_id": long, "user_message_id": f"{long}\ud800\0"}
    body = {"model": long, "metadata": {**meta, "folder_id": long, "task": long}, "messages": []}
    one = read_inlet(body, {"id": f"{long}a", "email": long})
    other = read_inlet(body, {"id": f"{long}b", "email": long})
    assert one.chat_kind == "temporary"
    assert one.user_id != other.user_id
    names = (one.user_id, one.chat_id, one.key, one.exchange_key, one.model, one.folder, one.email, one.task)
    assert all(len(name) < 500 for name in names)
    assert "\n".join(names).encode()


ODD_TEXTS = ["Hi.", LONG, "a\ud83d b", "\0", "x" * TEXT_CHARS * 2, "", "\ud83d\ude00"]


@pytest.mark.parametrize(
    ("text", "messages"), [*((text, 3) for text in ODD_TEXTS), (LONG, 1), ("Hi.", 10_001), ("Hi.", 12_000)]
)
def test_an_outlet_finds_its_inlet_by_its_words(text: str, messages: int) -> None:
    """An API call: no ids. The outlet echoes what the model got."""
    said = [{"role": ("user", "assistant")[at % 2], "content": f"Message {at}"} for at in range(messages)]
    said += [{"role": "user", "content": text}]
    body, turn = read_asked({"messages": said}, {"id": "ada"})
    block = render([line(memory("Likes tea."), NOW)])
    sent = with_blocks(body, Blocks(block, {1: block}))
    answer = {"role": "assistant", "content": "Fine."}
    for echoed in (said, sent["messages"]):
        _, answered = read_finished({"messages": [*echoed, answer]}, {"id": "ada"})
        assert turn.key in answered.keys
        assert answered.user_text == turn.text


def test_of_very_many_messages_the_middle_is_not_looked_at() -> None:
    said = [{"role": "user", "content": f"Message {at}"} for at in range(20_000)]
    turn = read_inlet({"messages": said}, {"id": "ada"})
    assert len(turn.positions) == 10_000
    assert turn.positions[0] == read_inlet({"messages": said[:1]}, {"id": "ada"}).positions[0]
    assert turn.text == "Message 19999"
    sent = with_blocks({"messages": said}, Blocks("FIRST", {9_999: "LAST"}))["messages"]
    assert sent[0]["content"] == "FIRST\n\nMessage 0"
    assert sent[-1]["content"] == "LAST\n\nMessage 19999"
    assert sent[1:-1] == said[1:-1]


@pytest.mark.parametrize("size", [10, TEXT_CHARS * 3 // 2, COMMAND_CHARS * 2])
def test_a_command_is_not_cut_in_its_middle(size: int) -> None:
    text = "/memory import\n" + "".join(f"{at}\n" for at in range(size // 8))
    read = read_inlet({"messages": [{"role": "user", "content": text}]}, {"id": "ada"}).text
    assert text.startswith(read)
    assert len(read) == min(len(text.strip()), COMMAND_CHARS + 1)
    assert read_command(read) is not None


class TestIntake:
    def test_what_is_small(self) -> None:
        assert all(is_small(recording(name)["body"]) for name in recording_names())
        for big in (
            "x" * 200_000,
            ["x" * 1000] * 200,
            [[]] * 10_000,
            {"x" * 200_000: 1},
            [{"a": [1] * 9000}],
        ):
            assert not is_small({"messages": big})

    def test_big_bodies_are_read_elsewhere_and_small_ones_here(self) -> None:
        def where(body: Any, _: Any) -> str:
            return threading.current_thread().name

        async def read() -> list[str]:
            intake = Intake()
            names = [await intake.read(where, text, {"id": "ada"}) for text in ("x", "x" * 1_000_000)]
            intake.close()
            return [*names, await intake.read(where, "x" * 1_000_000, None)]

        here = threading.current_thread().name
        small, big, closed = asyncio.run(read())
        assert (small, closed) == (here, here)
        assert "intake" in big

    def test_one_user_waits_for_themselves_and_nobody_else_does(self) -> None:
        async def in_turns() -> None:
            intake, pool, gate = Intake(), ThreadPoolExecutor(2), threading.Event()
            waiting = [asyncio.ensure_future(intake.in_turn("ada", pool, gate.wait)) for _ in range(10)]
            await intake.in_turn("bob", pool, str)
            assert not any(one.done() for one in waiting)
            gate.set()
            assert await asyncio.gather(*waiting) == [True] * 10
            pool.shutdown()

        asyncio.run(asyncio.wait_for(in_turns(), 60))
