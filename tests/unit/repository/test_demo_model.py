"""The demo model says what it was given, in the forms that Open WebUI asks for."""

import json
from typing import Any

import pytest

from tests.harness.bodies import recording
from tests.harness.plugins import loaded

BLOCK = (
    '<user_memories>\nUse them.\n- (today) "I like tea."\n- (yesterday) "My dog is Rex."\n</user_memories>'
)


@pytest.fixture
def pipeline() -> Any:
    """As the Pipelines server loads it."""
    return loaded("examples/demo_model.py").Pipeline()


def ask(pipeline: Any, text: str, *, system: str = "", stream: bool = False) -> str:
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": text})
    answer = pipeline.pipe(text, "demo_model", messages, {"stream": stream})
    return answer if isinstance(answer, str) else "".join(answer)


@pytest.mark.parametrize("stream", [True, False])
def test_it_lists_the_memories_it_was_given_the_fitting_one_first(pipeline: Any, stream: bool) -> None:
    answer = ask(pipeline, "What is my dog called?", system=f"Be brief.\n{BLOCK}", stream=stream)

    assert "2 memories" in answer
    assert answer.index("Rex") < answer.index("tea")


def test_it_says_so_when_it_was_given_none(pipeline: Any) -> None:
    assert "no memories" in ask(pipeline, "Hello", system="Be brief.")


@pytest.mark.parametrize(
    ("task", "key"),
    [("title_generation", "title"), ("tags_generation", "tags"), ("follow_up_generation", "follow_ups")],
)
def test_it_answers_open_webuis_tasks_in_json(pipeline: Any, task: str, key: str) -> None:
    prompt = recording(f"first-turn.inlet.{task}")["body"]["messages"][0]["content"]

    assert key in json.loads(ask(pipeline, prompt))


def test_a_title_is_made_of_the_first_words(pipeline: Any) -> None:
    prompt = (
        '### Task:\n{ "title": "..." }\n<chat_history>\nUSER: one two three four five six\n</chat_history>'
    )

    assert json.loads(ask(pipeline, prompt)) == {"title": "one two three four five ..."}


def test_it_says_the_word_that_stands_in_for_a_command(pipeline: Any) -> None:
    """Open WebUI shows it for the moment until the filter's answer is there."""
    assert ask(pipeline, "Reply with: OK") == "OK"
