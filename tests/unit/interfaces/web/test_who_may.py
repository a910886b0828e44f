"""Every route of the page, asked by everybody who may not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owui_memory.channels.people import People
from owui_memory.interfaces.web.routes import ROUTES, Needs
from owui_memory.state import open_state
from tests.harness.channels import keep, owner_in, said
from tests.harness.waiting import wait_until
from tests.unit.interfaces.proxy.desk import KEY
from tests.unit.interfaces.web.visitors import Browser, Visitors, visitors

SECRET = "Ada keeps her spare key beneath the oleander."
CHAT = "0a1b2c3d-1111-2222-3333-444455556666"
ARCHIVE = b'{"memory": "I went to Rome once.", "user_id": "x", "created_at": "2020-01-01T00:00:00+00:00"}'
TEAMS = "garden: ada eve"

# What each change takes, with Ada's own things in it: `ids` has them. A new route needs a line here.
FORMS: dict[str, Any] = {
    "remember": lambda ids: {"text": "The cat is called Mia."},
    "edit": lambda ids: {"id": ids["memory"], "text": "Ada has no key."},
    "forget": lambda ids: {"id": ids["memory"]},
    "undo": lambda ids: {"batch": ids["batch"]},
    "forget-everything": lambda ids: {"typed": "everything"},
    "forget-chat": lambda ids: {"chat": ids["chat"]},
    "send-document": lambda ids: {},
    "forget-document": lambda ids: {"id": ids["document"]},
    "make-digest": lambda ids: {"template": "cv"},
    "schedule-digest": lambda ids: {"template": "cv", "on": "yes"},
    "switch": lambda ids: {"chat": "", "on": "no"},
    "share": lambda ids: {"id": ids["memory"], "team": "garden"},
    "withdraw": lambda ids: {"id": ids["shared"]},
    "make-key": lambda ids: {"name": "mine"},
    "import-preview": lambda ids: {"source": "open-webui"},
    "begin-import": lambda ids: {"file": ids["upload"], "name": "x"},
    "undo-import": lambda ids: {"id": ids["import"]},
    "retry": lambda ids: {"batch": "all"},
    "link-account": lambda ids: {},
    "unlink-account": lambda ids: {"source": "discord", "author": "ada-there"},
    "pause-channel": lambda ids: {"channel": owner_in(), "on": "yes"},
    "read-aside": lambda ids: {"channel": owner_in()},
    "erase-channel": lambda ids: {"channel": owner_in()},
    "revoke-key": lambda ids: {"id": ids["key"]},
    "sign-in": lambda ids: {"way": "key", "key": "wrong"},
    "sign-out": lambda ids: {},
}
SIGNED = [route for route in ROUTES.values() if route.needs is not Needs.NOBODY]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    folder: Path = tmp_path_factory.mktemp("page")
    with visitors(folder, teams=TEAMS, episodes="on", channels="on") as some:
        yield some


def link_in_discord(house: Visitors) -> None:
    """An observed channel, and an account there that is Ada's."""
    engine = open_state(house.at.data_dir)
    keep(engine, said("hello"))
    people = People(engine)
    people.take([said(f"memory link {people.code('ada')}", author="ada-there", name="Ada")])
    engine.dispose()


def ids_of(ada: Browser, house: Visitors) -> dict[str, str]:
    """Something of everything that Ada has."""
    house.at.chat("We planted a fig tree behind the shed.", user="ada", headers={"X-OpenWebUI-Chat-Id": CHAT})
    house.at.settle()
    house.knows("ada", SECRET)
    link_in_discord(house)
    memory = ada.get("export").text.splitlines()[-1].partition('"id": "')[2].partition('"')[0]
    ada.send_form("share", id=memory, team="garden")
    shared = ada.get("sharing").text.partition('name="id" value="')[2].partition('"')[0]
    ada.send_form("make-key", name="hers")
    key = ada.get("keys").text.partition('name="id" value="')[2].partition('"')[0]
    ada.send_form("begin-import", file=ada.upload(ARCHIVE), name="mine")
    wait_until(lambda: "<progress" not in ada.get("import").text, what="it is remembered")
    began = ada.get("import").text.partition('name="id" value="')[2].partition('"')[0]
    upload = ada.upload(ARCHIVE.replace(b"Rome", b"Oslo"))
    ada.send_document("key.md", b"The spare key of the boat hangs behind the stove.")
    wait_until(lambda: "passage" in ada.get("files").text, what="the document is read")
    document = ada.get("files").text.partition('name="id" value="')[2].partition('"')[0]
    ids = {
        "document": document,
        "memory": memory,
        "shared": shared,
        "key": key,
        "chat": CHAT,
        "import": began,
        "upload": upload,
        "batch": ada.get("./").text.partition('name="batch" value="')[2].partition('"')[0],
    }
    assert all(ids.values()), ids
    return ids


def all_of(ada: Browser) -> list[str]:
    """Whatever Ada can see of hers."""
    views = (
        "import",
        "export",
        "files",
        "digests",
        "timeline",
        "chats",
        f"chats?chat={CHAT}",
        "switches",
        "sharing",
        "keys",
    )
    return [ada.get(view).text for view in views]


@pytest.fixture(scope="module")
def ada(house: Visitors) -> Browser:
    return house.browser("ada")


@pytest.fixture(scope="module")
def ids(ada: Browser, house: Visitors) -> dict[str, str]:
    return ids_of(ada, house)


def test_every_change_has_a_form_here() -> None:
    assert {name for method, name in ROUTES if method == "POST"} == set(FORMS)


@pytest.mark.parametrize("name", ["", "wrong", "stranger"])
def test_nobody_without_a_session(house: Visitors, ids: dict[str, str], ada: Browser, name: str) -> None:
    before = all_of(ada)
    stranger = house.browser()
    if name:
        stranger.cookies.set("memory_session" if name == "wrong" else "token", "x" * 43)
    for route in SIGNED:
        form = {"csrf": ada.csrf(), **FORMS[route.name](ids)} if route.method == "POST" else None
        answer = stranger.request(route.method, route.name or "./", data=form)
        assert answer.status_code == 401, route
        assert SECRET not in answer.text
        assert "memory_session" not in answer.cookies
    assert stranger.get("nothing-here").status_code == 401
    assert all_of(ada) == before


@pytest.mark.parametrize("csrf", ["", "x", "another's"])
def test_no_change_without_the_form_of_the_session(
    house: Visitors, ids: dict[str, str], ada: Browser, csrf: str
) -> None:
    before = all_of(ada)
    given = house.browser("mallory").csrf() if csrf == "another's" else csrf
    for route in SIGNED:
        if route.method == "POST":
            answer = ada.post(route.name, data={"csrf": given, **FORMS[route.name](ids)})
            assert answer.status_code == 403, route
    assert all_of(ada) == before


def test_nobody_reaches_what_is_anothers(house: Visitors, ids: dict[str, str], ada: Browser) -> None:
    before = all_of(ada)
    for route in SIGNED:
        mallory = house.browser("mallory")  # who is signed out by some of it
        if route.method == "POST":
            answer = mallory.send_form(route.name, **FORMS[route.name](ids))
        else:
            query = {"chat": CHAT, "id": "1", "q": "key oleander fig tree", "before": "999999", "page": "1"}
            answer = mallory.get(route.name or "./", params=query)
        told = answer.text
        assert answer.status_code != 500, route
        assert not any(words in told for words in ("oleander.", "fig tree behind", ids["memory"])), route
    assert all_of(ada) == before


def test_a_team_knows_what_is_shared_and_changes_nothing_of_it(
    house: Visitors, ids: dict[str, str], ada: Browser
) -> None:
    eve = house.browser("eve")
    assert SECRET in eve.get("sharing").text
    assert eve.send_form("withdraw", id=ids["shared"]).status_code == 422
    assert eve.send_form("edit", id=ids["shared"], text="x").status_code == 422
    assert eve.send_form("forget", id=ids["shared"]).status_code == 422
    assert SECRET in ada.get("sharing").text


def test_what_is_for_admins(house: Visitors, ids: dict[str, str]) -> None:
    user, admin = house.browser("mallory"), house.browser("root", "admin")
    by_key = house.browser()
    assert by_key.sign_in("key", key=KEY).status_code == 303
    for route in SIGNED:
        if route.needs is Needs.ADMIN:
            asked = {"method": route.method, "url": route.name}
            assert user.request(**asked, data={"csrf": user.csrf()}).status_code == 403, route
            for one in (admin, by_key):
                answer = one.request(**asked, data={"csrf": "x"} if route.method == "POST" else None)
                assert answer.status_code == (403 if route.method == "POST" else 200), route
                assert not any(words in answer.text for words in ("oleander", "fig tree")), route
        elif route.needs is Needs.USER and route.method == "GET" and route.name:
            assert by_key.get(route.name).status_code == 403, route
