"""What documents say, read in a process that is bounded, by real files of each format."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from owui_memory.core.errors import Drop
from owui_memory.documents import extraction as extraction_module
from owui_memory.documents.extraction import Document, Extraction, format_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "documents"


@pytest.fixture(scope="module")
def extraction() -> Iterator[Extraction]:
    reading = Extraction()
    yield reading
    reading.close()


def read(extraction: Extraction, path: Path) -> Document:
    file = os.open(path, os.O_RDONLY)
    try:
        return extraction.read(path.name, file)
    finally:
        os.close(file)


@pytest.mark.parametrize("path", sorted(FIXTURES.iterdir()), ids=lambda path: path.name)
def test_real_files_say_what_they_said(extraction: Extraction, path: Path) -> None:
    document = read(extraction, path)
    told = {part.heading: part.text for part in document.parts}
    assert "three brass lamps" in " ".join(" ".join(told.values()).split())
    if format_of(path.name) not in ("pdf", "xlsx", "eml", "pptx"):
        assert any(heading.endswith("Lamps") for heading in told), "it stands below its heading"
    if format_of(path.name) in ("pdf", "pptx"):
        assert max(part.page for part in document.parts) >= 2


def test_a_saved_page_names_where_it_is_from_and_leaves_out_what_stands_around(
    extraction: Extraction, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<!DOCTYPE html><!--\n Page saved with SingleFile \n url: https://moss.example/all \n"
        " saved date: Sat Nov 28 2026 \n--><html><head><title>All about moss</title></head><body>"
        "<nav><a href='/'>Start</a> <a href='/shop'>Shop now for cheap boots</a></nav><article><h1>Moss</h1>"
        "<p>Moss grows slowly on the north side of trees in damp forests, and it has no roots at all. It "
        "takes in water through its leaves, can dry out for years, and lives on when the rain comes back.</p>"
        "</article><footer>Cookies and terms</footer></body></html>"
    )
    document = read(extraction, page)
    told = " ".join(part.text for part in document.parts)
    assert document.address == "https://moss.example/all"
    assert "no roots" in told
    assert "cheap boots" not in told


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.pdf", b"%PDF-1.4 nonsense", "damaged"),
        ("a.pdf", b"", "damaged"),
        ("a.docx", b"PK nonsense", "damaged"),
        ("a.epub", b"\0" * 1000, "damaged"),
        ("a.txt", b"\0\1\2" * 1000, "no text"),
        ("a.html", b"", "no text"),
    ],
)
def test_what_cannot_be_read_says_why(
    extraction: Extraction, tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Drop, match=why):
        read(extraction, tmp_path / name)


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(extraction: Extraction, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.docx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for number in range(4):
            packed.writestr(f"word/{number}.xml", b"\0" * 100_000_000)
    with pytest.raises(Drop, match="unpacks to more"):
        read(extraction, bomb)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x; root</p>',
        "<div>" * 20_000 + "deep",
        "<p>" + "a" * 5_000_000,
    ],
    ids=["entities", "outside", "deep", "long"],
)
def test_hostile_pages_end(extraction: Extraction, tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(text)
    try:
        document = read(extraction, page)
    except Drop:
        return
    assert "/bin" not in " ".join(part.text for part in document.parts)


def test_a_process_that_was_killed_is_started_again(extraction: Extraction, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# One\n\ntext")
    assert read(extraction, notes).parts[0].heading == "One"
    process = extraction._process
    process.kill()
    process.wait()
    assert read(extraction, notes).parts[0].heading == "One"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("Größe".encode(), "Größe"),
        ("Größe".encode("utf-16"), "Größe"),
        ("Die Größe der Lampe beträgt fünf Zentimeter, und die Höhe ist ähnlich.".encode("cp1252"), "Größe"),
        ("\ufeffUnicode".encode(), "Unicode"),
    ],
)
def test_texts_of_other_encodings(extraction: Extraction, tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    assert told in read(extraction, tmp_path / "a.txt").parts[0].text


ANSWERS = """
import os, socket
asked = socket.socket(fileno=0)
while (told := socket.recv_fds(asked, 65536, 2))[0]:
    os.write(told[1][1], {answer!r})
    for descriptor in told[1]:
        os.close(descriptor)
"""


@pytest.mark.parametrize("answer", [b'{"title": "Mo', b"\xff", b"{"])
def test_an_answer_that_breaks_off_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(extraction_module, "source_of", lambda _: ANSWERS.format(answer=answer))
    (tmp_path / "a.txt").write_text("text")
    reading = Extraction()
    with pytest.raises(Drop, match="broke off"):
        read(reading, tmp_path / "a.txt")
    reading.close()


def test_halves_of_characters_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = (
        rb'{"title": "\ud800t", "address": "\ud800", "author": "", "day": "", '
        rb'"parts": [{"heading": "\udc00h", "page": 0, "text": "\ud83dx"}]}'
    )
    monkeypatch.setattr(extraction_module, "source_of", lambda _: ANSWERS.format(answer=answer))
    (tmp_path / "a.txt").write_text("text")
    reading = Extraction()
    document = read(reading, tmp_path / "a.txt")
    reading.close()
    assert (document.title, document.parts[0].heading, document.parts[0].text) == (
        "\N{REPLACEMENT CHARACTER}t",
        "\N{REPLACEMENT CHARACTER}h",
        "\N{REPLACEMENT CHARACTER}x",
    )
