"""What other programs remember: mem0, Letta, Claude's summary, text-generation-webui's long-term memory."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import PurePosixPath
from typing import IO, Any

from ...core.scope import own_scope
from .entries import (
    Chat,
    Entry,
    Fact,
    Flaw,
    Said,
    day_in,
    id_in,
    listed,
    mapping,
    name_of,
    objects,
    text_in,
    texts_in,
    time_in,
    title_in,
)

_MOST_ROWS = 200_000
_MOST_CHARS = 32 << 20  # of a chat
_MOST_BYTES = 256 << 20
_MOST_OF_CELL = 1 << 20  # bytes
_SECONDS = 30.0  # in a database
_STEPS = 10_000  # of SQLite's machine between two looks at the clock
_KINDS = ("profile", "preference", "fact", "plan")
_NOBODY = ("you", "user", "human")  # names of users who have not changed theirs


# mem0: what `get_all` answers, or a list of that; ours, too.


def is_mem0(value: Mapping[str, Any]) -> bool:
    """Whether it is a memory as mem0 has it."""
    return isinstance(value.get("memory"), str)


def read_mem0(value: Mapping[str, Any]) -> Iterator[Entry]:
    """The memory; passages of past chats are none."""
    beside = mapping(value.get("metadata"))
    kind = beside.get("kind")
    if kind == "episode":
        yield Flaw("", "a passage of a past chat, which only an import without a user brings back")
        return
    at = time_in(value.get("updated_at"), value.get("created_at"))
    told, last = str(kind) if kind in _KINDS else "fact", day_in(value.get("expiration_date"))
    first_at, scope = time_in(value.get("created_at")), own_scope(beside.get("scope"))
    yield Fact(text_in(value["memory"]), at, told, id_in(value.get("user_id")), last, first_at, scope)


# Letta: an agent file, of now (lists of agents and blocks) or before (one agent), and archival passages.


def is_letta(value: Mapping[str, Any]) -> bool:
    """Whether it is an agent file."""
    has_agents = isinstance(value.get("agents"), list) and isinstance(value.get("blocks"), list)
    is_agent = isinstance(value.get("core_memory"), list) and isinstance(value.get("messages"), list)
    return has_agents or is_agent


def read_letta(value: Mapping[str, Any]) -> Iterator[Entry]:
    """What the agent knows of its human, and the chat with it."""
    file_at = time_in(value.get("created_at"))
    blocks = listed(value.get("blocks")) + listed(value.get("core_memory"))
    for block in objects(blocks):
        if block.get("label") == "human":
            yield from facts_of(text_in(block.get("value")), time_in(block.get("updated_at")) or file_at)
        else:
            yield Flaw("", "a block that is not about the user")
    for passage in objects(value.get("passages")):
        yield from read_passage(passage)
    agents = [*objects(value.get("agents"))] if "agents" in value else [value]
    for agent in agents:
        said = tuple(one for message in objects(agent.get("messages")) for one in _of_letta(message))
        chat_id = id_in(agent.get("id")) or name_of(agent.get("name"))
        yield Chat(chat_id, title_in(agent.get("name")), said, time_in(agent.get("created_at")) or file_at)


def _of_letta(message: Mapping[str, Any]) -> Iterator[Said]:
    """What was said; of system events, thoughts and tools only what the agent sends by a tool."""
    role, content = message.get("role"), message.get("content")
    parts = content if isinstance(content, list) else [content or message.get("text")]
    text = texts_in(mapping(part).get("text", part) for part in parts)
    at = time_in(message.get("created_at"))
    if role == "user":
        packed = _object_in(text)
        if packed and packed.get("type", "user_message") != "user_message":
            return
        text, at = text_in(packed.get("message")) if packed else text, time_in(packed.get("time")) or at
    elif role == "assistant":
        calls = [mapping(call.get("function")) for call in objects(message.get("tool_calls"))]
        sent = [_object_in(call.get("arguments")) for call in calls if call.get("name") == "send_message"]
        if calls:
            text = texts_in(one.get("message") for one in sent)
    else:
        return
    if text:
        yield Said(id_in(message.get("id")), "user" if role == "user" else "assistant", text, at)


def _object_in(text: Any) -> Mapping[str, Any]:
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return {}
    try:
        return mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def is_passage(value: Mapping[str, Any]) -> bool:
    """Whether it is a passage of Letta's archival memory."""
    return isinstance(value.get("text"), str) and not {
        "archive_id",
        "agent_id",
        "embedding_config",
    }.isdisjoint(value)


def read_passage(value: Mapping[str, Any]) -> Iterator[Entry]:
    """The passage, as one fact or several."""
    yield from facts_of(text_in(value.get("text")), time_in(value.get("created_at")))


# Claude's memories.json: a summary of all chats, and one of each project.


def is_claude_memory(value: Mapping[str, Any]) -> bool:
    """Whether it is what Claude remembers of its user."""
    return isinstance(value.get("conversations_memory"), str)


def read_claude_memory(value: Mapping[str, Any]) -> Iterator[Entry]:
    """Its paragraphs, as facts."""
    told = [value["conversations_memory"], *mapping(value.get("project_memories")).values()]
    for text in told:
        yield from facts_of(text_in(text), time_in(value.get("updated_at")))


def facts_of(text: str, at: float) -> Iterator[Fact]:
    """The lines of a text, but for headings."""
    for line in text.split("\n"):
        line = line.strip().lstrip("-*•").strip() if not line.strip().startswith("**") else line.strip()
        is_heading = (
            line.startswith("#") or (line.startswith("**") and line.endswith("**")) or line.endswith(":")
        )
        if not is_heading and any(map(str.isalnum, line)):
            yield Fact(line, at, is_prose=True)


# text-generation-webui, extension long_term_memory: bot_memories/<character>/long_term_memory.db.


def is_sqlite(begin: bytes) -> bool:
    """Whether a file that begins so is SQLite's."""
    return begin.startswith(b"SQLite format 3")


# All of a schema is looked at: a row may call a view a table, which then runs whatever its writer likes.
_OTHERS = """SELECT count(*) FROM sqlite_master WHERE (
    type IN ('table', 'index') AND rootpage > 0
    AND (sql IS NULL OR sql LIKE 'CREATE TABLE %' OR sql LIKE 'CREATE INDEX %'
        OR sql LIKE 'CREATE UNIQUE INDEX %')
) IS NOT TRUE"""


def read_ltm(name: str, stream: IO[bytes]) -> Iterator[Entry]:
    """A chat with the character whose folder it is. name: the file's path in the archive."""
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        size = 0
        while data := stream.read(1 << 20):
            if (size := size + len(data)) > _MOST_BYTES:
                yield Flaw(name, "it is too large")
                return
            copy.write(data)
        copy.flush()
        try:
            yield from _of_ltm(name, copy.name)
        except sqlite3.Error:
            yield Flaw(name, "no long_term_memory of text-generation-webui, or a damaged one")


def _of_ltm(name: str, path: str) -> Iterator[Entry]:
    character = PurePosixPath(name.replace(os.sep, "/")).parent.name
    until = time.monotonic() + _SECONDS
    said: list[Said] = []
    chars = 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as file:
        file.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        file.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_OF_CELL)
        file.execute("PRAGMA trusted_schema = OFF")
        file.execute("PRAGMA cell_size_check = ON")
        file.execute("PRAGMA mmap_size = 0")
        file.execute("PRAGMA temp_store = MEMORY")
        file.text_factory = lambda data: data.decode("utf-8", "replace")
        (others,) = file.execute(_OTHERS).fetchone()
        columns = (
            {row[1] for row in file.execute("PRAGMA table_info(long_term_memory)")} if not others else ()
        )
        if not {"name", "message"}.issubset(columns):  # computed columns are none of them
            raise sqlite3.DatabaseError
        at = "timestamp" if "timestamp" in columns else "NULL"
        rows = file.execute(
            f"SELECT rowid, name, message, {at} FROM long_term_memory NOT INDEXED LIMIT {_MOST_ROWS}"  # noqa: S608
        )
        for row in rows:
            said += _row(row, character)
            chars += len(said[-1].text) if said else 0
            if chars > _MOST_CHARS:
                yield Flaw(name, "there is too much in it")
                break
    yield Chat(character or "long_term_memory", character, tuple(said))


def _row(row: tuple[Any, ...], character: str) -> Iterator[Said]:
    number, name, message, at = row
    text = text_in(message).strip()
    speaker = title_in(name).strip(" :")
    if text.startswith(f"{speaker}:"):
        text = text.removeprefix(f"{speaker}:").strip()
    is_character = speaker.lower() == character.lower() if character else speaker.lower() not in _NOBODY
    if text:
        yield Said(f"{number}-{name_of(text)}", "assistant" if is_character else "user", text, time_in(at))
