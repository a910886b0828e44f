"""Tokens are counted by the model's own tokenizer where its file is here, and never too few otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from owui_memory.models.tokens import Tokenizers, estimated_tokens
from tests.harness.waiting import wait_until


def test_tokens_are_rather_overestimated() -> None:
    assert estimated_tokens("My dog is called Rex and I live in Lisbon.") >= 11  # cl100k counts 11
    assert estimated_tokens("我住在里斯本") >= 6


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub's cache with the tokenizer of one model, as a server that runs it would leave it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--house--tiny"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("abc")
    snapshot = model / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    tokenizer = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(snapshot / "tokenizer.json"))
    return tmp_path


def test_the_models_own_tokenizer_counts_once_it_is_loaded(hub_cache: Path) -> None:
    text = "My dog is called Rex and I live in Lisbon."
    tokenizers = Tokenizers()
    wait_until(lambda: tokenizers.of("house/tiny")(text) != estimated_tokens(text), what="it is loaded")
    assert tokenizers.of("house/tiny")(text) == 11


@pytest.mark.parametrize("model", ["house/other", "gpt-5", "a/b/c", "", "../x/y", "%/ \0"])
def test_of_other_models_they_are_estimated(hub_cache: Path, model: str) -> None:
    tokenizers = Tokenizers()
    assert tokenizers.of(model)("abcdef") == 2
    assert tokenizers.of(model)("abcdef") == 2
