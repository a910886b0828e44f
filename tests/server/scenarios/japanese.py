"""Told in Japanese."""

from __future__ import annotations

from .script import Scenario, add, asks, in_days, plan, recognise, remove, replace, says, scenario, unread

SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        "引っ越し",
        says("大阪に住んでいます。", add("ユーザーは大阪に住んでいる。", kind="profile")),
        says(
            "先月、大阪から京都に引っ越しました。",
            replace("大阪", by="ユーザーは京都に住んでいる。"),
            chat="次",
        ),
        holds=("ユーザーは京都に住んでいる。",),
        recalls=(asks("ユーザーはどこに住んでいる？", told="京都", untold="大阪"),),
    ),
    scenario(
        "覚えてほしいこと、忘れてほしいこと",
        says("クララはナッツが苦手だと覚えておいて。", add("クララはナッツが苦手。")),
        says(
            "これからは敬語なしで答えてください。", add("ユーザーは敬語なしの回答を望む。", kind="preference")
        ),
        says("クララのナッツのことは忘れてください。", remove("クララ")),
        holds=("ユーザーは敬語なしの回答を望む。",),
        recalls=(asks("クララはナッツが苦手？", untold="クララ"),),
    ),
    scenario(
        "試験の延期",
        says(
            "八日後に数学の試験があります。",
            add(f"ユーザーは{in_days(8)}に数学の試験がある。", kind="plan", expires=in_days(8)),
        ),
        says(
            "数学の試験は一週間延期になりました。",
            replace("数学の試験", by=f"ユーザーは{in_days(15)}に数学の試験がある。"),
        ),
        holds=(plan(f"ユーザーは{in_days(15)}に数学の試験がある。", until=in_days(15)),),
        recalls=(asks("いつ数学の試験がある？", told=in_days(15), untold=in_days(8)),),
    ),
    scenario(
        "同じことをもう一度、そして覚えるまでもないこと",
        says("犬の名前はポチです。", add("ユーザーの犬の名前はポチ。", kind="profile")),
        unread("ありがとう"),
        unread("フランスの首都はどこですか？", answer="パリです。"),
        unread("秋についての詩を書いてください。", answer="木の葉が静かに舞い落ちる、\n" * 150),
        says(
            "うちの犬、ポチっていうんだ。", recognise("ポチ", or_add="ユーザーは犬のポチを飼う。"), chat="次"
        ),
        holds=("ユーザーの犬の名前はポチ。",),
    ),
)
