"""Sessions of the page, and links that work once, in both kinds of database."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select

from owui_memory.state import page_sessions
from owui_memory.state import page_sessions_table as module
from owui_memory.state.page_sessions_table import PageSessions, Person

ADA = Person("ada", "Ada", "ada@example.com", "admin", "a hash", 1.0)


def test_a_link_signs_one_in_whoever_is_as_quick(engine: Engine) -> None:
    sessions = PageSessions(engine)
    link, together = sessions.link(ADA), threading.Barrier(4)

    def redeem(_: int) -> str:
        together.wait()
        return sessions.redeem(link)

    with ThreadPoolExecutor(4) as pool:
        tokens = [token for token in pool.map(redeem, range(4)) if token]
    assert [sessions.person(token) for token in tokens] == [ADA]
    assert sessions.linked(link) is None
    sessions.sign_out(tokens[0])
    assert sessions.person(tokens[0]) is None


def test_what_is_too_old_is_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = PageSessions(engine)
    monkeypatch.setattr(module, "SESSION_S", 0.0)
    monkeypatch.setattr(module, "LINK_S", 0.0)
    session, link = sessions.sign_in(ADA), sessions.link(ADA)
    assert (sessions.person(session), sessions.linked(link), sessions.redeem(link)) == (None, None, "")


def test_of_one_user_there_are_not_ever_more_and_none_as_it_is_known(engine: Engine) -> None:
    sessions = PageSessions(engine)
    bobs = sessions.sign_in(Person("bob"))
    tokens = [sessions.sign_in(ADA) for _ in range(30)]
    known = [token for token in tokens if sessions.person(token)]
    assert known == tokens[-20:]
    assert sessions.person(bobs) == Person("bob")
    with engine.connect() as connection:
        kept = str(connection.execute(select(page_sessions)).all())
    assert not any(token in kept for token in tokens)
