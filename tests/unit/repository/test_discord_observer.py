"""The observer of Discord, with the real discord.py, a Discord on this machine, and a memory that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.responses import JSONResponse

from tests.harness.discord import ADA, BOB, BOT, GENERAL, RANDOM, THREAD, TOKEN, Discord
from tests.harness.observed import KEY, ObservedMemory
from tests.harness.observer import Observer
from tests.harness.waiting import wait_until

MESSAGE_CONTENT = 1 << 15
REFERENCE = {"type": 0, "channel_id": GENERAL}
# Where Discord is, the library has built in.
PROGRAM = """
import sys, discord, yarl
discord.http.Route.BASE, gateway = sys.argv[1:]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
import discord_observer, outbox
outbox.GATHER_SECONDS = 0.02
discord_observer.main()
"""


@pytest.fixture
def discord() -> Iterator[Discord]:
    with Discord() as discord:
        yield discord


@pytest.fixture
def observer(tmp_path: Path, discord: Discord, memory: ObservedMemory) -> Iterator[Observer]:
    observer = Observer(tmp_path, memory, PROGRAM, discord.api, discord.gateway)
    observer.listens = lambda: discord.listeners
    yield observer
    observer.kill()


def test_what_members_write_reaches_the_memory_through_faults_and_kills(
    observer: Observer, discord: Discord, memory: ObservedMemory
) -> None:
    discord.write(GENERAL, ADA, "Said before the observer came.")
    observer.start(DISCORD_TOKEN=TOKEN, DISCORD_CHANNELS=f"{GENERAL}, 77")
    assert discord.intents & MESSAGE_CONTENT
    first = discord.write(GENERAL, ADA, "We deploy on Fridays.")
    discord.write(RANDOM, ADA, "In a channel that is not observed.")
    discord.write(GENERAL, BOT, "A bot's message.")
    discord.write(GENERAL, ADA, "Pinned a message.", type=6)
    discord.show_link(GENERAL, first)
    second = discord.write(
        GENERAL, BOB, f"On <#{RANDOM}>?", message_reference=REFERENCE | {"message_id": first}
    )
    discord.edit(GENERAL, first, "We deploy on Mondays.")
    third = discord.write(THREAD, ADA, "Lunch at noon.")
    discord.delete(GENERAL, second)
    expected = [
        *("We deploy on Fridays.", "On #random?", "We deploy on Mondays.", "Lunch at noon."),
        f"-{second}",
    ]
    wait_until(lambda: len(memory.taken) >= 5, what=observer.told)
    assert memory.texts() == expected
    one, two, _, four, _ = memory.taken
    assert one.items() >= {"channel": GENERAL, "channel_name": "general", "id": first}.items()
    assert one.items() >= {"author": ADA, "author_name": "Ada"}.items()
    assert two["reply_to"] == first
    assert four.items() >= {"channel": GENERAL, "channel_name": "general", "reply_to": THREAD}.items()

    # A memory that is away for a while, and an observer that is killed meanwhile.
    memory.next_answers = [JSONResponse({"detail": "full"}, 429, {"Retry-After": "0"}) for _ in range(9_999)]
    discord.write(GENERAL, ADA, "While the memory is full.")
    before = len(memory.sizes)
    wait_until(lambda: len(memory.sizes) > before, what=observer.told)
    observer.kill()
    wait_until(lambda: not discord.listeners, what="Discord has noticed")
    discord.write(GENERAL, BOB, "While the observer is away.")
    discord.write(THREAD, BOB, "Here, too.")
    memory.next_answers = []
    memory.replies = [
        {"channel": GENERAL, "to": third, "text": "You are linked, @everyone."},
        {"channel": RANDOM, "to": "", "text": "Nobody asked here."},
        {"channel": GENERAL, "to": "", "text": "This channel is read by a memory."},
    ]
    observer.start()
    late = {"While the memory is full.", "While the observer is away.", "Here, too."}
    wait_until(lambda: late <= set(memory.texts()), what=observer.told)
    wait_until(lambda: len(discord.posted) >= 2, what=observer.told)
    (where, reply), (_, notice) = discord.posted
    assert (where, reply["content"]) == (GENERAL, "You are linked, @everyone.")
    assert str(reply["message_reference"]["message_id"]) == third
    assert reply["allowed_mentions"]["parse"] == []
    assert "message_reference" not in notice
    assert not any("not observed" in text or "before" in text for text in memory.texts())
    assert "Channel 77 cannot be read" in observer.told()
    assert TOKEN not in observer.told()
    assert KEY not in observer.told()
