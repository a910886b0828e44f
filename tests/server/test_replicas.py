"""Three real Pipelines servers behind a round-robin, on one PostgreSQL that holds state and memories."""

import contextlib
import itertools
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaitsError
from pathlib import Path

import httpx
import psycopg
import pytest

from owui_memory.backends.locations import name_for
from tests.conftest import PATIENT
from tests.harness.bodies import Body, Chat, Turn, User, told_text
from tests.harness.pipelines_server import FILTER, PipelinesServer, with_embedder, with_llm
from tests.harness.postgres import PASSWORD, Postgres
from tests.harness.scripted_answers import DIMENSIONS
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours
from tests.harness.talk import command_line, facts_in, recalled
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.slow

USERS = ("ada", "bob", "cleo", "dan", "eve", "finn")
COLOURS = ("green", "red", "blue", "yellow", "white", "black", "orange")
LOCKER = re.compile(r"^User: My locker number (\d+) is (\w+)\.", re.MULTILINE)
TABLE = name_for("memories", "scripted-embed", DIMENSIONS)
Said = tuple[str, str]  # user, memory

HOLD_UP = """
CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.payload->>'data' = '{text}' THEN PERFORM pg_advisory_xact_lock(42); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_up BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hold_up();
"""
WHO_WAITS = "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted"


class Replicas:
    """The servers, and a balancer that gives each request to the next one."""

    def __init__(self, folder: Path, postgres: Postgres, database: str, llm: ScriptedLLM) -> None:
        self.postgres, self.database = postgres, database
        self.servers = [
            PipelinesServer(folder / f"replica-{number}", env=environment(number, database, llm))
            for number in range(3)
        ]
        self._turn = itertools.cycle(self.servers)
        self._lock = threading.Lock()

    def start(self) -> None:
        """All at the same moment, on an empty database."""
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(PipelinesServer.start, self.servers))

    def stop(self) -> None:
        with contextlib.ExitStack() as all_of_them:
            for server in self.servers:
                all_of_them.callback(server.stop)

    @property
    def alive(self) -> list[PipelinesServer]:
        return [server for server in self.servers if server._process is not None]

    def post(self, way: str, body: Body, user: User | None) -> Body:
        """The answer of the next server; where the connection breaks, of the one after it."""
        for _ in range(2 * len(self.servers)):
            with self._lock:
                server = next(self._turn)
            address = f"{server.url}/{FILTER}/filter/{way}"
            headers = {"Authorization": f"Bearer {server.key}"}
            with contextlib.suppress(httpx.TransportError):
                sent = {"body": body, "user": user}
                answer = httpx.post(address, json=sent, headers=headers, timeout=60).raise_for_status()
                return dict(answer.json())
        raise AssertionError("no server is left")

    def take(self, turn: Turn) -> Body:
        """A whole turn, whose inlet and outlet reach different servers; the body that the model got."""
        sent = self.post("inlet", turn.inlet, turn.user)
        self.post("outlet", turn.outlet("Noted.", sent=sent), turn.user)
        return sent

    def drain(self) -> None:
        # As long as it may take until the claim of a killed server has expired, and more.
        for server in self.alive:  # each tells of its own folder, too: from there it comes into the queue
            server.wait_until_drained(within=90)
        assert self.alive[0].status()["queue"]["dead"] == 0

    def stored(self) -> list[Said]:
        """User and text of every fact."""
        rows = self.postgres.execute(
            f"SELECT payload->>'user_id', payload->>'data' FROM {TABLE} WHERE payload->>'kind' <> 'episode'",
            self.database,
        )
        return [(user, text) for user, text in rows]

    def explained(self, chat: Chat) -> int:
        """Of how many messages of a chat it is kept what they were told."""
        ((count,),) = self.postgres.execute(
            f"SELECT count(*) FROM recalls WHERE chat_id = '{chat.chat_id}'", self.database
        )
        return int(count)

    @contextlib.contextmanager
    def held_up(self, text: str) -> Iterator[Callable[[], str]]:
        """Who stores this memory waits until the block ends; gives the number of that server, "" before."""
        run = self.postgres.execute
        run(HOLD_UP.format(table=TABLE, text=text.replace("'", "''")), self.database)
        try:
            with psycopg.connect(self.database, password=PASSWORD) as holding:
                holding.execute("SELECT pg_advisory_xact_lock(42)")
                yield lambda: "".join(name[-1] for (name,) in run(WHO_WAITS, self.database))
        finally:
            run("DROP FUNCTION hold_up CASCADE", self.database)


def environment(number: int, database: str, llm: ScriptedLLM) -> dict[str, str]:
    return {
        **PATIENT,
        **with_embedder(llm),
        **with_llm(llm),
        "MEMORY_STATE_URL": database,
        "MEMORY_STATE_PASSWORD": PASSWORD,
        "MEMORY_VECTOR_STORE": "pgvector",
        "MEMORY_VECTOR_STORE_URL": f"{database}?application_name=replica-{number}",
        "MEMORY_VECTOR_STORE_API_KEY": PASSWORD,
    }


@pytest.fixture(scope="module")
def _replicas(
    tmp_path_factory: pytest.TempPathFactory, own_postgres: Postgres, _running_llm: ScriptedLLM
) -> Iterator[Replicas]:
    with own_postgres.database() as database:
        replicas = Replicas(tmp_path_factory.mktemp("replicas"), own_postgres, database, _running_llm)
        try:
            replicas.start()
            yield replicas
        finally:
            replicas.stop()


@pytest.fixture
def replicas(_replicas: Replicas, scripted_llm: ScriptedLLM) -> Replicas:
    """All three alive, nobody known, and an LLM that keeps what people say of their lockers."""
    for server in _replicas.servers:
        if server not in _replicas.alive:
            server.start()
    _replicas.drain()
    _replicas.postgres.execute(f"DELETE FROM {TABLE}", _replicas.database)
    scripted_llm.when(is_ours, keep_lockers)
    return _replicas


def keep_lockers(request: Request) -> str:
    new = request.last_user_text.partition("New messages:")[2]
    texts = [f"The user's locker number {number} is {colour}." for number, colour in LOCKER.findall(new)]
    return json.dumps({"operations": [{"op": "add", "text": text} for text in texts]})


class People:
    """They talk through the balancer, each in a chat of their own."""

    def __init__(self, replicas: Replicas) -> None:
        self._replicas = replicas
        self._numbers = itertools.count(1)
        self.said: list[Said] = []

    def talk(self, user: str, turns: int) -> None:
        chat = Chat(user)
        for _ in range(turns):
            number = next(self._numbers)
            locker = f"locker number {number} is {COLOURS[number % len(COLOURS)]}."
            self._replicas.take(chat.say(f"My {locker}"))
            self.said.append((user, f"The user's {locker}"))

    def talk_at_once(self, turns: int) -> None:
        with ThreadPoolExecutor(len(USERS)) as people:
            for talking in [people.submit(self.talk, user, turns) for user in USERS]:
                talking.result(120)

    def are_remembered(self) -> None:
        """Everything, once."""
        self._replicas.drain()
        assert Counter(self._replicas.stored()) == Counter(self.said)


def everywhere(replicas: Replicas, question: str, user: str) -> set[str]:
    """What each server that is alive tells the model."""
    return {recalled(server, question, user=user) for server in replicas.alive}


def command(replicas: Replicas, *arguments: str) -> str:
    """What `python -m owui_memory` prints, in an environment that knows the database only."""
    given = {"MEMORY_STATE_URL": replicas.database, "MEMORY_STATE_PASSWORD": PASSWORD}
    done = command_line(*arguments, env=given)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_what_one_has_heard_all_of_them_know(replicas: Replicas, scripted_llm: ScriptedLLM) -> None:
    one, two, three = replicas.servers
    said = Chat("ada").say("My locker number 7 is green.")
    one.inlet(said.inlet, said.user)
    two.outlet(said.outlet("Noted."), said.user)
    replicas.drain()
    (told,) = everywhere(replicas, "Which colour has locker number 7?", "ada")
    assert "locker number 7 is green" in told
    assert everywhere(replicas, "Which colour has locker number 7?", "bob") == {""}

    correction = {"op": "replace", "id": 1, "text": "The user's locker number 7 is red."}
    scripted_llm.when(
        lambda request: is_ours(request) and "painted" in request.last_user_text,
        json.dumps({"operations": [correction]}),
    )
    painted = Chat("ada").say("I painted my locker number 7 red.")
    three.inlet(painted.inlet, painted.user)
    one.outlet(painted.outlet("Nice."), painted.user)
    replicas.drain()
    (told,) = everywhere(replicas, "Which colour has locker number 7?", "ada")
    assert "locker number 7 is red" in facts_in(told)
    assert "green" not in facts_in(told)


def test_a_chat_that_goes_on_elsewhere_is_told_the_same(replicas: Replicas) -> None:
    """Byte for byte, so that a model's cache of the prompt holds."""
    replicas.take(Chat("ada").say("My locker number 7 is green."))
    replicas.drain()
    chat = Chat("ada")
    blocks = []
    for server, question in zip(
        replicas.servers,
        ("Which colour has locker number 7?", "Is locker number 7 a nice one?", "And how large is it?"),
        strict=True,
    ):
        turn = chat.say(question)
        blocks.append(told_text(server.inlet(turn.inlet, turn.user)))
        server.outlet(turn.outlet("Well."), turn.user)
        wait_until(lambda: replicas.explained(chat) == len(blocks), what="it is kept what was told")
    assert "locker number 7 is green" in blocks[0]
    assert blocks == [blocks[0]] * 3
    why = command(replicas, "why", chat.chat_id)
    assert [line[:2] for line in why.splitlines() if not line.startswith(" ")] == ["1.", "2.", "3."]
    assert "locker number 7 is green" in why


def test_the_command_line_works_on_the_shared_queue(replicas: Replicas, scripted_llm: ScriptedLLM) -> None:
    with scripted_llm.hold("chat", when=is_ours) as gate:
        replicas.take(Chat("ada").say("My locker number 7 is green."))
        wait_until(lambda: gate.waiting == 1, what="it is being read")
        listed = command(replicas, "queue").splitlines()
    assert [line.split()[6] for line in listed[1:]] == ["ada"]
    replicas.drain()
    assert command(replicas, "queue") == "Nothing waits, and nothing was given up.\n"


def test_an_outlet_that_every_server_gets_is_remembered_once(replicas: Replicas) -> None:
    turn = Chat("ada").say("My locker number 7 is green.")
    replicas.servers[0].inlet(turn.inlet, turn.user)
    body = turn.outlet("Noted.")
    with ThreadPoolExecutor(3) as balancers:
        for sent in [balancers.submit(server.outlet, body, turn.user) for server in replicas.servers]:
            sent.result(60)
    replicas.drain()
    assert replicas.stored() == [("ada", "The user's locker number 7 is green.")]


def test_a_killed_server_loses_nothing_and_doubles_nothing(
    replicas: Replicas, scripted_llm: ScriptedLLM
) -> None:
    """People talk all the while. Each server is working on two users' batches when one of them dies."""
    people = People(replicas)
    people.talk_at_once(2)
    replicas.drain()
    with ThreadPoolExecutor(1) as world:
        with scripted_llm.hold("chat", when=is_ours) as gate:
            talking = world.submit(people.talk_at_once, 6)
            wait_until(lambda: gate.waiting == 6, within=30, what="all of them are at work")
            replicas.servers[0].kill()
        talking.result(180)
    people.talk_at_once(1)
    people.are_remembered()
    assert len(people.said) == len(USERS) * 9
    for user in USERS:
        locker = next(text for who, text in people.said if who == user)
        number, colour = re.findall(r"number (\d+) is (\w+)", locker)[0]
        for told in everywhere(replicas, f"Which colour has locker number {number}?", user):
            assert f"locker number {number} is {colour}" in told
    replicas.servers[0].start()
    assert locker in recalled(replicas.servers[0], f"Which colour has locker number {number}?", user=user)


def test_a_server_that_is_killed_while_it_stores(replicas: Replicas, scripted_llm: ScriptedLLM) -> None:
    """The first memory of a batch is stored, the second is not: another server stores that one only."""
    texts = [f"The user's locker number {number} is green." for number in (1, 2)]
    decided = json.dumps({"operations": [{"op": "add", "text": text} for text in texts]})
    scripted_llm.when(lambda request: is_ours(request) and "both lockers" in request.last_user_text, decided)

    turn = Chat("ada").say("My both lockers, number 1 and number 2, are green.")
    with replicas.held_up(texts[1]) as who_waits:
        replicas.take(turn)
        number = wait_until(who_waits, within=30, what="the second memory is being stored")
        assert replicas.stored() == [("ada", texts[0])]
        replicas.servers[int(number)].kill()
    replicas.drain()
    assert sorted(replicas.stored()) == [("ada", text) for text in texts]


def test_a_restart_of_the_database(replicas: Replicas) -> None:
    """What is answered meanwhile is kept, and chats go on."""
    one, two, _ = replicas.servers
    turn = Chat("ada").say("My locker number 7 is green.")
    one.inlet(turn.inlet, turn.user)
    replicas.postgres.stop()
    with ThreadPoolExecutor(1) as open_webui:
        answered = open_webui.submit(two.outlet, turn.outlet("Noted."), turn.user)
        with pytest.raises(StillWaitsError):
            answered.result(1)
        replicas.postgres.start()
        answered.result(60)
    # It waits in the folder of the server that was told it, where the others do not see it.
    told = [("ada", "The user's locker number 7 is green.")]
    wait_until(lambda: replicas.stored() == told, within=60, what="it is remembered once")
    replicas.drain()
    assert replicas.stored() == told
    assert two.part("filter")["ok"]
    people = People(replicas)
    people.said = list(replicas.stored())
    people.talk_at_once(1)
    people.are_remembered()


def test_a_wrong_password_is_told_in_the_status(replicas: Replicas, tmp_path: Path) -> None:
    """Chats go on, and the password is in no log."""
    env = {"MEMORY_STATE_URL": replicas.database, "MEMORY_STATE_PASSWORD": "hunter2"}
    with PipelinesServer(tmp_path, env=env, wait_ready=False) as server:
        turn = Chat("ada").say("My locker number 7 is green.")
        assert server.inlet(turn.inlet, turn.user) == turn.inlet
        wait_until(lambda: "refuses the login" in server.part("filter")["detail"], what="the status says it")
        assert not server.part("filter")["ok"]
        assert "MEMORY_STATE_PASSWORD" in server.part("filter")["hint"]
        assert "refuses the login" in server.log()
        assert "hunter2" not in server.log()
