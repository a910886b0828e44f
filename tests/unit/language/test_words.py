"""Which words of a query are looked for."""

import pytest

from owui_memory.language.words import content_words


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Which city am I based in?", ["city", "based"]),
        ("Où suis-je né ?", ["né"]),
        ("我的职业是什么？", ["的职", "职业", "业是"]),
        ("私の職業は何ですか？", ["の職", "職業", "業は", "は何"]),
        ("내 직업이 뭐지?", ["직업", "업이"]),
    ],
)
def test_words_that_say_nothing_are_left_out(query: str, expected: list[str]) -> None:
    assert content_words(query) == expected


@pytest.mark.parametrize("query", ["猫", "개", "茶と猫", "です", "我的", "the", "나는 어디?"])
def test_something_is_always_looked_for(query: str) -> None:
    assert content_words(query)


def test_a_single_character_is_looked_for_where_it_is_a_word() -> None:
    assert content_words("개 이름") == ["개", "이름"]
    assert content_words("고양이가") == ["고양", "양이", "이가"]
