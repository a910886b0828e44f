"""What is remembered as it stands: statements, in any language, and no debris."""

from __future__ import annotations

import pytest

from owui_memory.remember.gate import statements


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("My dog is called Rex and I live in Lisbon.", ["My dog is called Rex and I live in Lisbon."]),
        ("I moved to Porto. Where is a good bakery?", ["I moved to Porto."]),
        ("I work with Dr. Silva at the clinic.", ["I work with Dr. Silva at the clinic."]),
        ("Ich heiße Jürgen! Wie geht es dir?", ["Ich heiße Jürgen!"]),
        ("Vivo en Lisboa desde 2019.\nTrabajo de noche", ["Vivo en Lisboa desde 2019.", "Trabajo de noche"]),
        ("我住在里斯本。你呢？", ["我住在里斯本。"]),
        ("我住在里斯本", ["我住在里斯本"]),
        ("أعيش في لشبونة. ما اسمك؟", ["أعيش في لشبونة."]),
        ("Hi there", []),
        ("What do you know about me?", []),
        ("Translate this:", []),
        ("```python\nmy_dog = 'Rex is a good dog'\n```", []),
        ("    my indented code is here", []),
        ("> somebody else said this once", []),
        ("$ sudo apt install my package", []),
        ("https://example.com/my/long/path here", []),
        ("2026-11-20 12:00:01 [17] 0x3f 0x2a 99 %% 12", []),
        ("word " * 200, []),
        ("", []),
    ],
)
def test_statements(text: str, kept: list[str]) -> None:
    assert statements(text) == kept
