"""With `llm_provider` auto: which LLM reads what a model has answered, and what is said where none does."""

import threading
from typing import Any

import pytest

from owui_memory.core.chat_servers import NOBODY, AnsweredBy, ChatServer
from owui_memory.core.errors import Retry, TellAdmin
from owui_memory.models import catalogue
from owui_memory.models.catalogue import Catalogue
from tests.harness.hang import returns
from tests.harness.hostile_server import BUFFERS, HostileServer
from tests.harness.ollama import Ollama
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.models.reading import DOWN, ELSEWHERE, external, listing, llms, local, openai, reader


def test_the_model_that_answered_reads(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.when("Who reads?", "I do.")
    ours = llms(openai(scripted_llm.base_url))
    assert reader(ours, external("scripted-chat")) == ("scripted-chat", scripted_llm.base_url)
    with ours.reading(external("scripted-chat"), local_only=False, patient=True):
        reply = ours.ask([{"role": "user", "content": "Who reads?"}])
    assert (reply.text, reply.model) == ("I do.", "scripted-chat")
    asked = scripted_llm.chats()[-1]
    assert asked.body["model"] == "scripted-chat"
    assert asked.headers.get("Authorization", asked.headers.get("authorization")) == "Bearer k"


NAMES = {
    "qwen3:8b": "qwen3:8b",
    "Qwen3:8B": "qwen3:8b",
    "llama3": "llama3:latest",
    "llama3:latest": "llama3:latest",
    "home.llama3:latest": "llama3:latest",  # a connection's prefix
    "a.b.c.qwen3:8b": "qwen3:8b",
    "hf.co/some/model.gguf:q4": "hf.co/some/model.gguf:q4",
    "box.hf.co/some/model.gguf:q4": "hf.co/some/model.gguf:q4",
    **dict.fromkeys(("qwen3", "wen3:8b", ".", "a" * 200_000, "." * 10_000, ""), ""),
}


def test_names_are_understood_as_open_webui_makes_them() -> None:
    with Ollama("qwen3:8b", "llama3:latest", "hf.co/some/model.gguf:q4") as ollama:
        ours = llms(ChatServer("ollama", ollama.url))
        assert {said: reader(ours, local(said))[0] for said in NAMES} == NAMES


def test_a_name_with_a_dot_is_not_taken_apart_where_it_is_listed() -> None:
    rows = {"data": [{"id": "1"}, {"id": "gpt-4.1"}]}
    with listing(rows) as url:
        assert reader(llms(openai(url)), external("gpt-4.1"))[0] == "gpt-4.1"


def test_of_several_servers_the_one_that_has_it_reads(scripted_llm: ScriptedLLM) -> None:
    with Ollama("scripted-chat:latest", "qwen3:8b") as ollama:
        both = llms(openai(scripted_llm.base_url), ChatServer("ollama", ollama.url))
        assert reader(both, local("qwen3:8b")) == ("qwen3:8b", ollama.url)
        assert reader(both, external("scripted-chat")) == ("scripted-chat", scripted_llm.base_url)
        assert reader(both, local("scripted-chat")) == ("scripted-chat:latest", ollama.url)


def test_what_a_local_model_answered_stays_near(scripted_llm: ScriptedLLM, monkeypatch: Any) -> None:
    far = {scripted_llm.base_url}
    monkeypatch.setattr(catalogue, "is_local", lambda url: url not in far)
    with Ollama("qwen3:8b", "gpt-oss:120b-cloud") as ollama:
        servers = openai(scripted_llm.base_url), ChatServer("ollama", ollama.url)
        ours = llms(*servers)
        assert reader(ours, local("scripted-chat")) == ("", "")
        assert reader(ours, external("scripted-chat"))[0] == "scripted-chat"
        assert reader(ours, external("scripted-chat"), local_only=True) == ("", "")
        assert reader(ours, local("gpt-oss:120b-cloud")) == ("", "")
        assert reader(ours, external("gpt-oss:120b-cloud"))[0] == "gpt-oss:120b-cloud"

        named = llms(*servers, llm_model="scripted-chat")
        assert reader(named, local("qwen3:8b")) == ("", "")
        assert reader(named, AnsweredBy("a-pipe")) == ("", ""), "it may have been local"
        assert reader(named, NOBODY) == ("", "")
        assert reader(named, external("something else"))[0] == "scripted-chat"
        assert reader(named, external("qwen3:8b")) == ("", ""), (
            "its server is near, whatever Open WebUI calls it"
        )
        assert reader(llms(*servers, llm_model="qwen3:8b"), external("scripted-chat"))[0] == "qwen3:8b"


def test_a_second_llm_takes_over_but_not_what_has_to_stay_near(scripted_llm: ScriptedLLM) -> None:
    second = {
        "fallback_llm_provider": "openai",
        "fallback_llm_base_url": ELSEWHERE,
        "fallback_llm_model": "s",
    }
    with Ollama("qwen3:8b") as ollama:
        ours = llms(ChatServer("ollama", ollama.url), **second)
        assert reader(ours, external("unlisted")) == ("s", ELSEWHERE)
        down = llms(openai("http://127.0.0.1:9/v1"), **second)
        assert reader(down, external("gpt"), patient=True) == ("s", ELSEWHERE), "it need not be waited for"
        with pytest.raises(Retry):
            reader(down, AnsweredBy("gpt", "local", "openai"), patient=True)
        assert reader(ours, local("unlisted")) == ("", "")
        assert reader(ours, external("unlisted"), local_only=True) == ("", "")
        with ours.reading(external("qwen3:8b"), local_only=False, patient=True):
            assert [llm.model_name for llm in ours._reading.llms] == ["qwen3:8b"], "that was local, after all"
    near = {**second, "fallback_llm_base_url": scripted_llm.base_url}
    with Ollama("qwen3:8b") as ollama:
        ours = llms(ChatServer("ollama", ollama.url), **near)
        with ours.reading(local("qwen3:8b"), local_only=True, patient=True):
            assert [llm.model_name for llm in ours._reading.llms] == ["qwen3:8b", "s"]


def test_nobody_else_reads_what_no_server_lists_and_the_status_says_so(scripted_llm: ScriptedLLM) -> None:
    ours = llms(openai(scripted_llm.base_url))
    for number in range(50):
        assert reader(ours, external(f"pipe-{number}\n\x1b[31m")) == ("", "")
    part = ours.part()
    assert part.ok, "it works as it should"
    assert "pipe-49" in part.detail
    assert "\n" not in part.detail + part.hint
    assert "\x1b" not in part.detail
    assert len(part.detail) < 2000
    assert "llm_model" in part.hint
    with ours.reading(external("pipe"), local_only=False, patient=True), pytest.raises(TellAdmin):
        ours.ask([{"role": "user", "content": "anything"}])
    assert scripted_llm.chats() == []


def test_threads_choose_for_themselves(scripted_llm: ScriptedLLM) -> None:
    ours = llms(openai(scripted_llm.base_url))
    seen: list[str] = []
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        with ours.reading(external("unlisted"), local_only=False, patient=True) as name:
            inside.set()
            seen.append(name)
            done.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(60)
    with ours.reading(external("scripted-chat"), local_only=False, patient=True):
        assert ours.ask([{"role": "user", "content": "hello"}]).model == "scripted-chat"
    done.set()
    thread.join()
    assert seen == [""]


def test_a_server_that_is_down_is_waited_for_and_not_for_ever(scripted_llm: ScriptedLLM) -> None:
    ours = llms(DOWN, openai(scripted_llm.base_url))
    assert reader(ours, external("scripted-chat"), patient=True)[0] == "scripted-chat"
    with pytest.raises(Retry, match=r"at 127\.0\.0\.1:9 cannot be reached"):
        reader(ours, local("qwen3:8b"), patient=True)
    assert reader(ours, local("qwen3:8b")) == ("", "")
    assert reader(ours, external("a-pipe"), patient=True) == ("", ""), "no Ollama has answered that"
    named = llms(DOWN, openai(scripted_llm.base_url), llm_model="scripted-chat")
    assert reader(named, AnsweredBy("a-pipe", "external"), patient=True)[0] == "scripted-chat"
    assert ours.part().ok, "the other one works"
    assert "127.0.0.1:9 cannot be reached" in ours.part().detail
    alone = llms(DOWN)
    assert reader(alone, local("qwen3:8b")) == ("", "")
    assert not alone.part().ok


def test_a_server_that_has_answered_before_is_believed_while_it_is_down() -> None:
    now = 0.0
    with Ollama("qwen3:8b") as ollama:
        found = Catalogue([ChatServer("ollama", ollama.url)], clock=lambda: now)
        assert found.find("qwen3:8b")
        assert found.find("qwen3:8b")
        assert ollama.asked == ["/api/tags"], "it is not asked each time"
        ollama.models.append("new:1b")
        assert found.find("new:1b") is None
        now += 21
        assert found.find("new:1b"), "a new model is found soon"
        assert len(ollama.asked) == 2
    now += 301
    assert found.find("qwen3:8b")
    (server,) = found.listings
    assert isinstance(server.fault, Retry)


def test_a_server_that_fails_is_asked_less_and_less(scripted_llm: ScriptedLLM) -> None:
    now = 0.0
    found = Catalogue([openai(scripted_llm.base_url)], clock=lambda: now)
    with scripted_llm.fault("models", status=503):
        for _ in range(3600):
            now += 1
            with pytest.raises(Retry):
                found.find("scripted-chat")
        asked = len([one for one in scripted_llm.requests if one.endpoint == "models"])
        assert 5 < asked < 25
    now += 301
    assert found.find("scripted-chat")


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("Unauthorized", 401, "tells no models (HTTP 401)"),
        ("No", 404, "tells no models (HTTP 404)"),
        ("", 307, "tells no models (HTTP 307)"),
        ("busy", 503, "answered HTTP 503"),
        ("slow down", 429, "answered HTTP 429"),
        ("<html><body>Sign in</body></html>", 200, "answers with no list of models"),
        ("", 200, "answers with no list of models"),
        ("[" * 200_000, 200, "answers with no list of models"),
        ('{"data": {"a": 1}}', 200, "answers with no list of models"),
        ('"text"', 200, "answers with no list of models"),
        (b"\xff\xfe\x00", 200, "answers with no list of models"),
        ('{"data": [{"id": "' + "a" * 9_000_000 + '"}]}', 200, "list of models that is too long"),
    ],
)
def test_a_server_that_gives_no_list_is_named(answer: str | bytes, status: int, told: str) -> None:
    with listing(answer, status) as url:
        ours = llms(openai(url, "very-secret"))
        assert reader(ours, external("gpt")) == ("", "")
        part = ours.part()
    assert not part.ok
    assert told in part.detail
    assert part.hint
    assert "very-secret" not in part.detail + part.hint


@pytest.mark.parametrize("url", ["nonsense", "ftp://a/b", "http://", "http://[::1", "http://a b/v1"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    ours = llms(openai(url))
    assert reader(ours, external("gpt")) == ("", "")
    assert not ours.part().ok
    assert "OPENAI_API_BASE_URL" in ours.part().hint


@pytest.mark.parametrize(
    "kind", ["endless body", "drops of headers", "gzip bomb", "redirects", "deep nesting"]
)
def test_a_list_without_end_is_cut_off(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_WHOLE_S", 0.3)
    with HostileServer(kind) as hostile:
        ours = llms(openai(f"{hostile.url}/v1"))
        with returns(kind):
            assert reader(ours, external("gpt")) == ("", "")
        assert hostile.wait_until_closed(60)
        assert hostile.sent < BUFFERS + 20_000_000
        assert not ours.part().ok


def test_odd_rows_are_left_out_and_many_are_bounded() -> None:
    rows = [None, 1, {}, {"id": 7}, {"id": ""}, {"id": "a\x00b"}, {"id": "x" * 300}, {"id": "good"}]
    many = [{"id": f"m{number}"} for number in range(50_100)]
    with listing({"data": rows + many}) as url:
        found = Catalogue([openai(url)])
        assert found.find("good")
        assert found.find("m20000"), "a list as long as that of any provider is read to its end"
        assert len(found.listings[0].names or ()) < 50_001
        assert found.find("a\x00b") is None
    with listing([{"id": "bare"}]) as url:  # as Together's
        assert Catalogue([openai(url)]).find("bare")


def test_a_pipelines_server_has_programs_and_no_models() -> None:
    with listing({"data": [{"id": "demo_model"}], "pipelines": True}) as url:
        ours = llms(openai(url))
        assert reader(ours, external("demo_model")) == ("", "")


def test_ollamas_models_that_run_elsewhere_are_not_local() -> None:
    rows = {"models": [{"name": "big:1t", "remote_host": "https://ollama.com:443"}, {"name": "small:1b"}]}
    with listing(rows) as url:
        ours = llms(ChatServer("ollama", url.removesuffix("/v1")))
        assert reader(ours, local("big:1t"))[0] == ""
        assert reader(ours, local("small:1b"))[0] == "small:1b"
