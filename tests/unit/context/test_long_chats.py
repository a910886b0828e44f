"""A chat that goes on for long keeps within its model's tokens, through the filter as Open WebUI calls it."""

from collections.abc import Iterator
from statistics import fmean

import pytest
from sqlalchemy import func, select

from owui_memory.state import cuts, outbox
from tests.harness.bodies import Chat, new_id, system_text
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request
from tests.harness.waiting import wait_until
from tests.unit.context.long_talk import LIMIT, SUMMARY, LongTalk, running, statement, text_of, tokens
from tests.unit.interfaces.test_filter import Running

SYSTEM = {"system": "You are a helpful assistant.", "model": "small-one"}
OPENED = "<earlier_in_this_chat>"


def said(request: Request) -> dict[str, object]:
    """An abstract in an LLM's words: which lockers left."""
    left = request.text.partition("Messages that leave:")[2]
    numbers = [part.split(" ", 1)[0] for part in left.split("My locker number ")[1:]]
    return {"add": [f"The user told of lockers {numbers[0]} to {numbers[-1]}."], "ask": ["marbles"]}


@pytest.fixture(scope="module")
def _shared(_running_llm: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("long-chats"))
        shared = {"DATA_DIR": folder, "SHOW_MEMORY_NOTES": "true", "MODELS_REMEMBER": "!small-secret"}
        with running(_running_llm, patch, **shared) as one:
            yield one


@pytest.fixture
def filter_(_shared: Running, scripted_llm: ScriptedLLM) -> Running:
    """One for all tests of the module, each of which has a user of its own."""
    scripted_llm.when(SUMMARY, said)
    return _shared


def abstracts(one: Running, user: str) -> int:
    with one.pipeline._runtime._engine.connect() as connection:
        kept = select(func.count()).select_from(cuts).where(cuts.c.user_id == user, cuts.c.abstract != "")
        return connection.scalar(kept) or 0


def test_it_fits_its_cache_holds_and_what_left_is_found(filter_: Running, user: str) -> None:
    talk = LongTalk(filter_, Chat(user, options=SYSTEM))
    talk.go_on(0, 26, times=2)
    assert sum("summary of this chat" in shown for shown in talk.shown) == 1, "the user is told once"
    assert max(map(tokens, talk.sent)) <= LIMIT
    assert fmean(talk.shares()) > 0.6, "the prompt changes with a cut only"
    last = talk.sent[-1]["messages"]
    assert last[0]["content"].startswith("You are a helpful assistant.")
    assert last[1] == {"role": "user", "content": statement(0)}
    assert [one["role"] for one in last[1:]] == ["user", "assistant"] * (len(last) // 2 - 1) + ["user"]
    assert "The user told of lockers 1 to" in system_text(talk.sent[-1])
    talk.until_drained()
    for number in (3, 8, 13):
        asked = talk.say(f"How many marbles does locker number {number} of Name{number}ov hold?")
        assert f"{number * 7} marbles" in text_of(asked)


def test_an_edited_or_regenerated_message_beside_the_cut(filter_: Running, user: str) -> None:
    talk = LongTalk(filter_, Chat(user, options=SYSTEM))
    talk.go_on(0, 23, times=2)
    turn = talk.chat.say(statement(23))
    first = talk.inlet(turn)
    again = talk.inlet(turn.regenerated())
    assert without_news(again["messages"]) == without_news(first["messages"]), "the same ones stay"
    talk.chat.history = talk.chat.history[: 2 * 6]  # an edit of what is long out of the prompt
    edited = talk.say("My locker number 6 is empty.")
    assert len(edited["messages"]) == 14
    assert OPENED not in text_of(edited)
    talk.go_on(24, 34, times=2)
    assert max(map(tokens, talk.sent)) <= LIMIT


def without_news(messages: list[dict[str, str]]) -> list[str]:
    """Without memories; nor the system prompt: an abstract may be ready now."""
    return [message["content"].rpartition("</user_memories>")[2].strip() for message in messages[1:]]


def test_models_with_other_limits_in_one_chat_and_a_restart(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    scripted_llm.when(SUMMARY, said)
    chat = Chat(user, options={"system": "You help."})
    for first in (0, 9):
        with running(scripted_llm, monkeypatch) as one:
            talk = LongTalk(one, chat)
            for number in range(first, first + 9):
                model = ("small-one", "middle-one", "large-one")[number % 3]
                talk.say(statement(number), statement(number) * 7, model=model)
            small, middle, large = (list(map(tokens, talk.sent[at::3])) for at in range(3))
            assert max(small) <= LIMIT
            assert max(middle) <= 2 * LIMIT
    assert large[-1] > 2 * LIMIT
    assert OPENED in text_of(talk.sent[-3])


def test_calls_of_tools_stay_with_their_results(filter_: Running, user: str) -> None:
    talk = LongTalk(filter_, Chat(user, options=SYSTEM))
    for number in range(4, 24, 4):
        turn = talk.chat.say(statement(number))
        call = {"id": f"c{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        turn.inlet["messages"] = turn.inlet["messages"][:1]
        for one in range(number):
            turn.inlet["messages"] += [
                {"role": "user", "content": statement(one)},
                {"role": "assistant", "content": "", "tool_calls": [{**call, "id": f"c{one}"}]},
                {"role": "tool", "tool_call_id": f"c{one}", "content": "marbles " * 30},
                {"role": "assistant", "content": "There they are."},
            ]
        turn.inlet["messages"].append({"role": "user", "content": statement(number)})
        sent = talk.inlet(turn)
        calls = [call["id"] for one in sent["messages"] for call in one.get("tool_calls", ())]
        assert calls == [one["tool_call_id"] for one in sent["messages"] if one["role"] == "tool"]
        assert tokens(sent) + 20 * len(calls) <= LIMIT
    assert len(calls) < 20


def test_an_llm_that_hangs_holds_nothing_up_and_without_its_answer_it_is_what_the_user_said(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    with running(scripted_llm, monkeypatch) as one:
        with scripted_llm.hold("chat", SUMMARY) as gate:
            talk = LongTalk(one, Chat(user, options=SYSTEM))
            talk.go_on(0, 9)
            assert gate.waiting
            assert max(map(tokens, talk.sent)) <= LIMIT
            assert OPENED not in text_of(talk.sent[-1])
        with scripted_llm.fault("chat", status=500):
            talk = LongTalk(one, Chat(f"{user}-2", options=SYSTEM))
            talk.go_on(0, 6)
            wait_until(lambda: abstracts(one, f"{user}-2") > 0, what="an abstract is ready")
            talk.go_on(6, 9)
            assert max(map(tokens, talk.sent)) <= LIMIT
            assert '- user: "My locker number ' in system_text(talk.sent[-1])


@pytest.mark.parametrize("kind", ["temporary", "memory off", "excluded model"])
def test_what_may_not_be_kept_is_cut_and_nothing_of_it_is(
    kind: str, filter_: Running, scripted_llm: ScriptedLLM, user: str
) -> None:
    chat = Chat.temporary(user, **SYSTEM) if kind == "temporary" else Chat(user, options=dict(SYSTEM))
    more = {"memory off": {"memory": None}, "excluded model": {"model": "small-secret"}}
    chat.options |= more.get(kind, {})
    talk = LongTalk(filter_, chat)
    talk.go_on(1000, 1012)
    assert max(map(tokens, talk.sent)) <= LIMIT
    assert sum(share < 1 for share in talk.shares()) <= 8
    assert abstracts(filter_, user) == 0
    assert not [one for one in scripted_llm.chats() if SUMMARY in one.text and "number 10" in one.text]


def test_what_was_said_while_memory_was_off_is_in_no_abstract(
    filter_: Running, scripted_llm: ScriptedLLM, user: str
) -> None:
    talk = LongTalk(filter_, Chat(user, options=SYSTEM))
    talk.go_on(0, 2)
    talk.say("My locker number 2 in the hall of Secretov holds a diary.", memory=None)
    talk.go_on(3, 9)
    wait_until(lambda: abstracts(filter_, user) > 0, what="an abstract is ready")
    asked = [request.text for request in scripted_llm.chats() if SUMMARY in request.text]
    assert asked
    assert "Secretov" not in "".join(asked)


def test_forgetting_takes_the_abstracts_away_and_erasing_everything(
    filter_: Running, scripted_llm: ScriptedLLM, user: str
) -> None:
    talk = LongTalk(filter_, Chat(user, options=SYSTEM))
    talk.go_on(0, 9)
    talk.until_drained()
    wait_until(lambda: abstracts(filter_, user) > 0, what="an abstract is ready")
    talk.say("/memory forget locker number 3 in the hall of Name3ov")
    talk.say("/memory forget everything yes")
    wait_until(lambda: abstracts(filter_, user) == 0, what="the abstracts are gone")
    assert OPENED not in text_of(talk.say("And now?"))


def test_open_webuis_own_compaction_is_left_alone(filter_: Running, user: str) -> None:
    talk = LongTalk(filter_, Chat(user, options=SYSTEM))
    talk.go_on(0, 9)
    compacted, to_be = talk.chat.say(statement(9)), talk.chat.say(statement(9))
    compacted.inlet["messages"][0]["content"] += "\n[CONVERSATION SUMMARY]\nThey spoke of lockers."
    to_be.inlet["metadata"]["params"]["compact_token_threshold"] = 80_000
    for turn in (compacted, to_be):
        assert len(talk.inlet(turn)["messages"]) == len(turn.inlet["messages"])
    assert len(talk.inlet(talk.chat.say(statement(9)))["messages"]) < len(turn.inlet["messages"])


def test_an_api_call_without_ids_is_remembered_though_its_chat_was_cut(filter_: Running, user: str) -> None:
    talk, chat = LongTalk(filter_, Chat(user, options=SYSTEM)), Chat(user, options=SYSTEM)
    for number in range(9):
        turn = chat.say(statement(number))
        model = {**turn.inlet["metadata"]["model"], "id": "small-one"}
        turn.inlet["metadata"] = {"chat_id": "", "model": model}
        sent = talk.inlet(turn)
        reply = {"role": "assistant", "content": statement(number) * 6, "id": new_id()}
        chat.history += [{"role": "user", "content": statement(number)}, reply]
        api = {"model": "small-one", "chat_id": "", "session_id": None, "id": new_id()}
        filter_.outlet({**api, "messages": [*sent["messages"], reply]}, turn.user)
    assert max(map(tokens, talk.sent)) <= LIMIT
    assert OPENED in text_of(talk.sent[-1])
    with filter_.pipeline._runtime._engine.connect() as connection:
        assert connection.scalar(select(func.count()).where(outbox.c.user_id == user)) == 9
