"""The limits of prompts, by model."""

import pytest

from owui_memory.config.context_limits import limit_of, within
from owui_memory.config.settings import Valves
from owui_memory.config.valves_codec import SettingsError


@pytest.mark.parametrize(
    ("text", "models", "limit"),
    [
        ("0", ("llama3",), 0),
        ("8000", ("",), 8000),
        ("llama3:8b: 8000; gpt-*: 100000", ("llama3:8b",), 8000),
        ("llama3*: 8000, 32000", ("My-Helper", "Llama3:70b"), 8000),
        ("llama3*: 8000, 32000", ("qwen", ""), 32000),
        ("llama3*: 0\n32000", ("llama3",), 0),
        ("llama3*: 8000", ("qwen",), 0),
    ],
)
def test_the_first_that_fits_counts(text: str, models: tuple[str, ...], limit: int) -> None:
    assert limit_of(Valves(context_tokens=text).context_tokens, *models) == limit


@pytest.mark.parametrize(
    "text", ["llama3", "llama3: 5", "a:b", "[a: 8000", ": 8000", "8000, 9000", "-5", "1e9", "!gpt*: 8000"]
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match="context_tokens must be 0, a number from 1000"):
        Valves(context_tokens=text)


def test_no_kind_of_memories_takes_more_than_its_share() -> None:
    settings = Valves(advanced="users_at_once=8; document_token_budget=16000")
    small = within(settings, 1000)
    numbers = small.advanced_numbers
    assert (small.memory_token_budget, numbers.document_token_budget) == (80, 80)
    assert (numbers.episode_token_budget, numbers.profile_token_budget, numbers.users_at_once) == (250, 50, 8)
    large = within(settings, 1_000_000)
    assert large.advanced_numbers == settings.advanced_numbers
    assert large.advanced_numbers.document_token_budget == 16_000
