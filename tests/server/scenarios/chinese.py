"""Told in Chinese: no spaces, no capitals, and what is known is recognised by its characters alone."""

from __future__ import annotations

import json

from .script import (
    Scenario,
    add,
    asks,
    gets,
    in_days,
    nothing,
    plan,
    recognise,
    regenerates,
    remove,
    replace,
    says,
    scenario,
    unread,
)

WENZHANG = "市议会决定明年在河上新建一座大桥，工程预计持续三年，费用由市政府和企业共同承担。" * 50
DAIMA = "```python\nx = 1\n```"
YIZHI = (
    "用户住在成都。",
    "用户是一名中学语文老师。",
    "用户的女儿小雨今年三岁。",
    "用户的猫叫团团。",
    "用户对花生过敏。",
    "用户喜欢喝龙井茶。",
    "用户的哥哥在海军服役。",
    "用户每周三打羽毛球。",
    "用户希望回答简短。",
)
JIESHAO = says(
    "我先自我介绍一下：我住在成都，是一名中学语文老师，有一个三岁的女儿。",
    *(add(text, kind="profile") for text in YIZHI),
    chat="介绍",
)


def yizhi_chule(words: str) -> tuple[str, ...]:
    return tuple(text for text in YIZHI if words not in text)


SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "搬家",
        JIESHAO,
        says(
            "我以前住在成都，上周搬到了重庆。附近有好吃的面馆吗？",
            replace("住在成都", by="用户住在重庆。"),
        ),
        holds=(*yizhi_chule("成都"), "用户住在重庆。"),
        recalls=(asks("用户住在哪里？", told="用户住在重庆", untold="成都"),),
    ),
    scenario(
        "换工作",
        JIESHAO,
        says(
            "我不再当中学语文老师了，现在开了一家书店。",
            replace("语文老师", by="用户开了一家书店，以前是老师。"),
        ),
        holds=(*yizhi_chule("语文"), "用户开了一家书店，以前是老师。"),
        recalls=(asks("用户开了什么店？", told="书店", untold="语文老师"),),
    ),
    scenario(
        "孩子长大了",
        JIESHAO,
        says(
            "女儿小雨今年四岁了，开始上幼儿园。", replace("小雨", by="用户的女儿小雨今年四岁，在上幼儿园。")
        ),
        holds=(*yizhi_chule("小雨"), "用户的女儿小雨今年四岁，在上幼儿园。"),
        recalls=(asks("女儿小雨今年几岁？", told="四岁", untold="三岁"),),
    ),
    scenario(
        "请忘掉猫",
        JIESHAO,
        says("请忘掉我的猫叫团团这件事。", remove("团团")),
        holds=yizhi_chule("团团"),
        recalls=(asks("用户的猫叫什么？", untold="团团"),),
    ),
    scenario(
        "会议改期",
        says(
            "我十二天后要去上海开会。",
            add(f"用户{in_days(12)}去上海开会。", kind="plan", expires=in_days(12)),
        ),
        says(
            "上海的会议推迟了，我要再等八天才去上海开会。",
            replace("上海", by=f"用户{in_days(20)}去上海开会。"),
        ),
        holds=(plan(f"用户{in_days(20)}去上海开会。", until=in_days(20)),),
        recalls=(asks("用户什么时候去上海开会？", told=in_days(20), untold=in_days(12)),),
    ),
    scenario(
        "已经过去的展览",
        says(
            "我本来想看敦煌展览，可是它五天前就结束了。",
            add("用户想看敦煌展览。", kind="plan", expires=in_days(-5)),
        ),
        holds=(plan("用户想看敦煌展览。", until=in_days(-5)),),
        recalls=(asks("用户想看敦煌展览吗？", untold="敦煌"),),
    ),
    scenario(
        "请记住，还有怎样回答",
        says("请记住：克拉拉不能吃坚果。", add("克拉拉不能吃坚果。", kind="profile")),
        says("以后请用繁体字回答。", add("用户希望用繁体字回答。", kind="preference"), answer="好的。" * 700),
        holds=("克拉拉不能吃坚果。", "用户希望用繁体字回答。"),
        recalls=(asks("克拉拉不能吃什么？", told="坚果"), asks("讲一个龙的故事。", told="繁体字")),
    ),
    scenario(
        "不值得记住的话",
        unread("你好！"),
        unread("法国的首都是哪里？", answer="巴黎。"),
        unread("修复这段代码：\n" + DAIMA, answer=DAIMA),
        unread("请总结：\n\n" + WENZHANG, answer="要建一座桥。"),
        unread("请翻译成英文：\n今天天气很好。", answer="The weather is nice today."),
        unread("帮我写一首关于秋天的诗。", answer="金色的叶子飘落下来，\n" * 200),
        unread("https://example.com/a/long/path", answer="我打不开链接。"),
        holds=(),
    ),
    scenario(
        "换个说法又说一遍",
        JIESHAO,
        says("我一吃花生就过敏。", recognise("花生", or_add="用户不能吃花生。"), chat="早饭"),
        says("我住在成都。", add("用户住在成都。"), chat="地址"),
        holds=YIZHI,
    ),
    scenario(
        "只有助手说过的话",
        says("我想找个地方过周末。", nothing(), answer="你那么喜欢大海，可以去青岛。"),
        unread("青岛远吗？", answer="坐飞机三个小时。"),
        holds=(),
        recalls=(asks("用户喜欢大海吗？", untold=("大海", "青岛")),),
    ),
    scenario(
        "同意助手的建议",
        says("我想多运动。", nothing(), answer="每天早上跑五公里怎么样？"),
        says("好，我同意，每天早上跑五公里。", add("用户每天早上跑五公里。", kind="preference")),
        holds=("用户每天早上跑五公里。",),
        recalls=(asks("用户每天早上跑几公里？", told="五公里"),),
    ),
    scenario(
        "编辑和重新生成",
        says("我妹妹安娜住在罗马。", add("用户的妹妹安娜住在罗马。")),
        regenerates("罗马很美。"),
        says("我妹妹安娜住在米兰。", add("用户的妹妹安娜住在米兰。"), edits=True),
        holds=("用户的妹妹安娜住在米兰。",),
        recalls=(asks("妹妹安娜住在哪里？", told="米兰", untold="罗马"),),
    ),
    scenario(
        "三句话一起读",
        says("我养了一只鹦鹉。", add("用户养了一只鹦鹉。", kind="profile"), answer="它叫什么名字？"),
        says("小绿。", add("用户的鹦鹉叫小绿。", kind="profile")),
        says("我也养过乌龟，后来送人了。", add("用户养过乌龟。")),
        holds=("用户养了一只鹦鹉。", "用户的鹦鹉叫小绿。", "用户养过乌龟。"),
        at_once=True,
    ),
    scenario(
        "妈妈的电话不是秘密",
        says("请记住我妈妈的电话：+86 138 0013 8000。", add("用户妈妈的电话是+86 138 0013 8000。")),
        holds=("用户妈妈的电话是+86 138 0013 8000。",),
        recalls=(asks("用户妈妈的电话是多少？", told="8000"),),
    ),
    scenario(
        "模型先想，再答，还带代码框",
        gets(
            "我是左撇子。",
            "<think>[用户] 说了自己的事。</think>```json\n"
            '{"operations": [{"op": "add", "text": "用户是左撇子。"}]}\n```',
        ),
        holds=("用户是左撇子。",),
    ),
    scenario(
        "模型想把一切都删掉",
        JIESHAO,
        gets(
            "我今天打羽毛球赢了，很高兴。",
            json.dumps({"operations": [{"op": "remove", "id": number} for number in range(1, 10)]}),
        ),
        holds=YIZHI,
    ),
)
