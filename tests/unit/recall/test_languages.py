"""The block in the language of its reader; what was told stays as it was told, byte for byte."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from owui_memory.core.locales import CODES, ENGLISH, locale
from owui_memory.language.names import teller
from owui_memory.recall.block import correction, is_own, line, render, without_block
from owui_memory.recall.recall import Recaller
from owui_memory.recall.times import ago
from tests.harness.bodies import Chat
from tests.harness.samples import NOW, memory
from tests.unit.recall.conversation import House
from tests.unit.recall.desk import Desk

LISBON, DOG, QUESTION = "I live in Lisbon.", "I have a dog called Rex.", "Where do I live, in Lisbon?"
ABOUT_THE_DOG = "Was hat mein Hund, I have a dog called Rex, heute gemacht?"


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def header(block: str) -> str:
    return block.split("\n")[1]


@pytest.mark.parametrize("code", CODES)
def test_a_block_is_whole_and_found_again_in_every_language(code: str) -> None:
    words = locale(code)
    own = line(memory("Likes tea.", days=3), NOW, "", words)
    theirs = line(memory("Likes coffee.", days=400), NOW, "Ada, team x", words)
    changed = correction(memory("Likes tea."), "Likes <water>.", NOW, "", words)
    assert ENGLISH.say("days ago", n=3) not in own or code == "en"
    assert (is_own(own), is_own(theirs), is_own(changed)) == (True, False, True)
    for more in (False, True):
        block = render([own, theirs, changed], more=more, words=words)
        assert without_block(f"{block}\n\nHi") == "Hi"
        assert without_block(f"{block[:-20]}\n\nHi") != "Hi"
    mixed = render([own], words=words).replace(words.say("block, header"), words.say("block, header") + " ")
    assert without_block(f"{mixed}\n\nHi") == f"{mixed}\n\nHi", "nobody else's block is taken away"


@pytest.mark.parametrize(
    ("code", "days", "said"),
    [
        *(
            ("de", 1, "gestern"),
            ("de", 3, "vor 3 Tagen"),
            ("es", 3, "hace 3 días"),
            ("fr", 365, "il y a 1 an"),
        ),
        *(("ru", 2, "2 дня назад"), ("ru", 5, "5 дней назад"), ("ru", 365, "1 год назад")),
        *(("ru", 2000, "5 лет назад"), ("zh", 3, "3天前"), ("ja", 70, "2か月前"), ("ja", 1, "昨日")),
    ],
)
def test_times(code: str, days: int, said: str) -> None:
    assert ago(NOW - timedelta(days=days), NOW, locale(code)) == said


def test_the_interface_tells_the_language(desk: Desk) -> None:
    desk.says(Chat("ada"), LISBON)
    desk.later(hours=2)
    told = desk.asks(Chat("ada"), QUESTION, language="de-AT").block
    assert header(told) == locale("de").say("block, header")
    assert f'- (vor 2 Stunden) "{LISBON}"' in told, "memories stay in their own words"


@pytest.mark.parametrize(
    ("language", "question", "code"),
    [
        (..., "Wo wohne ich, in Lisbon?", "de"),
        (..., QUESTION, "en"),
        (..., "Lisbon?", "en"),
        ("fr", "Wo wohne ich, in Lisbon?", "fr"),
        ("xx-YY", "Wo wohne ich, in Lisbon?", "de"),
        ("pt-BR", "Where do I live, in Lisbon?", "en"),
        ("../../de", QUESTION, "en"),
        ("de" * 5_000, QUESTION, "en"),
        (None, QUESTION, "en"),
        (["de"], QUESTION, "en"),
        ({"a": {}}, QUESTION, "en"),
        ("{{USER_LANGUAGE}}", QUESTION, "en"),
        (7, QUESTION, "en"),
    ],
)
def test_else_the_message_does(desk: Desk, language: Any, question: str, code: str) -> None:
    desk.says(Chat("ada"), LISBON)
    told = desk.asks(Chat("ada"), question, language=language).block
    assert header(told) == locale(code).say("block, header")


def test_a_conversation_stays_in_the_language_it_began_in(desk: Desk) -> None:
    """Also with another interface, in another language, and on another server."""
    desk.says(Chat("ada"), LISBON)
    chat = Chat("ada")
    blocks = [desk.asks(chat, QUESTION, language="de").block]
    desk.says(Chat("ada"), DOG)
    for text, language in (
        ("Write a poem.", "en-US"),
        ("Écris un poème, mon ami.", ...),
        (ABOUT_THE_DOG, "ja"),
    ):
        desk.house.recaller = Recaller(desk.house.engine)
        desk.later(days=2)
        blocks.append(desk.asks(chat, text, language=language).block)
    assert all(after.startswith(before) for before, after in pairwise(blocks))
    assert header(blocks[0]) == locale("de").say("block, header")
    assert locale("de").say("block, more") in blocks[-1]
    assert f'- (vor 6 Tagen) "{DOG}"' in blocks[-1]


def test_a_new_conversation_begins_anew(desk: Desk) -> None:
    desk.says(Chat("ada"), LISBON)
    assert "Facts about" in desk.asks(Chat("ada"), QUESTION, language="en").block
    assert "Fakten über" in desk.asks(Chat("ada"), QUESTION, language="de").block


def test_what_was_kept_before_languages_were_is_english(desk: Desk) -> None:
    desk.says(Chat("ada"), LISBON)
    chat = Chat("ada")
    block = desk.asks(chat, QUESTION, language="en").block
    assert desk.asks(chat, "Und was ist mit dir?", language="de").block == block


def test_who_has_told_it(desk: Desk) -> None:
    shared = memory("My sister lives in Bern.")
    shared = type(shared)(
        **{**{n: getattr(shared, n) for n in shared.__slots__}, "scope": "team:family", "by": "Ada"}
    )
    assert teller(shared, "bob", "Bob", locale("de")) == "Ada, Team family"
    assert teller(shared, "bob", "ada", locale("fr")).startswith("Une autre personne nommée Ada")
    assert all(
        not is_own(line(shared, NOW, teller(shared, "bob", n, locale(c)), locale(c)))
        for c in CODES
        for n in ("", "Ada")
    )
