"""A real Pipelines server whose PostgreSQL starts later."""

import pytest

from tests.conftest import StartServer
from tests.harness.bodies import Chat
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.talk import recalled, tell
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow


def test_it_serves_without_and_remembers_once_it_is_there(
    own_postgres: Postgres, pipelines_server: StartServer
) -> None:
    postgres = own_postgres
    with postgres.database() as database:
        postgres.stop()
        env = {"MEMORY_STATE_URL": database, "MEMORY_STATE_PASSWORD": PASSWORD}
        server = pipelines_server(env=env, wait_ready=False)
        turn = Chat("ada").say("My dog is called Rex.")
        assert server.inlet(turn.inlet, turn.user) == turn.inlet
        assert server.outlet(turn.outlet("I see."), turn.user) == turn.outlet("I see.")
        part = server.part("filter")
        assert not part["ok"]
        assert "cannot be reached" in part["detail"]
        server.change_valves(memories_per_turn=3)
        server.reload()
        server.restart()
        assert "cannot be reached" in server.part("filter")["detail"]

        postgres.start()
        wait_until(lambda: server.part("filter")["ok"], within=60, what="memory has started")
        server.wait_until_ready()
        tell(server, "My cat is called Tom.")
        assert "Tom" in recalled(server, "What is my cat called?")
        assert server.log().count("cannot be reached") == 3, "once a start"
        assert PASSWORD not in server.log()
        server.stop()
