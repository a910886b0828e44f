"""Reads documents in a process of its own, each in a child that is bounded in time, memory and output.

Started by `extraction.py` from this source, with the standard library and the libraries below alone: the rest
of the package is not there. Descriptor 0 is a socket. For each document it brings one message of JSON
({"format", "seconds"}) with two descriptors: the file to read, and a pipe for the answer, JSON as well:
{"title", "address", "author", "day", "parts": [{"heading", "page", "text"}]} or {"error"}.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import functools
import gc
import importlib
import io
import json
import os
import re
import resource
import signal
import socket
import sys
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

_MEMORY = 1 << 30  # bytes
_MOST_CHARS = 4_000_000  # of text of a document
_MOST_UNPACKED, _MOST_MEMBERS = 300_000_000, 20_000  # bytes and files of an archive
_MOST_PAGES = 2_000
_MOST_CELLS = 200_000
_SAVED = re.compile(r"<!--\s*Page saved with SingleFile\s*\n\s*url:\s*(\S+)")
_DEEPEST = 6  # of headings
_FENCE = re.compile(r"\s*(```|~~~)")

Part = tuple[str, int, str]  # heading, page (0: none), text


class Unreadable(Exception):  # noqa: N818 - a sentence for the status
    """Why a document cannot be read."""


def _webpage(file: BinaryIO) -> dict[str, Any]:
    import trafilatura

    data = file.read()
    saved = _SAVED.search(data[:4000].decode("utf-8", "replace"))
    found = trafilatura.bare_extraction(
        data, url=saved[1] if saved else None, with_metadata=True, include_comments=False, favor_recall=True
    )
    if found is None:
        raise Unreadable("there is no text in the page")
    text = trafilatura.extract(
        data, output_format="markdown", include_comments=False, favor_recall=True, include_formatting=True
    )
    about = {"title": found.title, "address": found.url, "author": found.author, "day": found.date}
    return {**about, "parts": list(by_headings(text or found.text or ""))}


def _markup(data: bytes) -> str:
    """The text of XHTML with `#` before headings."""
    from lxml import html

    tree = html.fromstring(data) if data.strip() else None
    lines = []
    for element in tree.iter() if tree is not None else ():
        if element.tag in ("script", "style") or not isinstance(element.tag, str):
            continue
        if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            lines.append(f"{'#' * int(element.tag[1])} {_flat(element.text_content())}")
        elif element.tag in ("p", "li", "blockquote", "pre", "td", "dd") and not any(
            child.tag in ("p", "li", "blockquote", "pre", "td") for child in element.iterdescendants()
        ):
            lines.append(_flat(element.text_content()))
    if not lines and tree is not None:
        lines = [_flat(tree.text_content())]
    return "\n\n".join(filter(None, lines))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _pdf(file: BinaryIO) -> dict[str, Any]:
    from pypdf import PdfReader

    reader = PdfReader(file)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("the PDF asks for a password")
    about = reader.metadata
    parts: list[Part] = []
    for number, page in enumerate(reader.pages, 1):
        if number > _MOST_PAGES:
            break
        parts.append(("", number, page.extract_text() or ""))
    if not any(text.strip() for _, _, text in parts):
        raise Unreadable("there is no text in the PDF; it may be scanned pictures")
    made = None
    with contextlib.suppress(ValueError):  # many programs write dates in forms of their own
        made = about.creation_date if about else None
    return {
        "title": about.title if about else "",
        "author": about.author if about else "",
        "day": made.date().isoformat() if made else "",
        "parts": parts,
    }


def _docx(file: BinaryIO) -> dict[str, Any]:
    import docx

    document = docx.Document(file)
    lines = []
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            lines += [" | ".join(_flat(cell.text) for cell in row.cells) for row in item.rows]
            continue
        style = (item.style.name if item.style else "") or ""
        level = style.removeprefix("Heading ") if style.startswith("Heading ") else ""
        mark = "#" * min(int(level), 6) + " " if level.isdecimal() else "# " if style == "Title" else ""
        lines.append(f"{mark}{_flat(item.text)}")
    made = document.core_properties.created
    return {
        "title": document.core_properties.title,
        "author": document.core_properties.author,
        "day": made.date().isoformat() if made else "",
        "parts": list(by_headings("\n\n".join(filter(None, lines)))),
    }


def _pptx(file: BinaryIO) -> dict[str, Any]:
    from pptx import Presentation

    shown = Presentation(file)
    parts: list[Part] = []
    for number, slide in enumerate(shown.slides, 1):
        title = _flat(slide.shapes.title.text) if slide.shapes.title is not None else ""
        texts = [
            _flat(shape.text_frame.text)
            for shape in slide.shapes
            if shape.has_text_frame and shape.shape_id != getattr(slide.shapes.title, "shape_id", None)
        ]
        for shape in slide.shapes:
            if shape.has_table:
                texts += [" | ".join(_flat(cell.text) for cell in row.cells) for row in shape.table.rows]
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            texts.append(_flat(slide.notes_slide.notes_text_frame.text))
        parts.append((title, number, "\n\n".join(filter(None, texts)) or title))
    return {"title": shown.core_properties.title, "author": shown.core_properties.author, "parts": parts}


def _xlsx(file: BinaryIO) -> dict[str, Any]:
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    parts: list[Part] = []
    cells = 0
    for sheet in book.worksheets:
        lines = []
        for row in sheet.iter_rows(values_only=True):
            values = [_flat(str(value)) for value in row if value is not None]
            cells += len(row)
            if values:
                lines.append(" | ".join(values))
            if cells > _MOST_CELLS:
                break
        parts.append((sheet.title, 0, "\n".join(lines)))
    return {"title": book.properties.title, "author": book.properties.creator, "parts": parts}


def _epub(file: BinaryIO) -> dict[str, Any]:
    from ebooklib import ITEM_DOCUMENT, epub

    book = epub.read_epub(file, {"ignore_ncx": True})
    in_order = [book.get_item_with_id(id_) for id_, _ in book.spine]
    chapters = [one for one in in_order if one is not None and one.get_type() == ITEM_DOCUMENT]
    text = "\n\n".join(_markup(one.get_content()) for one in chapters)

    def first(name: str) -> str:
        values = book.get_metadata("DC", name)
        return str(values[0][0]) if values else ""

    return {
        "title": first("title"),
        "author": first("creator"),
        "day": first("date")[:10],
        "parts": list(by_headings(text)),
    }


def _mail(file: BinaryIO) -> dict[str, Any]:
    message = email.message_from_binary_file(file, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    text = str(body.get_content()) if body is not None else ""
    if body is not None and body.get_content_subtype() == "html":
        text = _markup(text.encode())
    head = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Date") if message[name])
    at = getattr(message["Date"], "datetime", None)  # None where it is no date
    return {
        "title": str(message["Subject"] or ""),
        "author": str(message["From"] or ""),
        "day": at.date().isoformat() if at else "",
        "parts": [("", 0, f"{head}\n\n{text}")],
    }


def _text(file: BinaryIO) -> dict[str, Any]:
    return {"parts": list(by_headings(_decoded(file.read())))}


def _decoded(data: bytes) -> str:
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in data[:4000] and not is_wide:
        raise Unreadable("it is no text")
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-16" if is_wide else "utf-8-sig")
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000]).best()
    return data.decode(best.encoding if best else "latin-1", "replace")


def by_headings(text: str) -> Iterator[Part]:
    """Markdown below each of its headings, which say where it stands: "Trip > Trains"."""
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= bool(_FENCE.match(line))
        level, heading = (0, "") if fenced else _heading(line)
        if not heading:
            lines.append(line)
            continue
        if any(map(str.strip, lines)):
            yield _place(path), 0, "\n".join(lines)
        lines = []
        path = [(depth, name) for depth, name in path if depth < level]
        path.append((level, heading))
    if any(map(str.strip, lines)):
        yield _place(path), 0, "\n".join(lines)


def _heading(line: str) -> tuple[int, str]:
    """The level and the text of a heading in Markdown; 0 and "" where it is none."""
    name = line.lstrip("#")
    level = len(line) - len(name)
    if not 1 <= level <= _DEEPEST or not name.startswith(" "):
        return 0, ""
    return level, name.strip().rstrip("#").rstrip()


def _place(path: list[tuple[int, str]]) -> str:
    return " > ".join(name for _, name in path)


FORMATS: dict[str, Callable[[BinaryIO], dict[str, Any]]] = {
    "text": _text,
    "html": _webpage,
    "pdf": _pdf,
    "docx": _docx,
    "pptx": _pptx,
    "xlsx": _xlsx,
    "epub": _epub,
    "eml": _mail,
}
_ZIPPED = ("docx", "pptx", "xlsx", "epub")
_LIBRARIES = {
    "html": ("trafilatura",),
    "pdf": ("pypdf", "pypdf.filters", "pypdf._codecs._codecs"),
    "docx": ("docx",),
    "pptx": ("pptx",),
    "xlsx": ("openpyxl",),
    "epub": ("ebooklib.epub", "lxml.html"),
    "eml": ("lxml.html",),
}


def read(format_: str, file: BinaryIO) -> dict[str, Any]:
    """What a document says. Raises Unreadable, and whatever its library raises."""
    if format_ in _ZIPPED:
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
        if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > _MOST_UNPACKED:
            raise Unreadable("it unpacks to more than may be read")
        file.seek(0)
    found = FORMATS[format_](file)
    left = _MOST_CHARS
    parts = []
    for heading, page, text in found["parts"]:
        if left <= 0:
            break
        parts.append({"heading": _flat(heading)[:300], "page": page, "text": text[:left]})
        left -= len(text)
    about = {name: _flat(str(found.get(name) or ""))[:500] for name in ("title", "address", "author", "day")}
    return {**about, "parts": parts}


def _answer(request: dict[str, Any], file: int, pipe: int) -> None:
    """In the child: bounded, and without a network."""
    signal.alarm(2 * int(request["seconds"]))
    confine(int(request["seconds"]))
    try:
        with os.fdopen(file, "rb") as opened:
            answer = read(str(request["format"]), io.BytesIO(opened.read()))
    except Unreadable as why:
        answer = {"error": str(why)}
    except ImportError as missing:
        answer = {"error": f"what reads such files is not installed: {missing.name}"}
    except MemoryError:
        answer = {"error": "it takes longer, or more memory, than may be used"}
    except Exception:  # noqa: BLE001 - libraries raise whatever they find
        answer = {"error": "it is damaged"}
    with os.fdopen(pipe, "wb") as out:
        out.write(json.dumps(answer).encode("utf-8", "replace"))


def confine(seconds: int, memory: int = _MEMORY, written: int = 0) -> None:
    """From now on this process has so many seconds of the processor, bytes of memory and of each file that it
    writes, and no network."""
    limits = {"CPU": seconds, "AS": memory, "FSIZE": written, "CORE": 0}
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    socket.socket.connect = socket.getaddrinfo = _no_network  # type: ignore[assignment, method-assign]


@functools.cache
def _prepare(format_: str) -> None:
    """Import what reads a format, once for all children; they share its pages for as long as nobody writes
    there, which the garbage collector does."""
    for library in _LIBRARIES.get(format_, ()):
        with contextlib.suppress(ImportError):  # which the child tells
            importlib.import_module(library)
    gc.collect()
    gc.freeze()


def _no_network(*_: object, **__: object) -> None:
    raise OSError("no network here")


def main() -> None:
    """Serves until the socket is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    asked = socket.socket(fileno=0)
    while True:
        data, fds, _, _ = socket.recv_fds(asked, 65536, 2)
        if not data or len(fds) != 2:
            return
        request = json.loads(data)
        _prepare(request["format"])
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asked.close()
                _answer(request, *fds)
                status = 0
            finally:
                os._exit(status)
        for fd in fds:
            os.close(fd)


if __name__ == "__main__":
    sys.setrecursionlimit(2_000)
    main()
