"""Which words are forms of one: for keywords, and for what is to be forgotten."""

import pytest

from owui_memory.language.forget_requests import is_meant
from owui_memory.language.forms import has_stem, is_form, stem
from owui_memory.language.words import terms_of
from owui_memory.stores.sqlite.text import asked, indexed

FORMS = [
    ("Kraków", "Krakowie"),
    ("Anna", "Anny"),
    ("kot", "kota"),
    ("kawa", "kawę"),
    ("warszawa", "warszawie"),
    ("собака", "собаку"),
    ("мама", "маме"),
    ("Москва", "Москве"),
    ("Київ", "Київі"),
    ("Helsinki", "Helsingissä"),
    ("koira", "koirani"),
    ("Budapest", "Budapesten"),
    ("köpek", "köpeğim"),
    ("kedi", "kedimi"),
    ("Praha", "Prahy"),
    ("الشركة", "وشركتي"),
    ("كلب", "كلبي"),
    ("مدينة", "المدينة"),
]


@pytest.mark.parametrize(("word", "other"), FORMS)
def test_forms_of_one_word(word: str, other: str) -> None:
    assert is_form(word.casefold(), other.casefold())


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("praca", "praga"),
        ("kot", "kod"),
        ("siostra", "siostrzeniec"),
        ("francja", "francuski"),
        ("мама", "масло"),
        ("кот", "который"),
        ("köpek", "köprü"),
        ("koira", "koulu"),
        ("كلب", "كتاب"),
    ],
)
def test_others_are_not(word: str, other: str) -> None:
    assert not is_form(word, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("houses", "house"),
        ("krakow", "krakowie"),
        ("собака", "собаку"),
        ("شركتي", "الشركة"),
        ("бабушка", "бабушке"),
    ],
)
def test_stems_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("request_", "memory", "is_right"),
    [
        ("o Krakowie", "Urodziłem się i mieszkam: Kraków.", True),
        ("o Krakowie", "Pracuję w Katowicach.", False),
        ("про мою собаку", "Моя собака умерла.", True),
        ("köpeğimi", "Köpeğim çok yaşlı.", True),
        ("my sister", "My sisterhood meets on Fridays.", False),
        ("my work", "I am a workaholic.", False),
    ],
)
def test_a_request_to_forget_means_any_form(request_: str, memory: str, is_right: bool) -> None:
    assert is_meant(request_, memory) is is_right


@pytest.mark.parametrize(
    ("query", "memory"),
    [
        ("Co wiesz o Krakowie?", "Kraków to moje miasto."),
        ("Где моя собака?", "Я потерял собаку."),
        ("أين شركتي؟", "الشركة في القاهرة."),
        ("Missä koirani on?", "Minulla on koira."),
    ],
)
def test_the_index_has_what_other_forms_ask_for(query: str, memory: str) -> None:
    there = set(indexed({"data": memory}).split())
    assert any(form.strip('"') in there for word in asked(query) for form in word.split(" OR "))


def test_english_is_indexed_as_it_is() -> None:
    assert indexed({"data": "The internet is interesting."}) == "the internet is interesting"


@pytest.mark.parametrize("word", ["cat", "care", "cared", "travel", "2023", "a", "table", "tabl"])
@pytest.mark.parametrize(
    "text",
    ["", "Cat's cared-for TABLES_", "scare cat2 tab tabla 2023a", "a_b, travelling", "tableable carely"],
)
def test_a_stem_is_found_without_taking_all_words_apart(text: str, word: str) -> None:
    assert has_stem(text.lower(), stem(word)) == (stem(word) in map(stem, terms_of(text)))


@pytest.mark.parametrize("text", ["", "a cat", " ", "cat's"])
def test_no_text_has_an_empty_stem(text: str) -> None:
    assert not has_stem(text, "")
