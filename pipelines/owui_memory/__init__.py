"""Long-term memory for Open WebUI, as a filter of the Pipelines server, on mem0.

docs/architecture.md follows one message through it. A room imports only rooms above it in this list:

core/        values that all rooms share (Turn, Exchange, Memory, Change, events), and errors by reaction
config/      every setting; what the admin panel does to them, undone; checks across settings; policy: what
             they decide about a turn
language/    words, sentences and scripts; a table a language; who speaks of themselves; requests to forget;
             prompt injection; secrets; sanitising; the texts of commands (locales)
state/       the state database: engine, tables, frozen migrations, permissions, users' own switches
models/      LLMs and embedders: providers, limits, the bundled embedder, what goes wrong with them
stores/      where vectors are kept: sqlite/, qdrant/, pgvector/ behind one protocol
backends/    mem0 as library, server or platform behind one Protocol; the one in use; locations of memories
recall/      the inlet's side: search, rank, select, block, what is injected already; run (deadline, breaker)
remember/    the outlet's side: keeper, outbox (backlog: what it holds; spill: what the database cannot
             take now; later: imports), writer (failing: what cannot be remembered now), gate, reconcile,
             verbatim, admission (what may become a memory), apply, journal; passages and episodes (what was
             said), quotes (which of it says what is forgotten); reflector, reflection (what is known, kept
             in order)
context/     long chats: what of a chat stays in its prompt, and the summary in place of the rest
documents/   files and saved pages: what lies in a user's folder, read in a process of its own, as passages
channels/    a team's channels: what is observed there, read in batches, learned of each; people (who is
             who, agreed, or is not read)
manage/      list, search, edit, forget, undo, share; past chats; history/ (archives of other programs);
             deletions, comparison (with Open WebUI); erasure/; migrate/
digests/     texts made of memories, past chats and documents after a template, with sources
commands/    /memory: parse, run, answer
observe/     hooks on events: counters, costs, Prometheus, tracing, event log; status, self-checks
interfaces/  what speaks to the outside: chats (turns through the core, for all of them), turns (inlet and
             outlet), pipelines/ (the filter, its guard on the routes), function (the same for a Function of
             Open WebUI), live/ (what running chats show), proxy/ (an OpenAI-compatible API before model
             servers), tools/ (verbs that models call, by MCP and OpenAPI), web/ (the page of memories),
             webhooks (what Open WebUI tells of deletions), channel_poller (its own channels), observe (what
             bots tell of others), uploads (files that programs send), cli/
app.py       assembles all of it; plugin.py is what the Pipelines server loads, standalone.py the
             proxy alone, __main__.py the command line
"""

import sys
from pathlib import Path

__version__ = "0.1.0"


def _command() -> str:
    """How the command line is called here."""
    if __name__ != "owui_memory":  # the one file for upload, whose name the package has, with a hash
        return f"python {__name__.rpartition('_')[0]}.py"
    installed = Path(sys.prefix, "bin", "owui-memory")
    return str(installed) if installed.exists() else "python -m owui_memory"


COMMAND = _command()
