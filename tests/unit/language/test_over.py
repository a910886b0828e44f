"""What a statement says is over."""

from __future__ import annotations

import pytest

from owui_memory.language.over import ends

OVER = [
    ("I no longer live in Freiburg, now Kassel.", "I live in Freiburg."),
    ("I no longer live in Freiburg, now Kassel.", "The user lives in Freiburg."),
    ("I don't work at Siemens anymore.", "I work at Siemens."),
    ("I used to work at Siemens.", "I work at Siemens."),
    ("I no longer smoke.", "I smoke."),
    ("Ich wohne nicht mehr in Freiburg, sondern in Kassel.", "Ich wohne in Freiburg."),
    ("Ya no vivo en Madrid, ahora en Toledo.", "Vivo en Madrid."),
    ("Je n'habite plus à Lyon mais à Nantes.", "J'habite à Lyon."),
    ("Non vivo più a Roma, ora a Bari.", "Vivo a Roma."),
    ("Já não moro em Lisboa, agora no Porto.", "Moro em Lisboa."),
    ("Я больше не живу в Москве, теперь в Казани.", "Я живу в Москве."),
    ("Nie mieszkam już w Krakowie, teraz w Łodzi.", "Mieszkam w Krakowie."),
    ("Artık Ankara'da yaşamıyorum, şimdi İzmir'deyim.", "Ankara'da yaşıyorum."),
    ("لم أعد أعيش في القاهرة بل في طنطا", "أعيش في القاهرة"),
]


@pytest.mark.parametrize(("statement", "memory"), OVER)
def test_what_is_no_longer_so(statement: str, memory: str) -> None:
    assert ends(statement, memory)


@pytest.mark.parametrize(
    ("statement", "memory"),
    [
        ("I no longer live in Freiburg, now Kassel.", "I live in Kassel."),
        ("I no longer live in Freiburg, now Kassel.", "My sister studies law in Freiburg."),
        ("I no longer live in Freiburg.", "I live in Freiburg with my dog Rex and two cats."),
        ("I no longer live in Freiburg.", "I do not live in Freiburg."),
        ("I no longer like coffee with milk.", "I like coffee."),
        ("I live in Freiburg.", "I live in Freiburg."),
        ("Ich wohne nicht in Freiburg.", "Ich wohne in Freiburg."),
        ("I no longer care.", "I live in Freiburg."),
        ("He no longer lives in Freiburg.", "I live in Freiburg."),
        ("He no longer lives in Freiburg.", "The user lives in Freiburg."),
        ("I am used to long shifts.", "I work long shifts."),
        ("I'm getting used to life in Freiburg.", "I live in Freiburg."),
    ],
)
def test_all_else_stays(statement: str, memory: str) -> None:
    assert not ends(statement, memory)
