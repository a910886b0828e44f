"""Whatever a model server sends: a call ends in time, its connection is closed, and it holds no memory."""

import gc
import ssl
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from owui_memory.backends.assemble import assemble
from owui_memory.config.settings import Valves
from owui_memory.core.errors import MemoryFault, Retry, RetryFew, TooSlow
from owui_memory.models import embedder as embedders
from owui_memory.models import providers
from owui_memory.models.limits import OverlongAnswerError, TotalTimeoutError, bounded, hang_up, limited
from owui_memory.models.llms import Llms
from owui_memory.models.probe import lacking
from tests.harness.hang import returns
from tests.harness.hostile_server import BUFFERS, HostileServer
from tests.harness.waiting import wait_until

ASKED = [{"role": "user", "content": "What is there to remember?"}]

TIMEOUTS = (TotalTimeoutError, httpx.TimeoutException)
ENDLESS = ("endless body", "endless spaces", "endless chunks", "endless continue", "endless redirect")
SLOW = ("drops", "drops of headers", "silence")
ODD = ("endless headers", "redirects", "gzip bomb", "bomb of another kind", "deep nesting", "too long")
LONG = ("endless body", "gzip bomb", "too long")  # what is counted ends them, before their time does


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """What earlier tests left is not to be cleared away deep in a recursion, which warns."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def llms_at(url: str, provider: str, timeout_s: float = 1.5) -> Llms:
    url = f"{url}/v1" if provider == "openai" else url
    return Llms.open(Valves(llm_provider=provider, llm_base_url=url, llm_model="m"), timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("kind", "provider"),
    [
        *((kind, "openai") for kind in (*ENDLESS, *SLOW, *ODD)),
        *((kind, "ollama") for kind in ("endless body", "drops", "gzip bomb")),
    ],
)
def test_a_call_ends_and_leaves_nothing(kind: str, provider: str) -> None:
    gc.collect()
    with HostileServer(kind) as server:
        patience_s = 0.3 if kind in SLOW else 60 if kind in LONG else 1.5
        llms, threads = llms_at(server.url, provider, patience_s), threading.active_count()
        tracemalloc.start()
        with pytest.raises(MemoryFault) as fault, returns(kind):
            llms.ask(ASKED)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 60_000_000
        assert server.sent < BUFFERS + 10_000_000
        if kind in (*ENDLESS, *SLOW[:2]):  # a silent server does not notice
            assert server.wait_until_closed(60)
        assert threading.active_count() <= threads + 1 + server.asked, "those of the server"
        if kind in SLOW:
            assert type(fault.value) is TooSlow
        else:
            assert isinstance(fault.value, Retry), "the same call may succeed later"
        if kind in LONG:
            assert type(fault.value) is RetryFew
            assert "more than an answer may hold" in str(fault.value)


@pytest.mark.parametrize("provider", ["openai", "ollama"])
@pytest.mark.parametrize("kind", ["from afar", "gzip"])
def test_a_good_answer_is_taken(kind: str, provider: str) -> None:
    with HostileServer(kind) as server:
        llms = llms_at(server.url, provider)
        assert [llms.ask(ASKED).text for _ in range(2)] == ["from afar", "from afar"]


@pytest.mark.parametrize(
    ("kind", "provider"),
    [
        *((kind, "openai") for kind in ("endless body", "endless headers", "deep nesting", "redirects")),
        ("gzip bomb", "ollama"),
    ],
)
def test_a_list_of_models_without_end_is_not_read(kind: str, provider: str) -> None:
    with HostileServer(kind) as server:
        url = f"{server.url}/v1" if provider == "openai" else server.url
        settings = Valves(llm_provider=provider, llm_base_url=url, llm_model="m")
        assert lacking(settings, "llm") is None
        assert server.sent < BUFFERS + 12_000_000


def test_each_call_has_its_own_bounds() -> None:
    """A client that threads share: one's deadline is not another's."""
    with HostileServer("drops") as slow, httpx.Client(timeout=20) as client:
        assert limited(client)

        def ask(seconds: float) -> None:
            with bounded(seconds):
                client.get(slow.url)

        with ThreadPoolExecutor(2) as threads:
            patient, hasty = threads.submit(ask, 3600), threads.submit(ask, 0.3)
            assert isinstance(hasty.exception(60), TIMEOUTS)
            assert not patient.done()
            hang_up(client)
            assert patient.exception(60) or patient.done()


@pytest.mark.parametrize(
    ("kind", "provider"), [("silence", "openai"), ("endless continue", "openai"), ("drops", "ollama")]
)
def test_a_call_under_way_can_be_ended(kind: str, provider: str) -> None:
    with HostileServer(kind) as server:
        llms = llms_at(server.url, provider, timeout_s=60)
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(llms.ask, ASKED)
            wait_until(lambda: server.asked or asked.done(), what="it is asked")
            llms.hang_up()
            assert isinstance(asked.exception(60), MemoryFault)


def test_a_call_can_be_ended_that_is_encrypted(tmp_path: Path) -> None:
    pair, context = tmp_path / "pair.pem", ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*command, "-keyout", pair, "-out", pair], check=True, capture_output=True)
    context.load_cert_chain(pair)
    with HostileServer("drops", tls=context) as server, httpx.Client(timeout=60, verify=False) as client:
        limited(client)

        def ask() -> None:
            with bounded(60):
                client.get(server.url)

        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(ask)
            wait_until(lambda: server.sent > 100 or asked.done(), what="it answers")
            hang_up(client)
            asked.exception(60)  # in time; where no length was told, an answer may end anywhere
        with pytest.raises(TIMEOUTS), bounded(0.5):
            client.get(server.url)


def test_an_inner_call_has_no_more_time_than_the_outer() -> None:
    with HostileServer("drops") as slow, httpx.Client(timeout=20) as client:
        limited(client)
        with returns(), pytest.raises(TIMEOUTS), bounded(0.3), bounded(3600):
            client.get(slow.url)


def test_without_bounds_a_limited_client_reads_on() -> None:
    with HostileServer("too long") as server, httpx.Client(timeout=20) as client:
        limited(client)
        assert len(client.get(server.url).content) > 1_200_000
        with pytest.raises(OverlongAnswerError), bounded(20):
            client.get(server.url)


@pytest.mark.parametrize(
    "client", [None, object(), httpx.Client(transport=httpx.MockTransport(lambda _: None))]
)
def test_a_client_of_another_kind_is_told_apart(client: Any) -> None:
    assert not limited(client)


@pytest.mark.parametrize(
    ("kind", "provider"),
    [
        *((kind, "openai") for kind in ("endless body", "drops", "gzip bomb")),
        ("drops", "ollama"),
        ("endless headers", "huggingface"),
    ],
)
def test_an_embedder_is_given_up_in_time_while_it_is_opened(
    kind: str, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "EMBED_TIMEOUT_S", 0.5)
    monkeypatch.setattr(embedders, "_SECONDS", 0.5)
    with HostileServer(kind) as server:
        url = server.url if provider == "ollama" else f"{server.url}/v1"
        settings = Valves(embedder_provider=provider, embedder_base_url=url, embedder_model="m")
        with returns(kind), pytest.raises(MemoryFault, match=r"^The embedder"):
            assemble(settings, tmp_path)
        assert server.sent < BUFFERS + 12_000_000
