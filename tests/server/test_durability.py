"""What the outlet has acknowledged is remembered, exactly once, whatever happens to the server afterwards."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from tests.harness.bodies import Chat
from tests.harness.pipelines_server import FILTER, PipelinesServer, StartServer
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.talk import recalled, stored, take
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

USERS = ("ada", "bob", "cleo", "dan")
Said = tuple[str, str]  # user, statement


@dataclass
class Conversation:
    """People who talk to a server that may die at any moment."""

    server: PipelinesServer
    numbers: Iterator[int] = field(default_factory=itertools.count)
    acknowledged: list[Said] = field(default_factory=list)
    sent: list[Said] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say_one(self) -> None:
        """One whole turn; counted as acknowledged only if the outlet said so."""
        with self._lock:
            number = next(self.numbers)
            said = (USERS[number % len(USERS)], f"My locker number {number} holds {7919 * number} marbles.")
            self.sent.append(said)
        turn = Chat(said[0]).say(said[1])
        self._post("inlet", turn.inlet, turn.user)
        self._post("outlet", turn.outlet("Noted."), turn.user)
        with self._lock:
            self.acknowledged.append(said)

    def _post(self, way: str, body: dict[str, object], user: dict[str, object]) -> None:
        # A connection of its own: a killed server must not leave a broken one to the next.
        headers = {"Authorization": f"Bearer {self.server.key}"}
        address = f"{self.server.url}/{FILTER}/filter/{way}"
        httpx.post(address, json={"body": body, "user": user}, headers=headers, timeout=30).raise_for_status()

    def go_on_until_killed(self) -> None:
        while True:
            try:
                self.say_one()
            except httpx.HTTPError:
                return


def test_ten_kills_at_random_points(pipelines_server: StartServer, scripted_llm: ScriptedLLM) -> None:
    chance = random.Random(20261120)
    server = pipelines_server(wait_ready=False)
    talk = Conversation(server)
    for kill in range(10):
        if kill:
            server.wait_ready = chance.random() < 0.5  # half of the kills come while the backend still opens
            server.start()
        # A slow embedder stretches the drain, so that kills hit its middle too.
        slowness = scripted_llm.add_fault("embeddings", delay=chance.choice([0.0, 0.01, 0.05]))
        enough = len(talk.acknowledged) + chance.randrange(1, 12)
        with ThreadPoolExecutor(3) as people:
            talking = [people.submit(talk.go_on_until_killed) for _ in range(3)]
            wait_until(lambda: len(talk.acknowledged) >= enough, every=0.002, what="people are heard")  # noqa: B023
            threading.Event().wait(chance.random() * 0.1)  # not to wait for anything: to hit another point
            server.kill()
            for person in talking:
                person.result()
        scripted_llm.remove_fault(slowness)

    server.wait_ready = True
    server.start()
    server.wait_until_drained(within=120)
    assert server.status()["queue"]["dead"] == 0
    kept = Counter(stored(server))
    assert len(talk.acknowledged) > 25
    assert [said for said in talk.acknowledged if kept[said] != 1] == []
    assert [said for said, times in kept.items() if times != 1] == []
    assert set(kept) <= set(talk.sent)  # what was cut off before the answer may be kept or not


def test_the_outlet_acknowledges_without_a_backend(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    with scripted_llm.fault("embeddings", status=503):
        server = pipelines_server(wait_ready=False)
        for number in range(5):
            take(server, Chat("ada").say(f"My locker number {number} is green."))
        assert server.status()["queue"]["pending"] == 5
        server.kill()
    server.wait_ready = True
    server.start()
    server.wait_until_drained()
    assert len(stored(server)) == 5


def test_many_people_at_once(pipelines_server: StartServer) -> None:
    server = pipelines_server()
    talk = Conversation(server)
    with ThreadPoolExecutor(16) as people:
        for done in [people.submit(talk.say_one) for _ in range(64)]:
            done.result()
    server.wait_until_drained(within=60)
    assert Counter(stored(server)) == Counter(talk.sent)


def test_two_servers_share_one_data_folder(pipelines_server: StartServer) -> None:
    one = pipelines_server()
    other = pipelines_server(env={"MEMORY_DATA_DIR": str(one.data_dir)})
    for number in range(20):
        inlet_at, outlet_at = (one, other) if number % 2 else (other, one)
        turn = Chat("ada").say(f"My locker number {number} is green.")
        inlet_at.inlet(turn.inlet, turn.user)
        for server in (outlet_at, inlet_at):  # a retry that reaches the other one
            server.outlet(turn.outlet(), turn.user)
    one.wait_until_drained()
    assert Counter(stored(one)) == Counter(("ada", f"My locker number {n} is green.") for n in range(20))
    for server in (one, other):
        assert "green" in recalled(server, "Which locker is green?")


def test_what_cannot_be_stored_is_kept_as_dead_and_told(
    pipelines_server: StartServer, scripted_llm: ScriptedLLM
) -> None:
    server = pipelines_server(env={"MEMORY_ADVANCED": "retry_max_hours=0"})
    with scripted_llm.fault("embeddings", when="poison", status=500):
        take(server, Chat("ada").say("My poison is called hemlock."))
        take(server, Chat("bob").say("My dog is called Rex."))
        wait_until(lambda: server.status()["queue"]["dead"] == 1, within=60, what="it is given up")
    server.wait_until_drained()
    assert not server.status()["ok"]
    assert "Rex" in recalled(server, "What is my dog called?", user="bob")
    server.restart()
    assert server.status()["queue"]["dead"] == 1
