"""Are quotes of documents told where they answer a question, and nowhere else?

    .venv/bin/python -m bench.documents [--beside FOLDER | --files 10000]

bench/documents/ has six texts in the public domain and 32 questions about them, asked in other words than the
texts have. All are one user's, in one folder, which is read and asked through the real recall path with the
default settings. Told the answer: it is in the prompt. The halves are every other question, one for choosing
numbers and one for checking them. Told something: the gate is open. Unrelated: messages of
bench/unrelated.txt and bench/languages/unrelated.txt that are told a quote. Nearest three: the answer is in
one of the three passages that a search by hand finds nearest by meaning, whatever a gate says. --beside puts
the files of another folder (docs) there, too.

With --files instead, so many files are put into a folder of the real server while somebody chats: the time
to the first passage, the rate, the memory, and what messages wait before and meanwhile, with the bundled
embedder's time and without. Aim: p95 under 15 ms without it.
"""

import argparse
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from bench import ROOT
from bench.contenders import take_environment
from bench.measure import arguments, finish, table
from owui_memory.backends.library import LibraryBackend
from owui_memory.config.settings import Valves
from owui_memory.core.scope import documents_owner
from owui_memory.core.turn import Turn
from owui_memory.documents.folders import Folders
from owui_memory.documents.indexing import Indexing
from owui_memory.recall.block import is_of_document
from owui_memory.recall.recall import Recaller
from owui_memory.state import open_state
from owui_memory.state.documents_table import DocumentsTable

FOLDER = ROOT / "bench" / "documents"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def questions() -> list[tuple[str, str]]:
    """Questions, and words that stand in what answers them."""
    lines = (FOLDER / "questions.txt").read_text("utf-8").splitlines()
    return [(question, answer) for _, question, answer in (line.split(" | ") for line in lines)]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--files", type=int, metavar="N", help="read so many files instead")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="whose files lie there, too")
    options = parser.parse_args()
    if options.files:
        read_folder(options)
    else:
        ask(options)


def read_folder(options: argparse.Namespace) -> None:
    """A folder of many files."""
    from bench import document_folder  # it brings mem0 in, whose environment `ask` sets before

    found = document_folder.measured(options.files, idle_s=10 if options.quick else 60)
    reading = [
        ("files read", found.files - found.failed),
        ("files that could not be", found.failed),
        ("passages", found.passages),
        ("first passage after s", found.first_passage_s),
        ("all after s", found.took_s),
        ("  files a second", found.files / found.took_s),
        ("  passages a second", found.passages / found.took_s),
        ("  of the processor, server's process, s", found.cpu_s),
        ("one file more is there after s", found.one_more_s),
        ("server's MiB before", found.rss_before),
        ("  after", found.rss_after),
        ("  at most", found.rss_most),
    ]
    print(table(f"A folder of {found.files:,} files", ("", ""), reading))
    rows = [
        (f"{when}, {what}", one.count, one.p50, one.p95, one.p99)
        for when, live in (("before", found.idle), ("meanwhile", found.meanwhile))
        for what, one in (("with the embedder", live.all_of_it), ("without it", live.without_embedder))
    ]
    print(table("Inlets by HTTP, four a second", ("", "messages", "p50 ms", "p95", "p99"), rows))
    finish(options, {"benchmark": "documents", "folder": found})


def ask(options: argparse.Namespace) -> None:
    """The questions."""
    take_environment()
    files = (ROOT / "bench" / "unrelated.txt", ROOT / "bench" / "languages" / "unrelated.txt")
    unrelated = [line for file in files for line in file.read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory(prefix="bench-documents-") as name:
        data, own = Path(name), Path(name) / "documents" / "ada"
        shutil.copytree(FOLDER, own, ignore=shutil.ignore_patterns("questions.txt"))
        if options.beside:
            shutil.copytree(options.beside, own / "beside")
        engine, backend = open_state(data), LibraryBackend.open(Valves(), data)
        Indexing(DocumentsTable(engine)).run(backend, Folders(own.parent))
        recaller = Recaller(engine)

        def told(text: str) -> str:
            turn = Turn(user_id="ada", text=text, key=text, exchange_key=text, positions=(text,))
            found = recaller.recall(backend, turn, Valves(), NOW)
            return " ".join(line.line for line in found.new if is_of_document(line.line)).casefold()

        def nearest(text: str) -> str:
            near = backend.search(documents_owner("ada"), text, 3)
            best = sorted(near, key=lambda one: one.meaning, reverse=True)[:3]
            return " ".join(one.memory.text for one in best).casefold()

        quotes = [told(question) for question, _ in questions()]
        right = [answer in quote for quote, (_, answer) in zip(quotes, questions(), strict=True)]
        beside = [answer in nearest(question) for question, answer in questions()]
        false = [bool(told(message)) for message in unrelated]
        print(
            table(
                "Documents",
                ("", "per cent"),
                [
                    ("told the answer", 100 * fmean(right)),
                    ("  first half", 100 * fmean(right[::2])),
                    ("  second half", 100 * fmean(right[1::2])),
                    ("told something", 100 * fmean(map(bool, quotes))),
                    ("nearest three have it", 100 * fmean(beside)),
                    ("unrelated messages told something", 100 * fmean(false)),
                ],
            )
        )
        finish(
            options,
            {
                "benchmark": "documents",
                "told": round(100 * fmean(right), 1),
                "unrelated": round(100 * fmean(false), 1),
            },
        )
        backend.close()
        engine.dispose()


if __name__ == "__main__":
    main()
