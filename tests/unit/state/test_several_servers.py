"""Several servers on one state database: what one has done, the others know, and no two do the same."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaitsError
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Engine, func, select

from owui_memory.core.change import Change
from owui_memory.core.exchange import Batch, Exchange
from owui_memory.core.permission import Permission
from owui_memory.core.turn import Turn
from owui_memory.interfaces.body import read_inlet
from owui_memory.recall.injected import Injected, Line
from owui_memory.recall.why import Explanation, Explanations
from owui_memory.remember import outbox as queues
from owui_memory.remember import turns
from owui_memory.remember.backlog import Counts
from owui_memory.remember.journal import Journal
from owui_memory.remember.outbox import Outbox
from owui_memory.state import count_up, decisions, injected, versions
from owui_memory.state.permissions import Permissions
from tests.harness.bodies import Chat
from tests.harness.places import Place


class Server:
    """What a server has of the state: an engine of its own."""

    def __init__(self, place: Place) -> None:
        self.engine: Engine = place.open()
        self.queue, self.decisions = Outbox(self.engine), Permissions(self.engine)
        self.told, self.explanations = Injected(self.engine), Explanations(self.engine)
        self.journal = Journal(self.engine)


@dataclass
class Several:
    """Three of them."""

    one: Server
    two: Server
    three: Server


@pytest.fixture
def servers(place: Place) -> Iterator[Several]:
    yield from _opened(place)


@pytest.fixture
def shared(shared_place: Place) -> Iterator[Several]:
    """On PostgreSQL, whose transactions run side by side."""
    yield from _opened(shared_place)


def _opened(place: Place) -> Iterator[Several]:
    several = Several(Server(place), Server(place), Server(place))
    yield several
    for server in (several.one, several.two, several.three):
        server.engine.dispose()


def exchange(key: str, *, user: str = "ada", chat: str = "c") -> Exchange:
    return Exchange(key, user, chat, f"I said {key}.", "ok", 1.0)


def keys(batch: Batch | None) -> list[str]:
    return [] if batch is None else [one.key for one in batch.exchanges]


def waits(work: Future[object]) -> bool:
    """Whether it has not come back within a moment."""
    try:
        work.result(0.2)
    except StillWaitsError:
        return True
    return False


# The queue ----------------------------------------------------------------------------------------


def test_no_two_work_on_one_user_and_each_exchange_is_claimed_once(servers: Several) -> None:
    users = [f"user-{number}" for number in range(4)]
    for number in range(6):
        for user in users:
            servers.one.queue.put(exchange(f"{user}\nc\n{number:02}", user=user, chat=f"c{number}"))
    guard, at_work, done, together = threading.Lock(), set[str](), list[str](), list[str]()

    def work(queue: Outbox) -> None:
        while queue.counts().pending:
            batch = queue.claim()
            if batch is None:
                continue
            with guard:
                together.extend({batch.user_id} & at_work)
                at_work.add(batch.user_id)
                done.extend(keys(batch))
            with guard:
                at_work.remove(batch.user_id)
            queue.done(batch)

    with ThreadPoolExecutor(6) as threads:
        several = (servers.one, servers.two, servers.three) * 2
        for thread in [threads.submit(work, server.queue) for server in several]:
            thread.result(120)
    assert together == []
    assert len(done) == len(users) * 6
    for user in users:
        mine = [key for key in done if key.startswith(user)]
        assert mine == sorted(set(mine)), "each once, in the order in which they came"


def test_a_claim_that_is_not_finished_is_passed_by(shared: Several) -> None:
    """A server that was frozen between looking and claiming holds up its user only."""
    shared.one.queue.put(exchange("1", user="ada"))
    shared.one.queue.put(exchange("2", user="bob"))
    with shared.one.engine.begin() as frozen:
        assert turns.next_user(frozen, time.time()) == "ada"
        assert keys(shared.two.queue.claim()) == ["2"]
        assert shared.three.queue.claim() is None
    assert keys(shared.three.queue.claim()) == ["1"]


def test_who_was_slower_looks_again(shared: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between seeing whose turn it is and having it, another server claims the user's batch and is done."""
    shared.one.queue.put(exchange("1", user="ada"))
    shared.one.queue.put(exchange("2", user="bob"))
    holds = turns.hold

    def slowly(*arguments: object, **options: object) -> bool:
        monkeypatch.setattr(turns, "hold", holds)
        quicker = shared.two.queue.claim()
        assert keys(quicker) == ["1"]
        return holds(*arguments, **options)

    monkeypatch.setattr(turns, "hold", slowly)
    assert keys(shared.one.queue.claim()) == ["2"]


def test_what_is_revived_does_not_join_a_claim_that_is_not_finished(shared: Several) -> None:
    shared.one.queue.put(exchange("1"))
    given_up = shared.one.queue.claim()
    shared.one.queue.dead(given_up, "never")
    shared.one.queue.put(exchange("2", chat="c2"))
    with shared.one.engine.begin() as unfinished:
        now = time.time()
        user = turns.next_user(unfinished, now)
        assert user == "ada"
        claimed = shared.one.queue._claimed(unfinished, turns.rows_of(unfinished, user, now, 8), now)
        assert shared.two.queue.revive(given_up.name)
        assert shared.three.queue.claim() is None, "nobody sees yet that the user is being worked on"
    assert shared.three.queue.claim() is None
    shared.one.queue.done(claimed)
    assert keys(shared.three.queue.claim()) == ["1"]


def test_a_dead_servers_claim_is_taken_again(servers: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.one.queue.put(exchange("1"))
    lost = servers.one.queue.claim()
    assert lost is not None
    assert servers.two.queue.claim() is None
    now = time.time()
    monkeypatch.setattr(queues.time, "time", lambda: now + queues.CLAIM_S + 1)
    taken = servers.two.queue.claim()
    assert taken == replace(lost, attempts=2)
    assert servers.three.queue.claim() is None
    servers.one.queue.done(lost)
    assert servers.one.queue.counts() == Counts(pending=1, dead=0), "it has lost its say"
    servers.two.queue.done(taken)
    assert servers.one.queue.counts() == Counts(pending=0, dead=0)


@pytest.mark.parametrize("first", ["original", "edited"])
def test_versions_of_a_message_that_reach_two_servers_at_once(servers: Several, first: str) -> None:
    """The second one knows of the first, though that is not finished when it comes."""
    said = {
        name: replace(exchange(f"ada\nc\n{name}"), follows="start", said_at=at)
        for name, at in (("original", 1.0), ("edited", 2.0))
    }
    second = "edited" if first == "original" else "original"
    with ThreadPoolExecutor(1) as threads:
        with servers.one.engine.begin() as unfinished:
            assert servers.one.queue.insert(unfinished, said[first], time.time(), 0.0, 1)
            putting = threads.submit(servers.two.queue.put, said[second])
            assert waits(putting)
        assert putting.result(60) is (second == "edited")
    batch = servers.three.queue.claim()
    assert keys(batch) == ["ada\nc\nedited"]
    assert servers.three.queue.counts() == Counts(pending=1, dead=0)


def test_what_is_being_claimed_is_taken_back_and_not_forgotten(shared: Several) -> None:
    """An edit comes while another server claims the original: it names what is to be undone."""
    original = replace(exchange("ada\nc\noriginal"), follows="start")
    edited = replace(exchange("ada\nc\nedited"), follows="start", said_at=2.0)
    shared.one.queue.put(original)
    with ThreadPoolExecutor(1) as threads:
        with shared.one.engine.begin() as unfinished:
            now = time.time()
            user = turns.next_user(unfinished, now)
            assert user is not None
            claimed = shared.one.queue._claimed(unfinished, turns.rows_of(unfinished, user, now, 8), now)
            putting = threads.submit(shared.two.queue.put, edited)
            assert waits(putting)
        assert putting.result(60) is True
    shared.one.queue.done(claimed)
    batch = shared.three.queue.claim()
    assert [one.replaces for one in batch.exchanges] == [("original",)]


def test_an_outlet_that_reaches_two_servers_at_once_is_put_once(servers: Several) -> None:
    together = threading.Barrier(3)

    def put(server: Server) -> bool:
        together.wait(60)
        return server.queue.put(exchange("k"))

    with ThreadPoolExecutor(3) as threads:
        put_by = list(threads.map(put, (servers.one, servers.two, servers.three)))
    assert sorted(put_by) == [False, False, True]
    assert servers.one.queue.counts() == Counts(pending=1, dead=0)


# What one server has decided, told and changed ----------------------------------------------------


@pytest.fixture
def turn() -> Turn:
    said = Chat("ada").say("I live in Lisbon.")
    return read_inlet(said.inlet, said.user)


def test_an_outlet_finds_the_permission_of_another_servers_inlet(servers: Several, turn: Turn) -> None:
    servers.one.decisions.remind(turn.user_id, Permission.of(turn, ""))
    assert servers.two.decisions.allowed("ada", [turn.key]) is None, "so far it is one server's"
    servers.one.decisions.allow(turn.user_id, Permission.of(turn, ""))
    found = servers.two.decisions.allowed("ada", ["another", turn.key])
    assert found == servers.one.decisions.allowed("ada", [turn.key])
    assert (found.exchange_key, found.chat_id) == (turn.exchange_key, turn.chat_id)
    assert servers.two.decisions.allowed("bob", [turn.key]) is None


def test_a_permission_that_two_servers_give_is_kept_once(servers: Several, turn: Turn) -> None:
    for server in (servers.one, servers.two):
        server.decisions.remind(turn.user_id, Permission.of(turn, ""))
        server.decisions.allow(turn.user_id, Permission.of(turn, ""))
        assert not server.decisions._coming
    with servers.one.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(decisions)) == 1


def test_a_memory_that_two_servers_tell_at_one_place_is_told_once(servers: Several, turn: Turn) -> None:
    """Two models side by side, whose inlets reach two servers. Its text is longer than an index may hold."""
    long = "".join(chr(0x4E00 + number) for number in range(4000))
    lines = [
        Line(turn.positions[-1], "m1", long, "- long"),
        Line(turn.positions[-1], "m1", "corrected", "- corrected"),
    ]
    for server in (servers.one, servers.two):
        with server.engine.begin() as connection:
            server.told.keep(connection, turn, lines, [])
            why = Explanation("Where do I live?", 0.5, 0.4)
            server.explanations.keep(connection, server.explanations.row(turn, why))
    with servers.one.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(injected)) == 2
    assert [line.text for line in servers.three.told.conversation(turn).lines] == [long, "corrected"]
    assert servers.three.told.to_chat("ada", turn.chat_id) == ["corrected", long]
    assert len(servers.three.explanations.of_chat(turn.chat_id)) == 2


def change(batch: str, after: str = "The user lives in Lisbon.", *, made: bool = False) -> Change:
    return Change(batch, 0, "ada", "add", "m1", "", after, source="m1", made=made)


def test_every_change_is_counted_whoever_makes_it(servers: Several, turn: Turn) -> None:
    def count(server: Server) -> None:
        for _ in range(20):
            with server.engine.begin() as connection:
                count_up(connection, "ada")

    with ThreadPoolExecutor(3) as threads:
        for counting in [threads.submit(count, one) for one in (servers.one, servers.two, servers.three)]:
            counting.result(60)
    assert servers.one.told.conversation(turn).version == 60


def test_the_first_changes_of_a_user_through_two_servers_are_both_kept(servers: Several) -> None:
    """Neither sees the other's row in `versions` when it looks."""
    with ThreadPoolExecutor(1) as threads:
        with servers.one.engine.begin() as unfinished:
            count_up(unfinished, "ada")
            intending = threads.submit(servers.two.journal.intend, [change("b", made=True)])
            assert waits(intending)
        intending.result(60)
    assert [one.batch for one in servers.three.journal.of_user("ada")] == ["b"]
    with servers.one.engine.connect() as connection:
        assert connection.scalar(select(versions.c.number)) == 2


def test_of_two_decisions_on_a_batch_the_first_stays(servers: Several, turn: Turn) -> None:
    """The claim of a server that was frozen has expired; it comes back, and goes on with what is decided."""
    servers.one.journal.intend([change("b", "The user lives in Porto.")])
    servers.two.journal.intend([change("b", "The user lives in Faro.")])
    (kept,) = servers.two.journal.of_batch("b")
    assert kept.after == "The user lives in Porto."
    servers.two.journal.made("ada", {kept.id: "m7"})
    (made,) = servers.one.journal.from_messages("ada", {"m1"})
    assert (made.made, made.memory_id) == (True, "m7")
    assert servers.one.journal.added_in("ada", "") == 1
    assert not servers.one.journal.taken_back(made)
    assert servers.three.told.conversation(turn).version == 1


def test_a_nul_in_what_was_said_is_no_obstacle(servers: Several, turn: Turn) -> None:
    said = replace(exchange("k"), user_text="I live\0in Lisbon.")
    assert servers.one.queue.put(said)
    batch = servers.two.queue.claim()
    assert batch.exchanges == (said,)
    servers.one.journal.intend([change("b", "The user lives\0in Lisbon.")])
    (kept,) = servers.two.journal.of_batch("b")
    assert kept.after in ("The user lives\0in Lisbon.", "The user lives\N{REPLACEMENT CHARACTER}in Lisbon.")
    line = Line(turn.positions[-1], "m1", "a\0b", "- a\0b")
    with servers.one.engine.begin() as connection:
        servers.one.told.keep(connection, turn, [line], [])
    assert len(servers.two.told.conversation(turn).lines) == 1
