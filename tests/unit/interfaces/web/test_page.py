"""The page as browsers see it: signing in and out, and what a user sees and changes."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import and_, update
from starlette.datastructures import Headers

from owui_memory.core.exchange import Exchange
from owui_memory.interfaces.web import admin as admin_views
from owui_memory.interfaces.web import forms, limits, sign_in
from owui_memory.interfaces.web.limits import Limits
from owui_memory.interfaces.web.routes import ROUTES
from owui_memory.remember.outbox import Outbox
from owui_memory.state import open_state
from owui_memory.state import outbox as table
from owui_memory.state.page_sessions_table import PageSessions, Person
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY
from tests.unit.interfaces.web.visitors import PAGE_URL, Browser, Visitors, visitors

HOSTILE = (
    '<img src=x onerror=alert(1)> {{ 7 * "seven!" }} </textarea><script>1</script> "quoted" & {n} \u202e'
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    with visitors(tmp_path_factory.mktemp("page"), episodes="on") as some:
        yield some


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In which somebody might do more again: what is allowed in a minute is allowed once."""
    now = time.monotonic()
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now))


def texts(browser: Browser, view: str = "./") -> list[str]:
    """The memories of a page, in its order."""
    return re.findall(r'<p class="text" dir="auto">(.*?)</p>', browser.get(view).text, re.DOTALL)


class TestSignIn:
    def test_by_the_session_of_open_webui(self, house: Visitors) -> None:
        house.knows("ada", "I live in Porto.")
        ada = house.browser("ada")
        assert texts(ada) == ["I live in Porto."]
        before = house.webui.asked
        assert ada.get("timeline").status_code == 200
        assert house.webui.asked == before, "it is asked once"
        token = house.webui.knows("ada", profile_image_url="data:image/png;base64," + "A" * 300_000)
        assert texts(house.browser(token=token)) == ["I live in Porto."]
        del ada.cookies["token"]
        assert ada.get("./").status_code == 401, "signed out there is signed out here"
        session = ada.cookies["memory_session"]
        other = house.browser("bob")
        other.cookies.set("memory_session", session)
        assert "Porto" not in other.get("./").text, "another session of Open WebUI is another user"

    def test_who_is_no_user_there_is_none_here(self, house: Visitors) -> None:
        for token, told in {"p": "pending", "n": "", "x": "ADMIN"}.items():
            browser = house.browser(f"user-{token}", role=told)
            assert browser.get("./").status_code == 401
        for user_id in ("*", "", "team/garden", "past/ada"):
            token = house.webui.knows(user_id)
            assert house.browser(token=token).get("./").status_code == 401
        token = house.webui.knows("mia", profile_image_url="data:image/png;base64," + "A" * 8_400_000)
        house.webui.sessions["broken"] = 500
        for one in (token, "broken"):
            silent = house.browser(token=one)
            assert "Open WebUI does not answer" in silent.get("./").text
            assert "Open WebUI does not answer" in silent.sign_in("webui").text
        assert "does not know this session" in house.browser(token="nobody's").sign_in("webui").text
        api_key = house.browser(token="sk-" + house.webui.knows("ada"))
        assert api_key.get("./").status_code == 401

    def test_open_webui_is_asked_again(self, house: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
        carl = house.browser("carl")
        assert carl.get("./").status_code == 200
        monkeypatch.setattr(sign_in, "RECHECK_S", 0.0)
        house.webui.sessions["token-of-carl"] = 503
        assert carl.get("./").status_code == 200, "silence is no refusal, for a while"
        monkeypatch.setattr(sign_in, "UNCHECKED_S", 0.0)
        assert carl.get("./").status_code == 401
        house.webui.knows("carl")
        assert carl.get("./").status_code == 200
        house.webui.sessions.pop("token-of-carl")
        assert carl.get("./").status_code == 401

    def test_by_a_link_of_the_chat_once(self, house: Visitors) -> None:
        house.knows("lena", "I play the cello.")
        link = house.link("lena")
        browser = house.browser()
        assert "cello" not in browser.get("sign-in", params={"link": link}).text
        assert browser.sign_in("link", link=link).headers["location"] == "./"
        assert texts(browser) == ["I play the cello."]
        again = house.browser()
        assert again.sign_in("link", link=link).status_code == 403
        assert "used already" in again.get("sign-in", params={"link": link}).text
        session = browser.cookies["memory_session"]
        assert house.browser().sign_in("link", link=session).status_code == 403, "a session is no link"
        stranger = house.browser()
        stranger.cookies.set("memory_session", house.link("lena"))
        assert stranger.get("./").status_code == 401, "a link is no session"
        assert "link=" not in house.at.command("/memory why", user="lena")
        root, told = house.browser(), {"x-openwebui-user-role": "admin"}
        assert root.sign_in("link", link=house.link("root", headers=told)).status_code == 303
        assert root.get("admin").status_code == 403, "who is an admin may have changed by then"

    def test_a_form_of_another_site_signs_nobody_in(self, house: Visitors) -> None:
        link = house.link("lena")
        for form in ("", "x"):
            browser = house.browser()
            browser.get("sign-in")
            sent = {"form": form, "way": "link", "link": link}
            assert browser.post("sign-in", data=sent).status_code == 403

    def test_by_the_servers_key(self, house: Visitors) -> None:
        browser = house.browser()
        assert browser.sign_in("key", key="wrong").status_code == 403
        assert browser.sign_in("key", key=KEY).status_code == 303
        assert browser.get("./").headers["location"] == "admin"
        engine = open_state(house.at.data_dir)
        for key, status in ((KEY, 200), ("an older key", 401), ("", 401)):
            browser.cookies.clear()
            browser.cookies.set("memory_session", PageSessions(engine).sign_in(Person("", role="admin"), key))
            assert browser.get("admin").status_code == status, key
        engine.dispose()

    @pytest.mark.usefixtures("no_time_passes")
    def test_nobody_tries_keys_for_long_or_locks_others_out(
        self, house: Visitors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        far, near = ({"x-forwarded-for": one} for one in ("2001:db8::7", "2001:db8:0:1::7"))
        other = house.browser()
        other.headers.update(far)
        answers = [other.get("admin", headers={"authorization": f"Bearer {n}"}) for n in range(12)]
        assert [one.status_code for one in answers] == [401] * 10 + [429] * 2
        other.headers["x-forwarded-for"] = "2001:db8::8"
        assert other.sign_in("key", key=KEY).status_code == 429, "it is in the same network"
        other.headers.update(near)
        assert other.sign_in("key", key=KEY).status_code == 303
        monkeypatch.setattr(Limits, "takes", lambda _, key: bool(key))  # nothing is left of what all share
        assert "too old" in house.browser().get("sign-in?link=x").text
        assert house.browser().sign_in("link", link=house.link("lena")).status_code == 303
        assert house.browser(token="made-up").get("./").status_code == 401

    def test_sign_out(self, house: Visitors) -> None:
        dora = house.browser("dora")
        csrf, session = dora.csrf(), dora.cookies["memory_session"]
        answer = dora.post("sign-out", data={"csrf": csrf})
        assert answer.headers["location"] == "sign-in"
        assert dora.get("./").status_code == 401, "whoever has signed out is not signed in again unasked"
        thief = house.browser()
        thief.cookies.set("memory_session", session)
        assert thief.get("./").status_code == 401
        assert dora.sign_in("webui").status_code == 303
        assert dora.get("./").status_code == 200

    def test_cookies_are_kept_from_scripts_and_other_sites(self, house: Visitors) -> None:
        answers = [
            house.browser("ada").get("./", headers={"x-forwarded-proto": p}) for p in ("http", "https")
        ]
        plain, secure = (answer.headers["set-cookie"] for answer in answers)
        for cookie in (plain, secure):
            assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/memory/"))
        assert ("Secure" in secure, "Secure" in plain) == (True, False)


class TestImports:
    def test_a_past_is_looked_at_imported_and_taken_back(self, house: Visitors) -> None:
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
            in uma.post(
                "import-preview", data={"csrf": uma.csrf()}, files={"file": ("past.jsonl", archive)}
            ).text
        )
        import_id = re.search(r'name="id" value="(\w+)"', uma.get("import").text)
        assert import_id
        uma.send_form("undo-import", id=import_id[1])
        assert texts(uma) == []

    def test_what_takes_long_to_look_at_is_found_later(
        self, house: Visitors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = ("POST", "import-preview")
        monkeypatch.setitem(ROUTES, name, replace(ROUTES[name], patience_s=0.0))
        will = house.browser("will")
        assert will.upload(b'{"memory": "I sail.", "user_id": "x"}') == "", "it is not waited for"
        wait_until(lambda: 'name="file" value=' in will.get("import").text, what="it is looked at")

    def test_uploads_are_bounded_and_private(self, house: Visitors) -> None:
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
    for name, value in {"_FORM_S": 0.1, "_FILE_S": 0.1, "_FORM_BYTES": 20_000, "_FILE_BYTES": 20_000}.items():
        monkeypatch.setattr(forms, name, value)
    assert asyncio.run(refused(forms.with_file(multipart, receive))) == 408
    assert asyncio.run(refused(forms.fields_of(Headers(), receive))) == 408


def test_documents_are_sent_found_and_forgotten(house: Visitors) -> None:
    dora = house.browser("dora")
    fig = b"# Garden\n\nThe fig tree behind the shed is watered on Thursdays.\n"
    assert dora.send_document("../../garden.md", fig).headers["location"] == "documents?done=document+sent"
    assert dora.send_document("garden.exe", fig).status_code == 422
    assert dora.send_document("broken.pdf", HOSTILE.encode()).status_code == 303
    wait_until(lambda: "1 passage" in dora.get("documents").text, what="one is read")
    wait_until(lambda: "cannot be read" in dora.get("documents").text, what="so is the other")
    found = dora.get("documents?q=fig tree").text
    assert "watered on Thursdays" in found
    assert "broken" not in found
    assert "watered on Thursdays" in house.told(
        "On which day is the fig tree behind the shed watered?", "dora"
    )
    assert "saved/garden.md" not in house.browser("fay").get("documents").text
    document = re.search(r'name="id" value="([\w-]+)">\s*<button class="danger">[^<]+<[^<]+: garden<', found)
    assert document
    assert house.browser("fay").send_form("forget-document", id=document[1]).status_code == 422
    assert dora.send_form("forget-document", id=document[1]).status_code == 303
    assert not list(house.at.data_dir.glob("documents/dora/saved/garden.md")), "what was sent goes with it"
    assert "garden" not in dora.get("documents").text


def test_digests_are_made_now_and_every_week(house: Visitors) -> None:
    gus = house.browser("gus")
    assert gus.send_form("make-digest", template="cv").status_code == 422, "nothing is known"
    house.knows("gus", "I work as a baker & confectioner in Ghent.")
    told = gus.send_form("make-digest", template="cv").text
    assert "- I work as a baker &amp; confectioner in Ghent. [1]" in told
    assert gus.send_form("make-digest", template="nothing").status_code == 422
    assert gus.send_form("schedule-digest", template="project", on="yes").status_code == 422
    assert gus.send_form("schedule-digest", template="week", on="yes").status_code == 303
    assert "Every week no more" in gus.get("digests").text
    assert "Every week no more" not in house.browser("hal").get("digests").text
    gus.send_form("schedule-digest", template="week", on="no")
    assert "Every week no more" not in gus.get("digests").text


class TestMemories:
    def test_edited_forgotten_brought_back(self, house: Visitors) -> None:
        eva = house.browser("eva")
        assert (
            eva.send_form("remember", text="My dog is called Rex.").headers["location"]
            == "./?done=remembered"
        )
        assert eva.send_form("remember", text="My dog is called Rex.").headers["location"] == "./?done=known"
        (row,) = map(json.loads, eva.get("export").text.splitlines())
        eva.send_form("edit", id=row["id"], text="My dog is called Max.")
        assert texts(eva) == ["My dog is called Max."]
        timeline = eva.get("timeline").text
        assert "<del>My dog is called Rex.</del>" in timeline
        assert "<ins>My dog is called Max.</ins>" in timeline
        eva.send_form("forget", id=row["id"])
        assert texts(eva) == []
        assert "Undo" in eva.get("./?done=forgotten").text
        eva.send_form("undo")
        assert texts(eva) == ["My dog is called Max."]
        assert "My dog is called Max." in house.at.command("/memory", user="eva")

    def test_what_is_refused_is_told_and_changes_nothing(self, house: Visitors) -> None:
        gil = house.browser("gil")
        gil.send_form("remember", text="I like tea.")
        (row,) = map(json.loads, gil.get("export").text.splitlines())
        for name, form in (
            ("remember", {"text": " "}),
            ("remember", {"text": "x" * 1001}),
            ("remember", {"text": "My password is hunter2-Xy99!"}),
            ("edit", {"id": row["id"], "text": ""}),
            ("edit", {"id": "nothing", "text": "x"}),
            ("forget", {"id": ""}),
            ("forget-everything", {"typed": "no"}),
            ("switch", {"on": "maybe"}),
            ("revoke-key", {"id": "0000000000"}),
        ):
            answer = gil.send_form(name, **form)
            assert answer.status_code == 422, name
            assert 'role="alert"' in answer.text
        assert texts(gil) == ["I like tea."]

    def test_everything_forgotten(self, house: Visitors) -> None:
        ina = house.browser("ina")
        ina.send_form("remember", text="I play chess.")
        assert "Everything is forgotten" in ina.send_form("forget-everything", typed=" Everything ").text
        assert house.at.command("/memory", user="ina").startswith("I remember nothing")

    def test_search_filters_and_pages(self, house: Visitors) -> None:
        house.knows("kim", *(f"My locker number {n} is green." for n in range(25)), "I prefer short answers.")
        kim = house.browser("kim")
        assert len(texts(kim)) == 20
        assert len(texts(kim, "?page=2")) == 6
        assert len(texts(kim, "?page=99")) == 6
        assert "I prefer short answers." in texts(kim, "?q=short+answers")
        part = kim.get("?q=short+answers", headers={"HX-Request": "true"}).text
        assert "<html" not in part
        assert "I prefer short answers." in part
        assert 0 < len(texts(kim, "?kind=preference")) < 20
        assert "I prefer short answers." in texts(kim, "?kind=preference")
        assert len(texts(kim, "?time=day")) == 20
        assert texts(kim, "?scope=persona%3Anone") == []
        for odd in (
            "?page=-1",
            "?page=x",
            "?time=x&kind=x",
            "?" + "a=1&" * 2000,
            "?q=" + "x" * 7000,
            "?q=%00%ff",
        ):
            assert kim.get(odd).status_code == 200, odd[:20]

    def test_what_stands_in_memories_is_text(self, house: Visitors) -> None:
        max_ = house.browser("max")
        row = {"memory": HOSTILE, "user_id": "max"}
        house.at.command(f"/memory import {json.dumps(row)}", user="max")
        assert json.loads(max_.get("export").text)["memory"].startswith("<img src=x")
        for view in ("./", "timeline", "?q=%3Cscript%3E", "?q=quoted"):
            told = max_.get(view).text
            assert "<img" not in told
            assert "<script>" not in told
            assert "seven!seven!" not in told

    def test_switches_and_keys_do_what_they_say(self, house: Visitors) -> None:
        ned = house.browser("ned")
        ned.send_form("switch", chat="", on="no")
        assert "off in all chats" in house.at.command("/memory status", user="ned")
        ned.send_form("switch", chat="", on="yes")
        ned.send_form("switch", of="chat", chat="http://chat.example/c/abc", on="no")
        assert ">abc</p>" in ned.get("switches").text
        house.knows("ned", "I like tea.")
        ned.send_form("switch", of="model", chat="llama3", on="no")
        assert "I like tea." not in house.told("What do I like?", "ned")
        assert "off for this chat's model" in house.at.command("/memory status", user="ned")
        ned.send_form("switch", of="model", chat="llama3", on="yes")
        assert "I like tea." in house.told("What do I like?", "ned")
        ned.send_form("switch", chat="past chats", on="no")
        assert "have switched that off" in ned.get("chats").text
        made = ned.send_form("make-key", name="laptop").text
        key = re.search(r'value="(mk-[^"]+)"', made)
        assert key
        assert key[1] not in ned.get("keys").text
        asked = {"Authorization": f"Bearer {key[1]}"}
        assert house.at.client.get("/v1/models", headers=asked).status_code == 200
        id_ = re.search(r'name="id" value="(\w+)"', ned.get("keys").text)
        assert id_
        ned.send_form("revoke-key", id=id_[1])
        assert house.at.client.get("/v1/models", headers=asked).status_code == 401

    def test_past_chats_and_why(self, house: Visitors) -> None:
        chat = "0a1b2c3d-1111-2222-3333-444455556666"
        house.knows("ola", "My cat is called Mia.")
        house.at.remember("My cat Mia loves the fig tree.", user="ola", headers={"X-OpenWebUI-Chat-Id": chat})
        ola = house.browser("ola")
        assert f'href="/c/{chat}"' not in ola.get("chats").text, "Open WebUI is on this host, on another port"
        assert f"/c/{chat}" in ola.get("chats").text
        assert "fig tree" in ola.get("chats", params={"q": "fig tree"}).text
        assert "fig tree" in ola.get("chats", params={"chat": chat}).text
        number = re.search(r"why\?id=(\d+)", ola.get("why").text)
        assert number
        assert "My cat is called Mia." in ola.get(f"why?id={number[1]}").text
        ola.send_form("forget-chat", chat=chat)
        assert "fig tree" not in ola.get("chats").text


def test_what_admins_see(house: Visitors) -> None:
    house.knows("quin", "I collect stamps.")
    admin = house.browser("root", "admin")
    told = {view: admin.get(view).text for view in ("admin", "users", "queue", "settings")}
    assert not any("stamps" in text for text in told.values())
    assert re.search(r'<th scope="row">quin</th><td>1</td><td>\d', told["users"])
    assert re.search(r'<th scope="row">embedder</th><td>works</td>', told["admin"])
    assert "0 were given up" in told["queue"]
    rows = re.findall(r"<code>(\w+)</code>.*?<td>(.*?)</td><td>(.*?)</td>", told["settings"])
    origins = {name: (value, origin) for name, value, origin in rows}
    assert origins["page_url"] == (PAGE_URL, "environment")
    assert origins["embedder_api_key"] == ("********", "environment")
    assert origins["memories_per_turn"][1] == "default"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://u:SECRET@h/db", "postgresql://********@h/db"),
        ('postgresql://u:SEC/R@E T"@h/db?password=SECRET', "postgresql://********@h/db?********"),
        ('[{"base_url": "http://u:SECRET@h/v1"}, 1]', '[{"base_url": "http://********@h/v1"}, 1]'),
        ("http://h:1/v1?version=2", "http://h:1/v1?version=2"),
        ("[ada@example.com", "[ada@example.com"),
        (None, ""),
        (3, "3"),
    ],
)
def test_settings_are_shown_without_passwords_in_addresses(value: object, shown: str) -> None:
    assert admin_views._written(value) == shown


def test_the_servers_log_has_no_words_of_users(house: Visitors, caplog: pytest.LogCaptureFixture) -> None:
    access = logging.getLogger("uvicorn.access")
    caplog.set_level(logging.INFO, access.name)
    access.addHandler(caplog.handler)
    try:
        house.browser("ada").get("?q=oleander")
        house.browser().get("sign-in?link=abc-secret")
        house.at.client.post("/memory/hooks/open-webui/abc-secret?a=b")
        house.at.client.get("/v1/models?a=b")
    finally:
        access.removeHandler(caplog.handler)
    assert '"GET /memory/?*** HTTP/1.1" 200' in caplog.text
    assert "/v1/models?a=b" in caplog.text
    assert not any(word in caplog.text for word in ("oleander", "abc-secret"))


def test_what_was_given_up_is_tried_again(house: Visitors) -> None:
    engine = open_state(house.at.data_dir)
    outbox = Outbox(engine)
    outbox.put(Exchange("k", "rita", "c", "I like kites.", "I see.", 1.0), batch_max=1)
    dead = and_(table.c.user_id == "rita", table.c.key == "k")
    with engine.begin() as connection:
        gone = {"state": "dead", "batch": "b1", "error": "no answer"}
        connection.execute(update(table).where(dead).values(gone))
    admin = house.browser("root", "admin")
    told = admin.get("queue").text
    assert ("no answer" in told, "kites" in told) == (True, False)
    assert admin.send_form("retry", batch="b2").status_code == 422
    assert admin.send_form("retry", batch="all").headers["location"] == "queue?done=tried+again"
    wait_until(lambda: outbox.counts().dead + outbox.waiting_of("rita") == 0, what="it is remembered")
    engine.dispose()
    assert texts(house.browser("rita")) == ["I like kites."]


def test_headers_and_nothing_inline(house: Visitors) -> None:
    pia = house.browser("pia")
    pia.send_form("remember", text="I like tea.")
    views = [name or "./" for method, name in ROUTES if method == "GET"]
    for view in (*views, "nothing", "static/page.css", "static/htmx.min.js"):
        answer = pia.get(view)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        if "html" in answer.headers.get("content-type", ""):
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script(?! src)|<style| style=| on\w+=|javascript:", answer.text), view
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//(?!127)', answer.text), view


def test_german_and_what_there_is_no_page_in(house: Visitors) -> None:
    for language, head in (
        ("de-AT,en", "Meine Erinnerungen"),
        ("fr, de", "Meine Erinnerungen"),
        ("fr", "My memories"),
    ):
        told = house.browser("ada", language=language).get("./").text
        assert f"<h1>{head}</h1>" in told
        assert f'<html lang="{"de" if "Meine" in head else "en"}">' in told


@pytest.mark.usefixtures("no_time_passes")
def test_too_much_is_refused(house: Visitors) -> None:
    rob = house.browser("rob")
    assert rob.get("./").status_code == 200
    assert rob.post("remember", content=b"csrf=" + b"x" * 70_000).status_code == 413
    assert rob.request("PUT", "./").status_code == 405
    assert rob.request("HEAD", "./").content == b""
    csrf = rob.csrf()
    answers = [rob.post("switch", data={"csrf": csrf, "on": "maybe"}).status_code for _ in range(120)]
    assert answers == [422] * 119 + [429]
