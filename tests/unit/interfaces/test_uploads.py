"""Forms and files as they come in: one file each, by its whole name, and nothing left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from owui_memory.documents.inbox import Inbox, Incoming
from owui_memory.interfaces import uploads
from owui_memory.interfaces.web import forms

FILE = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename=%b\r\n'
    b'Content-Type: text/html; a="b\r\n\r\n%b\r\n'
)


def sent(*parts: bytes, most: int = 1000, piece: int = 1) -> tuple[str, bytes]:
    """What a form in pieces of so many bytes holds: the file's name and its content."""
    body = b"".join(parts) + b"--b--\r\n"
    pieces = iter([body[at : at + piece] for at in range(0, len(body), piece)])

    async def receive() -> Any:
        some = next(pieces, None)
        return {"type": "http.request", "body": some or b"", "more_body": some is not None}

    headers = Headers({"content-type": 'multipart/form-data; charset="a;b"; boundary=b'})
    _, file = asyncio.run(forms.with_file(headers, receive, most))
    with file.content as content:
        return file.name, content.read()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b'"Foo; bar.html"', "Foo; bar.html"),
        (b'"a \\"b\\"; c\\\\.html"', 'a "b"; c\\.html'),
        (b'"caf\xc3\xa9;.html" ; x="y"', "caf\xe9;.html"),
        (b"plain.html", "plain.html"),
    ],
)
def test_a_file_keeps_its_whole_name(written: bytes, name: str) -> None:
    assert sent(FILE % (written, b"<p>")) == (name, b"<p>")


def test_a_form_brings_one_file() -> None:
    none, one, other = (FILE % part for part in ((b'""', b"x"), (b'"a.md"', b"tea"), (b'"b.md"', b"milk")))
    assert sent(none, one, none) == ("a.md", b"tea")
    with pytest.raises(forms.RefusedError) as refused:
        sent(one, other)
    assert refused.value.status == 413


def test_a_form_holds_no_more_than_its_file_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_FORM_BYTES", 1000)
    big = FILE % (b'"a.md"', b"x" * 5000)
    assert len(sent(big, most=5000, piece=500)[1]) == 5000
    with pytest.raises(forms.RefusedError) as refused:
        sent(big, most=3000, piece=500)
    assert refused.value.status == 413


def test_a_cancelled_upload_leaves_nothing_open(tmp_path: Path) -> None:
    began, go_on, opened = threading.Event(), threading.Event(), list[Incoming]()

    class Slow(Inbox):
        def receive(self, user_id: str, name: str, *, replaces: bool) -> Incoming:
            began.set()
            go_on.wait()
            opened.append(super().receive(user_id, name, replaces=replaces))
            return opened[0]

    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    async def cancelled() -> None:
        sending = asyncio.create_task(uploads._kept(Slow(tmp_path), "ada", "a.md", nothing(), replaces=True))
        await asyncio.to_thread(began.wait)
        sending.cancel()
        await asyncio.wait([sending])
        go_on.set()
        while not (opened and opened[0]._file.closed):
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(cancelled(), 60))
    assert list((tmp_path / "ada" / "saved").iterdir()) == []
