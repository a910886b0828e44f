"""Commands as people type them in their own language, and in which one they are answered."""

from dataclasses import replace
from typing import Any

import pytest

from owui_memory.commands.answers import Answers
from owui_memory.commands.faults import failed
from owui_memory.commands.language import Languages, language_of_text
from owui_memory.commands.markup import code
from owui_memory.commands.numbers import numbers_in
from owui_memory.commands.parse import DID_YOU_MEAN, meant_by, read_command
from owui_memory.core.errors import Retry
from owui_memory.core.locales import CODES, ENGLISH, locale
from owui_memory.interfaces.body import read_inlet
from owui_memory.interfaces.strip_commands import without_commands
from owui_memory.language.markdown import shown
from owui_memory.recall.why import Explanation
from tests.harness.bodies import Chat
from tests.unit.commands.desk import Desk
from tests.unit.commands.test_commands import CASES

DOG, CITY = "My dog is called Rex.", "I live in Lisbon."


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    return shared_desk


@pytest.mark.parametrize(("typed", "verb", "rest", "language"), CASES["commands in languages"])
def test_a_command(typed: str, verb: str, rest: str, language: str) -> None:
    command = read_command(typed)
    assert (command.verb, command.rest, command.language) == (verb, rest, language)


@pytest.mark.parametrize(("verb", "rest", "code", "meant"), CASES["slips in a verb"])
def test_the_nearest_verb_is_offered(verb: str, rest: str, code: str, meant: str) -> None:
    assert meant_by(verb, rest, code) == meant


def test_slips_in_other_names_are_asked_for() -> None:
    for typed in (
        "/gedachtniss vergiss 1",
        "/memory-vergiss 1",
        "/gedächtnis:vergiss 1",
        "/gedächtnisvergiss 1",
    ):
        command = read_command(typed, "de")
        assert (command.verb, command.rest) == (DID_YOU_MEAN, "/memory vergiss 1"), typed


@pytest.mark.parametrize(("typed", "numbers"), CASES["numbers"])
def test_numbers(typed: str, numbers: list[int]) -> None:
    assert numbers_in(typed) == numbers


@pytest.mark.parametrize(("text", "code"), CASES["languages of commands"])
def test_a_commands_language_without_an_interface(text: str, code: str) -> None:
    assert language_of_text(text) == code


def ask(desk: Desk, text: str, language: Any) -> str:
    said = Chat(desk.user).say(text, language=language)
    told = desk.turn(text)
    return desk.answer_to(replace(told, language=read_inlet(said.inlet, said.user).language))


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("/memory", "de-DE", "de"),
        ("/memory vergiss 1", "fr", "fr"),
        ("/memory list", "zh-TW", "zh"),
        ("/memory vergiss", ..., "de"),
        ("/memory list", ..., "en"),
        ("/memory list", "xx-YY", "en"),
        ("/memory list", None, "en"),
        ("/memory list", "de" * 9_999, "en"),
        ("/memory list", "../../de.po", "en"),
        ("/memory list", [["de"]], "en"),
    ],
)
def test_the_answer_is_in_it(desk: Desk, text: str, language: Any, code: str) -> None:
    words = locale(code)
    answers = {words.say(id_) for id_ in ("nothing yet", "say forget")}
    answers.add(f"{words.say('no list')} {words.say('no list, hint')}")
    assert ask(desk, text, language) in answers


def test_it_is_kept_with_the_command(desk: Desk) -> None:
    """The outlet, which is told no language, and a second answer are in it."""
    turn = replace(desk.turn("/memory"), language="ja")
    assert desk.commander.give(turn) == ""
    answer = desk.commander.answer(turn.user_id, [turn.key])
    assert answer == locale("ja").say("nothing yet")
    assert desk.commander.answer(turn.user_id, [turn.key]) == answer


def test_refusals_of_what_is_remembered_are_in_it(desk: Desk) -> None:
    de = locale("de")
    assert de.say("refused: it holds a secret") in ask(
        desk, "/memory merke Mein Passwort ist hunter2xyz!", "de"
    )
    assert "höchstens 1.000 Zeichen" in ask(desk, f"/memory merke {'Wort ' * 400}", "de")
    assert ask(desk, "/memory seite 9", "de") == "Die Seite 9 gibt es nicht: Die Liste hat 1 Seite."
    ask(desk, "/memory merke Ich wohne in Ulm.", "de")
    rows = '{"memory": 1}\nkein JSON\n{"memory": "Ich mag Tee."}\n{"memory": "x", "created_at": "gestern"}'
    answer = ask(desk, f"/memory import\n{rows}", "de")
    assert answer.splitlines()[0] == "1 Erinnerung hinzugefügt, 0 schon bekannt."
    assert "- Zeile 1: memory muss ein Text sein" in answer
    assert "- Zeile 2: das ist kein JSON" in answer
    assert "created\\_at muss eine Zeit" in answer


def test_what_is_forgotten_and_brought_back(desk: Desk) -> None:
    desk.knows(DOG, CITY)
    ask(desk, "/memory", "ru")
    assert ask(desk, "/memory забудь 1 и 2", "ru").startswith("Забыто: 2 воспоминания.")
    assert "снова в памяти" in ask(desk, "/память отмени", "ru")
    assert desk.texts() == sorted([DOG, CITY])
    assert "`/memory забудь всё да`" in ask(desk, "/memory забудь всё", "ru")
    assert desk.texts() == sorted([DOG, CITY])
    assert ask(desk, "/memory забудь всё да", "ru").startswith("Забыто:")
    assert desk.texts() == []


@pytest.mark.parametrize("number", range(2))
def test_yes_is_understood_in_any_language(desk: Desk, number: int) -> None:
    desk.knows(DOG)
    ask(desk, ("/memory 忘记 全部 确认", "/memory forget alles ja")[number], "en")
    assert desk.texts() == []


def test_one_that_is_no_admin_reads_of_a_fault_in_it_too(desk: Desk) -> None:
    fault = Retry("The store at q:6333 cannot be reached.")
    assert failed(fault, locale("de"), admin=False).startswith("Das Gedächtnis ist nicht erreichbar. Lass")
    assert failed(fault, ENGLISH, admin=False).startswith("The store cannot be reached. Regenerate")
    assert failed(fault, locale("de"), admin=True) == str(fault)


def test_texts_from_right_to_left_turn_nothing_around_them() -> None:
    assert shown("שלום *x*") == "\u2068שלום \\*x\\*\u2069"
    assert shown("\u202eabc\u2066") == "abc"
    assert code("/memory forget שלום") == "\u2068`/memory forget שלום`\u2069"
    told = Answers("", "c", "ada", locale("de")).shared("أنا أعيش هنا", "team")
    assert "\u2068أنا أعيش هنا\u2069" in told


def test_what_users_say_is_put_in_once(desk: Desk) -> None:
    hostile = "{text} {n} {what} {0.__class__} `x` \\g<0> %(a)s"
    for language in CODES:
        answer = ask(desk, f"/memory search {hostile}", language)
        assert "{text} {n} {what} {0.\\_\\_class\\_\\_}".replace("{", "\\{").replace("}", "\\}") in answer


class TestLanguages:
    def test_outlets_use_that_of_the_last_inlet(self) -> None:
        languages = Languages()
        said = Chat("ada").say("/memory", language="fr")
        languages.note(read_inlet(said.inlet, said.user))
        assert languages.of("ada", "/memory vergiss 1").code == "fr"
        assert languages.of("bob", "/memory vergiss 1").code == "de"

    def test_it_is_bounded(self) -> None:
        languages = Languages()
        for number in range(5_010):
            said = read_inlet({"messages": []}, {"id": f"u{number}"})
            languages.note(said)
        assert len(languages._last) == 5_000


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("the deadline of 1500 ms passed", "die Suche dauerte länger als 1.500 ms."),
        ("a channel", "es ist ein Kanal."),
        ("the user has switched memory off here", "`/memory an` schaltet es an."),
        ("The store at q:6333 cannot be reached.", "The store cannot be reached."),
    ],
)
def test_why_tells_reasons_in_it(reason: str, told: str) -> None:
    answer = Answers("", "c", "ada", locale("de")).why(Explanation.of_left_alone(reason), {})
    assert answer.startswith(
        "Für die letzte Nachricht (01.01.1970, 00:00) wurden keine Erinnerungen verwendet: "
    )
    assert answer.endswith(told)


def test_a_command_that_was_copied_from_an_answer_is_read() -> None:
    command = read_command(code("/memory forget שלום"))
    assert (command.verb, command.rest) == ("forget", "שלום")


def test_titles_are_made_of_a_question_in_it() -> None:
    body = Chat().say("/memory", task="title_generation", language="de").inlet
    told = without_commands(body)["messages"][0]["content"]
    assert "USER: Woran erinnerst du dich bei mir?\nASSISTANT: (eine Liste)\n" in told
    assert "/memory" not in told
