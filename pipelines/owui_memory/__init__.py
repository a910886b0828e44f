"""Long-term memory for Open WebUI, as a filter of the Pipelines server, on mem0.

filter.py    class Pipeline: what the server calls; start here
start.py     the way to a runtime: tried until the state database lets it
runtime.py   what lives from start-up to shutdown, and the status made of it
settings.py  every setting; panel.py, what the admin panel does to settings, undone;
             combinations.py, settings that each make sense and together cannot work
errors.py    errors by reaction: retry, drop, leave it to another server, tell the admin
engines.py   SQLite or PostgreSQL, below the state database; wal.py, SQLite's log, emptied;
             clock.py, wall clocks that are put right
words.py     words of a text in any language
language/    what tells questions, requests and others' words from statements, and who speaks of themselves:
             a table a language (phrases: how they are read; detection: which one), speech (what a sentence
             is), self_reference, forgetting, sentences, scripts (what Unicode says of characters)
scopes.py    whose memories a chat sees: the user's, a folder's, a persona's, a team's
patterns.py  names of models, as settings have them
redact.py    secrets in a text; credentials.py, what is said to be one (its _names, _values and _words);
             inert.py, text that can do nothing
__main__.py  the command line: python -m owui_memory; cli/, a module for each command

state/       the state database: its tables, and the frozen steps that make them
locales/     all that is said to users and models, a .po file a language (po: how they are read; guess: the
             language of a message; refused: an error told in its user's)
chat/        what Open WebUI says, and what is said back: body, policy, decisions, language (in which one),
             commands (slash, verbs, numbers: how they are recognised; work: one being carried out; asides:
             what is no conversation; answers, explained, faults), notes
recall/      the inlet's side: search, rank, select, told, block, profile, ready, tokens, why,
             wishes (requests to forget)
remember/    the outlet's side: keeper (spill: what the database cannot take now), outbox (turns), writer,
             gate (material: what of a message is not its user's own),
             reconcile (prompt, operations), verbatim, admission (what may become a memory), orders, sameness,
             changes, journal
backends/    mem0 in its three forms behind one Protocol (live: the one in use), its models and what they lack
             (llms; readers and catalogue: the LLM that answers the chats; embedder, providers, probe), and
             the embedded store
control/     what users may do themselves: memories (list, remember, ...), orders (each command once),
             switches, erase (erasures, sites, history, purging, sweeper)
moving/      another model, store or backend, and no memory lost: places, mover, copying, records, reach
ops/         guard, status, embeddings (for other programs), selfcheck, health, metrics,
             costs (ledger: of each day; prices), breaker, statecheck, comparison (store and journal),
             inquiry (questions to what may hang)
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
