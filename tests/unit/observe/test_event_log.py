"""A line for each event, in JSON or words."""

import json
import logging
from collections.abc import Iterator

import pytest

from owui_memory.config.environment import Environment
from owui_memory.core.errors import Retry
from owui_memory.core.events import Event, EventKind, Job, UpstreamCall, failed
from owui_memory.observe.event_log import EventLog


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    log = logging.getLogger("owui_memory.events")
    yield
    log.handlers.clear()
    log.propagate = True


def lines(form: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    log = EventLog(Environment.read({"MEMORY_LOG_EVENTS": form}).log_events)
    log(Event(EventKind.RECALLED, seconds=0.01234567, tokens=24, records=1))
    log(failed(Job.RECALL, Retry("The store at a host cannot be reached. Rex said so.")))
    log(Event(EventKind.UPSTREAM_ANSWERED, upstream=UpstreamCall("main", "2xx", 1.0, 0.5)))
    return capsys.readouterr().err.splitlines()


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = [json.loads(line) for line in lines("json", capsys)]
    assert told[0].items() >= {"event": "recalled", "seconds": 0.0123, "tokens": 24, "memories": 1}.items()
    assert told[1].items() >= {"event": "failed", "job": "recall", "error": "Retry"}.items()
    assert told[2].items() >= {"upstream": "main", "outcome": "2xx", "first_byte_seconds": 0.5}.items()
    assert "Rex" not in str(told)


def test_words_or_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines("", capsys) == []
    assert "event=recalled count=1 seconds=0.0123" in lines("yes", capsys)[0]
