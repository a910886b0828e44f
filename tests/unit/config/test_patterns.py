"""Ids and patterns of models, as an admin writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.config.model_patterns import is_ollama_cloud, named, read_patterns


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gpt-5", ["gpt-5", "GPT-5"]),
        ("GPT-*", ["gpt-5", "Gpt-"]),
        (" gpt-* ,, claude-?", ["gpt-5", "claude-3"]),
        ("openai/*", ["openai/gpt-5", "OpenAI/a/b"]),
        ("qwen3:[48]b", ["qwen3:4b", "qwen3:8B"]),
        ("a.c", ["a.c"]),
        ("*", ["anything", "two\nlines"]),
    ],
)
def test_named(text: str, names: list[str]) -> None:
    for name in names:
        assert named(text, name), name
        assert named(text, "other", name) or text == "other"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "gpt-5"),
        (" , ", "gpt-5"),
        ("*", ""),
        ("gpt", "gpt-5"),
        ("gpt-5", "my-gpt-5"),
        ("a.c", "abc"),
        ("qwen3:[!8]b", "qwen3:8b"),
    ],
)
def test_not_named(text: str, name: str) -> None:
    assert not named(text, name)


@pytest.mark.parametrize("text", ["gpt-4 gpt-5", "a, b c", "gpt-[4", "[z-a]", "a[", "[]"])
def test_what_cannot_be_meant(text: str) -> None:
    with pytest.raises(ValueError, match="'"):
        read_patterns(text)


IDS = st.text(
    st.characters(codec="ascii", exclude_characters="*?[], \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"), min_size=1
)


@given(name=IDS, others=st.lists(IDS))
def test_an_id_names_itself_in_capitals_or_not(name: str, others: list[str]) -> None:
    assert named(",".join([*others, name.upper()]), name)
    assert named(",".join(others), name) == (name.lower() in [other.lower() for other in others])


@pytest.mark.parametrize(
    ("model", "cloud"),
    [
        ("gpt-oss:120b-cloud", True),
        ("GLM-4.6:CLOUD", True),
        ("me/model:1t-cloud", True),
        ("qwen3:8b", False),
        ("cloud", False),
        ("my-cloud", False),
        ("host:8000/cloud", False),
        ("", False),
    ],
)
def test_ollamas_cloud_models(model: str, cloud: bool) -> None:
    assert is_ollama_cloud(model) == cloud
