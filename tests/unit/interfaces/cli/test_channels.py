"""Channels on the command line: numbers of each, erasing, forgetting, pausing."""

import os
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from owui_memory.backends import open_backend
from owui_memory.backends.locations import naming
from owui_memory.channels.channels import Channels
from owui_memory.config.environment import Environment
from owui_memory.interfaces.cli.instance import settings_in
from owui_memory.state import channel_memories, channel_messages, open_state
from tests.harness.channels import learn, owner_in, said
from tests.unit.interfaces.cli.desk import Know, Refused, Run, rows, texts


def test_a_channel_is_listed_paused_and_erased(run: Run, know: Know, server: Path) -> None:
    know(ada=["My dog is called Rex."])
    engine = open_state(server)
    settings = settings_in(Environment.read(os.environ))
    backend = open_backend(settings, server, named=partial(naming, engine, server))
    assert run("channels", "list") == "No channel is observed.\n"
    one, other = said("We ship on Fridays.", channel_name="Shop"), said("Hello", author="u2", channel="other")
    learn(engine, backend, "The team ships on Fridays.", one)
    learn(engine, backend, "Ada ships.", one, owner="ada")
    learn(engine, backend, "Bob says hello.", other)
    listed = rows(run, "channels", "list")
    assert {(row["source"], row["channel"], row["name"], row["paused"]) for row in listed} == {
        ("discord", "general", "Shop", False),
        ("discord", "other", "", False),
    }
    assert "Fridays" not in run("channels", "list")

    observing = Channels(engine, lambda: settings)
    run("channels", "pause", "discord", "general")
    assert rows(run, "channels", "list")[0]["paused"] or rows(run, "channels", "list")[1]["paused"]
    observing.observe([said("And on Mondays.")])
    run("channels", "resume", "discord", "general")
    observing.observe([said("And on Sundays.")])
    with engine.connect() as connection:
        kept = set(connection.scalars(select(channel_messages.c.text)))
    assert kept == {"We ship on Fridays.", "And on Sundays.", "Hello"}

    with engine.begin() as connection:
        connection.execute(
            update(channel_messages).where(channel_messages.c.user_id == owner_in()).values(state="aside")
        )
    assert "2 messages" in run("channels", "retry", "discord", "general")
    assert rows(run, "channels", "retry", "discord", "general")["revived"] == 0

    receipt = rows(run, "channels", "erase", "discord", "general", "--yes")
    assert receipt["counts"]["memories"] == 1
    assert backend.list_all(owner_in()) == []
    assert [one.text for one in backend.list_all(owner_in(channel="other"))] == ["Bob says hello."]
    assert set(texts(run, "ada")) == {"My dog is called Rex.", "Ada ships."}
    assert [row["channel"] for row in rows(run, "channels", "list")] == ["other"]
    with engine.connect() as connection:
        assert set(connection.scalars(select(channel_messages.c.text))) == {"Hello"}

    run("channels", "forget-author", "discord", "u2", "--yes")
    with engine.connect() as connection:
        assert set(connection.scalars(select(channel_messages.c.text))) == {""}
        assert set(connection.scalars(select(channel_memories.c.gone))) == {True}
    for command in ("erase", "pause", "resume"):
        with pytest.raises(Refused, match="No channel nowhere of discord is observed"):
            run("channels", command, "discord", "nowhere", *(["--yes"] if command == "erase" else []))
    backend.close()
    engine.dispose()


def test_who_observes_open_webui_is_the_server_itself(run: Run) -> None:
    assert run("keys", "add", "--observer", "discord").startswith("mk-")
    with pytest.raises(Refused, match="observes Open WebUI's channels itself"):
        run("keys", "add", "--observer", "open-webui")
