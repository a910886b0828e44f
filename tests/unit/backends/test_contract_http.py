"""What the two backends behind HTTP must do, and what each of them alone."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.backends import open_backend
from owui_memory.backends import platform as platform_module
from owui_memory.backends.api import Api, Timeouts
from owui_memory.backends.platform import PlatformBackend
from owui_memory.backends.server import ServerBackend
from owui_memory.core.errors import Drop, MemoryFault, Retry, TellAdmin
from owui_memory.core.memory import Memory
from tests.harness.hang import returns
from tests.harness.mem0_platform import Platform
from tests.harness.mem0_server import RestServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.unit.backends.contract import (
    CALLS,
    KEY,
    REMOTES,
    SECRET,
    Case,
    added_texts,
    faults_of,
    fill,
    keep,
    library_settings,
    listed,
    reactions,
    remote_backend,
    said,
)


def test_a_wrong_key_is_the_admins_to_mend(remote: Case) -> None:
    for key in ("wrong", ""):
        with contextlib.closing(remote_backend(remote.kind, remote.behind.url, key)) as backend:
            with pytest.raises(TellAdmin, match="401"):
                backend.search("ada", "dog", 5)
            assert not backend.check()[0].ok


def test_the_key_goes_to_no_other_host(remote: Case, scripted_llm: ScriptedLLM) -> None:
    elsewhere = f"{scripted_llm.url}/health"
    scripted_llm.clear()

    with remote.behind.fail(307, headers={"Location": elsewhere}):
        assert reactions(remote.backend) == dict.fromkeys(CALLS, TellAdmin)

    assert scripted_llm.requests == []


def test_no_proxy_of_the_environment_sees_the_key(
    remote: Case, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", scripted_llm.url)
    monkeypatch.setenv("ALL_PROXY", scripted_llm.url)

    with contextlib.closing(remote_backend(remote.kind, remote.behind.url)) as backend:
        assert backend.search("ada", "dog", 5) == []


def test_an_answer_that_is_not_mem0s_is_the_admins_to_mend(remote: Case) -> None:
    for body in (b"<html>Log in, please.</html>", b"", ["a", "list"], "text"):
        with remote.behind.fail(200, body=body):
            assert reactions(remote.backend) == dict.fromkeys(CALLS, TellAdmin), body

    reading = ("search", "added_by", "get", "get_all", "of_kind", "list_all", "erase")
    for body in ({}, {"results": "none"}, {"message": "Welcome!"}):  # without memories, none of them empty
        with remote.behind.fail(200, body=body):
            assert reactions(remote.backend, reading) == dict.fromkeys(reading, TellAdmin), body


def test_memories_of_a_strange_shape_are_read_as_far_as_they_go(remote: Case) -> None:
    odd = [
        1,
        None,
        {},
        {"id": 1, "memory": None},
        {"id": 2, "memory": "Tea.", "metadata": [], "score": "high"},
    ]

    with remote.behind.fail(200, body={"results": odd}):
        (found,) = remote.backend.search("ada", "tea", 5)
        (listed,) = remote.backend.list_all("ada")

    assert found.memory == listed == Memory("2", "Tea.")
    assert (found.meaning, found.keyword) == (0.0, None)


def test_all_of_a_batch_is_listed_however_many_pages_it_has(
    remote: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_module, "_PAGE", 1)
    texts = {f"I own boat {number}." for number in range(12)}
    for text in texts:
        remote.backend.store("ada", Memory("", text, batch="b"))
    assert added_texts(remote.backend, "b") == texts


def test_what_others_said_is_not_shown_even_where_it_is_sent(remote: Case) -> None:
    rows = [{"id": "1", "memory": "Bob is ill.", "user_id": "bob"}]

    with remote.behind.fail(200, body={"results": rows}):
        assert remote.backend.search("ada", "ill", 5) == []
        assert remote.backend.list_all("ada") == []
        assert remote.backend.erase("ada") == 0

    assert "DELETE" not in {asked.method for asked in remote.behind.requests}


REACTIONS = {400: Drop, 401: TellAdmin, 403: TellAdmin, 404: TellAdmin, 429: Retry, 500: Retry, 503: Retry}


def test_every_call_says_whose_a_fault_is_to_mend(remote: Case) -> None:
    for status, reaction in REACTIONS.items():
        with remote.behind.fail(status):
            assert reactions(remote.backend) == dict.fromkeys(CALLS, reaction), status


@pytest.mark.parametrize("own_case", REMOTES, indirect=True)
def test_every_call_has_its_time_and_what_is_down_is_tried_again_later(own_case: Case) -> None:
    own_case.impatient()
    with own_case.behind.hold():
        faults = faults_of(own_case.backend)
    assert {name: str(fault)[-14:] for name, fault in faults.items()} == dict.fromkeys(
        CALLS, "took too long."
    )
    own_case.stop()
    assert reactions(own_case.backend) == dict.fromkeys(CALLS, Retry)


def test_an_erasure_that_broke_off_is_finished_by_the_next_one(remote: Case) -> None:
    remote.holds("ada", 3)

    with remote.behind.fail(503, method="DELETE"), pytest.raises(Retry):
        remote.backend.erase("ada")

    assert len(listed(remote.backend)) == 3
    assert remote.backend.erase("ada") == 3
    assert listed(remote.backend) == []


def test_the_rules_for_extraction_go_along(remote: Case, scripted_llm: ScriptedLLM) -> None:
    rules = "Never remember hats."
    with contextlib.closing(remote_backend(remote.kind, remote.behind.url, rules=rules)) as backend:
        backend.extract("ada", said("I live in Rome."), batch="batch-1")

    assert rules in scripted_llm.chats()[-1].text


def test_a_blank_question_asks_nobody(remote: Case) -> None:
    remote.behind.requests.clear()

    assert remote.backend.search("ada", " \n", 5) == []
    assert remote.behind.requests == []


def test_opened_as_the_settings_say_but_not_with_a_wrong_key(
    remote: Case, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    there = {"backend": remote.kind, "backend_url": f"{remote.behind.url}/", "backend_api_key": KEY}
    settings = library_settings(scripted_llm, **there)
    with contextlib.closing(open_backend(settings, tmp_path)) as backend:
        assert type(backend) is type(remote.backend)
        assert backend.search("ada", "dog", 5) == []

    with pytest.raises(TellAdmin, match="401"):
        open_backend(settings.model_copy(update={"backend_api_key": "wrong"}), tmp_path)


# The server alone ---------------------------------------------------------------------------------


@pytest.fixture
def to_server(server: RestServer) -> Iterator[ServerBackend]:
    with contextlib.closing(ServerBackend(server.url, KEY)) as backend:
        yield backend


def test_the_server_tells_meaning_and_words_apart(to_server: ServerBackend) -> None:
    keep(to_server, "ada", "My dog is called Rex.", batch="batch-1")

    (found,) = to_server.search("ada", "My dog is called Rex.", 5)

    assert found.meaning == pytest.approx(1.0, abs=0.01)
    assert found.keyword is not None
    assert found.keyword > 0


CODES = {
    "provider_auth_failed": TellAdmin,
    "provider_bad_request": Drop,
    "provider_rate_limited": Retry,
    "provider_timeout": Retry,
    "provider_unavailable": Retry,
    "datastore_unavailable": Retry,
    "vector_store_unavailable": Retry,
    "unknown": Retry,
}


def test_what_fails_behind_the_server_is_sorted_by_its_code(
    server: RestServer, to_server: ServerBackend
) -> None:
    for code, reaction in CODES.items():
        body = {"detail": "…", "code": code, "request_id": "1"}
        with server.fail(502, body), pytest.raises(MemoryFault) as raised:
            to_server.extract("ada", said(SECRET), batch="batch-1")
        assert type(raised.value) is reaction, code
        assert not re.search(r"\b502\b", str(raised.value))
        assert raised.value.hint


def test_an_admins_key_shows_no_more(server: RestServer, to_server: ServerBackend) -> None:
    server.is_admin = True
    fill(server.memory, "bob", ["Bob's boat."])
    for nobody in ("", "*"):
        with pytest.raises(Drop):
            to_server.erase(nobody)
    assert to_server.erase("ada") == 0
    assert listed(to_server, "bob") == ["Bob's boat."]


def test_a_server_that_erases_nothing_is_not_believed(server: RestServer, to_server: ServerBackend) -> None:
    fill(server.memory, "ada", ["I own a boat."])

    with (
        server.fail(200, {"message": "Memory deleted successfully"}, method="DELETE"),
        pytest.raises(Retry, match="still lists"),
    ):
        to_server.erase("ada")


# The platform alone -------------------------------------------------------------------------------


@pytest.fixture
def to_platform(platform: Platform) -> Iterator[PlatformBackend]:
    with contextlib.closing(PlatformBackend(platform.url, KEY, pauses_s=(0, 0, 0))) as backend:
        yield backend


def test_a_failed_event_is_tried_again(platform: Platform, to_platform: PlatformBackend) -> None:
    platform.fail_events = True

    with pytest.raises(Retry, match="failed to read"):
        to_platform.extract("ada", said("I live in Rome."), batch="batch-1")


def test_what_stays_pending_counts_as_remembered(platform: Platform) -> None:
    with contextlib.closing(PlatformBackend(platform.url, KEY, pauses_s=(0,))) as backend:
        assert backend.extract("ada", said("I live in Rome."), batch="batch-1") == []

    assert [event["status"] for event in platform.events.values()] == ["RUNNING"]


def test_closing_ends_the_wait_for_an_event(platform: Platform) -> None:
    backend = PlatformBackend(platform.url, KEY, pauses_s=(3600,))
    results: list[list[Memory]] = []
    adding = threading.Thread(
        target=lambda: results.append(backend.extract("ada", said("I live in Rome."), batch="b"))
    )
    adding.start()
    while not platform.events:
        adding.join(0.01)
    backend._closing.set()
    adding.join(60)
    backend.close()

    assert results == [[]]


def test_what_is_long_is_read_page_by_page(
    platform: Platform, to_platform: PlatformBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_module, "_PAGE", 10)
    texts = [f"I own boat number {number}." for number in range(13)]
    keep(to_platform, "ada", *texts, batch="batch-1")
    platform.requests.clear()

    assert added_texts(to_platform, "batch-1") == set(texts)
    assert len(to_platform.list_all("ada")) == 13
    assert [asked.path for asked in platform.requests] == ["/v3/memories/"] * 4


def test_many_are_erased_a_batch_at_a_time(
    platform: Platform, to_platform: PlatformBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_module, "_ERASED", 10)
    fill(platform.memory, "ada", [f"I own boat number {number}." for number in range(25)])
    platform.requests.clear()

    assert to_platform.erase("ada") == 25

    assert [asked.path for asked in platform.requests if asked.method == "DELETE"] == ["/v1/batch/"] * 3
    assert platform.events == {}, "nothing is only queued"


def test_a_memory_that_the_platform_only_queued_has_no_id_yet(
    platform: Platform, to_platform: PlatformBackend
) -> None:
    platform.events["e"] = {"event_type": "ADD", "status": "IN_QUEUE"}
    queued = {"event_id": "e", "status": "PENDING", "message": "queued for background execution"}

    with platform.fail(200, queued, method="POST"):
        assert to_platform.store("ada", Memory("", "I own a boat.", batch="b")) == ""


def test_a_platform_that_lists_no_second_page_is_not_asked_for_ever(
    platform: Platform, to_platform: PlatformBackend
) -> None:
    page = {"results": [{"id": "1", "memory": "I own a boat."}], "next": "https://api.mem0.ai/?page=2"}

    with platform.fail(200, page), returns():
        with pytest.raises(Retry, match="again"):
            to_platform.list_all("ada")
        assert len(to_platform.of_kind("ada", "fact", 5)) <= 5


class _Mem0(Api):
    name, one_route = "mem0", "/{}"


def test_what_is_closed_lets_a_request_end_and_leaves_no_connection() -> None:
    answers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        mem0 = _Mem0(f"http://127.0.0.1:{server.getsockname()[1]}", None, Timeouts())
        asking = threading.Thread(target=lambda: answers.append(mem0._call("GET", "/", 60)))
        asking.start()
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            mem0.close()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            asking.join(60)
            assert answers == [{}]
            assert connection.recv(1) == b"", "the other end is closed"
