"""A folder of many files, read by the real server while somebody chats: see `bench.documents --files`.

Files are cut and mixed from the texts of bench/documents, which are in the public domain: of twenty files
one is a saved page, one a PDF, one a .docx. The folder is moved into its place at once.
"""

from __future__ import annotations

import io
import json
import random
import sqlite3
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.measure import Latency, rss_mib, worked_s
from tests.harness.bodies import Chat
from tests.harness.pipelines_server import PipelinesServer
from tests.harness.talk import tell
from tests.harness.waiting import wait_until

TEXTS = ROOT / "bench" / "documents"
_USER = "ada"
_EACH_S = 0.25  # a message
_PARAGRAPHS = 5  # of a file, two passages or more
_ADDED = "saved/one-more.md"


def make(folder: Path, count: int) -> None:
    """So many files, the same ones each time."""
    said = [
        line
        for text in sorted(TEXTS.glob("*.md"))
        for line in text.read_text("utf-8").splitlines()
        if len(line) > 60
    ]
    drawn = random.Random(4711)
    for number in range(count):
        paragraphs = [*drawn.sample(said, _PARAGRAPHS), f"This is leaf {number}."]
        kind = {3: ".html", 7: ".pdf", 11: ".docx"}.get(number % 20, ".md")
        place = folder / f"shelf-{number // 500:02}" / f"leaf-{number:05}{kind}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_WRITTEN[kind](f"Leaf {number}", paragraphs))


def _markdown(title: str, paragraphs: list[str]) -> bytes:
    return "\n\n".join([f"# {title}", *paragraphs]).encode()


def _page(title: str, paragraphs: list[str]) -> bytes:
    told = "".join(f"<p>{one}</p>" for one in paragraphs)
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{told}</body></html>".encode()


def _docx(title: str, paragraphs: list[str]) -> bytes:
    import docx

    document, made = docx.Document(), io.BytesIO()
    document.add_heading(title)
    for one in paragraphs:
        document.add_paragraph(one)
    document.save(made)
    return made.getvalue()


def _pdf(title: str, paragraphs: list[str]) -> bytes:
    """One page of one font, each line of which is a paragraph's piece."""
    words = " ".join([title, *paragraphs]).encode("latin-1", "replace")
    for mark in (b"\\", b"(", b")"):
        words = words.replace(mark, b"\\" + mark)
    lines = b" ".join(b"(" + words[at : at + 90] + b") Tj T*" for at in range(0, len(words), 90))
    stream = b"BT /F 9 Tf 40 800 Td 11 TL " + lines + b" ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n" % len(stream) + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj" % number + one + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(made)
    return made + b"xref\n0 6\n0000000000 65535 f \n" + table + end


_WRITTEN = {".md": _markdown, ".html": _page, ".docx": _docx, ".pdf": _pdf}


@dataclass(frozen=True)
class Live:
    """Messages one after another: how long each took, and how long without the embedder."""

    all_of_it: Latency
    without_embedder: Latency


@dataclass(frozen=True)
class Indexed:
    """What reading a folder took. Times in seconds, memory in MiB; cpu: of the server's own process."""

    files: int
    passages: int
    failed: int
    first_passage_s: float
    took_s: float
    cpu_s: float
    one_more_s: float
    rss_before: float
    rss_after: float
    rss_most: float
    idle: Live
    meanwhile: Live


class _Talk:
    """One who sends four messages a second, each in a chat of its own."""

    def __init__(self, server: PipelinesServer) -> None:
        self._server, self._log = server, server.data_dir.parent / "server.log"
        self._read = self._log.stat().st_size
        self._asked: list[tuple[float, float]] = []  # when each was sent and answered, UNIX seconds
        self._events: list[dict[str, Any]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Talk:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        time.sleep(0.5)  # for the log's last line
        with self._log.open("rb") as log:
            log.seek(self._read)
            self._events = [json.loads(line) for line in log.read().splitlines() if line.startswith(b"{")]

    def _run(self) -> None:
        number = 0
        while not self._ended.wait(_EACH_S):
            turn = Chat(_USER).say(f"What did the people of house {id(self) % 1000}-{number} eat?")
            began = time.time()
            self._server.inlet(turn.inlet, turn.user)
            self._asked.append((began, time.time()))
            number += 1

    def heard(self) -> Live:
        """After the end. Of files, two passages or more are embedded together, nearly always."""
        alone = [
            (datetime.fromisoformat(one["at"]).timestamp(), one.get("seconds", 0.0))
            for one in self._events
            if one["event"] == "embedded" and one.get("count") == 1
        ]
        rest = []
        for began, ended in self._asked:
            embedding = next((took for at, took in alone if began <= at <= ended), 0.0)
            rest.append(ended - began - embedding)
        return Live(Latency.of([ended - began for began, ended in self._asked]), Latency.of(rest))


def measured(count: int, idle_s: float) -> Indexed:
    """Read so many files."""
    with tempfile.TemporaryDirectory(prefix="bench-documents-") as name:
        folder = Path(name)
        make(folder / "made", count)
        server = PipelinesServer(folder / "server", env={"MEMORY_LOG_EVENTS": "json"})
        own = server.data_dir / "documents" / _USER
        own.parent.mkdir(parents=True)
        with server:
            tell(server, "I live in a house beside a pond.", user=_USER)
            with _Talk(server) as idle:
                time.sleep(idle_s)
            before, cpu = rss_mib(server.pid)[0], worked_s(server.pid)
            (folder / "made").rename(own)
            began = time.perf_counter()
            first = 0.0
            with closing(sqlite3.connect(f"file:{server.data_dir}/state.db?mode=ro", uri=True)) as state:
                with _Talk(server) as meanwhile:
                    while (known := _known(state))[0] < count:
                        first = first or (time.perf_counter() - began if known[1] else 0.0)
                        time.sleep(0.05)
                    took = time.perf_counter() - began
                spent, (after, most) = worked_s(server.pid) - cpu, rss_mib(server.pid)
                time.sleep(2)
                (own / _ADDED).parent.mkdir(exist_ok=True)
                (own / _ADDED).write_bytes(_markdown("One more", ["The kettle is in the shed behind it."]))
                began = time.perf_counter()
                wait_until(lambda: _known(state)[0] > count, within=120, every=0.02)
                one_more = time.perf_counter() - began
            return Indexed(
                *(count, known[1], known[2], first, took, spent, one_more, before, after, most),
                idle=idle.heard(),
                meanwhile=meanwhile.heard(),
            )


def _known(state: sqlite3.Connection) -> tuple[int, int, int]:
    """Files that were gone through, passages kept, and files that could not be read."""
    with suppress(sqlite3.OperationalError):
        done, passages, failed = state.execute(
            "SELECT count(*), sum(passages), sum(state = 'failed') FROM documents WHERE size >= 0"
        ).fetchone()
        return done, passages or 0, failed or 0
    return 0, 0, 0
