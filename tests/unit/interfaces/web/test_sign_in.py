"""Who signs in to the page, how, and for how long."""

import pytest

from owui_memory.interfaces.limits import Limits
from owui_memory.interfaces.web import sign_in
from owui_memory.state import open_state
from owui_memory.state.page_sessions_table import PageSessions, Person
from tests.unit.interfaces.proxy.desk import KEY
from tests.unit.interfaces.web.visitors import Visitors, texts


def test_by_the_session_of_open_webui(house: Visitors) -> None:
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


def test_who_is_no_user_there_is_none_here(house: Visitors) -> None:
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


def test_open_webui_is_asked_again(house: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_by_a_link_of_the_chat_once(house: Visitors) -> None:
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


def test_a_form_of_another_site_signs_nobody_in(house: Visitors) -> None:
    link = house.link("lena")
    for form in ("", "x"):
        browser = house.browser()
        browser.get("sign-in")
        sent = {"form": form, "way": "link", "link": link}
        assert browser.post("sign-in", data=sent).status_code == 403


def test_by_the_servers_key(house: Visitors) -> None:
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
    house: Visitors, monkeypatch: pytest.MonkeyPatch
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


def test_sign_out(house: Visitors) -> None:
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


def test_cookies_are_kept_from_scripts_and_other_sites(house: Visitors) -> None:
    answers = [house.browser("ada").get("./", headers={"x-forwarded-proto": p}) for p in ("http", "https")]
    plain, secure = (answer.headers["set-cookie"] for answer in answers)
    for cookie in (plain, secure):
        assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/memory/"))
    assert ("Secure" in secure, "Secure" in plain) == (True, False)
