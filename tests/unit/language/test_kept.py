"""What is kept without an LLM, in fourteen languages and in others: statements, and nothing else."""

import pytest

from owui_memory.language.forget_requests import asks_to_forget
from owui_memory.remember.gate import said_by_user, statements
from tests.harness.inputs import FIXTURES, sections

SAID = {path.stem: sections(f"languages/{path.name}") for path in (FIXTURES / "languages").glob("*.txt")}
BEYOND, MORE = SAID.pop("beyond"), SAID.pop("more")
del SAID["about_oneself"]  # test_self_reference.py's
LANGUAGES = sorted(SAID)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_enough_of_each(language: str) -> None:
    counts = {heading: len(messages) for heading, messages in SAID[language].items()}
    assert counts == {"kept": 20, "asked": 20, "others": 10, "forget": 10}


@pytest.mark.parametrize("language", LANGUAGES)
def test_statements_are_kept(language: str) -> None:
    assert [text for text in SAID[language]["kept"] if statements(text) != [text]] == []


@pytest.mark.parametrize("heading", ["asked", "others", "forget"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_else_is(language: str, heading: str) -> None:
    assert {text: kept for text in SAID[language][heading] if (kept := statements(text))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_requests_to_forget_are_known(language: str) -> None:
    unknown = [text for text in SAID[language]["forget"] if not asks_to_forget(said_by_user(text))]
    assert unknown == []


@pytest.mark.parametrize("heading", list(MORE))
def test_what_begins_alike_is_told_apart(heading: str) -> None:
    """ "As a nurse, I" and "As a knight, I"; "If it rains, I" and "If I were", "I forgot" and "forget"."""
    is_kept = heading.endswith("kept")
    assert [text for text in MORE[heading] if bool(statements(text)) is not is_kept] == []


@pytest.mark.parametrize("heading", [one for one in BEYOND if one.endswith("kept")])
def test_statements_in_other_languages_are_kept(heading: str) -> None:
    assert [text for text in BEYOND[heading] if text not in statements(text)] == []


@pytest.mark.parametrize("heading", [one for one in BEYOND if one.endswith("asked")])
def test_nothing_is_kept_of_questions_in_other_languages(heading: str) -> None:
    assert {text: kept for text in BEYOND[heading] if (kept := statements(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "--- Forwarded message ---\nI live in Rome.",
        "-------- Weitergeleitete Nachricht --------\nIch wohne in Rom.",
        "---------- Yönlendirilmiş ileti ----------\nRoma'da yaşıyorum.",
        "---------- رسالة معاد توجيهها ----------\nأعيش في روما.",
        "On 3 May 2026, Eve <eve@example.com> wrote:\nI live in Rome.",
        "3 Mayıs 2026 tarihinde Elif şunu yazdı:\nRoma'da yaşıyorum.",
        "W dniu 3 maja 2026 Ewa napisała:\nMieszkam w Rzymie.",
        "Op 3 mei 2026 schreef Eva het volgende:\nIk woon in Rome.",
        "2026년 5월 3일에 미희님이 작성:\n저는 로마에 살아요.",
        "في 3 مايو 2026 كتبت هدى:\nأعيش في روما.",
    ],
)
def test_nothing_is_kept_of_what_is_forwarded(text: str) -> None:
    assert statements(text) == []


def test_a_text_in_a_language_that_nothing_is_known_of_is_not_kept() -> None:
    sentence = "నేను హైదరాబాద్‌లో నివసిస్తున్నాను. "
    assert statements(sentence) == [sentence.strip()]
    assert statements(sentence * 5) == []
    assert statements(sentence, "A long answer. " * 200) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Übrigens hab ich am 4. Mai Geburtstag!!", 1),
        ("Ich wohne im 3. Stock. Mein Hund heißt Rex.", 2),
        ("Můj syn se narodil 3. května. Bydlím v Brně.", 2),
        ("Syntymäpäiväni on 6. joulukuuta.", 1),
        ("Jeg har fødselsdag den 17. mai. Jeg bor i Oslo.", 2),
        ("I am 34. My wife is 33.", 2),
        ("Ich bin 34. Meine Frau ist 33.", 2),
        ("Sono nata il 3. Maria è mia sorella e vive a Roma.", 2),
    ],
)
def test_the_point_of_an_ordinal_ends_no_sentence(text: str, kept: int) -> None:
    assert " ".join(statements(text)) == text
    assert len(statements(text)) == kept
