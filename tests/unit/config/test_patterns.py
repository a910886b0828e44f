"""Ids and patterns of models, as an admin writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owui_memory.config.model_patterns import is_ollama_cloud, named, read_names, read_patterns


@pytest.mark.parametrize(
    ("text", "names", "others"),
    [
        ("gpt-5", ["gpt-5", "GPT-5"], ["my-gpt-5", "gpt"]),
        ("GPT-*", ["gpt-5", "Gpt-"], ["a"]),
        (" gpt-* ,, claude-?", ["gpt-5", "claude-3"], ["claude-33"]),
        ("openai/*", ["openai/gpt-5", "OpenAI/a/b"], []),
        ("qwen3:[48]b", ["qwen3:4b", "qwen3:8B"], ["qwen3:48b"]),
        ("qwen3:[!8]b", ["qwen3:4b"], ["qwen3:8b"]),
        ("a.c", ["a.c"], ["abc"]),
        ("*", ["anything", "two\nlines"], [""]),
        (" , ", [], ["gpt-5", ""]),
        ("", [], ["gpt-5", ""]),
    ],
)
def test_named(text: str, names: list[str], others: list[str]) -> None:
    for name in names:
        assert named(text, name), name
        assert named(text, "zzz", name), name
    for name in others:
        assert not named(text, name), name


@pytest.mark.parametrize("text", ["gpt-4 gpt-5", "a, b c", "gpt-[4", "[z-a]", "a[", "[]"])
def test_what_cannot_be_meant(text: str) -> None:
    with pytest.raises(ValueError, match="'"):
        read_patterns(text)


@pytest.mark.parametrize("text", ["!gpt-*", "a, !b"])
def test_where_there_are_no_exceptions_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="'!"):
        read_names(text)


IDS = st.text(
    st.characters(codec="ascii", exclude_characters="*?[], \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"), min_size=1
)


@given(name=IDS, others=st.lists(IDS))
def test_an_id_names_itself_in_capitals_or_not(name: str, others: list[str]) -> None:
    assert named(",".join([*others, name.upper()]), name)
    assert named(",".join(others), name) == (name.lower() in [other.lower() for other in others])


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "GLM-4.6:CLOUD", "me/model:1t-cloud"])
def test_ollamas_cloud_models(model: str) -> None:
    assert is_ollama_cloud(model)


@pytest.mark.parametrize("model", ["qwen3:8b", "cloud", "my-cloud", "host:8000/cloud", ""])
def test_models_of_ones_own(model: str) -> None:
    assert not is_ollama_cloud(model)
