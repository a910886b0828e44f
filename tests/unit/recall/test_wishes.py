"""Plain requests to forget: heard, not told any more in the same turn, and carried out without an LLM."""

import pytest

from owui_memory.language.forget_requests import forget_request, is_meant, means_all
from tests.unit.recall.conversation import Conversation, House, text_of

PHONE, DOG = "My phone number is 555-0199.", "My dog is called Rex."


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Forget my phone number.", "my phone number"),
        ("Thanks! Please forget that I live in Lisbon.", "that I live in Lisbon"),
        ("Delete everything you know about me", "everything you know about me"),
        ("Vergiss bitte meine Telefonnummer.", "meine Telefonnummer"),
        ("Oublie mon numéro de téléphone", "mon numéro de téléphone"),
        ("Olvida mi dirección", "mi dirección"),
        ("Забудь мой номер телефона", "мой номер телефона"),
        ("请忘记我的电话号码", "我的电话号码"),
        ("電話番号を忘れてください", "電話番号"),
        ("내 전화번호를 잊어줘", "내 전화번호"),
    ],
)
def test_a_wish(text: str, asked: str) -> None:
    assert forget_request(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "Don't forget to water the plants.",
        "I forget names easily.",
        "Forget it.",
        "Delete the file foo.txt",
        "Remove the last line of this code.",
        "Vergiss nicht, Milch zu kaufen.",
        "N'oublie pas le pain.",
        "No olvides la leche.",
        "Не забудь купить хлеб.",
        "傘を忘れないで",
        "不要忘记带伞",
        "Forget " + "x" * 400,
    ],
)
def test_no_wish(text: str) -> None:
    assert forget_request(text) == ""


def test_a_memory_is_meant_when_it_has_all_the_words() -> None:
    assert is_meant("my phone number", PHONE)
    assert is_meant("what I told you about Rex", DOG)
    assert not is_meant("my dog's vet", DOG)
    assert not is_meant("", DOG)


ABOUT = (
    ("把我的地址删掉", "我的地址是长安街5号。"),
    ("请将我的猫的事忘掉", "我的猫叫咪咪。"),
    ("Lösche, was du über meine Adresse weißt", "Meine Adresse ist Hauptstraße 5."),
    ("Lösch bitte alles über meine Adresse", "Meine Adresse ist Hauptstraße 5."),
    ("Vergiss, was ich über meine Katze gesagt habe.", "Meine Katze heißt Mimi."),
    ("Delete what you know about my address", "My address is Main Street 5."),
    ("Forget what I told you about my cat", "My cat is called Mimi."),
    ("Please delete everything about my address", "My address is Main Street 5."),
    ("Olvida lo que sabes de mi dirección", "Mi dirección es Calle Mayor 5."),
    ("Borra lo que te dije sobre mi gato", "Mi gato se llama Mimi."),
    ("Olvida mi dirección", "Mi dirección es Calle Mayor 5."),
    ("Supprime ce que tu sais sur mon adresse", "Mon adresse est 5 rue Haute."),
    ("Oublie ce que je t'ai dit sur mon chat", "Mon chat s'appelle Mimi."),
    ("Oublie mon adresse.", "Mon adresse est 5 rue Haute."),
    ("Cancella quello che sai del mio indirizzo", "Il mio indirizzo è via Roma 5."),
    ("Dimentica quello che ti ho detto sul mio gatto", "Il mio gatto si chiama Mimi."),
    ("Apague o que você sabe sobre o meu endereço", "O meu endereço é Rua Alta 5."),
    ("Esquece o que eu disse sobre o meu gato", "O meu gato chama-se Mimi."),
    ("Удали то, что ты знаешь о моём адресе", "Мой адрес: улица Мира 5."),
    ("Забудь, что я говорил о своей кошке", "Мою кошку зовут Мими."),
    ("Забудь мой адрес", "Мой адрес: улица Мира 5."),
    ("删除你知道的关于我地址的信息", "我的地址是长安街5号。"),
    ("忘记我的地址", "我的地址是长安街5号。"),
    ("请忘掉我的猫", "我的猫叫咪咪。"),
    ("私の住所について知っていることを削除して", "私の住所は中央通り5番です。"),
    ("私の住所を忘れてください", "私の住所は中央通り5番です。"),
    ("ピーナッツアレルギーのことは忘れてください。", "ピーナッツアレルギーがあります。"),
    ("猫のことを忘れて", "猫の名前はミミです。"),
    ("내 주소 잊어줘", "내 주소는 중앙로 5번지야."),
    ("제 고양이에 대해 잊어 주세요", "제 고양이 이름은 미미예요."),
    ("انس عنواني", "عنواني شارع النيل 5."),
    ("احذف ما تعرفه عن عنواني", "عنواني شارع النيل 5."),
    ("Zapomnij mój adres", "Mój adres to Długa 5."),
    ("Adresimi unut", "Adresim Uzun Sokak 5."),
    ("Adresim hakkında bildiklerini sil", "Adresim Uzun Sokak 5."),
    ("Kedimi unut", "Kedimin adı Mimi."),
    ("Vergeet wat je over mijn adres weet", "Mijn adres is Hoogstraat 5."),
    ("Verwijder wat je weet over mijn kat", "Mijn kat heet Mimi."),
    ("Vergeet mijn adres", "Mijn adres is Hoogstraat 5."),
)


@pytest.mark.parametrize(("text", "memory"), ABOUT)
def test_what_a_request_is_about_is_found(text: str, memory: str) -> None:
    """ "What you know about" and "what I told you" are not what is to be forgotten; endings do not matter."""
    assert is_meant(forget_request(text), memory)
    assert not means_all(forget_request(text))


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("忘记我的猫", "我喜欢熊猫。"),
        ("Olvida a mi hermana", "Mi hermano vive en Lima."),
        ("Vergiss meinen Nachbarn", "Meine Nachbarin heißt Ida."),
        ("Forget my moth", "My mother is called Ida."),
        ("Забудь мой дом", "Мой домофон сломан."),
        ("Kedimi unut", "Köpeğimin adı Boncuk."),
        ("内緒のことを忘れて", "猫の名前はミミです。"),
        ("Forget what I told you", "I live in Lisbon."),
        ("Vergiss alles, was ich gesagt habe", "Ich wohne in Kiel."),
    ],
)
def test_what_only_looks_alike_is_not(text: str, memory: str) -> None:
    assert not is_meant(forget_request(text), memory)


@pytest.mark.parametrize(
    "text",
    [
        "Forget everything",
        "Delete everything you know about me",
        "Forget all of it",
        "Vergiss alles, was du über mich weißt",
        "Oublie tout ce que tu sais",
        "Забудь всё, что ты знаешь обо мне",
        "すべて忘れてください",
        "모두 잊어줘",
    ],
)
def test_all_is_meant(text: str) -> None:
    assert means_all(forget_request(text))


def test_what_is_to_be_forgotten_is_not_told_in_the_same_turn(house: House, talk: Conversation) -> None:
    house.knows(PHONE, kind="profile")
    house.knows(DOG)
    assert "555" in text_of(talk.ask("What is my phone number?"))
    told = text_of(talk.ask("Forget my phone number."))
    assert "555" not in told


def test_something_else_is_told_as_before(house: House, talk: Conversation) -> None:
    house.knows(PHONE)
    house.knows(DOG)
    assert "Rex" in text_of(talk.ask("Forget my phone number. What is my dog called?"))
