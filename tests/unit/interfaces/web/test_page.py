"""The page as browsers see it: what a user sees and changes, and what admins see."""

from __future__ import annotations

import html
import json
import logging
import re
from functools import partial

import pytest
from sqlalchemy import and_, select, update

from owui_memory.backends import open_backend
from owui_memory.backends.locations import naming
from owui_memory.channels.people import People
from owui_memory.config.settings import Valves
from owui_memory.core.exchange import Exchange
from owui_memory.interfaces.web import admin as admin_views
from owui_memory.interfaces.web.routes import ROUTES
from owui_memory.remember.outbox import Outbox
from owui_memory.state import channel_messages, open_state
from owui_memory.state import outbox as table
from tests.harness.channels import learn, owner_in, said
from tests.harness.waiting import wait_until
from tests.unit.interfaces.web.visitors import PAGE_URL, Visitors, batch_of, texts

HOSTILE = (
    '<img src=x onerror=alert(1)> {{ 7 * "seven!" }} </textarea><script>1</script> "quoted" & {n} \u202e'
)


class TestMemories:
    def test_edited_forgotten_brought_back(self, house: Visitors) -> None:
        eva = house.browser("eva")
        done = eva.send_form("remember", text="My dog is called Rex.").headers["location"]
        assert done.startswith("./?done=remembered&batch=")
        assert eva.send_form("remember", text="My dog is called Rex.").headers["location"] == "./?done=known"
        (row,) = map(json.loads, eva.get("export").text.splitlines())
        eva.send_form("edit", id=row["id"], text="My dog is called Max.")
        assert texts(eva) == ["My dog is called Max."]
        timeline = eva.get("timeline").text
        assert "<del>My dog is called Rex.</del>" in timeline
        assert "<ins>My dog is called Max.</ins>" in timeline
        done = batch_of(eva.send_form("forget", id=row["id"]))
        assert texts(eva) == []
        assert f'name="batch" value="{done}"' in eva.get(f"./?done=forgotten&batch={done}").text
        eva.send_form("undo", batch=done)
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
            ("make-digest", {"template": "../../etc/passwd"}),
        ):
            answer = gil.send_form(name, **form)
            assert answer.status_code == 422, name
            assert 'role="alert"' in answer.text
            assert "`" not in answer.text, "it is no Markdown here"
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

    def test_a_change_shows_the_same_part_of_the_list_again(self, house: Visitors) -> None:
        house.knows("lou", *(f"My locker number {n} is green." for n in range(50)))
        lou = house.browser("lou")
        listed = lou.get("?q=locker&kind=&page=2").text
        shown, ids = (re.findall(f'name="{name}" value="([^"]+)"', listed) for name in ("shown", "id"))
        assert set(shown) == {"q=locker&amp;page=2"}
        form = {"id": ids[0], "shown": "q=locker&page=2"}
        done = lou.send_form("edit", text="My locker is blue.", **form).headers["location"]
        assert re.fullmatch(r"\./\?done=edited&batch=[\w-]+&q=locker&page=2", done)
        assert 'name="shown" value="q=locker&amp;page=2"' in lou.get(done).text.partition("Undo")[0]
        done = lou.send_form("forget", **form)
        assert done.headers["location"].endswith("&q=locker&page=2")
        odd = "q=a%0d%0aX:+1&done=remembered&page=//x.example&x=1&q=" + "y" * 2000
        undone = lou.send_form("undo", shown=odd, batch=batch_of(done)).headers["location"]
        assert undone == f"./?done=undone&q={'y' * 1000}&page=%2F%2Fx.example"

    def test_filters_look_further_than_what_is_found_first(self, house: Visitors) -> None:
        rows = [{"memory": f"My bicycle number {n} is red.", "user_id": "x"} for n in range(90)]
        rows += [{"memory": "I prefer to ride my bicycle on Sundays, slowly.", "user_id": "x"}]
        rows[-1]["metadata"] = {"kind": "preference"}
        house.at.command("/memory import " + "\n".join(map(json.dumps, rows)), user="mo")
        found = texts(house.browser("mo"), "?q=bicycle&kind=preference")
        assert found == ["I prefer to ride my bicycle on Sundays, slowly."]

    def test_what_was_typed_is_not_lost_with_a_refusal(self, house: Visitors) -> None:
        gil = house.browser("gia")
        long = f"I like <b>tea</b> {'very ' * 300}much."
        for answer in (gil.send_form("remember", text=long), gil.send_form("edit", id="gone", text=long)):
            assert answer.status_code == 422
            assert f'readonly dir="auto">{html.escape(long)}</textarea>' in answer.text
        for site, kept in (("same-origin", True), ("cross-site", False), ("", False)):
            sent = {"Sec-Fetch-Site": site} if site else {}
            answer = house.browser().post("remember", data={"text": long}, headers=sent)
            assert (answer.status_code, html.escape(long) in answer.text) == (401, kept), site

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
        assert '<h2 dir="auto">' in ola.get("chats").text, "a title in Arabic stands on the right"
        assert "fig tree" in ola.get("chats", params={"q": "fig tree"}).text
        assert "fig tree" in ola.get("chats", params={"chat": chat}).text
        number = re.search(r"why\?id=(\d+)", ola.get("why").text)
        assert number
        assert "My cat is called Mia." in ola.get(f"why?id={number[1]}").text
        ola.send_form("forget-chat", chat=chat)
        assert "fig tree" not in ola.get("chats").text


def test_a_file_that_cannot_be_kept_is_told_so(house: Visitors) -> None:
    ned = house.browser("ned")
    folder = house.at.data_dir / "documents" / "ned"
    folder.mkdir(parents=True)
    (folder / "saved").write_text("no folder")
    answer = ned.send_document("garden.md", b"The fig tree bears twice a year.")
    assert answer.status_code == 422
    assert "The file cannot be kept (File exists). Tell your admin." in answer.text


def test_documents_are_sent_found_and_forgotten(house: Visitors) -> None:
    dora = house.browser("dora")
    fig = b"# Garden\n\nThe fig tree behind the shed is watered on Thursdays.\n"
    assert dora.send_document("../../garden.md", fig).headers["location"] == "files?done=document+sent"
    assert dora.send_document("garden.exe", fig).status_code == 422
    assert dora.send_document("broken.pdf", HOSTILE.encode()).status_code == 303
    wait_until(lambda: "1 passage" in dora.get("files").text, what="one is read")
    wait_until(lambda: "cannot be read" in dora.get("files").text, what="so is the other")
    found = dora.get("files?q=fig tree").text
    assert "watered on Thursdays" in found
    assert "broken" not in found
    assert "watered on Thursdays" in house.told(
        "On which day is the fig tree behind the shed watered?", "dora"
    )
    assert "saved/garden.md" not in house.browser("fay").get("files").text
    document = re.search(r'name="id" value="([\w-]+)">\s*<button class="danger">[^<]+<[^<]+: garden<', found)
    assert document
    assert house.browser("fay").send_form("forget-document", id=document[1]).status_code == 422
    assert dora.send_form("forget-document", id=document[1]).status_code == 303
    assert not list(house.at.data_dir.glob("documents/dora/saved/garden.md")), "what was sent goes with it"
    assert "garden" not in dora.get("files").text


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


def test_what_admins_see(house: Visitors) -> None:
    house.knows("quin", "I collect stamps.")
    admin = house.browser("root", "admin")
    told = {view: admin.get(view).text for view in ("admin", "users", "queue", "settings")}
    assert not any("stamps" in text for text in told.values())
    assert re.search(r'<th scope="row">quin</th><td>1</td><td>\d', told["users"])
    assert re.search(r'<th scope="row">embedder</th><td>works</td>', told["admin"])
    assert "given up: 0" in told["queue"]
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


def test_accounts_in_channels(house: Visitors) -> None:
    """A code is shown once; whoever posts it is linked, which their user ends."""
    engine = open_state(house.at.data_dir)
    people, sam = People(engine), house.browser("sam")
    (posted,) = re.findall(r'value="(memory link \w+)"', sam.send_form("link-account").text)
    assert posted not in sam.get("switches").text
    name = "<b>Sam</b>"
    assert len(people.take([said(posted, author="s1", name=name)])[1]) == 1
    shown = sam.get("switches").text
    assert "&lt;b&gt;Sam&lt;/b&gt; (discord)" in shown
    assert house.browser("tom").send_form("unlink-account", source="discord", author="s1").status_code == 422
    assert sam.send_form("unlink-account", source="discord", author="s1").status_code == 303
    assert "(discord)" not in sam.get("switches").text
    for state in ("yes", "no"):
        assert sam.send_form("switch", chat="channels", on=state).status_code == 303
        assert [one.agreed_at > 0 for one in people.of_user("sam")] == [True] * (state == "yes")
    engine.dispose()


def test_what_admins_see_and_do_of_channels(house: Visitors) -> None:
    engine = open_state(house.at.data_dir)
    settings = Valves(**house._llm.embeds())
    memories = open_backend(settings, house.at.data_dir, named=partial(naming, engine, house.at.data_dir))
    learn(
        engine,
        memories,
        "The shop is closed on Mondays.",
        said("closed on Mondays", channel_name="<i>Shop</i>"),
    )
    admin, owner = house.browser("root", "admin"), owner_in()
    told = admin.get("channels").text
    assert "&lt;i&gt;Shop&lt;/i&gt;" in told
    assert "discord/general" in told
    assert "Mondays" not in told
    for wrong in ("", "ada", "channel/discord/none", "past/ada", "team/x"):
        assert admin.send_form("erase-channel", channel=wrong).status_code == 422
        assert admin.send_form("pause-channel", channel=wrong, on="yes").status_code == 422
    assert "Read what was set aside" not in told
    with engine.begin() as connection:
        connection.execute(update(channel_messages).values(state="aside"))
    assert "Read what was set aside" in admin.get("channels").text
    assert admin.send_form("read-aside", channel=owner).headers["location"].endswith("aside+read+again")
    assert admin.send_form("read-aside", channel="ada").status_code == 422
    assert "Read what was set aside" not in admin.get("channels").text
    assert admin.send_form("pause-channel", channel=owner, on="yes").status_code == 303
    assert "paused" in admin.get("channels").text
    assert admin.send_form("erase-channel", channel=owner).status_code == 303
    assert "discord/general" not in admin.get("channels").text
    assert memories.list_all(owner) == []
    memories.close()
    with engine.connect() as connection:
        assert connection.execute(select(channel_messages)).all() == []
    engine.dispose()


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
