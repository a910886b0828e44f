"""The server's key on every route of the Pipelines server."""

import json

import httpx
import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer, StartServer

NO_KEY = [
    pytest.param({}, id="no key"),
    pytest.param({"Authorization": "Bearer wrong"}, id="wrong key"),
    pytest.param({"Authorization": "Bearer"}, id="empty key"),
    pytest.param({"Authorization": "test-key"}, id="key without scheme"),
    pytest.param({"Authorization": "Basic test-key"}, id="another scheme"),
    pytest.param({"Authorization": "Bearer test-key-and-more"}, id="longer key"),
    pytest.param({"Authorization": "Bearer schlüssel".encode()}, id="not ASCII"),
    pytest.param({"X-Forwarded-For": "127.0.0.1"}, id="a proxy's word"),
]


def routes(server: PipelinesServer) -> list[tuple[str, str]]:
    """Every route that the server has, with the filter's id filled in, and some it has not."""
    listed = server.get("/openapi.json").raise_for_status().json()["paths"]
    found = [
        (method.upper(), path.replace("{pipeline_id}", "memory_filter"))
        for path, methods in listed.items()
        for method in methods
    ]
    assert len(found) > 25
    hidden = [
        "/memory/metrics",
        "/memory/tools/openapi.json",
        "/memory/tools/remember",
        "/memory/mcp",
        "/openapi.json",
        "/docs",
        "/memory/status",
        "/memory/",
        "/memory/nothing-here",
        "/nothing-here",
    ]
    return [
        *found,
        *(("GET", path) for path in hidden),
        ("HEAD", "/v1"),
        ("PUT", "/v1"),
        ("GET", "//v1/models"),
    ]


@pytest.mark.parametrize("headers", NO_KEY)
def test_every_route_wants_the_key(shared_server: PipelinesServer, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=shared_server.url) as stranger:
        answers = {
            (method, path): stranger.request(method, path, headers=headers).status_code
            for method, path in routes(shared_server)
        }
    assert {route: status for route, status in answers.items() if status != 401} == {}


def test_every_route_takes_the_key(shared_server: PipelinesServer) -> None:
    # Without a body, so that nothing is deleted or installed; the server then answers 422.
    answers = {
        (method, path): shared_server.client.request(method, path).status_code
        for method, path in routes(shared_server)
    }
    assert {route: status for route, status in answers.items() if status in (401, 403)} == {}
    assert answers[("GET", "/memory/status")] == 200
    assert answers[("GET", "/memory_filter/valves")] == 200


def test_a_refused_request_does_nothing(shared_server: PipelinesServer) -> None:
    before = shared_server.get_valves()
    with httpx.Client(base_url=shared_server.url) as stranger:
        answer = stranger.post("/memory_filter/valves/update", json={**before, "memories_per_turn": 1})
        assert answer.status_code == 401
        assert "detail" in answer.json()
        turn = Chat("ada").say("My dog is called Rex.")
        outlet = {"body": turn.outlet(), "user": turn.user}
        assert stranger.post("/memory_filter/filter/outlet", json=outlet).status_code == 401
    assert shared_server.get_valves() == before
    assert shared_server.status()["queue"]["pending"] == 0


def test_a_browser_may_ask_what_is_allowed(shared_server: PipelinesServer) -> None:
    """A CORS preflight never carries a key, and tells nothing."""
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    answer = httpx.options(f"{shared_server.url}/v1/models", headers=asked)
    assert answer.status_code in (200, 401)
    assert "data" not in answer.text


def test_the_public_default_key_is_warned_of_loudly(pipelines_server: StartServer) -> None:
    server = pipelines_server(key=None, wait_ready=False)
    assert httpx.get(f"{server.url}/v1/models").status_code == 401
    assert "PIPELINES_API_KEY" in server.log()
    assert "WARNING" in server.log() or "ERROR" in server.log()
    assert "PIPELINES_API_KEY" in json.dumps(server.status())


def test_a_key_of_ones_own_is_not_warned_of(shared_server: PipelinesServer) -> None:
    assert "PIPELINES_API_KEY" not in shared_server.log()
    assert "PIPELINES_API_KEY" not in json.dumps(shared_server.status())


def test_the_guard_can_be_switched_off_and_on(pipelines_server: StartServer) -> None:
    server = pipelines_server(wait_ready=False)
    server.change_valves(require_key=False)
    assert httpx.get(f"{server.url}/memory_filter/valves").status_code == 200
    assert httpx.get(f"{server.url}/memory/status").status_code == 401  # this is ours alone, always guarded
    server.change_valves(require_key=True)
    assert httpx.get(f"{server.url}/memory_filter/valves").status_code == 401


def test_the_guard_survives_reloads(pipelines_server: StartServer) -> None:
    server = pipelines_server(wait_ready=False)
    for _ in range(3):
        server.reload()
    assert httpx.get(f"{server.url}/memory_filter/valves").status_code == 401
    assert server.get("/memory_filter/valves").status_code == 200


def test_health_is_for_probes_without_a_key(shared_server: PipelinesServer) -> None:
    answer = httpx.get(f"{shared_server.url}/memory/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "owui_memory_info" in shared_server.get("/memory/metrics").text
