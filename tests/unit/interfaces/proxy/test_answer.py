"""What is read beside an answer, however it is cut into chunks."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.interfaces.proxy.answer import Said, StreamEar, WholeEar, chat
from tests.harness.upstream import completion, delta, event, says

TOOL = {"index": 0, "id": "t", "function": {"name": "f", "arguments": "{"}}
DONE = b"data: [DONE]\n\n"


def heard(*chunks: bytes) -> Said:
    ear = StreamEar(chat)
    for chunk in chunks:
        ear.hears(chunk)
    ear.over()
    return ear.said


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (says("Grüße", " dir."), "Grüße dir."),
        ([delta(b"\r\n", content="Yes."), delta(b"\r\n", finish="stop")], "Yes."),
        ([delta(b"\r", content="Yes."), delta(b"\r", finish="stop")], "Yes."),
        ([b": ping\n\n", b"id: 7\nevent: x\n", *says("Yes.")], "Yes."),
        ([b"data: {\ndata: }\n\n", b"data: {no json}\n\n", b"data: [1]\n\n", *says("Yes.")], "Yes."),
        ([delta(reasoning_content="Hm.", reasoning="Hm."), *says("Yes.")], "Yes."),
        (says("<think>Hm.", "</think>Yes."), "Yes."),
        ([delta(content="No.", index=1), *says("Yes.")], "Yes."),
        ([delta(content=[{"type": "text", "text": "Yes."}]), delta(finish="length")], "Yes."),
        ([event({"choices": [{"text": "Yes.", "index": 0, "finish_reason": "stop"}]})], "Yes."),
        ([event({"choices": [{"delta": None}, 7]}), event({"choices": {}}), *says("Yes.")], "Yes."),
        ([event({"x": "y" * 5_000_000}), *says("Yes.")], "Yes."),
        ([delta(content="Yes."), DONE], "Yes."),
        ([delta(content="Let me see."), delta(tool_calls=[TOOL]), delta(finish="tool_calls"), DONE], None),
        ([delta(tool_calls=[TOOL]), delta(finish="stop")], None),
        ([delta(content="Let me see."), delta(finish="tool_calls"), DONE], None),
        ([delta(content="It is nice. And the")], "It is nice. […]"),
        ([delta(content="It is **nice.**")], "It is **nice.** […]"),
        ([delta(content="今日は晴れ。明日")], "今日は晴れ。 […]"),
        ([delta(content="It is")], None),
        ([delta(reasoning_content="It is nice. So")], None),
        ([delta(content="<think>It is nice. So")], None),
        ([delta(content="Yes. No"), event({"error": {"message": "x"}})], "Yes. […]"),
        ([], None),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000_000])
def test_the_final_text_of_a_stream(stream: list[bytes], said: str | None, size: int) -> None:
    whole = b"".join(stream)
    if size < 1000 and len(whole) > 100_000:
        size = 1000
    assert heard(*(whole[at : at + size] for at in range(0, len(whole), size))).final() == said


def whole(text: str | bytes) -> Said:
    ear = WholeEar(chat)
    ear.hears(text if isinstance(text, bytes) else text.encode())
    ear.over()
    return ear.said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (completion("Yes."), "Yes."),
        (completion(None, tool_calls=[TOOL]), None),
        (json.dumps({"choices": [{"text": "Yes.", "finish_reason": "stop"}]}), "Yes."),
        (b"{", None),
        (b"[" * 100_000, None),
        (b"", None),
    ],
)
def test_the_final_text_of_a_whole_answer(answer: Any, said: str | None) -> None:
    assert whole(answer).final() == said


@given(st.lists(st.integers(1, 400), max_size=40), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_the_end_is_found_wherever_it_is_cut(sizes: list[int], end: bytes) -> None:
    stream = b"".join(
        [delta(end, content="Grüße 🦜"), delta(end, finish="stop"), b"data: [DONE]" + end + end]
    )
    ear, at, passed = StreamEar(chat), 0, b""
    for size in [*sizes, len(stream)]:
        chunk, at = stream[at : at + size], at + size
        if chunk and (held := ear.hears(chunk)) is not None:
            passed += chunk[:held]
            break
        passed += chunk
    assert stream.startswith(passed)
    assert b"[DONE]" + end[:1] not in passed, "its end waits"
    ear.over()
    assert ear.said.final() == "Grüße 🦜"
