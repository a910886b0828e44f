"""What is embedded of a statement does not name its user, in whatever language it is."""

import pytest

from owui_memory.language.subject import without_user


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The user lives in Bonn.", "lives in Bonn."),
        ("The user's sister lives in Bonn.", "sister lives in Bonn."),
        ("User’s dog is old.", "dog is old."),
        ("Der Bruder des Nutzers wohnt in Bonn.", "Der Bruder wohnt in Bonn."),
        ("El perro del usuario es viejo.", "El perro es viejo."),
        ("L’utilisateur habite à Bonn.", "habite à Bonn."),
        ("La figlia dell'utente studia.", "La figlia studia."),
        ("O cão do usuário é velho.", "O cão é velho."),
        ("У пользователя есть собака.", "есть собака."),
        ("Użytkownik mieszka w Krakowie.", "mieszka w Krakowie."),
        ("Kullanıcının köpeği yaşlı.", "köpeği yaşlı."),
        ("يعيش المستخدم في بون.", "يعيش في بون."),
        ("用户的狗老了。", "狗老了。"),
        ("ユーザーには犬がいる。", "犬がいる。"),
        ("사용자의 개는 늙었다.", "개는 늙었다."),
        ("My username is ada.", "My username is ada."),
        ("The user", "The user"),
        ("用户", "用户"),
    ],
)
def test_the_user_is_not_named(text: str, left: str) -> None:
    assert without_user(text) == left
