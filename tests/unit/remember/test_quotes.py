"""Which passages say what is to be forgotten."""

from owui_memory.remember.quotes import Statement


def test_it_is_said_there() -> None:
    for statement, passage in [
        ("My dog is called Rex.", "As I told you, my dog is called Rex."),
        ("My dog is called Rex.", "I have a dog. He is called Rex and likes cheese."),
        ("User's dog is called Rex.", "Rex is a lovely name for a dog!"),
        ("I live in Lisbon.", "I moved to Lisbon in May."),
        ("User lives in Lisbon.", "Since you live in Lisbon, take the tram."),
        ("My rent is 950 euros.", "I pay 950 euros for the flat."),
        ("I am vegan.", "Here is a vegan stew."),
        ("I am allergic to peanuts.", "Leave the peanuts out, I am allergic."),
        ("Mein Hund heißt Rex.", "Heute war mein Hund Rex beim Tierarzt."),
        ("我的狗叫雷克斯。", "我的狗叫雷克斯，它很可爱。"),
    ]:
        assert Statement.of(statement).is_said_in(passage)


def test_it_is_not_said_there() -> None:
    for statement, passage in [
        ("My dog is called Rex.", "My cat is called Tom."),
        ("My dog is called Rex.", "The museum shows a T. rex from Montana."),
        ("I live in Lisbon.", "Lisbon has seven hills, and trams on most of them."),
        ("I like green tea.", "The tea house opens at nine."),
        ("My rent is 950 euros.", "The trip is 90 euros."),
        ("我的狗叫雷克斯。", "今天天气很好。"),
        ("", "Anything at all."),
    ]:
        assert not Statement.of(statement).is_said_in(passage)
