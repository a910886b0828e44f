"""Real exceptions of the client libraries -> what to do about them, and nothing of what was said."""

from collections.abc import Callable

import httpx
import ollama
import openai
import psycopg
import psycopg_pool
import pytest
from mem0.exceptions import LLMError
from psycopg.types.string import StrDumper
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from owui_memory.core.errors import Drop, MemoryFault, NotReady, Retry, RetryFew, TellAdmin
from owui_memory.models.faults import host_of, translated
from tests.harness.scripted_llm import ScriptedLLM

SECRET = "my secret is a blue giraffe"
NOWHERE = "http://127.0.0.1:9"


def fault_of(work: Callable[[], object], part: str = "LLM", address: str = "") -> MemoryFault:
    """What `translated` makes of the exception that `work` raises."""
    with pytest.raises(MemoryFault) as raised, translated(part, address):
        work()
    fault = raised.value
    assert fault.__cause__ is not None
    assert "giraffe" not in f"{fault} {fault.hint} {fault.args}"
    assert str(fault).startswith(f"The {part}")
    assert fault.hint or isinstance(fault, Drop)
    return fault


def raising(error: BaseException) -> Callable[[], object]:
    def work() -> object:
        raise error

    return work


def ask(base_url: str, timeout_s: float = 10.0) -> object:
    client = openai.OpenAI(api_key="key", base_url=base_url, max_retries=0, timeout=timeout_s)
    with client:
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": SECRET}])


# OpenAI's client, which most of mem0's providers use ----------------------------------------------


@pytest.mark.parametrize(
    ("status", "reaction"),
    [
        *((status, TellAdmin) for status in (401, 402, 403, 404, 405)),
        *((status, Drop) for status in (400, 413, 422)),
        *((status, Retry) for status in (408, 409, 429, 500, 502, 503, 504)),
    ],
)
def test_an_http_status(scripted_llm: ScriptedLLM, status: int, reaction: type[MemoryFault]) -> None:
    with scripted_llm.fault("chat", status=status):
        fault = fault_of(lambda: ask(scripted_llm.base_url))

    assert type(fault) is reaction
    assert f"HTTP {status}" in str(fault)


def test_a_status_deep_in_the_chain(scripted_llm: ScriptedLLM) -> None:
    def wrapped() -> object:
        try:
            return ask(scripted_llm.base_url)
        except openai.OpenAIError as error:
            raise LLMError(f"LLM extraction failed: {SECRET}") from error

    with scripted_llm.fault("chat", status=401):
        assert type(fault_of(wrapped)) is TellAdmin


def test_a_slow_llm(scripted_llm: ScriptedLLM) -> None:
    with scripted_llm.hold("chat"):
        fault = fault_of(lambda: ask(scripted_llm.base_url, timeout_s=0.2))

    assert type(fault) is Retry
    assert "took too long" in str(fault)


def test_no_llm_there() -> None:
    fault = fault_of(lambda: ask(NOWHERE), address=NOWHERE)

    assert type(fault) is Retry
    assert str(fault) == "The LLM at 127.0.0.1:9 cannot be reached."


def test_a_connection_cut_in_the_middle(scripted_llm: ScriptedLLM) -> None:
    with scripted_llm.fault("chat", cut=True):
        assert type(fault_of(lambda: ask(scripted_llm.base_url))) is Retry


def test_half_an_answer(scripted_llm: ScriptedLLM) -> None:
    with scripted_llm.fault("chat", broken_json=True):
        assert type(fault_of(lambda: ask(scripted_llm.base_url))) is Retry


# httpx, ollama, Qdrant ----------------------------------------------------------------------------


def test_httpx_errors(scripted_llm: ScriptedLLM) -> None:
    def get(path: str, timeout_s: float = 10.0) -> object:
        return httpx.get(f"{scripted_llm.url}{path}?q={SECRET}", timeout=timeout_s).raise_for_status()

    assert type(fault_of(lambda: get("/nothing"))) is TellAdmin
    assert "cannot be reached" in str(fault_of(lambda: httpx.get(NOWHERE)))
    with scripted_llm.hold("health"):
        assert "took too long" in str(fault_of(lambda: get("/health", timeout_s=0.2)))


def test_ollama_errors() -> None:
    client = ollama.Client(NOWHERE)

    assert "cannot be reached" in str(
        fault_of(lambda: client.chat("m", [{"role": "user", "content": SECRET}]))
    )
    assert type(fault_of(raising(ollama.ResponseError(SECRET, 404)))) is TellAdmin
    assert "HTTP" not in str(fault_of(raising(ollama.ResponseError(SECRET))))  # its status is -1
    client.close()


def test_qdrant_errors() -> None:
    client = QdrantClient(url=NOWHERE, check_compatibility=False)

    def answered(status: int) -> Callable[[], object]:
        return raising(UnexpectedResponse(status, "reason", SECRET.encode(), httpx.Headers()))

    assert "cannot be reached" in str(fault_of(client.get_collections, "store"))
    assert type(fault_of(answered(400), "store")) is Drop
    assert type(fault_of(answered(403), "store")) is TellAdmin
    assert type(fault_of(answered(500), "store")) is Retry
    client.close()


# PostgreSQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reaction"),
    [
        (psycopg.errors.InvalidPassword, TellAdmin),
        (psycopg.errors.InvalidCatalogName, TellAdmin),
        (psycopg.errors.InsufficientPrivilege, TellAdmin),
        (psycopg.errors.UndefinedTable, TellAdmin),
        (psycopg.errors.FeatureNotSupported, TellAdmin),  # the extension is not installed
        (psycopg.errors.UndefinedFile, TellAdmin),
        (psycopg.errors.UntranslatableCharacter, Drop),
        (psycopg.errors.DataException, Drop),
        (psycopg.errors.DeadlockDetected, Retry),
        (psycopg.errors.DiskFull, Retry),
        (psycopg.errors.AdminShutdown, Retry),
        (psycopg.errors.TooManyConnections, Retry),
        (psycopg.OperationalError, Retry),
        (psycopg_pool.PoolTimeout, Retry),
    ],
)
def test_postgresql_errors(error: type[Exception], reaction: type[MemoryFault]) -> None:
    assert type(fault_of(raising(error(SECRET)), "store")) is reaction


def test_no_postgresql_there() -> None:
    address = "postgresql://ada:secret@127.0.0.1:9/x"
    fault = fault_of(lambda: psycopg.connect(address), "store", address)

    assert str(fault) == "The store at 127.0.0.1:9 cannot be reached, or refuses the login."


# The rest -----------------------------------------------------------------------------------------


def test_a_missing_package_is_named() -> None:
    def work() -> None:
        import a_package_nobody_has  # noqa: F401

    fault = fault_of(work)

    assert type(fault) is TellAdmin
    assert "a_package_nobody_has" in fault.hint


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), OSError(28, SECRET)])
def test_anything_else_is_tried_again_and_named(error: Exception) -> None:
    fault = fault_of(raising(error))

    assert type(fault) is (Retry if isinstance(error, OSError) else RetryFew)
    assert type(error).__name__ in str(fault)


@pytest.mark.parametrize("own", [Retry("r"), Drop("d"), TellAdmin("t"), NotReady("n")])
def test_our_own_pass_as_they_are(own: MemoryFault) -> None:
    with pytest.raises(type(own)) as raised, translated("store"):
        raise own

    assert raised.value is own


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit()])
def test_an_order_to_stop_is_obeyed(stop: BaseException) -> None:
    with pytest.raises(type(stop)), translated("store"):
        raise stop


def test_an_address_is_shown_without_its_password() -> None:
    assert host_of("postgresql://ada:p%40ss@db.example:5432/x?password=y") == "db.example:5432"
    assert host_of("http://qdrant:6333") == "qdrant:6333"
    assert host_of("") == ""


def test_a_folder_has_no_host_to_show() -> None:
    assert str(fault_of(raising(OSError()), "store", "/data/qdrant")).startswith("The store failed")


@pytest.mark.parametrize("text", ["my secret\0", "my secret \ud83e"])
def test_what_psycopg_does_not_even_send_is_dropped(text: str) -> None:
    def send() -> None:
        StrDumper(str).dump(text)

    assert type(fault_of(send, "store")) is Drop
