"""What every backend must do, run over all of them: each test takes the backends one after the other."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from owui_memory.backends import open_backend, providers
from owui_memory.backends.assemble import assemble
from owui_memory.backends.base import Backend
from owui_memory.backends.library import LibraryBackend
from owui_memory.backends.platform import PlatformBackend
from owui_memory.backends.remote import RemoteBackend, Timeouts
from owui_memory.backends.server import ServerBackend
from owui_memory.errors import Drop, MemoryFault, Retry, TellAdmin
from owui_memory.settings import Valves
from tests.harness.mem0_server import Platform, RestServer, StandIn
from tests.harness.postgres import PASSWORD, Postgres, PostgresMissingError
from tests.harness.qdrant_server import QdrantServer
from tests.harness.scripted_llm import ScriptedLLM

KEY = "the-right-key"
SECRET = "my secret is a blue giraffe"  # must never show up in an error
LIBRARIES = ["sqlite", "qdrant", "pgvector"]
REMOTES = ["server", "platform"]


@dataclass
class Case:
    """A backend with what stands behind it, and ways to make that fail."""

    backend: Backend
    failing: Callable[[int], AbstractContextManager[Any]]  # all requests are answered with this HTTP status
    hanging: Callable[[], AbstractContextManager[Any]]
    impatient: Callable[[], None]  # make it wait for fractions of a second only
    stop: Callable[[], None]  # what stands behind it goes away
    behind: Any = None
    settings: Valves = field(default_factory=Valves)


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def found_texts(backend: Backend, user: str, query: str, limit: int = 5) -> list[str]:
    found = backend.search(user, query, limit)
    return [item.memory.text for item in sorted(found, key=lambda item: item.meaning, reverse=True)]


def added_texts(backend: Backend, batch: str, user: str = "ada") -> set[str]:
    return {memory.text for memory in backend.added_by(user, batch)}


# Opening ------------------------------------------------------------------------------------------


def library_settings(llm: ScriptedLLM, **more: Any) -> Valves:
    return Valves(
        llm_provider="openai",
        llm_base_url=llm.base_url,
        llm_model="scripted-chat",
        embedder_provider="openai",
        embedder_base_url=llm.base_url,
        embedder_model="scripted-embed",
        collection=f"memories_{uuid.uuid4().hex[:8]}",
        **more,
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        running = Postgres()
    except PostgresMissingError as missing:
        pytest.skip(f"no PostgreSQL with pgvector: {missing}")
    with running:
        yield running


@pytest.fixture
def qdrant() -> Iterator[QdrantServer]:
    with QdrantServer() as server:
        yield server


def library_case(settings: Valves, llm: ScriptedLLM, folder: Path) -> Case:
    backend = LibraryBackend.open(settings, folder)

    def impatient() -> None:
        providers.bound_client(backend._memory.embedding_model, 0.2, {})

    def stop() -> None:
        embedder = backend._memory.embedding_model.model
        embedder.client = embedder.client.with_options(base_url="http://127.0.0.1:9/v1")

    return Case(
        backend,
        failing=lambda status: llm.fault("*", status=status),
        hanging=lambda: llm.hold("*"),
        impatient=impatient,
        stop=stop,
        settings=settings,
    )


def store_settings(kind: str, request: pytest.FixtureRequest) -> dict[str, str]:
    if kind == "sqlite":
        return {}
    if kind == "qdrant":
        return {"vector_store": "qdrant", "vector_store_url": request.getfixturevalue("qdrant").url}
    url = request.getfixturevalue("postgres").url
    return {"vector_store": "pgvector", "vector_store_url": url, "vector_store_api_key": PASSWORD}


@contextlib.contextmanager
def stand_in(kind: str, llm: ScriptedLLM, folder: Path) -> Iterator[StandIn]:
    memory, _ = assemble(library_settings(llm), folder)
    try:
        with (RestServer if kind == "server" else Platform)(memory, KEY) as server:
            yield server
    finally:
        LibraryBackend(memory, Valves(), 0).close()


def remote_backend(kind: str, url: str, key: str = KEY, **options: Any) -> RemoteBackend:
    if kind == "server":
        return ServerBackend(url, key, **options)
    return PlatformBackend(url, key, pauses_s=(0, 0, 0), **options)


def remote_case(kind: str, server: StandIn) -> Case:
    backend = remote_backend(kind, server.url)

    def impatient() -> None:
        backend._timeouts = Timeouts(connect=2.0, search=0.2, add=0.2)

    return Case(backend, server.fail, server.hold, impatient, server.stop, behind=server)


@pytest.fixture(params=[*LIBRARIES, *REMOTES])
def case(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Case]:
    kind = request.param
    with ExitStack() as stack:
        if kind in LIBRARIES:
            settings = library_settings(scripted_llm, **store_settings(kind, request))
            opened = library_case(settings, scripted_llm, tmp_path / "data")
        else:
            opened = remote_case(kind, stack.enter_context(stand_in(kind, scripted_llm, tmp_path / "mem0")))
        stack.callback(opened.backend.close)
        yield opened


@pytest.fixture
def backend(case: Case) -> Backend:
    return case.backend


@pytest.fixture(params=REMOTES)
def remote(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Case]:
    """The two that stand behind HTTP."""
    with stand_in(request.param, scripted_llm, tmp_path / "mem0") as server:
        opened = remote_case(request.param, server)
        with contextlib.closing(opened.backend):
            yield opened


# Remembering and finding --------------------------------------------------------------------------


def test_an_empty_store_finds_nothing(backend: Backend) -> None:
    assert backend.search("ada", "anything at all", 5) == []
    assert backend.added_by("ada", "batch-1") == []


def test_what_is_added_as_it_stands_is_found_by_its_user_only(backend: Backend) -> None:
    added = backend.add("ada", said("My dog is called Rex."), infer=False, batch="batch-1")
    backend.add("bob", said("My cat is called Tom."), infer=False, batch="batch-2")

    assert added == 1
    assert found_texts(backend, "ada", "What is my dog called?") == ["My dog is called Rex."]
    assert found_texts(backend, "bob", "What is my dog called?") == ["My cat is called Tom."]
    assert found_texts(backend, "eve", "What is my dog called?") == []


def test_a_memory_tells_id_times_batch_and_how_near_it_is(backend: Backend) -> None:
    backend.add("ada", said("My dog is called Rex."), infer=False, batch="batch-1")

    (near,) = backend.search("ada", "My dog is called Rex.", 5)
    (far,) = backend.search("ada", "quarterly revenue", 5)

    assert near.memory.id
    assert near.memory.batch == "batch-1"
    assert near.memory.created_at is not None
    assert near.memory.created_at.tzinfo is not None
    assert near.meaning == pytest.approx(1.0, abs=0.01) or near.keyword is None
    assert 0 <= far.meaning < near.meaning <= 1


def test_any_script_comes_back_as_it_was(backend: Backend) -> None:
    texts = [
        "Ich wohne in Köln – seit 2019.",
        "我住在北京的胡同里。",
        "My mood: 🦒🎈",
        "Quotes \" and ' \\ and % _ ;--",
    ]
    for text in texts:
        backend.add("ada", said(text), infer=False, batch="batch-1")

    assert [found_texts(backend, "ada", text)[0] for text in texts] == texts
    assert added_texts(backend, "batch-1") == set(texts)


def test_the_nearest_come_and_no_more_than_asked_for(backend: Backend) -> None:
    for text in ("My dog is called Rex.", "I play the cello.", "I live in Rome."):
        backend.add("ada", said(text), infer=False, batch="batch-1")

    # `limit` by meaning and `limit` by words.
    assert found_texts(backend, "ada", "Where do I live? In Rome?", limit=1)[0] == "I live in Rome."
    assert len(backend.search("ada", "Where do I live? In Rome?", 1)) <= 2
    assert backend.search("ada", "Where do I live?", 0) == []


def test_many_nearer_memories_of_others_hide_nothing(backend: Backend) -> None:
    crowd = [message for _ in range(60) for message in said("My dog is called Rex.")]
    backend.add("bob", crowd, infer=False, batch="batch-1")
    backend.add("ada", said("I play the cello."), infer=False, batch="batch-2")

    assert found_texts(backend, "ada", "My dog is called Rex.") == ["I play the cello."]


def test_a_batch_is_looked_up_by_user_and_name(backend: Backend) -> None:
    backend.add("ada", said("My dog is called Rex."), infer=False, batch="batch-1")
    backend.add("ada", said("I play the cello."), infer=False, batch="batch-1")
    backend.add("ada", said("I live in Rome."), infer=False, batch="batch-2")
    backend.add("bob", said("My cat is called Tom."), infer=False, batch="batch-1")

    assert added_texts(backend, "batch-1") == {"My dog is called Rex.", "I play the cello."}
    assert added_texts(backend, "batch-3") == set()


def test_similarity_is_0_to_1_and_0_where_it_cannot_be_told(case: Case) -> None:
    other, same = case.backend.similarities("I live in Rome.", ["What time is it?", "I live in Rome."])

    assert 0 <= other <= same <= 1
    assert case.backend.similarities("I live in Rome.", []) == []
    assert same == (0 if case.behind else pytest.approx(1.0))


def test_with_infer_the_llm_says_what_is_remembered(backend: Backend) -> None:
    chat = [*said("I live in Rome. What time is it?"), {"role": "assistant", "content": "Noon."}]

    added = backend.add("ada", chat, infer=True, batch="batch-1")

    assert added == 1
    assert found_texts(backend, "ada", "Where do I live?") == ["User live in Rome."]
    assert added_texts(backend, "batch-1") == {"User live in Rome."}


def test_with_infer_small_talk_adds_nothing(backend: Backend) -> None:
    assert backend.add("ada", said("What time is it?"), infer=True, batch="batch-1") == 0
    assert backend.search("ada", "time", 5) == []


def test_threads_search_and_add_at_once(backend: Backend) -> None:
    faults: list[Exception] = []

    def work(user: str) -> None:
        try:
            for number in range(3):
                backend.add(user, said(f"{user} owns boat {number}."), infer=False, batch=user)
                backend.search(user, "Which boats?", 5)
        except Exception as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    users = [f"user-{number}" for number in range(4)]
    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert [len(backend.added_by(user, user)) for user in users] == [3, 3, 3, 3]


# Failing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reaction"),
    [(401, TellAdmin), (422, Drop), (429, Retry), (500, Retry)],  # all of them: test_faults.py
)
def test_an_error_answer_says_what_to_do(case: Case, status: int, reaction: type[MemoryFault]) -> None:
    with case.failing(status), pytest.raises(MemoryFault) as searching:
        case.backend.search("ada", SECRET, 5)
    with case.failing(status), pytest.raises(MemoryFault) as adding:
        case.backend.add("ada", said(SECRET), infer=True, batch="batch-1")

    for raised in (searching.value, adding.value):
        assert type(raised) is reaction
        assert str(status) in str(raised)
        assert "giraffe" not in f"{raised} {raised.hint}"


def test_what_is_slow_is_tried_again_later(case: Case) -> None:
    case.impatient()

    with case.hanging(), pytest.raises(Retry, match="took too long"):
        case.backend.search("ada", SECRET, 5)


def test_what_is_down_is_tried_again_later(case: Case) -> None:
    case.stop()

    with pytest.raises(Retry, match="cannot be reached") as searching:
        case.backend.search("ada", SECRET, 5)
    with pytest.raises(Retry, match="cannot be reached"):
        case.backend.add("ada", said(SECRET), infer=False, batch="batch-1")

    assert searching.value.hint


def test_the_status_names_every_part(case: Case) -> None:
    parts = case.backend.check()

    assert [part.name for part in parts] == ["backend", "store", "embedder", "LLM"]
    assert all(part.ok for part in parts)
    assert all(part.detail for part in parts)


def test_the_status_tells_a_failing_part_and_does_not_raise(case: Case) -> None:
    with case.failing(401):
        parts = case.backend.check()

    ill = [part for part in parts if not part.ok]
    assert [part.name for part in ill] in (["backend"], ["embedder"])
    assert "401" in ill[0].detail
    assert ill[0].hint
    assert KEY not in repr(parts)


def test_closing_twice_is_harmless(case: Case) -> None:
    case.backend.search("ada", "dog", 5)

    case.backend.close()
    case.backend.close()


# Over HTTP only -----------------------------------------------------------------------------------


def test_a_wrong_key_is_the_admins_to_mend(remote: Case) -> None:
    for key in ("wrong", ""):
        with contextlib.closing(remote_backend(_kind(remote), remote.behind.url, key)) as backend:
            with pytest.raises(TellAdmin, match="401"):
                backend.search("ada", "dog", 5)
            assert not backend.check()[0].ok


def test_the_key_goes_to_no_other_host(remote: Case, scripted_llm: ScriptedLLM) -> None:
    elsewhere = f"{scripted_llm.url}/health"
    scripted_llm.clear()

    with remote.behind.fail(307, headers={"Location": elsewhere}):
        with pytest.raises(TellAdmin, match="redirects"):
            remote.backend.search("ada", "dog", 5)
        with pytest.raises(TellAdmin, match="redirects"):
            remote.backend.add("ada", said("I live in Rome."), infer=False, batch="batch-1")

    assert scripted_llm.requests == []


def test_no_proxy_of_the_environment_sees_the_key(
    remote: Case, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", scripted_llm.url)
    monkeypatch.setenv("ALL_PROXY", scripted_llm.url)

    with contextlib.closing(remote_backend(_kind(remote), remote.behind.url)) as backend:
        assert backend.search("ada", "dog", 5) == []


def test_an_answer_that_is_not_mem0s_is_the_admins_to_mend(remote: Case) -> None:
    with remote.behind.fail(200, body=["a", "list"]), pytest.raises(TellAdmin, match="backend_url"):
        remote.backend.search("ada", "dog", 5)


def test_the_rules_for_extraction_go_along(remote: Case, scripted_llm: ScriptedLLM) -> None:
    rules = "Never remember hats."
    with contextlib.closing(remote_backend(_kind(remote), remote.behind.url, rules=rules)) as backend:
        backend.add("ada", said("I live in Rome."), infer=True, batch="batch-1")

    assert rules in scripted_llm.chats()[-1].text


def test_a_blank_question_asks_nobody(remote: Case) -> None:
    remote.behind.requests.clear()

    assert remote.backend.search("ada", " \n", 5) == []
    assert remote.behind.requests == []


@pytest.mark.parametrize("path", ["", "/"])
def test_opened_as_the_settings_say(remote: Case, path: str, tmp_path: Path) -> None:
    url = remote.behind.url + path
    settings = Valves(backend=_kind(remote), backend_url=url, backend_api_key=KEY)

    with contextlib.closing(open_backend(settings, tmp_path)) as backend:
        assert type(backend) is type(remote.backend)
        assert backend.search("ada", "dog", 5) == []


def test_not_opened_with_a_wrong_key(remote: Case, tmp_path: Path) -> None:
    settings = Valves(backend=_kind(remote), backend_url=remote.behind.url, backend_api_key="wrong")

    with pytest.raises(TellAdmin, match="401"):
        open_backend(settings, tmp_path)


def _kind(remote: Case) -> Any:
    return "server" if isinstance(remote.backend, ServerBackend) else "platform"


# The server alone ---------------------------------------------------------------------------------


@pytest.fixture
def server(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[RestServer]:
    with stand_in("server", scripted_llm, tmp_path / "mem0") as running:
        assert isinstance(running, RestServer)
        yield running


@pytest.fixture
def to_server(server: RestServer) -> Iterator[ServerBackend]:
    with contextlib.closing(ServerBackend(server.url, KEY)) as backend:
        yield backend


def test_the_server_tells_meaning_and_words_apart(to_server: ServerBackend) -> None:
    to_server.add("ada", said("My dog is called Rex."), infer=False, batch="batch-1")

    (found,) = to_server.search("ada", "My dog is called Rex.", 5)

    assert found.meaning == pytest.approx(1.0, abs=0.01)
    assert found.keyword is not None
    assert found.keyword > 0


@pytest.mark.parametrize(
    ("code", "reaction"),
    [("provider_auth_failed", TellAdmin), ("provider_bad_request", Drop), ("datastore_unavailable", Retry)],
)
def test_what_fails_behind_the_server_is_sorted_by_its_code(
    server: RestServer, to_server: ServerBackend, code: str, reaction: type[MemoryFault]
) -> None:
    body = {"detail": "…", "code": code, "request_id": "1"}

    with server.fail(502, body), pytest.raises(MemoryFault) as raised:
        to_server.add("ada", said(SECRET), infer=True, batch="batch-1")

    assert type(raised.value) is reaction


def test_a_user_id_that_mem0_refuses_is_dropped(to_server: ServerBackend) -> None:
    with pytest.raises(Drop, match="400"):
        to_server.add("ada lovelace", said("I live in Rome."), infer=False, batch="batch-1")


# The platform alone -------------------------------------------------------------------------------


@pytest.fixture
def platform(scripted_llm: ScriptedLLM, tmp_path: Path) -> Iterator[Platform]:
    with stand_in("platform", scripted_llm, tmp_path / "mem0") as running:
        assert isinstance(running, Platform)
        yield running


@pytest.fixture
def to_platform(platform: Platform) -> Iterator[PlatformBackend]:
    with contextlib.closing(PlatformBackend(platform.url, KEY, pauses_s=(0, 0, 0))) as backend:
        yield backend


def test_a_failed_event_is_tried_again(platform: Platform, to_platform: PlatformBackend) -> None:
    platform.fail_events = True

    with pytest.raises(Retry, match="failed to read"):
        to_platform.add("ada", said("I live in Rome."), infer=True, batch="batch-1")


def test_what_stays_pending_counts_as_remembered(platform: Platform) -> None:
    with contextlib.closing(PlatformBackend(platform.url, KEY, pauses_s=(0,))) as backend:
        assert backend.add("ada", said("I live in Rome."), infer=True, batch="batch-1") == 0

    assert [event["status"] for event in platform.events.values()] == ["RUNNING"]


def test_closing_ends_the_wait_for_an_event(platform: Platform) -> None:
    backend = PlatformBackend(platform.url, KEY, pauses_s=(3600,))
    results: list[int] = []
    adding = threading.Thread(
        target=lambda: results.append(backend.add("ada", said("I live in Rome."), infer=True, batch="b"))
    )
    adding.start()
    while not platform.events:
        adding.join(0.01)
    backend._closing.set()
    adding.join(30)
    backend.close()

    assert results == [0]


def test_a_long_batch_is_read_page_by_page(platform: Platform, to_platform: PlatformBackend) -> None:
    texts = [f"I own boat number {number}." for number in range(230)]
    to_platform.add("ada", [m for text in texts for m in said(text)], infer=False, batch="batch-1")
    platform.requests.clear()

    assert added_texts(to_platform, "batch-1") == set(texts)
    assert [path for _, path, _ in platform.requests] == ["/v3/memories/"] * 2


# Stores of the library ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIBRARIES)
def test_memories_survive_a_reopening(
    kind: str, request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(scripted_llm, **store_settings(kind, request))
    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        backend.add("ada", said("I live in Rome."), infer=False, batch="batch-1")

    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        assert found_texts(backend, "ada", "Where do I live?") == ["I live in Rome."]


@pytest.mark.parametrize("kind", LIBRARIES)
def test_another_embedders_collection_is_refused_at_once(
    kind: str, request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(scripted_llm, **store_settings(kind, request))
    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        backend.add("ada", said("I live in Rome."), infer=False, batch="batch-1")

    with scripted_llm.fault("embeddings", dims=64), pytest.raises(TellAdmin, match=r"256 dimensions.* 64"):
        LibraryBackend.open(settings, tmp_path)


@pytest.mark.filterwarnings("ignore:Failed to obtain server version")  # said by a thread of qdrant-client
def test_a_qdrant_server_with_a_key(scripted_llm: ScriptedLLM, tmp_path: Path) -> None:
    with QdrantServer(key=KEY) as server:
        right = library_settings(
            scripted_llm, vector_store="qdrant", vector_store_url=server.url, vector_store_api_key=KEY
        )
        wrong = right.model_copy(update={"vector_store_api_key": "wrong"})
        with pytest.warns(UserWarning, match="insecure connection"):
            backend = LibraryBackend.open(right, tmp_path)
        with contextlib.closing(backend):
            backend.add("ada", said("I live in Rome."), infer=False, batch="batch-1")
            assert found_texts(backend, "ada", "Where do I live?") == ["I live in Rome."]
            assert (right.collection, "user_id") in server.indexes

        with (
            pytest.warns(UserWarning, match="insecure connection"),
            pytest.raises(TellAdmin, match=r"store at 127.*401"),
        ):
            LibraryBackend.open(wrong, tmp_path)


@pytest.mark.filterwarnings("ignore:Failed to obtain server version")  # said by a thread of qdrant-client
@pytest.mark.parametrize("kind", ["qdrant", "pgvector"])
def test_a_store_that_is_not_there_is_tried_again_later(
    kind: str, request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    where = store_settings(kind, request)
    here = library_settings(scripted_llm, **where)
    nowhere = here.model_copy(
        update={"vector_store_url": where["vector_store_url"].split(":")[0] + "://127.0.0.1:9"}
    )

    with pytest.raises(Retry, match=r"store at 127\.0\.0\.1:9 cannot be reached"):
        LibraryBackend.open(nowhere, tmp_path)


def test_a_qdrant_that_goes_away_is_tried_again_later(
    qdrant: QdrantServer, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(scripted_llm, vector_store="qdrant", vector_store_url=qdrant.url)
    with contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend:
        qdrant.stop()

        with pytest.raises(Retry, match=r"store at .* cannot be reached"):
            backend.search("ada", SECRET, 5)
        with pytest.raises(Retry):
            backend.add("ada", said(SECRET), infer=False, batch="batch-1")
        assert [part.name for part in backend.check() if not part.ok] == ["store"]


def test_a_wrong_password_of_postgresql(
    postgres: Postgres, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(
        scripted_llm, vector_store="pgvector", vector_store_url=postgres.url, vector_store_api_key="wrong"
    )

    with pytest.raises(MemoryFault, match="refuses the login") as raised:
        LibraryBackend.open(settings, tmp_path)

    assert "password" in raised.value.hint


def test_pgvector_searches_by_the_users_index(
    postgres: Postgres, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = library_settings(
        scripted_llm, vector_store="pgvector", vector_store_url=postgres.url, vector_store_api_key=PASSWORD
    )
    with (
        contextlib.closing(LibraryBackend.open(settings, tmp_path)) as backend,
        backend._memory.vector_store._get_cursor() as cursor,
    ):
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", (settings.collection,))
        indexes = " ".join(row[0] for row in cursor.fetchall())

    assert "'user_id'" in indexes
    assert "hnsw" not in indexes
