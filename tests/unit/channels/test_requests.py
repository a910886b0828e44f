"""What authors ask of memory is known in every language, and nothing else is taken for it."""

import pytest

from owui_memory.channels.requests import FORGET, LINK, READ, read_request
from owui_memory.core.locales import CODES, locale


@pytest.mark.parametrize("code", CODES)
def test_every_phrase_of_a_language(code: str) -> None:
    words = locale(code)
    for name in words.words("name"):
        for what in (FORGET, READ):
            for phrase in words.words(f"word {what}"):
                for text in (f"{name} {phrase}", f"/{name} {phrase}", f"!{name.upper()}  {phrase.upper()}."):
                    request = read_request(text)
                    assert request is not None, text
                    assert (request.what, request.words.code) == (what, code), text
        for phrase in words.words("word link"):
            request = read_request(f"{name} {phrase} 23abCDefgh")
            assert (request.what, request.code) == (LINK, "23abcdefgh")


@pytest.mark.parametrize(
    ("text", "what", "code"),
    [
        ("memory forget me", FORGET, ""),
        ("  `/memory forget me`!\n", FORGET, ""),
        ("／memory　forget me", FORGET, ""),
        ("Memory READ me.", READ, ""),
        ("memory link abcdefghjk", LINK, "abcdefghjk"),
        ("**/memory link abcdefghjk**", LINK, "abcdefghjk"),
        ("/memory link nonsense-that-is-no-code", LINK, "nonsense-that-is-no-code"),
    ],
)
def test_how_it_may_be_written(text: str, what: str, code: str) -> None:
    request = read_request(text)
    assert (request.what, request.code) == (what, code)


@pytest.mark.parametrize(
    "text",
    [
        *("", "memory", "forget me", "memory link", "memory linkage", "memory forget me not"),
        *("say memory forget me", "memory forget me\nand the rest", "the memory read me stuff", "/ / /"),
        *("memory forget everything", "memory link a b", "x" * 1_000_000, "memory " * 100_000, "/" * 100_000),
    ],
)
def test_what_it_is_not(text: str) -> None:
    assert read_request(text) is None
