"""A past that is sent to the page, within bounds."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Coroutine, Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from starlette.datastructures import Headers

from owui_memory.interfaces.web import forms, page
from tests.harness.waiting import wait_until
from tests.unit.interfaces.web.visitors import Visitors, texts


def test_a_past_is_looked_at_imported_and_taken_back(house: Visitors) -> None:
    uma = house.browser("uma")
    told = [f"I planted tree number {n}." for n in range(3)]
    rows = [{"memory": one, "user_id": "me", "created_at": "2020-05-01T12:00:00+00:00"} for one in told]
    archive = "\n".join(map(json.dumps, rows)).encode()
    file = uma.upload(archive)
    assert texts(uma) == [], "nothing is changed by looking"
    assert file in uma.get("import").text, "it can be looked at once more"
    assert uma.send_form("begin-import", file="../../state.db", name="x").status_code == 422
    assert uma.send_form("begin-import", file=file, name="past").headers["location"].endswith("begun")
    assert uma.send_form("begin-import", file=file, name="past").status_code == 422, "it is used up"
    assert 'name="file" value=' not in uma.get("import").text
    house.at.settle()
    wait_until(lambda: sorted(texts(uma)) == told, what="it is remembered")
    assert (
        "Nothing in it is new"
        in uma.post("import-preview", data={"csrf": uma.csrf()}, files={"file": ("past.jsonl", archive)}).text
    )
    import_id = re.search(r'name="id" value="(\w+)"', uma.get("import").text)
    assert import_id
    uma.send_form("undo-import", id=import_id[1])
    assert texts(uma) == []


def test_what_takes_long_to_look_at_is_found_later(house: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_LONG_S", 0.0)
    will = house.browser("will")
    assert will.upload(b'{"memory": "I sail.", "user_id": "x"}') == "", "it is not waited for"
    wait_until(lambda: 'name="file" value=' in will.get("import").text, what="it is looked at")


def test_uploads_are_bounded_and_private(house: Visitors) -> None:
    vic, csrf = house.browser("vic"), ""
    csrf = vic.csrf()
    folder = house.at.data_dir / "uploads"

    def sent(body: bytes, kind: str = "multipart/form-data; boundary=b") -> int:
        return vic.post("import-preview", content=body, headers={"Content-Type": kind}).status_code

    field = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    assert sent(field % (b"csrf", csrf.encode()) + b"--b--\r\n") == 422, "no file"
    assert sent(field % (b"csrf", b"x" * 70_000) + b"--b--\r\n") == 413
    assert sent(b"--b\r\nX: " + b"x" * 70_000) in (400, 413)
    assert sent(b"nothing of the kind") == 400
    assert sent(b"", "multipart/form-data") == 403
    assert sent(b"", "multipart/form-data; boundary=" + "b" * 500) == 403
    assert vic.upload(b"\x00\xff no archive") == ""

    refused: list[int] = []

    def slowly() -> Iterator[bytes]:
        yield b"--b\r\n"
        refused.append(sent(b"--b--\r\n"))

    vic_too, kind = house.browser("vic"), {"Content-Type": "multipart/form-data; boundary=b"}
    vic_too.cookies.update(vic.cookies)

    def one_at_a_time() -> bool:  # whichever comes first is read, and refused for want of a token
        first = vic_too.post("import-preview", content=slowly(), headers=kind).status_code
        return {first, refused[-1]} == {403, 503}

    wait_until(one_at_a_time, every=0.5, what="the second of two at once is refused")
    kept = list(folder.glob("*"))
    assert all(file.stat().st_mode & 0o077 == 0 for file in (folder, *kept))
    vic.upload(b'{"memory": "I sail.", "user_id": "x"}')
    mine = {file.name for file in folder.glob("*")}
    vic.send_form("forget-everything", typed="everything")
    assert {file.name for file in folder.glob("*")} < mine


def test_what_comes_slowly_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    async def refused(some: Coroutine[Any, Any, Any]) -> int:
        with pytest.raises(forms.RefusedError) as error:
            await some
        return error.value.status

    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    pieces = chain([head], repeat(b"x" * 100))
    multipart = Headers({"content-type": "multipart/form-data; boundary=b"})
    for name, value in {"_FORM_S": 0.1, "_FILE_S": 0.1, "_FORM_BYTES": 20_000}.items():
        monkeypatch.setattr(forms, name, value)
    assert asyncio.run(refused(forms.with_file(multipart, receive, 20_000))) == 408
    assert asyncio.run(refused(forms.fields_of(Headers(), receive))) == 408


def test_why_something_cannot_be_imported_is_told_in_the_users_language(house: Visitors) -> None:
    browser = house.browser("grete", language="de")

    def told(content: bytes, name: str = "x.json") -> str:
        form, files = {"csrf": browser.csrf()}, {"file": (name, content)}
        return browser.post("import-preview", data=form, files=files).text

    assert "Nichts darin ist bekannt." in told(b'{"no": 1}')
    assert "Bekannt sind Exporte von " in told(b'{"no": 1}')
    assert "Wähle in Takeout JSON" not in told(b"<html>")
    assert "wähle in Takeout JSON als Format" in told(b"<html>", "MeineAktivitäten.html")
    assert "Nicht lesbar, 1: x.json: ihr Ende fehlt" in told(
        b'{"memory": "I sail.", "user_id": "x"}\n{"memory": "'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.json", "{}")
    encrypted = bytearray(packed.getvalue())
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    assert "Diese .zip ist verschlüsselt." in told(bytes(encrypted))
    rows = [
        {"memory": "I like tea.", "user_id": "me"},
        {"memory": "I like milk.", "user_id": "me", "metadata": {"kind": "episode"}},
        {"memory": "My password is hunter2-Xy9!kk.", "user_id": "me"},
    ]
    shown = told("\n".join(map(json.dumps, rows)).encode())
    assert "die nur ein Import ohne Benutzer zurückbringt" in shown
    assert "secret" not in shown
    browser.send_form("switch", chat="", on="no")
    assert "Dieser Benutzer hat das Gedächtnis ausgeschaltet." in told(json.dumps(rows[0]).encode())


def test_what_is_exported_and_imported_again_is_the_same(house: Visitors) -> None:
    said = {
        "preference": "I prefer short answers.",
        "profile": "I am called Yves.",
        "fact": 'My cat "Mia" is 7 & <b>grey</b>.',
        "plan": "Ich ziehe im Mai nach Köln 🐈.",
    }
    scopes = {"fact": {"scope": "folder:garden"}, "plan": {"scope": "persona:chef"}}
    rows = [
        {
            "memory": text,
            "user_id": "me",
            "created_at": f"2020-05-0{n}T12:00:00+00:00",
            "updated_at": f"2021-05-0{n}T12:00:00+00:00",
            "expiration_date": "2099-06-01" if kind == "plan" else None,
            "metadata": {"kind": kind, **scopes.get(kind, {})},
        }
        for n, (kind, text) in enumerate(said.items(), 1)
    ]
    # The same in another scope.
    twice = {**rows[2], "created_at": rows[2]["updated_at"], "updated_at": "2021-05-05T12:00:00+00:00"}
    rows.append({**twice, "metadata": {"kind": "fact", "scope": "folder:house"}})

    def kept(export: str) -> list[tuple[str | None, ...]]:
        found = map(json.loads, export.splitlines())
        names = ("memory", "expiration_date", "updated_at", "created_at")
        return [
            (one["metadata"]["kind"], one["metadata"].get("scope"), *map(one.get, names)) for one in found
        ]

    def brought(user: str, archive: str) -> str:
        browser = house.browser(user)
        browser.send_form("begin-import", file=browser.upload(archive.encode()), name="past")
        house.at.settle()
        wait_until(lambda: len(texts(browser)) == len(rows), what="all are remembered")
        return browser.get("export").text

    given = "\n".join(map(json.dumps, rows))
    exported = brought("yves", given)
    assert kept(exported) == kept(given)
    assert kept(brought("yvonne", exported)) == kept(given)
    house.browser("yves").send_form("forget-everything", typed="everything")
    assert kept(brought("yves", exported)) == kept(given)
    house.at.command("/memory import " + exported, user="yusuf")
    by_command = kept(house.browser("yusuf").get("export").text)
    assert sorted(map(repr, (one[:4] for one in by_command))) == sorted(
        map(repr, (one[:4] for one in kept(given)))
    ), "but for the times"
    others = ("team:ops", "channel/discord/x", "folder:", "folder:\n", "folder:" + "x" * 501, 7, ["folder:a"])
    told = [
        {"memory": f"I have {n} canaries.", "user_id": "me", "metadata": {"scope": scope}}
        for n, scope in enumerate(others, 20)
    ]
    browser = house.browser("yan")
    browser.send_form(
        "begin-import", file=browser.upload("\n".join(map(json.dumps, told)).encode()), name="x"
    )
    house.at.settle()
    wait_until(lambda: len(texts(browser)) == len(others), what="all are remembered")
    assert {one[1] for one in kept(browser.get("export").text)} == {None}
