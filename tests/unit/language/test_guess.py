"""The language of a message by its own words: told where it is plain, else not."""

import pytest

from owui_memory.language.guess import language_in

TOLD = {
    "en": ["My dog is called Rex.", "What is the name of my sister?", "I’m a teacher and I live in Leeds."],
    "de": ["Ich wohne in Berlin.", "Wie heißt mein Hund?", "WO WOHNE ICH?", "Kannst du mir bitte helfen?"],
    "es": [
        "¿Dónde vivo?",
        "Me llamo Ana y tengo dos perros.",
        "Los niños van a la escuela",
        "Mi perro se llama Rex",
        "Vivo en Madrid",
    ],
    "fr": ["J'habite à Lyon.", "J’habite à Lyon.", "Mon chien s'appelle Rex.", "Où sont les clés ?"],
    "ru": ["Я живу в Москве.", "Как зовут мою собаку?", "собака"],
    "zh": ["我住在上海。", "我的狗叫什么名字？", "请记住我喜欢喝茶", "東京和上海"],
    "ja": ["東京に住んでいます。", "犬の名前は？", "ラーメン"],
}
# Other languages, also those near to one of ours, and what is none.
NOT_TOLD = [
    *("Meu cachorro se chama Rex e eu moro em Lisboa.", "Onde eu moro?", "Você pode me ajudar?"),
    *("Il mio cane si chiama Rex e vivo a Lisbona.", "Quanto costa la pasta?", "Mijn hond heet Rex."),
    *("Waar woon ik?", "Mój pies wabi się Rex.", "Köpeğimin adı Rex.", "Jag bor i Stockholm."),
    *("Numele meu este Ion și locuiesc la Cluj.", "Tôi sống ở Hà Nội.", "Мій собака — Рекс, я живу у Києві."),
    *("나는 서울에 살아.", "أنا أعيش في القاهرة", "אני גר בחיפה", "ผมอยู่กรุงเทพ", "Ζω στην Αθήνα."),
    *("", " ", "123", "Rex?", "...", "\U0001f600", "x = 1;", "\ud800", "\x00"),
]


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in TOLD.items() for text in texts])
def test_told(code: str, text: str) -> None:
    assert language_in(text) == code


@pytest.mark.parametrize("text", NOT_TOLD)
def test_not_told(text: str) -> None:
    assert language_in(text) == ""


def test_characters_that_only_japanese_has_tell() -> None:
    assert language_in("札幌駅前の桜") == "ja"
    assert language_in("駅弁図鑑") == "ja"


def test_the_script_of_most_letters_counts() -> None:
    assert language_in("Я сейчас читаю «Rex» вслух") == "ru"
    assert language_in("Ich lerne 日本語 und 中文") == "de"


def test_what_may_be_of_two_of_ours_tells_nothing() -> None:
    assert language_in("the der") == ""
