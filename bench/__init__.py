"""One file a question, printed beside plain mem0 on embedded Qdrant in the same run (bundle: the package).

    .venv/bin/python -m bench.inlet      how long does a message wait for its memories?
    .venv/bin/python -m bench.past       what do 10,000 memories and passages of a user cost, and 100,000?
    .venv/bin/python -m bench.outlet     how long does an answer wait, and what do many chats at once wait?
    .venv/bin/python -m bench.startup    when is the first question answered, and in how much memory?
    .venv/bin/python -m bench.crowd      what do 64 people at once wait for, and in how much memory?
    .venv/bin/python -m bench.faults     whatever fails while people chat, is anything lost or doubled?
    .venv/bin/python -m bench.hostile    what does the longest, oddest text cost, and who waits for it?
    .venv/bin/python -m bench.bundle     how large is the one file for upload, and how long does it load?
    .venv/bin/python -m bench.through_product DATA.json   what of earlier chats stands in a new chat's prompt?
    .venv/bin/python -m bench.recall_quality DATA.json    are the right memories found, and only those?
    .venv/bin/python -m bench.prefix DATA.json      how much of a prompt does the model's cache still know?
    .venv/bin/python -m bench.remember DATA.json    what does an LLM cost that remembers, and how fast is it?
    .venv/bin/python -m bench.costs DATA.json       what do 10,000 messages a day cost, in dollars?
    .venv/bin/python -m bench.documents             are quotes of documents told where they answer; many files

`--quick` is small, `--json` makes the last line one JSON object. The first run fills stores, which takes
minutes for embedded Qdrant; `--cache` says where they are kept. Ratios travel, absolute times do not.

measure      percentiles, tables, arguments
memories     synthetic memories, questions about them, and vectors for both
contenders   filled stores, the filter, and plain mem0
locomo       LoCoMo's conversations as chats, with their questions; its data is not part of the project
scripted     an LLM whose answers are scripted, and what is asked of it

Sizes are numbers of memories in the whole store, of 100 users.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if str(ROOT / "pipelines") not in sys.path:
    sys.path.insert(0, str(ROOT / "pipelines"))
