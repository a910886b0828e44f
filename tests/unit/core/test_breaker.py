"""The breaker opens, lets one test call through a pause, and closes."""

from owui_memory.core.breaker import Breaker


def test_it_opens_after_failures_in_a_row_and_tests_once_a_pause() -> None:
    now = [0.0]
    breaker = Breaker(failures=3, pause_s=10, clock=lambda: now[0])
    for _ in range(2):
        breaker.failed(since=now[0])
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(since=now[0])
    assert breaker.allows()
    assert not breaker.is_open
    breaker.failed(since=now[0])
    assert breaker.is_open
    assert not breaker.allows()
    now[0] = 10.0
    assert not breaker.is_open, "nobody has called since, and nothing is held back any more"
    assert breaker.allows()
    assert breaker.is_open
    assert not breaker.allows(), "one test call only"
    breaker.failed(since=now[0])
    now[0] = 19.0
    assert not breaker.allows()
    now[0] = 20.0
    assert breaker.allows()
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.allows()


def test_a_queue_is_not_an_outage() -> None:
    now = [0.0]
    breaker = Breaker(failures=1, pause_s=10, clock=lambda: now[0])
    now[0] = 5.0
    breaker.succeeded()
    breaker.failed(since=4.0)
    assert not breaker.is_open, "another call succeeded while this one waited"
    breaker.failed(since=6.0)
    assert breaker.is_open
