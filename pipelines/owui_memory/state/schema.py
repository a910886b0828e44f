"""The tables as the code uses them. What made them in a database is in `migrations`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    text,
)

from .column_types import Id, PlainText

metadata = MetaData()


def _switches(name: str) -> Table:
    """What each user has switched on or off."""
    is_on, at = Column("is_on", Boolean, nullable=False), Column("at", Float, nullable=False)
    return Table(name, metadata, Column("user_id", Id, primary_key=True), is_on, at)


# States: pending -> claimed -> done, or back to pending for a retry, or dead. "later": of an import, which
# becomes pending when nothing else is to be done; its `ready_at` is when it was said.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Id, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("chat_id", Id, nullable=False),
    Column("follows", Id, nullable=False, default=""),  # see `core.turn.Turn`
    Column("said_at", Float, nullable=False, default=0.0),
    Column("scope", Id, nullable=False, default=""),  # see `core/scope.py`
    Column("exchange", PlainText),  # JSON; emptied once done
    Column("state", Id, nullable=False),
    Column("batch", Id, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("ready_at", Float, nullable=False),  # Unix times, seconds
    Column("claim_expires", Float, nullable=False, default=0.0),
    Column("created_at", Float, nullable=False),
    Column("waiting_since", Float, nullable=False),  # created, or revived
    Column("error", PlainText, nullable=False, default=""),
    Column("imported", Id, nullable=False, server_default=text("''")),  # the import's id
    UniqueConstraint("user_id", "key"),
    Index("outbox_ready", "state", "ready_at"),
    Index("outbox_owner", "user_id", "chat_id", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("key", Id, primary_key=True),  # the turn's: see `core.turn.Turn`
    Column("chat_id", Id, nullable=False),
    Column("exchange_key", Id, nullable=False),
    Column("follows", Id, nullable=False, default=""),
    Column("timezone", Id, nullable=False, default=""),
    Column("scope", Id, nullable=False, default=""),
    Column("answered_by", Id, nullable=False, server_default=text("''")),  # see `AnsweredBy`
    Column("created_at", Float, nullable=False),
    Index("decisions_age", "created_at"),
)

# See recall/injected.py.
injected = Table(
    "injected",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("chat_id", Id, nullable=False),
    Column("conversation", Id, nullable=False),  # the first of its positions: see `core.turn.Turn`
    Column("position", Id, nullable=False),
    Column("memory_id", Id, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("line", PlainText, nullable=False),
    Column("gone", Boolean, nullable=False, default=False),
    Column("injected_at", Float, nullable=False),
    UniqueConstraint("user_id", "position", "memory_id", "text").ddl_if(dialect="sqlite"),
    # PostgreSQL's indexes hold no more than 2,704 bytes of a row.
    Index("told_once", "user_id", "position", "memory_id", func.md5(column("text")), unique=True).ddl_if(
        dialect="postgresql"
    ),
    Index("told_conversation", "user_id", "conversation"),
    Index("told_chat", "user_id", "chat_id"),
    Index("told_age", "injected_at"),
)

# See recall/why.py.
recalls = Table(
    "recalls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("chat_id", Id, nullable=False),
    Column("explanation", PlainText, nullable=False),  # JSON
    Column("at", Float, nullable=False),
    Index("recalls_chat", "user_id", "chat_id"),
    Index("recalls_age", "at"),
)

# Counts the changes of each user's memories, so that what was read of them is known to be current.
# On PostgreSQL, whoever puts or claims a user's exchanges locks the user's row: see `hold`.
versions = Table(
    "versions",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("number", Integer, nullable=False),
)

# See remember/journal.py.
journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch", Id, nullable=False),
    Column("position", Integer, nullable=False),
    Column("user_id", Id, nullable=False, index=True),
    Column("op", Id, nullable=False),
    Column("memory_id", Id, nullable=False),
    Column("before", PlainText, nullable=False),
    Column("after", PlainText, nullable=False),
    Column("kind", Id, nullable=False),
    Column("expires", Id, nullable=False),
    Column("expired", Id, nullable=False, default=""),
    Column("source", PlainText, nullable=False),
    Column("said_at", Float, nullable=False, default=0.0),
    Column("chat", Id, nullable=False, default=""),
    Column("ordinal", Integer, nullable=False, default=0),
    Column("scope", Id, nullable=False, default=""),
    Column("model", Id, nullable=False),
    Column("refused", PlainText, nullable=False),
    Column("made", Boolean, nullable=False),
    Column("undoes", Integer, nullable=False, default=0),
    Column("at", Float, nullable=False),
    UniqueConstraint("user_id", "batch", "position"),
    Index("journal_memory", "memory_id"),
    Index("journal_chat", "user_id", "chat"),
)

# See backends/locations.py.
locations = Table(
    "locations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection", Id, nullable=False),  # the setting
    Column("key", Id, nullable=False),
    Column("role", Id, nullable=False),  # home, target or left
    Column("ours", Boolean, nullable=False),  # all there came from another location of this collection
    Column("pending", Boolean, nullable=False, default=False),  # left before all of it was copied
    Column("location", Text, nullable=False),  # JSON
    Column("copied", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("left_at", Float, nullable=False, default=0.0),
    Column("holder", Id, nullable=False, default=""),  # who copies into it
    Column("held_until", Float, nullable=False, default=0.0),
    UniqueConstraint("collection", "key"),
)

# See manage/command_log.py.
commands = Table(
    "commands",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("key", Id, primary_key=True),  # the exchange's: see `core.turn.Turn`
    Column("chat_id", Id, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("timezone", Id, nullable=False),
    Column("teams", Id, nullable=False, default=""),  # that its user is in, with blanks between
    Column("here", Text, nullable=False, server_default=text("''")),  # JSON: see commands/circumstances.py
    Column("text", PlainText, nullable=False),  # emptied with the answer, after a day
    Column("answer", PlainText, nullable=False, default=""),
    Column("asked_at", Float, nullable=False),
    Column("answered_at", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("held_until", Float, nullable=False, default=0.0),
    Index("commands_age", "asked_at"),
)
command_turns = Table(
    "command_turns",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("key", Id, primary_key=True),  # the turn's
    Column("command", Id, nullable=False),
    Column("asked_at", Float, nullable=False),
    Index("command_turns_age", "asked_at"),
)
shown = Table(
    "shown",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("chat_id", Id, primary_key=True),
    Column("ids", Text, nullable=False),  # JSON: number -> memory's id
    Column("at", Float, nullable=False),
    Index("shown_age", "at"),
)

# See commands/notes.py.
noted = Table(
    "noted",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("change", Integer, nullable=False),  # the last of the journal that was told
)

# See state/switches_table.py.
switches = Table(
    "switches",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("chat_id", Id, primary_key=True),  # "" for always
    Column("is_on", Boolean, nullable=False),
    Column("at", Float, nullable=False),
)

# See state/episodes_table.py. The passages of an exchange: their ids follow from its key and their numbers.
episodes = Table(
    "episodes",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("exchange", Id, primary_key=True),  # a hash of its key
    Column("chat_id", Id, nullable=False),
    Column("first", Integer, nullable=False),  # ordinal in the chat
    Column("said", Integer, nullable=False),  # passages of the user's message, and
    Column("answered", Integer, nullable=False),  # of the answer
    Column("topics", Integer, nullable=False, default=0),
    Column("gone", Integer, nullable=False, server_default=text("0")),  # of these, forgotten one by one
    Column("digest", Id, nullable=False),  # of what they say; "" until they are stored
    Column("said_at", Float, nullable=False),
    Index("episodes_chat", "user_id", "chat_id"),
    Index("episodes_age", "said_at"),
)
episode_switches = _switches("episode_switches")

# See state/cuts_table.py.
cuts = Table(
    "cuts",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("chat_id", Id, primary_key=True),  # without one, the first of its positions
    Column("position", Id, primary_key=True),  # of the first message that stays: see `core.turn.Turn`
    Column("context_tokens", Integer, primary_key=True),  # the limit that it was cut for
    Column("abstract", PlainText, nullable=False),  # JSON; "" for none
    Column("used", Boolean, nullable=False),  # else it is ready, for when it is needed
    Column("told", Boolean, nullable=False),  # to the user, in a note
    Column("read_at", Float, nullable=False),  # when what it says was read
    Column("at", Float, nullable=False),
    Index("cuts_age", "at"),
)
# See context/counting.py. No users.
token_ratios = Table(
    "token_ratios",
    metadata,
    Column("model", Id, primary_key=True),
    Column("ratio", Float, nullable=False),
    Column("at", Float, nullable=False),
)
note_switches = _switches("note_switches")

# See state/digests_table.py.
digests = Table(
    "digests",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("template", Id, primary_key=True),
    Column("about", PlainText, nullable=False),
    Column("language", Id, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("detail", PlainText, nullable=False),  # why the last one could not be made
)

# See state/documents_table.py.
documents = Table(
    "documents",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("document_id", Id, primary_key=True),
    Column("path", PlainText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("digest", Id, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("address", PlainText, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("state", Id, nullable=False),
    Column("detail", PlainText, nullable=False),
    Column("at", Float, nullable=False),
)

# See state/api_keys_table.py.
api_keys = Table(
    "api_keys",
    metadata,
    Column("hash", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("name", Id, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("kind", Id, nullable=False, server_default=text("'user'")),  # or observer, of no user
    Index("api_keys_user", "user_id"),
)

# See manage/history/imports.py.
imports = Table(
    "imports",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("import_id", Id, primary_key=True),
    Column("source", Id, nullable=False),  # the programs; "" until all is brought
    Column("name", Id, nullable=False),  # the file's
    Column("begun_at", Float, nullable=False),
)

# See state/reflections_table.py.
reflections = Table(
    "reflections",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("scope", Id, primary_key=True),
    Column("seen", Integer, nullable=False, default=0),  # the last change of the journal that was looked at
    Column("due_at", Float, nullable=False, default=0.0),
    Column("answered_by", Id, nullable=False),  # see `AnsweredBy`
    Column("profile", PlainText, nullable=False, default=""),  # JSON
)

# See state/page_sessions_table.py.
page_sessions = Table(
    "page_sessions",
    metadata,
    Column("hash", Id, primary_key=True),
    Column("kind", Id, nullable=False),  # session, link or code
    Column("user_id", Id, nullable=False),
    Column("name", Id, nullable=False),
    Column("email", Id, nullable=False),
    Column("role", Id, nullable=False),
    Column("webui", Id, nullable=False),
    Column("checked_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Index("page_sessions_user", "user_id"),
)

# See manage/deletions.py.
deletions = Table(
    "deletions",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("chat_id", Id, primary_key=True),  # "" for all of the user
    Column("at", Float, nullable=False),
    Column("done", Boolean, nullable=False),
)

# See manage/comparison.py.
webui_seen = Table(
    "webui_seen",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("chat_id", Id, primary_key=True),  # "" for the user
    Column("webui", Id, primary_key=True),  # a hash of its address
    Column("seen_at", Float, nullable=False),
    Column("missing_since", Float, nullable=False),  # 0 if it is not
)

# See manage/erasure/erase.py. What was erased is named by ids only.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("whole", Boolean, nullable=False),  # all of the user, else these memories
    Column("memory_ids", Text, nullable=False),  # JSON
    Column("batches", Text, nullable=False),  # JSON: those that somebody worked on then
    Column("locations", Text, nullable=False),  # JSON: ids of the locations where it is still to be done
    Column("passes", Integer, nullable=False, default=0),  # see manage/erasure/erasures.py
    Column("asked_at", Float, nullable=False),
    Index("erasures_open", "passes"),
)

# See observe/ledger.py. No users.
llm_days = Table(
    "llm_days",
    metadata,
    Column("day", String(10), primary_key=True),  # YYYY-MM-DD, UTC
    Column("model", String(200), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
)
