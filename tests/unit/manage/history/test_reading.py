"""Archives are read in a process of their own, which is bounded, and whose end costs what it has not told."""

import io
import json
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from owui_memory.manage.history import reading
from owui_memory.manage.history.entries import Chat, Fact, Flaw, Said
from owui_memory.manage.history.formats import Found
from owui_memory.manage.history.records import BrokenOffError, found_in, write
from scripts import bundle
from scripts.bundle_loader import Bundle
from tests.harness.waiting import wait_until

ENDED = "it takes longer, or more memory, than may be used"
GOOD = {"memory": "I keep bees.", "user_id": "u"}
MANY = {"memory": "I have many goats.", "user_id": "u", "goats": [{}] * 450_000}  # fewer than are too many


def told(found: Iterator[Found]) -> list[str]:
    """Facts, and why something is not read."""
    entries = [one.entry for one in found]
    assert not any(isinstance(one, Chat) for one in entries)
    return [one.text if isinstance(one, Fact) else one.reason for one in entries if not isinstance(one, Chat)]


def archive(folder: Path, *rows: object) -> Path:
    file = folder / "x.jsonl"
    file.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows))
    return file


def children() -> set[str]:
    """The processes that this one has started and not yet ended."""
    tasks = Path("/proc/self/task")
    return {pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()}


def test_what_was_written_is_read() -> None:
    said = (Said("a", "user", "Hi\n\N{GOAT}", 1.5), Said("b", "assistant", "", 0.0, "a", "m"))
    found = [
        Found(Chat("c", "Goats", said, 2.0, "u", "f"), "claude", "Claude"),
        Found(Chat("d", "", ()), "claude", "Claude"),
        Found(Fact("I keep bees.", 3.0, "plan", "u", "2030-01-01", 1.0, "folder:x"), "mem0", "mem0"),
        Found(Flaw("\udcff.json", "it is damaged")),
    ]
    file = io.BytesIO()
    write(found, file)
    lines = file.getvalue().splitlines()
    assert list(found_in(lines)) == found
    for end in range(len(lines)):
        with pytest.raises(BrokenOffError):
            list(found_in(lines[:end]))


def test_what_takes_too_much_memory_ends_with_what_was_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = archive(tmp_path, GOOD, MANY)
    assert told(reading.read(file)) == ["I keep bees.", "I have many goats."]
    monkeypatch.setattr(reading, "_MEMORY", 48 << 20)
    assert told(reading.read(file)) == ["I keep bees.", ENDED]


def test_what_takes_too_long_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = archive(tmp_path, *[GOOD] * 10)
    monkeypatch.setattr(reading, "_PATIENCE_S", 0.0)
    assert told(reading.read(file)) == [ENDED]
    monkeypatch.setattr(reading, "_PATIENCE_S", 60.0)
    monkeypatch.setattr(reading, "_SECONDS", 1)
    assert told(reading.read(archive(tmp_path, GOOD, *["{}"] * 500_000)))[-1] == ENDED


def test_what_is_odd_costs_nothing_else(tmp_path: Path) -> None:
    huge, deep = f'{{"memory": "{"x" * (20 << 20)}"}}', "[" * 100_000
    assert told(reading.read(archive(tmp_path, GOOD, huge, GOOD))) == [
        "I keep bees.",
        "a part of it is too large",
        "I keep bees.",
    ]
    found = told(reading.read(archive(tmp_path, GOOD, deep, '{"x": 1}', GOOD)))
    assert (found[0], found[-1]) == ("I keep bees.", "I keep bees.")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where whoever reads stops, and where the process is killed."""
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    before, file = children(), archive(tmp_path, *[GOOD] * 50_000)
    found = reading.read(file)
    assert isinstance(next(found).entry, Fact)
    (process,) = children() - before
    assert list(temp.iterdir())
    os.kill(int(process), 9)
    assert told(found)[-1] == ENDED
    found = reading.read(file)
    next(found)
    found.close()
    wait_until(lambda: children() <= before, what="the process is gone")
    assert not list(temp.iterdir())


def test_it_works_from_the_one_file(tmp_path: Path) -> None:
    package = Bundle("plugin", bundle.sources()).install()
    module = import_module(f"{package}.manage.history.reading")
    (found,) = module.read(archive(tmp_path, GOOD))
    assert found.entry.text == "I keep bees."
