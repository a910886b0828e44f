"""Scripts and marks, by Unicode's properties."""

import pytest

from owui_memory.language.detection import likely
from owui_memory.language.scripts import (
    ends_sentences,
    fold,
    is_dense,
    question_mark,
    script,
    sets_no_spaces,
    words_of,
)
from owui_memory.language.sentences import sentences
from owui_memory.language.words import terms_of


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("ຂ", "LAO"),
        ("ខ", "KHMER"),
        ("က", "MYANMAR"),
        ("ก", "THAI"),
        ("ང", "TIBETAN"),
        ("አ", "ETHIOPIC"),
        ("გ", "GEORGIAN"),
        ("Հ", "ARMENIAN"),
        ("த", "TAMIL"),
        ("త", "TELUGU"),
        ("한", "HANGUL"),
        ("ᠮ", "MONGOLIAN"),
        ("ߒ", "NKO"),
        ("א", "HEBREW"),
        ("ع", "ARABIC"),
        ("字", "CJK"),
        ("Ａ", "LATIN"),
        ("ｶ", "KATAKANA"),
    ],
)
def test_the_script_of_a_letter(char: str, name: str) -> None:
    assert script(char) == name


@pytest.mark.parametrize("char", "ຂខကกང字かㄅꦲ〇")
def test_scripts_without_spaces(char: str) -> None:
    assert sets_no_spaces(char)
    assert is_dense(f"a {char}")


@pytest.mark.parametrize("char", "aжאعतதአგՀߒ1 .。")
def test_scripts_with_spaces_and_what_is_no_letter(char: str) -> None:
    assert not sets_no_spaces(char)


@pytest.mark.parametrize("mark", [*".!?。！？؟۔।॥។៕။።፧։᠃༎꧉߹‼⁉｡．"])
def test_marks_that_end_a_sentence(mark: str) -> None:
    assert ends_sentences(mark)


@pytest.mark.parametrize("mark", [*",;:-¿¡、，፣،·՞՜@#"])
def test_marks_that_end_none(mark: str) -> None:
    assert not ends_sentences(mark)


@pytest.mark.parametrize(
    "text",
    [
        "Wo?",
        "どこ？",
        "أين؟",
        "የት ነው፧",
        "Πού μένω;",
        "Πού μένω\N{GREEK QUESTION MARK}",
        "Որտե՞ղ եմ ապրում։",
        "ߡߌ߲߫؟",
        "What?!",
        "Where ⁇",
        "Who? 🤔",
        '"Where?"',
        "where❓",
    ],
)
def test_questions_in_any_script(text: str) -> None:
    assert question_mark().search(text)


@pytest.mark.parametrize("text", ["¿", "I live here.", "int x;", "a; b", "Μένω εδώ.", "Is it? I live here."])
def test_what_is_no_question(text: str) -> None:
    assert not question_mark().search(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("我住在北京。我姓王！", ["我住在北京。", "我姓王！"]),
        ("मैं दिल्ली में हूँ।मैं डॉक्टर हूँ।", ["मैं दिल्ली में हूँ।", "मैं डॉक्टर हूँ।"]),
        ("ខ្ញុំនៅទីនេះ។ខ្ញុំជាគ្រូ។", ["ខ្ញុំនៅទីនេះ។", "ខ្ញុំជាគ្រូ។"]),
        ("Πού μένω; Μένω εδώ.", ["Πού μένω;", "Μένω εδώ."]),
        ("እዚህ እኖራለሁ።ሐኪም ነኝ።", ["እዚህ እኖራለሁ።", "ሐኪም ነኝ።"]),
        ("Ես այստեղ եմ։ Ես բժիշկ եմ։", ["Ես այստեղ եմ։", "Ես բժիշկ եմ։"]),
        ("میں یہاں ہوں۔میں ڈاکٹر ہوں۔", ["میں یہاں ہوں۔", "میں ڈاکٹر ہوں۔"]),
        ("It costs 3．5 yen. Really.", ["It costs 3．5 yen.", "Really."]),
        ("Dr. Who lives in 3.5 rooms. Yes.", ["Dr. Who lives in 3.5 rooms.", "Yes."]),
        ("그렇게 해 봐. 나는 산다.", ["그렇게 해 봐.", "나는 산다."]),
        ("what?! no... yes", ["what?!", "no...", "yes"]),
    ],
)
def test_sentences_of_any_script(text: str, parts: list[str]) -> None:
    assert [one.text for one in sentences(text)] == parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("मेरा नाम", ["मेरा", "नाम"]),
        ("عمري ٣٤", ["عمري", "٣٤"]),
        ("জন্ম ১৯৮৭", ["জন্ম", "১৯৮৭"]),
        ("l'été, c'est", ["l", "été", "c", "est"]),
    ],
)
def test_words_and_digits_of_any_script(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize("text", ["ຂ້ອຍຢູ່", "ខ្ញុំ", "ကျွန်တော်", "ผมอยู่", "ꦲꦏꦸ"])
def test_each_character_without_spaces_begins_a_term(text: str) -> None:
    assert {term[0] for term in terms_of(text)} == set(text)


def test_points_and_capitals_do_not_count() -> None:
    assert fold("أَعِيشُ") == "أعيش"
    assert fold("İŞİM") == "işim"
    assert fold("שָׁלוֹם") == "שלום"
    assert fold("Élan") == "élan"


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("jak mam na imię i gdzie mieszkam", "ja"),
        ("where do i live", "i"),
        ("dove abito", "io"),
        ("ne zaman doğdum", "ben"),
        ("من كتب هذا", "أنا"),
        ("من کجا زندگی می‌کنم", "من"),
        ("де я живу і працюю", "я"),
    ],
)
def test_languages_that_a_text_may_be_in(text: str, speaker: str) -> None:
    (table,) = likely(text)
    assert speaker in table["own"]
