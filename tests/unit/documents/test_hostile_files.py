"""Broken and ill-meant files end in time, say why, reach nothing, and leave the next file readable."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from owui_memory.core.errors import Drop
from owui_memory.documents import extraction as reading
from owui_memory.documents.extraction import Extraction
from tests.unit.documents.hostile_files import REAL, SECRET, files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and what it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()


def test_fifty_hostile_files(
    asked: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_WAIT", 30)  # the processor's time is what ends them, on a busy machine too
    url, paths = asked
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    extraction, why, count = Extraction(seconds=3), {}, 0
    try:
        for name, content in files(url, secret):
            file = tmp_path / name
            file.write_bytes(content)
            opened = os.open(file, os.O_RDONLY)
            try:
                document = extraction.read(name, opened)
            except Drop as reason:
                why[name] = str(reason)
            else:
                assert SECRET not in f"{document}", name
                assert len(f"{document}") < 10_000_000, name
            finally:
                os.close(opened)
                file.unlink()
            count += 1
        assert count >= 50
        assert all(reason.isprintable() and len(reason) < 120 for reason in why.values()), why
        assert paths == [], "nothing is fetched"
        with (REAL / "lamps.md").open("rb") as real:
            assert "brass lamps" in f"{extraction.read('lamps.md', real.fileno())}"
    finally:
        extraction.close()
