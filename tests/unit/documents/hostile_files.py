"""Files that are broken or ill-meant, each (name, content): made here, so that none of them lies about."""

# ruff: noqa: E501
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

File = tuple[str, bytes]
REAL = Path(__file__).parents[2] / "fixtures" / "documents"
SECRET = "SECRET-of-the-server"

_TENFOLD = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))
_ENTITIES = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "lollollollol">{_TENFOLD}]>'
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


def changed(name: str, members: Mapping[str, bytes | str]) -> bytes:
    """A real archive with some members in the place of its own."""
    with zipfile.ZipFile(REAL / name) as packed:
        return zipped({one: packed.read(one) for one in packed.namelist()} | members)


def _pdf(*objects: bytes, root: int = 1) -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, data in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, data)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer <</Size %d /Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        root,
        len(body),
    )
    return body + head + table + trailer


def _stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d %b>>\nstream\n%b\nendstream" % (len(data), more, data)


def _page(content: bytes) -> bytes:
    pages = b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R>>"
    return _pdf(b"<</Type /Catalog /Pages 2 0 R>>", pages, page, content)


def _mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content("Hello.")
    return message


def files(url: str, secret: Path) -> Iterator[File]:
    """url: of a server that must not be asked. secret: a file that must not be read."""
    outside = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y SYSTEM "{url}/entity">]>'
    # Pages
    yield "entities.html", f"{_ENTITIES}<p>&a9;</p>".encode()
    yield "outside.html", f"{outside}<p>&x; &y;</p>".encode()
    yield "outside.xhtml", f'<?xml version="1.0"?>{outside}<html><body><p>&x;&y;</p></body></html>'.encode()
    yield (
        "included.html",
        (
            f'<p>A page of some words that stand here for themselves.</p><iframe src="{secret.as_uri()}"></iframe>'
            f'<object data="{url}/o"></object><img src="{url}/i"><link rel="stylesheet" href="{url}/c">'
            f'<meta http-equiv="refresh" content="0;url={url}/r"><base href="{url}/">'
        ).encode(),
    )
    yield "deep.html", b"<div><b>" * 100_000
    yield "tables.html", b"<table><tr><td>" * 20_000
    yield "attributes.html", b"<p " + b" ".join(b"a%d=1" % at for at in range(200_000)) + b">x</p>"
    yield "long.html", b"<p>" + b"a" * 20_000_000
    yield "comments.html", b"<!--" * 500_000
    yield "scripts.html", b"<script>while(1){}</script>" * 50_000
    yield "utf7.html", b'<meta charset="utf-7"><p>+ADw-script+AD4-</p>'
    yield "utf16.html", "<p>half".encode("utf-16")[:-1]
    yield "codec.html", b'<meta charset="idna"><p>\xff\xfe</p>'
    yield "nul.html", b"<p>\0</p>" * 10_000
    # Text
    yield "headings.md", b"# a\n" * 500_000
    yield "fences.md", b"```\n" * 500_000
    yield "hashes.md", b"#" * 5_000_000
    yield "blank.txt", b" " * 20_000_000
    yield "bom.txt", b"\xff\xfe" * 1_000_000
    yield "latin.txt", bytes(range(128, 256)) * 50_000
    yield "quotes.csv", b'"' * 5_000_001
    yield "cells.tsv", b"\t" * 5_000_000
    yield "lines.rst", b"=\n" * 2_000_000
    # PDF
    yield "loop.pdf", _pdf(b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [2 0 R] /Count 1>>")
    yield "itself.pdf", _pdf(b"1 0 R")
    yield (
        "counts.pdf",
        _pdf(b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [] /Count 999999999>>"),
    )
    yield "flate.pdf", _page(_stream(zlib.compress(b"\0" * 400_000_000, 9), b"/Filter /FlateDecode"))
    filters = b"/Filter [%b]" % (b"/FlateDecode " * 200)
    yield "filters.pdf", _page(_stream(zlib.compress(b"0"), filters))
    yield "operators.pdf", _page(_stream(b"BT " + b"(a) Tj " * 500_000 + b"ET"))
    yield "brackets.pdf", _page(_stream(b"[" * 2_000_000))
    yield "negative.pdf", _page(b"<</Length -1>>\nstream\n\nendstream")
    yield "xref.pdf", b"%PDF-1.4\nstartxref\n99999999999999\n%%EOF"
    yield "names.pdf", b"%PDF-1.4\n" + b"/" * 2_000_000
    yield "cut.pdf", (REAL / "libreoffice.pdf").read_bytes()[:-900]
    # Office
    yield (
        "entities.docx",
        changed(
            "libreoffice.docx",
            {"word/document.xml": f"{_ENTITIES}<w:document {_W}><w:body>&a9;</w:body></w:document>"},
        ),
    )
    yield (
        "outside.docx",
        changed(
            "libreoffice.docx",
            {
                "word/document.xml": f"{outside}<w:document {_W}><w:body><w:p>&x;&y;</w:p></w:body></w:document>"
            },
        ),
    )
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
        f'Target="{url}/template.dotm" TargetMode="External"/></Relationships>'
    )
    yield "template.docx", changed("libreoffice.docx", {"word/_rels/settings.xml.rels": relation})
    yield (
        "deep.docx",
        changed("libreoffice.docx", {"word/document.xml": f"<w:document {_W}>{'<w:p>' * 100_000}"}),
    )
    yield (
        "slip.docx",
        changed("libreoffice.docx", {"../../../etc/cron.d/x": "* * * * * root id", "/abs": "x"}),
    )
    yield "nothing.docx", zipped({})
    yield "members.docx", zipped({f"{at}": b"" for at in range(30_000)})
    yield "bomb.pptx", zipped({f"{at}.xml": b"\0" * 80_000_000 for at in range(4)})
    yield "entities.pptx", changed("pandoc.pptx", {"ppt/presentation.xml": f"{_ENTITIES}<a>&a9;</a>"})
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'
    yield (
        "size.xlsx",
        changed(
            "libreoffice.xlsx",
            {
                "xl/worksheets/sheet1.xml": sheet
                % '<dimension ref="A1:XFD1048576"/><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
            },
        ),
    )
    rows = "".join(f'<row r="{at}"><c r="A{at}"><v>{at}</v></c></row>' for at in range(1, 300_000))
    yield (
        "rows.xlsx",
        changed("libreoffice.xlsx", {"xl/worksheets/sheet1.xml": sheet % f"<sheetData>{rows}</sheetData>"}),
    )
    yield (
        "entities.xlsx",
        changed("libreoffice.xlsx", {"xl/sharedStrings.xml": f"{_ENTITIES}<sst>&a9;</sst>"}),
    )
    # EPUB
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="%s" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    yield "outside.epub", zipped({"META-INF/container.xml": container % f"../../../..{secret}"})
    yield "entities.epub", zipped({"META-INF/container.xml": f"{_ENTITIES}<container>&a9;</container>"})
    yield "itself.epub", zipped({"META-INF/container.xml": container % "META-INF/container.xml"})
    # Mail
    nested = _mail(Subject="s")
    for _ in range(60):
        outer = _mail(Subject="s")
        outer.add_attachment(nested)
        nested = outer
    yield "nested.eml", nested.as_bytes()
    yield "headers.eml", b"Subject: x\n" + b"".join(b"X-%d: y\n" % at for at in range(200_000)) + b"\nHello."
    yield "encoded.eml", b"Subject: " + b"=?utf-8?B?" * 100_000 + b"\n\nHello."
    yield "boundary.eml", b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n" * 500_000
    yield "charset.eml", b"Content-Type: text/plain; charset=nonsense\nDate: never\nFrom: @@@<\n\n\xff\xfe"
