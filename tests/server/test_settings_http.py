"""Settings as the admin panel and the Pipelines server treat them, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from scripts import up
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer
from tests.harness.talk import recalled, tell
from tests.harness.waiting import wait_until

SECRET = "sk-very-secret-4711"
SECRETS = ("backend_api_key", "vector_store_api_key", "llm_api_key", "embedder_api_key")


@pytest.fixture
def server(shared_server: PipelinesServer) -> Iterator[PipelinesServer]:
    """One for all tests of this module; each leaves it running, with the default settings."""
    shared_server.wait_ready = False  # some leave settings with which no backend opens
    yield shared_server
    if not shared_server.is_running:
        shared_server.start()
    shared_server.reset_valves()


def saved(server: PipelinesServer) -> dict[str, Any]:
    """What is on the disk."""
    return json.loads(server.valves_file.read_text())


def refusal(server: PipelinesServer, name: str) -> str:
    """What the panel shows at a field that was not saved."""
    told: str = server.valves_spec()["properties"][name]["description"]
    return told if told.startswith("NOT SAVED") else ""


class TestWhatThePanelDoes:
    def test_the_form_can_be_saved_as_it_was_read(self, server: PipelinesServer) -> None:
        before = server.get_valves()
        assert "" not in before.values()  # the panel refuses to save an empty text box
        as_text = {
            k: str(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in before.items()
        }
        assert server.save_valves(as_text).json() == before


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("memories_per_turn", "many", "0 to 50"),
            ("memories_per_turn", 51, "0 to 50"),
            ("memories_per_turn", -1, "0 to 50"),
            ("inlet_deadline_ms", "0", "50 to 10000"),
            ("memory_token_budget", 3.7, "50 to 16000"),
            ("enabled", "perhaps", "true or false"),
            ("vector_store", "mysql", "sqlite, qdrant, pgvector"),
            ("llm_base_url", "not an address", "http"),
            ("embedder_base_url", "ftp://host", "http"),
            ("collection", "no spaces", "letters"),
        ],
    )
    def test_one_sentence_that_names_the_field_and_nothing_changes(
        self, server: PipelinesServer, name: str, value: Any, told: str
    ) -> None:
        server.change_valves(memories_per_turn=5)
        before, on_disk = server.get_valves(), saved(server)
        refused = server.save_valves({**before, name: value})
        assert refused.status_code == 500
        sentence, _, _ = refusal(server, name).partition(". ")
        assert sentence.removeprefix("NOT SAVED: ") in refused.json()["detail"]
        assert name in sentence
        assert told in sentence
        assert "\n" not in sentence
        assert len(sentence) < 200
        assert server.get_valves() == before
        assert saved(server) == on_disk
        assert sentence.removeprefix("NOT SAVED: ") in json.dumps(server.status())
        server.save_valves(before)
        assert refusal(server, name) == ""

    def test_whatever_a_form_holds_the_server_goes_on(self, server: PipelinesServer) -> None:
        before = server.get_valves()
        for sent in (None, "", " ", "abc", 1e99, -1, [""], "null", {}, "\ud800"):
            form = json.dumps(dict.fromkeys(before, sent))
            headers = {"Content-Type": "application/json"}
            answer = server.client.post("/memory_filter/valves/update", content=form, headers=headers)
            is_empty = sent is None or sent in ("", " ")
            assert answer.status_code == 200 if is_empty else answer.status_code in (200, 500), (sent, answer)
            assert server.get("/memory_filter/valves/spec").status_code == 200
            assert json.dumps(server.get_valves())

    def test_memory_works_on_after_a_refusal(self, server: PipelinesServer) -> None:
        server.wait_until_ready()
        server.save_valves({**server.get_valves(), "memories_per_turn": "many"})
        tell(server, "My dog is called Rex.")
        assert "Rex" in recalled(server, "What is my dog called?")


class TestSecrets:
    def test_they_are_masked_in_every_answer(self, server: PipelinesServer) -> None:
        answers = [server.save_valves({**server.get_valves(), **dict.fromkeys(SECRETS, SECRET)}).text]
        answers += [server.get(f"/memory_filter/{path}").text for path in ("valves", "valves/spec")]
        answers += [server.get(path).text for path in ("/memory/status", "/v1/pipelines", "/v1/models")]
        assert SECRET not in "\n".join(answers)
        assert SECRET not in server.log()
        assert {server.get_valves()[name] for name in SECRETS} == {"********"}

    def test_they_are_kept_when_saved_masked(self, server: PipelinesServer) -> None:
        server.change_valves(llm_api_key=SECRET)
        server.change_valves(memories_per_turn=5)
        server.change_valves(memories_per_turn=6)
        assert saved(server)["llm_api_key"] == SECRET
        server.restart()
        server.change_valves(memories_per_turn=7)
        assert saved(server)["llm_api_key"] == SECRET

    def test_they_can_be_taken_away(self, server: PipelinesServer) -> None:
        server.change_valves(llm_api_key=SECRET)
        assert not server.change_valves(llm_api_key=None)["llm_api_key"]
        assert SECRET not in server.valves_file.read_text()

    def test_a_preset_secret_is_masked_and_never_reaches_the_disk(
        self, pipelines_server: StartServer
    ) -> None:
        server = pipelines_server(env={"MEMORY_LLM_API_KEY": SECRET}, wait_ready=False)
        assert server.get_valves()["llm_api_key"] == "********"
        after = server.save_valves({**server.get_valves(), "memories_per_turn": 5})
        assert after.json()["llm_api_key"] == "********"
        assert SECRET not in server.valves_file.read_text()

    def test_a_refused_value_of_a_secret_is_not_told(self, server: PipelinesServer) -> None:
        refused = server.save_valves({**server.get_valves(), "llm_api_key": {"value": SECRET}})
        assert SECRET not in refused.text
        assert SECRET not in server.log()


class TestWhereAValueComesFrom:
    def test_presets_by_environment(self, pipelines_server: StartServer) -> None:
        preset = {"MEMORY_MEMORIES_PER_TURN": "3", "MEMORY_ENABLED": "false", "MEMORY_PIPELINES": "a,b"}
        server = pipelines_server(env={**preset, "MEMORY_INLET_DEADLINE_MS": "soon"}, wait_ready=False)
        valves = server.get_valves()
        assert (valves["memories_per_turn"], valves["enabled"], valves["pipelines"]) == (3, False, ["a", "b"])
        assert valves["inlet_deadline_ms"] == 800, "what cannot be meant is left out"
        assert "inlet_deadline_ms" in json.dumps(server.status())
        assert "inlet_deadline_ms" in server.log()

        server.change_valves(memories_per_turn=9)
        server.restart()
        assert server.get_valves()["memories_per_turn"] == 9, "what was saved wins"
        assert server.change_valves(memories_per_turn=None)["memories_per_turn"] == 3

    @pytest.mark.parametrize(
        "written",
        [
            {"memories_per_turn": "nonsense", "pipelines": 5, "vector_store": "mysql"},
            {"vector_store": "qdrant", "extraction": "mem0", "llm_provider": "none"},
            {"a_setting_of_another_version": 1, "collection": {"a": []}, "llm_api_key": ["x"]},
        ],
        ids=str,
    )
    def test_a_broken_valves_file_does_not_keep_the_server_down(
        self, server: PipelinesServer, written: dict[str, Any]
    ) -> None:
        server.change_valves(memory_token_budget=400)
        server.stop()
        server.valves_file.write_text(json.dumps({**saved(server), **written}))
        server.start()
        assert server.get_valves()["memory_token_budget"] == 400
        assert server.save_valves({"memories_per_turn": 5}).json()["memories_per_turn"] == 5
        wrong = [name for name in written if name != "a_setting_of_another_version"]
        told = json.dumps(server.status()) + server.log()
        assert any(name in told for name in wrong) or not wrong

    def test_settings_saved_by_the_release_before_are_taken_over_and_told(
        self, pipelines_server: StartServer
    ) -> None:
        server = pipelines_server(env={"MEMORY_MODELS_OFF": "gpt-*"}, wait_ready=False)
        server.change_valves(memory_token_budget=400)
        server.stop()
        before = {"memory_token_budget": 400, "recall_only": "tiny-*", "retry_max_hours": 0.5}
        server.valves_file.write_text(json.dumps(before))
        server.start()
        taken = server.get_valves()
        assert taken["memory_token_budget"] == 400
        assert (taken["models_recall"], taken["models_remember"]) == ("!gpt-*", "!gpt-*, !tiny-*")
        assert taken["advanced"] == "retry_max_hours=0.5"
        assert server.part("filter")["ok"]
        for told in ("MEMORY_MODELS_OFF is now", "recall_only is now", "retry_max_hours is now"):
            assert told in server.part("filter")["detail"]
            assert told in server.log()
        server.save_valves(taken).raise_for_status()
        assert set(saved(server)) == {"memory_token_budget", "models_remember", "advanced"}
        assert server.get_valves() == taken
        assert "recall_only" not in server.part("filter")["detail"]

    def test_a_changed_setting_takes_effect_at_once(self, server: PipelinesServer) -> None:
        server.wait_until_ready()
        tell(server, "My dog is called Rex.")
        server.change_valves(memories_per_turn="0", advanced="profile_token_budget=0")
        assert recalled(server, "What is my dog called?") == ""
        server.change_valves(memories_per_turn="4")
        assert "Rex" in recalled(server, "What is my dog called?")


def test_a_store_that_cannot_be_reached_is_saved_and_told_at_once(server: PipelinesServer) -> None:
    """The panel can say no more than that it was saved."""
    server.wait_until_ready()
    tell(server, "My dog is called Rex.")
    before = server.get_valves()
    after = server.change_valves(vector_store="qdrant", vector_store_url="http://127.0.0.1:9")
    assert after["vector_store"] == "qdrant"

    def wrong() -> list[str]:
        return [f"{part['detail']} {part['hint']}" for part in server.status()["parts"] if not part["ok"]]

    wait_until(lambda: any("127.0.0.1:9" in told for told in wrong()), within=10, what="the status tells it")
    assert server.status()["ok"] is False
    news = up.News({"parts": []}).of(server.status())
    assert any("127.0.0.1:9" in line for line in news), "and so does `make up`"
    turn = Chat("ada").say("/memory status")
    body = turn.outlet("OK", sent=server.inlet(turn.inlet, {"id": "ada", "role": "user"}))
    answer = server.outlet(body, {"id": "ada", "role": "user"})["messages"][-1]["content"]
    assert "Your admin has chosen settings that do not work yet." in answer
    assert "127.0.0.1" not in answer
    assert "Rex" in recalled(server, "What is my dog called?"), "the earlier one stays in use"
    server.save_valves(before)
    wait_until(lambda: not any("127.0.0.1:9" in told for told in wrong()), within=10, what="it is mended")
