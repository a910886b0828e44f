"""What an LLM should read, and what is remembered as it stands: in any language, and no debris."""

from __future__ import annotations

import pytest

from owui_memory.core.exchange import Exchange
from owui_memory.language.dedupe import same
from owui_memory.remember.gate import judge, sift, statements
from tests.unit.remember.whose_words import KEPT, MORE_NOTHING, NOTHING

WORK = "Here it is, with some words about why it is so and not otherwise. " * 30
POEM = "Golden leaves are falling down,\n" * 60
NOTED = "Got it."


def exchange(text: str, answer: str = NOTED) -> Exchange:
    return Exchange("k", "ada", "c", text, answer, 1.0)


def reason(text: str, answer: str = NOTED) -> str:
    verdict = judge(exchange(text, answer))
    assert verdict.worth == (not verdict.reason)
    return verdict.reason


LOG = """2026-11-20 12:00:01 INFO server started on port 8080
2026-11-20 12:00:02 WARN cache is cold
2026-11-20 12:00:03 ERROR connection refused"""
TRACEBACK = """Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    main()
ValueError: not enough values to unpack"""
ARTICLE = "The city council has decided to build a new bridge over the river next year. " * 40
STORY = "I was born in Porto and my mother taught me to cook when our father was at sea. " * 40


# What an LLM should read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "I live in Lisbon.",
        "I'm vegan",
        "My dog is called Rex",
        "Any bakeries near my new flat in Porto?",
        "Write a poem for my daughter Clara.",
        "I need this translated: good morning",
        "Fix my code:\n```python\nx = 1\n```",
        "My CV:\n\n" + ARTICLE,
        STORY,
        "About me:\n- 34 years old\n- lives in Porto",
        "1. I live in Lisbon\n2. I have two cats",
        "My stack: React -> Node",
        "My wife(Anna) is a nurse",
        "The deadline for project Atlas is on 5 May.",
        "Soy vegetariana",
        "Vivo en Lisboa desde 2019.",
        "Trabajo de noche en el hospital.",
        "No como carne.",
        "Moro no Porto com a minha mulher.",
        "Mudei de emprego.",
        "Non mangio carne.",
        "Mi piace il mare.",
        "Ich heiße Jürgen!",
        "Wo finde ich einen Bäcker in der Nähe meiner neuen Wohnung?",
        "J'habite à Lyon.",
        "Mieszkam w Krakowie.",
        "Lizbon'da yaşıyorum.",
        "Живу в Москве, работаю врачом.",
        "Мне 30 лет.",
        "Μένω στην Αθήνα.",
        "我住在里斯本。",
        "我对坚果过敏",
        "里斯本に住んでいます。",
        "私は医者です。",
        "저는 서울에 살아요.",
        "أعيش في لشبونة.",
        "اسمي ليلى.",
        "मैं दिल्ली में रहता हूँ।",
        "אני גר בתל אביב.",
        "ฉันอาศัยอยู่ในกรุงเทพฯ",  # a script without signs of its own here: never gated for lacking them
        "நான் சென்னையில் வசிக்கிறேன்.",
        "Ninapenda kahawa sana.",
    ],
)
def test_facts_are_read_however_long_the_answer(text: str) -> None:
    assert reason(text) == ""
    assert reason(text, WORK) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Call me Ada.",
        "Clara is allergic to nuts.",
        "name: Ada\nhome: Porto",
        "Team:\nClara leads, Tom is on call.",
    ],
)
def test_facts_without_a_sign_are_read_where_the_answer_is_short(text: str) -> None:
    assert reason(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Remember that Clara is allergic to nuts.",
        "Don't forget: the door is blue.",
        "Always answer in French.",
        "From now on use metric units.",
        "Merk dir, dass Clara keine Nüsse verträgt.",
        "Vergiss nicht, dass Clara keine Nüsse verträgt.",
        "Antworte immer auf Deutsch.",
        "Recuerda que Clara es alérgica a las nueces.",
        "No olvides que Clara es alérgica.",
        "Lembre que a Clara é alérgica a nozes.",
        "N'oublie pas que Clara est allergique.",
        "Ricordati che Clara è allergica.",
        "Запомни, что Клара не ест орехи.",
        "记住克拉拉对坚果过敏。",
        "クララはナッツが苦手だと覚えておいて。",
        "클라라가 견과류 알레르기가 있다는 걸 기억해",
        "تذكر أن كلارا لا تأكل المكسرات.",
        "याद रखना कि क्लारा को मेवे से एलर्जी है।",
    ],
)
def test_explicit_wishes_are_read_however_long_the_answer(text: str) -> None:
    assert reason(text) == ""
    assert reason(text, WORK) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing said"),
        ("👍👍", "no words"),
        ("12345 67", "no words"),
        ("https://example.com/my/long/path", "only links"),
        ("https://example.com/a\nhttps://example.com/b", "only links"),
        ("```python\nmy_dog = 'Rex'\n```", "only code, logs or quotes"),
        ("    my_dog = call(rex)", "only code, logs or quotes"),
        ("def add(a, b):\n    return a + b", "only code, logs or quotes"),
        ("const a = b.map(x => x + 1);\nconsole.log(a);", "only code, logs or quotes"),
        ("<div>\n<p>hello</p>\n</div>", "only code, logs or quotes"),
        ('{"name": "Rex",\n "age": 7}', "only code, logs or quotes"),
        (LOG, "only code, logs or quotes"),
        ("> somebody else said this once", "only code, logs or quotes"),
        (ARTICLE, "a pasted document"),
        ("Summarise this:\n\n" + ARTICLE, "a pasted document"),
        ("Fasse das zusammen:\n\n" + ARTICLE + "\n\nDanke", "a pasted document"),
        ("Hi there!", "a greeting or a crumb"),
        ("Hola", "a greeting or a crumb"),
        ("Guten Morgen!", "a greeting or a crumb"),
        ("Спасибо!", "a greeting or a crumb"),
        ("你好！", "a greeting or a crumb"),
        ("ありがとう", "a greeting or a crumb"),
        ("شكرا", "a greeting or a crumb"),
        ("What is the capital of France?", "only a question"),
        ("Hello! How are you today?", "only a question"),
        ("Was ist die Hauptstadt von Frankreich?", "only a question"),
        ("¿Cuál es la capital de Francia?", "only a question"),
        ("Qual é a capital da França?", "only a question"),
        ("Какая столица Франции?", "only a question"),
        ("Ποια είναι η πρωτεύουσα της Γαλλίας;", "only a question"),
        ("法国的首都是哪里？", "only a question"),
        ("フランスの首都はどこですか？", "only a question"),
        ("프랑스의 수도는 어디인가요?", "only a question"),
        ("ما هي عاصمة فرنسا؟", "only a question"),
        ("फ्रांस की राजधानी क्या है?", "only a question"),
        ("Fix this code:\n```python\nx = 1\n```", "a task"),
        ("Corrige este código:\n```python\nx = 1\n```", "a task"),
        ("修复这段代码：\n```python\nx = 1\n```", "a task"),
    ],
)
def test_debris_is_not_read(text: str, why: str) -> None:
    assert reason(text) == why


@pytest.mark.parametrize(
    "text",
    [
        "Write a poem about autumn.",
        "Give me a recipe for pancakes.",
        "Write a function that reverses a list",
        "Schreib ein Gedicht über den Herbst.",
        "Schreib mir ein Gedicht über den Herbst.",
        "Escribe un poema sobre el otoño.",
        "Escreva um poema curto sobre a chuva",
        "Écris un poème sur l'automne.",
        "Scrivi una poesia sull'autunno.",
        "Напиши стихотворение об осени.",
        "帮我写一首关于秋天的诗。",
        "秋についての詩を書いてください。",
        "가을에 대한 시를 써 주세요.",
        "اكتب قصيدة عن الخريف.",
        "शरद ऋतु पर एक कविता लिखो।",
    ],
)
def test_a_short_request_with_a_piece_of_work_for_an_answer_is_a_task(text: str) -> None:
    assert reason(text, POEM) == "a task"


@pytest.mark.parametrize("text", ["Call me Ada.", "Nenn mich Ada.", "Appelle-moi Ada.", "Зови меня Адой."])
def test_how_one_wants_to_be_called_is_read_however_long_the_answer(text: str) -> None:
    assert reason(text, WORK) == ""


@pytest.mark.parametrize(
    "text", ["Clara is allergic to nuts.", "Rex has a sore paw.", "Clara ist Lehrerin.", "Ana es alérgica."]
)
def test_a_fact_about_others_is_read_however_long_the_answer(text: str) -> None:
    assert reason(text, WORK) == ""


def test_something_to_work_on_below_a_colon_is_a_task() -> None:
    assert reason("Translate this:\nThe weather is nice today.", "Das Wetter ist heute schön.") == "a task"


@pytest.mark.parametrize(
    "text",
    [
        "Thanks a lot",  # three words could be a fact: "Rex is seven"
        "Translate good morning into French.",  # its answer is short, like one to a fact
        "How do I reverse a list in Python?",  # "I" could come with a fact
        "what is the capital of france",
        "สวัสดีครับ",
    ],
)
@pytest.mark.xfail(strict=True, reason="in doubt, it is let through: a call costs less than a fact")
def test_known_misses_debris_that_is_read(text: str) -> None:
    assert reason(text) != ""


def test_an_answer_to_the_assistants_question_is_read_and_the_question_with_it() -> None:
    asked, told = exchange("Hi there!", "Hello! What is your dog called?"), exchange("Rex")
    assert [verdict.worth for _, verdict in sift([asked, told], verbatim=False)] == [True, True]
    assert [verdict.worth for _, verdict in sift([told, asked], verbatim=False)] == [False, False]


def test_a_batch_keeps_its_order() -> None:
    said = [exchange("Hi there!"), exchange("I live in Lisbon."), exchange("Why?")]
    sifted = list(sift(said, verbatim=False))
    assert [one for one, _ in sifted] == said
    assert [verdict.reason for _, verdict in sifted] == ["a greeting or a crumb", "", "only a question"]


def test_verbatim_is_stricter() -> None:
    said = [exchange("Write a poem about autumn."), exchange("I live in Lisbon.")]
    assert [v.reason for _, v in sift(said, verbatim=True)] == ["nothing stated", ""]
    assert [v.reason for _, v in sift(said, verbatim=False)] == ["", ""]


# What is remembered as it stands -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("My dog is called Rex and I live in Lisbon.", ["My dog is called Rex and I live in Lisbon."]),
        ("I moved to Porto. Where is a good bakery?", ["I moved to Porto."]),
        ("I work with Dr. Silva at the clinic.", ["I work with Dr. Silva at the clinic."]),
        ("Ich heiße Jürgen! Wie geht es dir?", ["Ich heiße Jürgen!"]),
        ("Vivo en Lisboa desde 2019.\nTrabajo de noche", ["Vivo en Lisboa desde 2019.", "Trabajo de noche"]),
        ("Moro no Porto. Tenho dois gatos.", ["Moro no Porto.", "Tenho dois gatos."]),
        ("我住在里斯本。你呢？", ["我住在里斯本。"]),
        ("我住在里斯本", ["我住在里斯本"]),
        ("帮我写一首诗。我喜欢秋天。", ["我喜欢秋天。"]),
        ("里斯本に住んでいます。詩を書いてください。", ["里斯本に住んでいます。"]),
        ("서울에 살고 있어요. 시를 써 주세요.", ["서울에 살고 있어요."]),
        ("أعيش في لشبونة. ما اسمك؟", ["أعيش في لشبونة."]),
        ("Я веган. Спасибо!", ["Я веган."]),
        ("मैं दिल्ली में रहता हूँ। धन्यवाद!", ["मैं दिल्ली में रहता हूँ।"]),
        ("Hi there", []),
        ("What do you know about me?", []),
        ("Translate this:", []),
        ("Write a poem about autumn.", []),
        ("Clara is allergic to nuts.", ["Clara is allergic to nuts."]),
        ("Project Aurora ships in May.", ["Project Aurora ships in May."]),
        ("The door code changes to 17.", ["The door code changes to 17."]),
        ("Clara ist Ärztin.", ["Clara ist Ärztin."]),
        ("That is great to hear, thank you so much.", []),
        ("```python\nmy_dog = 'Rex is a good dog'\n```", []),
        ("    my indented code is here", []),
        ("> somebody else said this once", []),
        ("$ sudo apt install my package", []),
        ("https://example.com/my/long/path here", []),
        ("2026-11-20 12:00:01 [17] 0x3f 0x2a 99 %% 12", []),
        (LOG, []),
        (TRACEBACK, []),
        ("Summarise this:\n\n" + ARTICLE, []),
        ("word " * 200, []),
        ("", []),
        ("- I live in Lisbon\n- I have two cats", ["I live in Lisbon", "I have two cats"]),
        # Said twice.
        ("I live in Lisbon. I live in Lisbon.", ["I live in Lisbon."]),
        # What cannot stand alone comes with the sentence before it.
        ("I have a dog. He is called Rex.", ["I have a dog. He is called Rex."]),
        ("I have a dog. He is called Rex. He is seven.", ["I have a dog. He is called Rex. He is seven."]),
        ("我有一只狗。它叫雷克斯。", ["我有一只狗。它叫雷克斯。"]),
        ("Tengo un perro. Se llama Rex.", ["Tengo un perro. Se llama Rex."]),
        ("У меня есть собака. Её зовут Рекс.", ["У меня есть собака. Её зовут Рекс."]),
        ("My family is everything. They're my rock.", ["My family is everything. They're my rock."]),
        ("Where do I live? In Porto.", ["Where do I live? In Porto."]),
        ("I have a dog. Bye!", ["I have a dog."]),
    ],
)
def test_statements(text: str, kept: list[str]) -> None:
    assert statements(text) == kept


def test_a_task_after_a_statement_is_not_taken_for_its_end() -> None:
    assert statements("I moved to Porto. Write a poem about it.", POEM) == ["I moved to Porto."]


def test_a_request_for_oneself_is_told_from_a_fact_by_its_answer() -> None:
    assert statements("Call me Ada, please.", NOTED) == ["Call me Ada, please."]
    assert statements("Give me a pancake recipe.", POEM) == []


@pytest.mark.parametrize(
    "text",
    [
        "Fix my code, please.",
        "Schreib ein Gedicht über den Herbst.",
        "How do I fix my bike chain? Thank you so much.",
    ],
)
def test_requests_and_thanks_are_no_statements(text: str) -> None:
    assert statements(text) == []


@pytest.mark.parametrize("text", [*NOTHING, *MORE_NOTHING])
def test_nothing_is_kept_of_what_is_not_the_users_own_statement(text: str) -> None:
    assert statements(text, NOTED) == []


@pytest.mark.parametrize(("text", "own"), KEPT)
def test_the_users_own_statement_is_kept(text: str, own: str) -> None:
    assert own in statements(text, NOTED)


# The same thing said twice -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "other", "meaning", "expected"),
    [
        ("I live in Lisbon.", "i live in Lisbon", 0.0, True),
        ("मैं यहाँ रहता हूँ।", "मैं यहाँ रहता हूँ", 0.0, True),
        ("I live in Lisbon now.", "I now live in Lisbon.", 0.97, True),
        ("I live in Lisbon now.", "I now live in Lisbon.", 0.90, True),
        ("My daughter Anna plays.", "My daughter Anne plays.", 0.99, False),
        ("My locker 17 is green.", "My locker 18 is green.", 0.99, False),
        ("我住在里斯本。", "我住在波尔图。", 1.0, False),
        ("El usuario come carne.", "El usuario no come carne.", 0.98, False),
        ("The user eats meat.", "The user doesn't eat meat.", 0.97, False),
        ("Der Nutzer isst gar kein Fleisch.", "Der Nutzer isst kein Fleisch.", 0.97, True),
        ("Пользователь ест мясо.", "Пользователь не ест мясо.", 0.97, False),
    ],
)
def test_same(text: str, other: str, meaning: float, expected: bool) -> None:
    assert same(text, other, meaning) is expected


@pytest.mark.parametrize("text", ["Clara is allergic to nuts.", "Call me Ada."])
def test_a_chatty_answer_does_not_make_a_fact_a_task(text: str) -> None:
    assert reason(text, WORK[:1500]) == ""
