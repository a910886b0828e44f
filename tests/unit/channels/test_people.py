"""Whose messages are whose: codes, agreement, who is forgotten and not read."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Engine, select, update

from owui_memory.channels.message import ChannelMessage
from owui_memory.channels.people import People
from owui_memory.core.locales import locale
from owui_memory.core.scope import WEBUI
from owui_memory.state import channel_authors, channel_memories, channel_messages, page_sessions, put_row
from owui_memory.state.page_sessions_table import PageSessions, Person
from tests.harness.channels import keep, said
from tests.harness.places import Place

SAYS = locale("en").say


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    engine = place.open()
    yield engine
    engine.dispose()


@pytest.fixture
def people(engine: Engine) -> People:
    return People(engine)


def taken(people: People, *messages: ChannelMessage) -> tuple[list[str], list[str]]:
    """The texts that may be kept, "" for what is deleted, and what is to be said."""
    kept, replies = people.take(messages)
    assert [one.to for one in replies] == [one.id for one in messages if one.id in {r.to for r in replies}]
    return ["" if one.deleted else one.text for one in kept.values()], [one.text for one in replies]


def links(people: People, user_id: str) -> Sequence[tuple[str, str, bool]]:
    return [(one.source, one.author, one.agreed_at > 0) for one in people.of_user(user_id)]


def test_a_code_links_whoever_posts_it_once(people: People) -> None:
    code = people.code("ada")
    assert taken(people, said("hello"), said(f"/memory link {code.upper()}")) == (
        ["hello", ""],
        [SAYS("channel, linked")],
    )
    assert links(people, "ada") == [("discord", "u1", True)]
    again = said(f"memory link {code}", author="u2")
    assert taken(people, again) == ([""], [SAYS("channel, no such code")])
    assert links(people, "ada") == [("discord", "u1", True)]
    assert links(people, "bob") == []


def test_who_posts_anothers_code_is_linked_and_nobody_else(people: People) -> None:
    """The code says who the user is, so it is shown to them alone; they see who took it, and end it."""
    taken(people, said(f"memory link {people.code('ada')}", author="mallory", name="Ada"))
    assert links(people, "ada") == [("discord", "mallory", True)]
    assert not people.unlink("bob", "discord", "mallory")
    assert people.unlink("ada", "discord", "mallory")
    assert links(people, "ada") == []


def test_a_code_ends_and_opens_no_page(people: People, engine: Engine) -> None:
    code = people.code("ada")
    sessions = PageSessions(engine)
    assert sessions.redeem(code) == ""
    assert sessions.person(code) is None
    assert sessions.linked(code) is None
    assert sessions.redeem_code(sessions.link(Person("ada"))) == ""
    assert sessions.redeem_code(sessions.sign_in(Person("ada"))) == ""
    with engine.begin() as connection:
        assert code not in str(connection.execute(select(page_sessions)).all())
        connection.execute(update(page_sessions).values(until=1.0))
    assert taken(people, said(f"memory link {code}")) == ([""], [SAYS("channel, no such code")])


def test_authors_of_the_same_name_and_of_other_sources_are_others(people: People, engine: Engine) -> None:
    mine, namesake = said("I moved to Porto."), said("I moved to Rome.", author="u2")
    elsewhere = said("I moved to Oslo.", source="matrix")
    keep(engine, mine, namesake, elsewhere)
    taken(people, said("memory forget me"))
    with engine.connect() as connection:
        texts = set(connection.scalars(select(channel_messages.c.text)))
    assert texts == {"", namesake.text, elsewhere.text}
    after = [said("one"), said("two", author="u2"), said("three", source="matrix")]
    assert taken(people, *after) == (["two", "three"], [])


def test_who_is_forgotten_is_not_read_until_they_say_so(people: People, engine: Engine) -> None:
    before, others = said("I moved to Porto."), said("Porto is fine.", author="u2")
    keep(engine, before, others)
    with engine.begin() as connection:
        for memory_id, of in (("a", [before]), ("b", [before, others]), ("c", [others])):
            for one in of:
                cites = {"user_id": one.owner, "memory_id": memory_id, "channel_id": one.owner}
                more = {"message_id": one.id, "source": one.source, "author": one.author, "at": one.at}
                put_row(connection, channel_memories, {**cites, **more, "gone": False})
    asked = said("Memory vergiss mich")
    batch = [said("In the same batch."), asked, said("And later.")]
    assert taken(people, *batch) == ([""], [locale("de").say("channel, forgotten")])
    with engine.connect() as connection:
        wanted = select(channel_memories.c.memory_id).where(channel_memories.c.gone)
        assert set(connection.scalars(wanted)) == {"a", "b"}
        assert before.text not in str(connection.execute(select(channel_messages)).all())
    assert taken(people, said("Still here.")) == ([], [])
    back = said("memory read me")
    assert taken(people, said("no"), back, said("yes")) == (["", "yes"], [SAYS("channel, read")])


def test_what_was_asked_is_not_done_again(people: People, engine: Engine) -> None:
    """A bot that reads its channel anew tells it once more."""
    forget, back = said("memory forget me"), said("memory read me")
    kept, _ = people.take([forget, back])
    keep(engine, *kept.values(), state="deleted")
    keep(engine, said("I moved to Porto."))
    assert people.take([forget, back]) == ({}, [])
    with engine.connect() as connection:
        assert "I moved to Porto." in set(connection.scalars(select(channel_messages.c.text)))


def test_an_edited_message_may_ask_and_what_it_said_goes(people: People, engine: Engine) -> None:
    first = said("I moved to Porto.")
    keep(engine, first)
    kept, replies = people.take([said("memory link nonsense99", id=first.id)])
    assert [(one.id, one.deleted, one.text) for one in kept.values()] == [(first.id, True, "")]
    assert len(replies) == 1


def test_deleted_messages_of_who_is_not_read_are_deleted(people: People) -> None:
    taken(people, said("memory forget me"))
    gone = said("", deleted=True)
    assert people.take([gone]) == ({0: gone}, [])


def test_in_open_webui_nobody_becomes_another(people: People) -> None:
    code = people.code("ada")
    in_webui = {"source": WEBUI, "channel": "c1"}
    asked = said(f"memory link {code}", author="bob", **in_webui)
    assert taken(people, asked) == ([""], [SAYS("channel, no such code")])
    assert (links(people, "ada"), links(people, "bob")) == ([], [])
    assert taken(people, said(f"memory link {code}", author="ada", **in_webui))[1] == [
        SAYS("channel, no such code")
    ], "it is used up"
    taken(people, said(f"memory link {people.code('ada')}", author="ada", **in_webui))
    assert links(people, "ada") == [(WEBUI, "ada", True)]


def test_an_author_is_one_user_at_a_time(people: People) -> None:
    for user in ("ada", "bob"):
        taken(people, said(f"memory link {people.code(user)}"))
    assert (links(people, "ada"), links(people, "bob")) == ([], [("discord", "u1", True)])


def test_agreeing_in_open_webuis_own_channels(people: People) -> None:
    assert links(people, "ada") == []
    people.agree("ada", on=True)
    assert links(people, "ada") == [(WEBUI, "ada", True)]
    people.agree("ada", on=False)
    assert links(people, "ada") == []
    assert taken(people, said("still read", author="ada", source=WEBUI)) == (["still read"], [])


def test_all_authors_of_a_user_are_forgotten(people: People, engine: Engine) -> None:
    taken(people, said(f"memory link {people.code('ada')}"))
    own = said("I moved to Porto.", author="ada", source=WEBUI, channel="c1")
    keep(engine, said("Lisbon was nice."), own, said("I am Bob.", author="bob", source=WEBUI))
    assert people.forget_user("ada") == 2
    assert people.forget_user("ada") in (1, 2)  # the one of Open WebUI's is known from then on
    assert people.forget_user("nobody") == 0
    with engine.connect() as connection:
        assert set(connection.scalars(select(channel_messages.c.text))) == {"", "I am Bob."}
        rows = connection.execute(select(channel_authors)).all()
    assert {(row.source, row.author, row.name, row.user_id, row.silent) for row in rows} == {
        ("discord", "u1", "", "", True),
        (WEBUI, "ada", "", "", True),
    }
    assert links(people, "ada") == []


def test_ids_that_are_long_or_odd(people: People) -> None:
    for author in ("past/ada", "team/x", "channel/discord/general", "*", "a b\u200b", "x" * 500, "'; --"):
        asked = said("memory forget me", author=author, channel="x/../" * 90)
        assert len(taken(people, asked)[1]) == 1
        assert taken(people, said("more", author=author)) == ([], [])
    assert taken(people, said("hello", author="ada")) == (["hello"], [])
