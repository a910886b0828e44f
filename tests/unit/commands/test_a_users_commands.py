"""What users type, mistyped too, and what they read."""

import json
from pathlib import Path

import pytest

from owui_memory.commands.verbs import VERBS
from owui_memory.config.settings import Valves
from owui_memory.core.errors import TellAdmin
from owui_memory.core.exchange import Exchange
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.commands.desk import Desk, a_desk
from tests.unit.commands.test_commands import CASES

DOG, CITY, TEA = "My dog is called Rex.", "I live in Lisbon.", "I drink tea in the morning."


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    return shared_desk


class TestSlips:
    @pytest.mark.parametrize(("typed", "offered"), CASES["offered instead"])
    def test_the_nearest_is_offered_in_a_line(self, desk: Desk, typed: str, offered: str) -> None:
        desk.knows(DOG)
        desk.ask("/memory")
        answer = desk.ask(typed)
        assert f"Did you mean `{offered}`?" in answer
        assert "\n" not in answer
        assert desk.texts() == [DOG]

    def test_what_is_near_to_nothing_is_told_in_a_line(self, desk: Desk) -> None:
        answer = desk.ask("/memory dance")
        assert "`dance`" in answer
        assert "`/memory help`" in answer
        assert "\n" not in answer

    @pytest.mark.parametrize("hostile", ["`x` | <img src=x> **b**", "\u202eevil", "x" * 5000, "1" * 5000])
    def test_nothing_that_is_typed_becomes_markup_or_an_error(self, desk: Desk, hostile: str) -> None:
        for verb in ("serach", "zzz", *VERBS):
            answer = desk.ask(f"/memory {verb} {hostile}", f"{desk.user}-{verb}")
            assert "wrong inside" not in answer
            assert "<img" not in answer.replace("\\<", "").replace("`/memory", "") or "`" in answer
            assert "\u202e" not in answer
            assert len(answer) < 3000


class TestNumbers:
    def test_they_hold_until_another_list_is_shown(self, desk: Desk, scripted_llm: ScriptedLLM) -> None:
        desk.knows(DOG, CITY, TEA)
        desk.ask("/memory")
        for between in (
            *(
                "/memory forget zzzz",
                "/memory search zzzz",
                "/memory export",
                "/memory page 9",
                "/memory why",
            ),
            *("/memory help", "/memory status", "/memory fogret", "/memory edit 77 x", "/memory team"),
            *("/memory forget", "/memory import nothing", "/memory forget everything", "/memory page x"),
        ):
            desk.ask(between)
            numbers = desk.commander._orders.shown(desk.user, "c")
            assert len(numbers) == 3, between
        with scripted_llm.fault("embeddings", status=500):
            desk.ask("/memory search anything")
        again = Desk(desk.folder, desk.settings)
        again.user = desk.user
        assert DOG[:-1] in again.ask("/memory forget 3")
        assert again.texts() == sorted([CITY, TEA])
        again.close()

    def test_after_an_export_alone_they_are_its_lines(self, desk: Desk) -> None:
        desk.knows(DOG, CITY)
        answer = desk.ask("/memory export")
        assert "the first of these lines" in answer
        first = json.loads(next(line for line in answer.splitlines() if line.startswith("{")))["memory"]
        assert first == DOG
        assert DOG[:-1] in desk.ask("/memory forget 1")
        assert desk.texts() == [CITY]

    def test_after_a_list_an_export_changes_no_numbers(self, desk: Desk) -> None:
        desk.knows(DOG, CITY)
        desk.ask("/memory")
        assert "these lines" not in desk.ask("/memory export")
        assert CITY[:-1] in desk.ask("/memory forget 1")

    @pytest.mark.parametrize("said", CASES["numbers 1 and 3"])
    def test_several_in_any_form(self, desk: Desk, said: str) -> None:
        desk.knows(DOG, CITY, TEA)
        desk.ask("/memory")
        answer = desk.ask(f"/memory forget {said}")
        assert desk.texts() == [CITY]
        assert "2 memories" in answer
        assert DOG[:-1] in answer
        assert TEA[:-1] in answer

    @pytest.mark.parametrize("said", ["2-3", "3-2"])
    def test_a_range(self, desk: Desk, said: str) -> None:
        desk.knows(DOG, CITY, TEA)
        desk.ask("/memory")
        desk.ask(f"/memory forget {said}")
        assert desk.texts() == [TEA]

    @pytest.mark.parametrize("then", ["forget 2", "edit 2 I live in Porto."])
    def test_what_was_forgotten_and_brought_back_has_its_number(self, desk: Desk, then: str) -> None:
        desk.knows(DOG, CITY, TEA)
        desk.ask("/memory")
        for _ in range(3):
            desk.ask("/memory forget 2")
            desk.ask("/memory undo")
        assert CITY[:-1] in desk.ask(f"/memory {then}")
        assert CITY not in desk.texts()
        assert {DOG, TEA} < {*desk.texts(), ""}

    def test_one_that_is_not_there_changes_nothing(self, desk: Desk) -> None:
        desk.knows(DOG, CITY)
        desk.ask("/memory")
        answer = desk.ask("/memory forget 1 7")
        assert "no number 7" in answer
        assert len(desk.texts()) == 2

    @pytest.mark.parametrize("said", ["0", "1 0", "0-1"])
    def test_zero_is_none_of_them(self, desk: Desk, said: str) -> None:
        desk.knows(DOG, "I have 1 car and 0 boats.")
        desk.ask("/memory")
        assert "no number 0" in desk.ask(f"/memory forget {said}")
        assert len(desk.texts()) == 2

    def test_in_quotes_they_are_words(self, desk: Desk) -> None:
        desk.knows("My locker is number 12.", CITY)
        desk.ask("/memory")
        desk.ask('/memory forget "12"')
        assert desk.texts() == [CITY]


class TestWhatWasDone:
    def test_a_forgotten_text_is_named(self, desk: Desk) -> None:
        desk.knows("I like | pipes <b>and</b> `code`.")
        desk.ask("/memory")
        answer = desk.ask("/memory forget 1")
        assert "pipes" in answer
        assert "<b>" not in answer.replace("\\<", "")

    def test_a_long_one_is_cut_and_of_many_ten_are_named(self, desk: Desk) -> None:
        desk.knows(*(f"I own boat number {number}, which is {'very ' * 60}old." for number in range(15)))
        desk.ask("/memory")
        answer = desk.ask("/memory forget 1-15")
        assert "15 memories" in answer
        assert answer.count("I own boat") == 10
        assert "and 5 more" in answer
        assert len(answer) < 3500

    def test_gone_already(self, desk: Desk) -> None:
        desk.knows(DOG, CITY)
        desk.ask("/memory")
        desk.ask("/memory forget 1")
        answer = desk.ask("/memory forget 1 2")
        assert DOG[:-1] in answer
        assert "1 memory was gone already" in answer
        assert desk.ask("/memory forget 1") == "Nothing was forgotten. 1 memory was gone already."


class TestEverything:
    def test_what_waits_is_counted(self, desk: Desk) -> None:
        desk.waits("I live in Porto.")
        desk.waits("I have a cat.")
        question = desk.ask("/memory forget everything")
        assert "2 messages that waited" in question
        answer = desk.ask("/memory forget everything yes")
        assert answer.startswith("Forgotten: 2 messages that waited")
        assert desk.outbox.waiting_of(desk.user) == 0

    def test_memories_and_what_waits(self, desk: Desk) -> None:
        desk.knows(DOG, CITY)
        desk.waits("I have a cat.")
        answer = desk.ask("/memory forget all YES")
        assert answer.startswith("Forgotten: 2 memories, 1 message that waited")
        assert "note" in answer, "the journal went, too"
        assert desk.texts() == []
        assert desk.journal.of_user(desk.user) == []

    def test_what_was_read_long_ago_did_not_wait(self, desk: Desk) -> None:
        desk.outbox.put(Exchange(f"{desk.user}\nw\nw1", desk.user, "w", "I have a cat.", "I see.", 1.0))
        batch = desk.outbox.claim()
        assert batch
        desk.outbox.done(batch)
        desk.knows(DOG)
        assert "waited" not in desk.ask("/memory forget everything yes")

    def test_nothing_is_nothing(self, desk: Desk) -> None:
        assert "nothing to forget" in desk.ask("/memory forget everything")
        answer = desk.ask("/memory forget everything yes")
        assert answer == "Nothing was forgotten: I remember nothing about you."


class TestImport:
    @pytest.mark.parametrize(
        "said", ["I like tea\nI like coffee", "hello", "- a\n- b", "{'memory': 'x'}", '"x"']
    )
    def test_what_is_no_json_is_told_the_format_with_an_example(self, desk: Desk, said: str) -> None:
        answer = desk.ask(f"/memory import\n{said}")
        assert "no line is JSON" in answer
        assert '{"memory": "I live in Lisbon."}' in answer
        assert desk.texts() == []
        example = next(line for line in answer.splitlines() if line.startswith("{"))
        assert desk.ask(f"/memory import\n{example}").startswith("1 memory added")

    @pytest.mark.parametrize("said", ["{}", '{"memory": 3}', '{"text": "I like tea."}'])
    def test_json_that_is_no_memory(self, desk: Desk, said: str) -> None:
        answer = desk.ask(f"/memory import\n{said}")
        assert "no line holds a memory" in answer
        assert '{"memory": "I live in Lisbon."}' in answer
        assert "line 1" in answer

    @pytest.mark.parametrize(
        "said",
        [
            json.dumps([{"memory": DOG}, {"memory": CITY}]),
            json.dumps([{"memory": DOG}, {"memory": CITY}], indent=2),
            json.dumps({"results": [{"memory": DOG}, {"memory": CITY}]}, indent=1),
            f"```json\n{json.dumps({'memory': DOG})}\n\n{json.dumps({'memory': CITY})}\n```",
            json.dumps([DOG, CITY]),
        ],
    )
    def test_what_can_be_meant_is_taken(self, desk: Desk, said: str) -> None:
        assert desk.ask(f"/memory import\n{said}").startswith("2 memories added")
        assert desk.texts() == sorted([DOG, CITY])

    def test_some_lines_are_wrong(self, desk: Desk) -> None:
        answer = desk.ask(f"/memory import\n{json.dumps({'memory': DOG})}\nwhat?\n{{}}")
        assert answer.startswith("1 memory added")
        assert "Not imported:" in answer
        assert "line 2: it is not JSON" in answer
        assert "line 3" in answer

    def test_its_texts_are_embedded_in_batches(self, desk: Desk, scripted_llm: ScriptedLLM) -> None:
        rows = [{"memory": f"I have been to place number {number}."} for number in range(100)]
        desk.ask("/memory")
        scripted_llm.clear()
        answer = desk.ask("/memory import\n" + "\n".join(map(json.dumps, rows)))
        assert answer.startswith("100 memories added")
        asked = [request for request in scripted_llm.requests if request.endpoint == "embeddings"]
        assert len(asked) <= 100 / 16 + 3
        assert max(len(request.inputs) for request in asked) <= 16, "others have their turn in between"
        assert len(desk.texts()) == 100

    def test_deep_and_long_ones(self, desk: Desk) -> None:
        assert "no line is JSON" in desk.ask("/memory import " + "[" * 100_000)
        assert "500" in desk.ask("/memory import " + json.dumps(["I am here."] * 2000))


class TestStatus:
    """What holds in this very chat, and why."""

    LISTS = ("models_recall", "models_remember")
    CASES = (
        ({"chat_id": "temporary:s", "chat_kind": "temporary"}, {}, "temporary chat", "nothing is remembered"),
        ({"memory_switch": False}, {}, "Settings > Personalization", "nothing is remembered"),
        ({"memory_capability": False}, {}, "Memory capability", "nothing is remembered"),
        ({"model": "gpt-5"}, dict.fromkeys(LISTS, "!gpt-*"), "models_recall", "nothing is remembered"),
        ({"model": "gpt-5"}, dict.fromkeys(LISTS, "llama*"), "models_remember", "nothing is remembered"),
        ({"connection": "external"}, {"local_only": True}, "is not local", "nothing is remembered"),
        ({"connection": "unknown"}, {"local_only": True}, "not known whether", "nothing is remembered"),
        ({"model": "gpt-5"}, {"models_remember": "!gpt-*"}, "models_remember", "is not remembered"),
        ({"model": "gpt-5"}, {"models_recall": "!gpt-*"}, "models_recall", "the model gets no memories"),
    )

    @pytest.mark.parametrize(("turn", "settings", "why", "what"), CASES)
    def test_what_does_not_hold_here_is_told_with_the_reason(
        self, desk: Desk, turn: dict[str, object], settings: dict[str, object], why: str, what: str
    ) -> None:
        desk.settings = Valves(**{**desk.settings.model_dump(), **settings})
        for command in ("/memory status", "/memory on always", "/memory on"):
            answer = desk.ask(command, **{"described": True, "connection": "local", **turn})
            assert why in answer
            assert what in answer
            assert "Memory is on in this chat." not in answer
            assert "But" not in answer, "nothing stands before it that it could be contrary to"

    def test_where_all_holds(self, desk: Desk) -> None:
        desk.knows(DOG)
        assert desk.ask("/memory status").splitlines() == [
            "- Memory is on in this chat.",
            "- I remember 1 memory about you.",
            "- 0 messages wait to be remembered.",
        ]

    def test_on_always_says_where_this_chat_is_off_itself(self, desk: Desk) -> None:
        desk.ask("/memory off")
        answer = desk.ask("/memory on always")
        assert "Memory is off in this chat: `/memory on`" in answer
        assert "off in this chat" in desk.ask("/memory status")

    def test_off_and_in_a_temporary_chat(self, desk: Desk) -> None:
        here = {"chat_id": "temporary:s", "chat_kind": "temporary"}
        desk.ask("/memory off", **here)
        off, why = desk.ask("/memory status", **here).splitlines()[:2]
        assert off == "- Memory is off in this chat: `/memory on` switches it on."
        assert why.startswith("- In this chat the model gets no memories, and nothing is remembered")

    def test_earlier_settings_that_stay_in_use_are_no_reason_to_try_again(self, desk: Desk) -> None:
        desk.knows(DOG)
        desk.live._fault = TellAdmin("The store at q.example:6333 cannot be reached.", hint="Is it running?")
        for admin in (False, True):
            answer = desk.ask("/memory status", is_admin=admin)
            assert "I remember 1 memory" in answer
            assert "Regenerate" not in answer
            assert "earlier ones" in answer
            assert ("q.example:6333" in answer) == admin

    def test_a_folder(self, desk: Desk) -> None:
        desk.settings = Valves(**{**desk.settings.model_dump(), "folder_memories": "own"})
        assert "stay in its folder" in desk.ask("/memory status", folder="f1")

    @pytest.mark.parametrize(
        ("where", "fault"),
        [
            ("q.example:6333", "The store at q.example:6333 cannot be reached."),
            ("/data/my own", "The memory database /data/my own/m.db cannot be reached (SQLITE_BUSY)."),
        ],
    )
    def test_addresses_are_for_admins(self, desk: Desk, where: str, fault: str) -> None:
        told = TellAdmin(fault, hint="Set vector_store_url.")
        desk.live._backend, desk.live._fault = None, told
        for command in ("/memory status", "/memory search dog", "/memory", "/memory remember x y"):
            answer = desk.ask(command, is_admin=False)
            assert "cannot be reached" in answer
            assert where not in answer
            assert "vector_store_url" not in answer
            answer = desk.ask(command, is_admin=True)
            assert where in answer
            assert "vector_store_url" in answer


def test_without_ids_a_model_that_may_not_know_memories_is_not_shown_them(
    own_data_folder: Path, scripted_llm: ScriptedLLM
) -> None:
    """There the answer stands in the conversation, and goes to the model with the next message."""
    with a_desk(own_data_folder, scripted_llm, local_only=True) as desk:
        desk.knows(DOG)
        told = {kind: desk.ask("/memory", chat_kind="api", connection=kind) for kind in ("local", "external")}
    assert "Rex" in told["local"]
    assert "may not know your memories" in told["external"]
    assert "Rex" not in told["external"]
