"""Tokens are counted by the model's own tokenizer where its file is here, and never too few otherwise."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from owui_memory.models.tokens import Tokenizers, estimated_tokens
from tests.harness.waiting import wait_until
from tests.unit.models.prose import TEXTS

# What GPT-4o's tokenizer counts in the lines of each, see `bench.tokens`.
COUNTED = {
    "english": 78,
    "german": 77,
    "russian": 84,
    "chinese": 82,
    "japanese": 110,
    "korean": 85,
    "arabic": 82,
    "hindi": 116,
    "thai": 134,
    "javascript": 74,
    "rust": 97,
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_estimate_is_near_and_rather_above(name: str) -> None:
    estimated = estimated_tokens("\n".join(TEXTS[name]))
    assert COUNTED[name] <= estimated <= 1.22 * COUNTED[name]


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("", 0),
        ("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83v", 18),  # keys and hashes are no words
        ("a" * 10_000, 3_000),
        ("🎉" * 100, 200),
        ("\ud800" * 100, 50),
        ("\n\t" * 100, 1),
    ],
)
def test_what_is_no_prose_is_counted_too(text: str, least: int) -> None:
    assert least <= estimated_tokens(text) <= max(3 * len(text), least)


@pytest.mark.parametrize(
    "text",
    [
        "I moved to Lisbon, and it is warm.",
        " def read(path):\n    return HTMLParser2(path) == 10_000",
        "Grüße? No: weekend plans, e-mail!!",
        "a" * 40 + " \0\t" + "B" * 3,
        "\n\n- one\n  two",
    ],
)
def test_ascii_is_counted_as_other_text_is(text: str) -> None:
    alone = estimated_tokens(text)
    assert alone <= estimated_tokens(f"{text}日") <= alone + 1  # which is gone through run by run
    assert alone <= estimated_tokens(f"{text}…") <= alone + 1


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
    wait_until(lambda: tokenizers.of("house/tiny") is not estimated_tokens, what="it is loaded")
    assert tokenizers.of("house/tiny")(text) == 11


@pytest.mark.parametrize("model", ["house/other", "gpt-5", "a/b/c", "", "../x/y", "%/ \0"])
def test_of_other_models_they_are_estimated(hub_cache: Path, model: str) -> None:
    tokenizers = Tokenizers()
    assert tokenizers.of(model) is tokenizers.of(model) is estimated_tokens
