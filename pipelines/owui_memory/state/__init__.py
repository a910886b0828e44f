"""The state database: exchanges on their way to mem0, what each inlet decided and told, every change made,
where memories live, and what is to be erased.

SQLite in WAL mode under the data folder, or PostgreSQL, which several servers may share. `schema` has the
tables, `migrations` what makes them, `opening` opens the database. Whatever is kept of a user has the user's
id in its key. Strings have no lengths: PostgreSQL would refuse what SQLite takes.
"""

from .engine import reading
from .opening import open_state
from .schema import (
    api_keys,
    command_turns,
    commands,
    cuts,
    decisions,
    deletions,
    documents,
    episode_switches,
    episodes,
    erasures,
    imports,
    injected,
    journal,
    llm_days,
    locations,
    metadata,
    note_switches,
    noted,
    outbox,
    page_sessions,
    recalls,
    reflections,
    shown,
    switches,
    token_ratios,
    versions,
    webui_seen,
)
from .statements import count_up, hold, insert_new, put_row, try_writing, was_erased

__all__ = [
    "api_keys",
    "command_turns",
    "commands",
    "count_up",
    "cuts",
    "decisions",
    "deletions",
    "documents",
    "episode_switches",
    "episodes",
    "erasures",
    "hold",
    "imports",
    "injected",
    "insert_new",
    "journal",
    "llm_days",
    "locations",
    "metadata",
    "note_switches",
    "noted",
    "open_state",
    "outbox",
    "page_sessions",
    "put_row",
    "reading",
    "recalls",
    "reflections",
    "shown",
    "switches",
    "token_ratios",
    "try_writing",
    "versions",
    "was_erased",
    "webui_seen",
]
