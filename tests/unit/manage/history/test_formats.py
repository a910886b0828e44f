"""What is read of each program's archive, and of archives that are broken or ill-meant."""

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from owui_memory.config.settings import Valves
from owui_memory.core.errors import Drop
from owui_memory.manage.history import archive, formats, memory_stores, reading
from owui_memory.manage.history.entries import Chat, Fact, Flaw, time_in
from owui_memory.manage.history.exchanges import exchanges
from tests.harness.hang import work_ends

FIXTURES = Path(__file__).parents[3] / "fixtures" / "history"

Read = list[list[Any]]


def read(path: Path, entries: Callable[[Path], Iterable[formats.Found]] = formats.read) -> Read:
    """Chats with what was said, answered and when; facts; and reasons of what is not read."""
    said: list[list[Any]] = []
    facts, flaws = [], []
    for entry, source, _ in entries(path):
        if isinstance(entry, Fact):
            facts.append(entry.text)
        elif isinstance(entry, Flaw):
            flaws.append(entry.reason)
        else:
            for one in exchanges("maren", source, entry, Valves(), lambda text: text.startswith("/memory")):
                assert not isinstance(one, str), one
                said.append([one.chat_id, one.user_text, one.assistant_text, one.said_at])
    return [said, facts, flaws]


def ltm(folder: Path) -> Path:
    """As the extension long_term_memory of text-generation-webui leaves it."""
    place = folder / "bot_memories" / "Nora"
    place.mkdir(parents=True)
    with closing(sqlite3.connect(place / "long_term_memory.db")) as file, file:
        file.execute(
            "CREATE TABLE long_term_memory (id INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "message TEXT NOT NULL UNIQUE, timestamp TEXT NOT NULL)"
        )
        rows = [("You", "You: I sail a folkboat."), ("Nora", "Nora: Fair winds to you and your folkboat.")]
        for number, row in enumerate(rows):
            file.execute(
                "INSERT INTO long_term_memory VALUES (?, ?, ?, '2023-05-01 20:00:00')", (number, *row)
            )
    return folder / "bot_memories"


GPT = "chatgpt:6659e0c0-aaaa-8000-8000-00000000000"
GOATS = "3f0d3a52-7b1c-4a5e-9a77-000000000001"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())  # said, facts, flaws


@pytest.mark.parametrize("name", EXPECTED)
def test_each_program_by_what_is_in_its_archive(name: str, tmp_path: Path) -> None:
    renamed = tmp_path / "x.json"  # what it is called says nothing
    renamed.write_bytes((FIXTURES / name).read_bytes())
    assert read(renamed, reading.read) == EXPECTED[name]
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(renamed, "some/folder/conversations.json")
        packed.writestr("chat.png", b"no text")
    assert read(tmp_path / "packed.zip", reading.read) == EXPECTED[name]


def test_a_folder_of_text_generation_webui(tmp_path: Path) -> None:
    folder = ltm(tmp_path)
    answer = "Fair winds to you and your folkboat."
    said = ["text-generation-webui:Nora", "I sail a folkboat.", answer, 1682971200.0]
    assert read(folder, reading.read) == [[said], [], []]
    (folder / "Nora" / "long_term_memory.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert read(folder) == [[], [], ["no long_term_memory of text-generation-webui, or a damaged one"]]


def test_a_message_of_open_webui_has_the_key_that_it_has_in_a_chat(tmp_path: Path) -> None:
    del tmp_path
    from owui_memory.interfaces.body import read_inlet

    (found,) = formats.read(FIXTURES / "open_webui.json")
    assert isinstance(found.entry, Chat)
    first, second = exchanges("maren", found.source, found.entry, Valves(), lambda text: text[0] == "/")
    meta = {"chat_id": GOATS, "message_id": "o-a2b", "user_message_id": "o-u2b"}
    meta["user_message"] = {"parentId": "o-a1"}
    body = {"messages": [{"role": "user", "content": "What do my goats eat in winter?"}], "metadata": meta}
    turn = read_inlet(body, {"id": "maren"})
    assert not isinstance(second, str)
    assert not isinstance(first, str)
    assert (second.key, second.follows) == (turn.exchange_key, turn.follows)
    assert first.follows == "start"


GOOD = {"memory": "I keep bees.", "user_id": "u"}
DEEP = "[" * 100_000
ODD = [
    {"mapping": {"a": {"message": 5, "parent": ["b"]}, "b": None}, "current_node": {}},
    {"mapping": {"a": {"parent": "a", "message": {"author": "user", "content": []}}}, "current_node": "a"},
    {
        "chat_messages": [
            None,
            7,
            {"sender": ["human"], "text": {}, "uuid": 4},
            {"uuid": "x", "sender": "human"},
        ]
    },
    {"title": "Prompted x", "time": "yesterday", "header": "Gemini Apps", "safeHtmlItem": "no"},
    {
        "history": {
            "messages": {"x": {"parentId": "x", "role": "user", "content": {"a": 1}}},
            "currentId": "x",
        }
    },
    {
        "agents": [{"messages": [{"role": "user", "content": "{" * 50_000}]}],
        "blocks": [5, {"label": "human"}],
    },
    {"core_memory": [], "messages": [{"role": "assistant", "tool_calls": [{"function": {"name": []}}]}]},
    {"conversations_memory": "\ud800 half a character", "project_memories": []},
    {"results": [[[]], 3, None, {"results": [GOOD]}]},
    {"memory": "Born very late", "created_at": 1e400, "updated_at": "9" * 5000},
]


def test_what_is_odd_costs_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps([*ODD, GOOD]))
    _, facts, _ = read(file)
    assert facts[-1] == "I keep bees."


@pytest.mark.parametrize(
    ("written", "facts", "flaws"),
    [
        (json.dumps([GOOD, GOOD]).encode()[:-5], 1, 1),  # cut off
        (b'[{"memory": "a b"}, {"memory": oops}, {"x": 1}, {"memory": "c d"}]', 2, 2),
        (b'{"memory": "a b"}\n{broken\n{"memory": "c d"}\n', 1, 1),
        (json.dumps([GOOD]).encode("utf-16"), 1, 0),
        (b"\xef\xbb\xbf" + json.dumps([GOOD]).encode(), 1, 0),
        (b'[{"memory": "caf\xe9 and more"}]', 1, 0),
        (f'[{DEEP}, {{"x": 1}}, {json.dumps(GOOD)}]'.encode(), 1, 1),
        (f'[{{"x": {"9" * 9000}}}, {json.dumps(GOOD)}]'.encode(), 1, 1),
        (b"<html><body>My Activity</body></html>", 0, 1),
        (b"", 0, 0),
        (b"\0" * 5000, 0, 1),
    ],
)
def test_of_what_is_half_broken_the_rest_is_read(
    tmp_path: Path, written: bytes, facts: int, flaws: int
) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(written)
    with work_ends():
        found = read(file)
    assert len(found[1]) == facts
    assert (len(found[2]) > 0) == (flaws > 0)


def test_a_zip_that_grows_without_measure_is_left_behind_what_could_be_read(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("a.json", json.dumps([GOOD]))
        with packed.open("b.json", "w") as stream:
            for _ in range(100):
                stream.write(b" " * (1 << 20))
        packed.writestr("c.json", json.dumps([GOOD]))
    with work_ends():
        _, facts, flaws = read(bomb)
    assert (len(facts), flaws) == (2, ["it is far larger than its archive"])


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.json", json.dumps([GOOD] * 500))
    data = bytearray(broken.read_bytes())
    data[60:90] = b"\xff" * 30
    broken.write_bytes(data)
    assert read(broken)[2] == ["it is damaged"]
    with pytest.raises(Drop, match="no file missing"):
        read(tmp_path / "missing.zip", reading.read)


@pytest.mark.parametrize("size", [1, 5])
def test_long_archives_take_as_long_as_they_are_long(tmp_path: Path, size: int) -> None:
    """A chat of many megabytes, one that ends nowhere, and a tree without an end."""
    file = tmp_path / "x.json"
    long = {"memory": "word " * (size << 18), "user_id": "u"}
    file.write_text(json.dumps([long, GOOD])[:-1] + ', {"memory": "' + "x" * (size << 20))
    with work_ends():
        _, facts, flaws = read(file)
    assert (len(facts), len(flaws)) == (2, 1)


def test_a_member_too_large_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_OF_VALUE", 1 << 20)
    file = tmp_path / "x.json"
    file.write_text(json.dumps([{"memory": "x" * (5 << 20)}, GOOD]))
    _, facts, flaws = read(file)
    assert (facts, flaws) == (["I keep bees."], ["a part of it is too large"])


def reasons(found: Iterable[formats.Found]) -> list[str]:
    return [one.entry.reason for one in found if isinstance(one.entry, Flaw)]


@pytest.mark.parametrize(
    ("bound", "most", "left", "told"),
    [
        ("_MOST_ENTRIES", 3, 3, "more in it than may be read"),
        ("_MOST_BYTES", 100, 0, "more in it than may be read"),
        ("_SECONDS", -1.0, 0, "takes longer"),
    ],
)
def test_too_much_of_anything_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: float, left: int, told: str
) -> None:
    """All files of an archive count together."""
    monkeypatch.setattr(archive, bound, most)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for number in range(5):
            packed.writestr(f"{number}.json", json.dumps(GOOD))
    _, facts, flaws = read(tmp_path / "x.zip")
    assert (len(facts) >= left, len(flaws)) == (True, 1)
    assert told in flaws[0]


def test_html_that_does_not_end_takes_as_long_as_it_is_long(tmp_path: Path) -> None:
    (one,) = json.loads((FIXTURES / "gemini.json").read_text())[:1]
    file = tmp_path / "x.json"
    file.write_text(json.dumps([{**one, "safeHtmlItem": [{"html": "<a " * 300_000}]}]))
    with work_ends():
        assert len(read(file)[0]) == 1


def test_gemini_s_prompts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_MOST_PROMPTS", 1)
    assert "there are too many prompts in it" in reasons(formats.read(FIXTURES / "gemini.json"))


def test_a_small_zip_takes_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x.json", "[[" + "{}," * (2 << 20) + "{}]]")
    found = archive.parts(file, archive.Budget())
    part = next(found)
    assert isinstance(part, archive.Part)
    assert isinstance(next(archive.values(part)), Flaw)
    monkeypatch.setattr(archive, "_MOST_OF_INDEX", 50)
    with pytest.raises(archive.UnopenableError, match="zip too many"):
        read(file)


_ENDLESS = (
    "AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT '' name, i message FROM n"
)
_HAS_TABLE = "CREATE TABLE long_term_memory (name, message);"


@pytest.mark.parametrize(
    "schema",
    [
        f"CREATE VIEW long_term_memory {_ENDLESS}",
        f"{_HAS_TABLE} PRAGMA writable_schema = ON; "
        f'UPDATE sqlite_master SET sql = "CREATE VIEW long_term_memory {_ENDLESS}"',
        "CREATE VIRTUAL TABLE long_term_memory USING fts5(name, message)",
        "CREATE TABLE long_term_memory (name, message AS (hex(zeroblob(400000000))))",
    ],
)
def test_a_database_runs_nothing(tmp_path: Path, schema: str) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as file, file:
        file.executescript(schema)
    with work_ends():
        assert read(tmp_path)[2] == ["no long_term_memory of text-generation-webui, or a damaged one"]


def test_what_takes_too_long_in_a_database_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_stores, "_SECONDS", -1.0)
    monkeypatch.setattr(memory_stores, "_STEPS", 1)
    assert len(read(ltm(tmp_path))[2]) == 1


@pytest.mark.parametrize("zone", ["PST-0800", "UTC-08:00", "-0800"])
def test_letta_s_times_have_a_zone(zone: str) -> None:
    assert time_in(f"2025-06-01 11:45:00 PM {zone}") == time_in("2025-06-02T07:45:00Z")


def test_a_chat_of_claude_s_whose_last_message_is_not_there_is_read(tmp_path: Path) -> None:
    said = [
        {"uuid": "a", "sender": "human", "text": "I keep bees."},
        {"uuid": "b", "sender": "assistant", "text": "Nice!", "parent_message_uuid": "a"},
    ]
    chat = {"uuid": "c", "name": "", "chat_messages": said, "current_leaf_message_uuid": "gone"}
    (tmp_path / "x.json").write_text(json.dumps([chat]))
    assert [one[:3] for one in read(tmp_path / "x.json")[0]] == [["claude:c", "I keep bees.", "Nice!"]]


@pytest.mark.parametrize("field", ["command", "name", "title"])
def test_a_prompt_of_open_webui_s_is_no_memory(tmp_path: Path, field: str) -> None:
    prompt = {field: "/greet", "user_id": "maren", "content": "Greet {{name}} warmly."}
    (tmp_path / "x.json").write_text(json.dumps([prompt]))
    assert read(tmp_path / "x.json") == [[], [], ["nothing that is known"]]
