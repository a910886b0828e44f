"""What a statement says is over."""

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
    ("我不再住在上海了，现在住在杭州。", "我住在上海。"),
    ("我已经不抽烟了。", "我抽烟。"),
    ("我在华为不上班了", "我在华为上班。"),
    ("我再也不吃肉了！", "用户吃肉。"),
    ("我不養貓了。", "我養貓。"),
    ("もう大阪には住んでいません。今は京都です。", "大阪に住んでいます。"),
    ("私はもうコーヒーを飲まない。", "私はコーヒーを飲みます。"),
    ("最近は走らなくなりました。", "私は走ります。"),
    ("もう銀行では働いていないんです。", "ユーザーは銀行で働いている。"),
    ("もうたばこは吸いません。", "たばこを吸います。"),
    ("저는 더 이상 부산에 살지 않아요. 지금은 대구에 살아요.", "저는 부산에 살아요."),
    ("이제 고기를 안 먹어요.", "고기를 먹어요."),
    ("더는 삼성에서 일하지 않습니다.", "사용자는 삼성에서 일합니다."),
    ("이제는 담배를 피우지 않아요", "나는 담배를 피워요."),
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
        ("我不再住在上海了，现在住在杭州。", "我住在杭州。"),
        ("我不住在上海。", "我住在上海。"),
        ("他不再住在上海了。", "我住在上海。"),
        ("我不再喝咖啡了。", "我喝茶。"),
        ("我不再喝咖啡了。", "我不喝咖啡。"),
        ("我妹妹不在华为上班了。", "我在华为上班。"),
        ("もう大阪には住んでいません。", "大阪で働いています。"),
        ("もう大阪に住んでいます。", "大阪に住んでいます。"),
        ("弟はもう大阪に住んでいません。", "大阪に住んでいます。"),
        ("もうりんごは食べません。", "ぶどうを食べます。"),
        ("もう待てない。", "大阪に住んでいます。"),
        ("더 이상 부산에 살지 않아요.", "서울에 살아요."),
        ("동생은 더 이상 부산에 살지 않아요.", "저는 부산에 살아요."),
        ("이제 부산에 살아요.", "부산에 살아요."),
    ],
)
def test_all_else_stays(statement: str, memory: str) -> None:
    assert not ends(statement, memory)
