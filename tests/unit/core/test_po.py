"""The text format of gettext, as translators' tools write it."""

import pytest

from owui_memory.core.locales import Locale, po

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
RUSSIAN = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
)


def test_texts_over_several_lines_with_escapes_and_comments() -> None:
    text = '# one\n#: two.py:3\nmsgid "a\\"b"\nmsgstr ""\n"eins\\n"\n"zwei \\\\ ä"\n\nmsgid "c"\nmsgstr "d"\n'
    assert po.read(text) == {'a"b': ("eins\nzwei \\ ä",), "c": ("d",)}


def test_forms_of_a_language_with_more_than_two() -> None:
    forms = "".join(f'msgstr[{at}] "{form}"\n' for at, form in enumerate(("день", "дня", "дней")))
    text = f'{HEADER}"Plural-Forms: {RUSSIAN}\\n"\n\nmsgid "d"\nmsgid_plural "d"\n{forms}'
    said = Locale("ru", po.read(text))
    assert [said.say("d", n=n) for n in (1, 2, 5, 11, 21, 112, 1_000_000)] == [
        *("день", "дня", "дней", "дней", "день", "дней", "дней")
    ]


def test_what_is_not_translated_yet_is_not_there() -> None:
    english = Locale("en", {"a": ("A",)})
    said = Locale("xx", po.read(f'{HEADER}\nmsgid "a"\nmsgstr ""\n'), english)
    assert said.say("a") == "A"


@pytest.mark.parametrize(
    "text",
    [
        "msgid a\n",
        '"nowhere"\n',
        'msgid "a"\nmsgid_plural "b"\nmsgstr "x"\nmsgstr "y"\n',
        'msgid "a"\nmsgstr "x"\n\nmsgid "a"\nmsgstr "y"\n',
        'msgid "a"\nmsgstr "x" + "y"\n',
        'msgid "a\\x41"\nmsgstr "x"\n',
        'msgid "a" b\n',
        "<html>",
    ],
)
def test_what_is_no_such_file_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"line|twice"):
        po.read(text)
