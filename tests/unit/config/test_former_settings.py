"""Settings by their names of the release before mean what they meant, and are told."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from owui_memory.config.advanced import Advanced
from owui_memory.config.environment import Environment
from owui_memory.config.model_patterns import named
from owui_memory.config.policy import decide
from owui_memory.config.settings import Valves
from owui_memory.config.valves_codec import SettingsError, lenient
from owui_memory.core.turn import Turn

LISTS = ("models_off", "models_on", "recall_only", "learn_only")
PATTERNS = st.lists(
    st.sampled_from(["a", "b", "a*", "*b", "*", "?", "[ab]", "[!a]", "!a", "!*", "!!a", "", " "]), max_size=3
).map(",".join)
RULES = st.fixed_dictionaries({}, optional=dict.fromkeys(LISTS, PATTERNS))
HELLO = Turn("ada", "Hello.", "k", "e", "chat")
TURNS = st.builds(
    partial(replace, HELLO),
    model=st.sampled_from(["", "a", "b", "AB"]),  # no id begins with !, which is now for exceptions
    base_model=st.sampled_from(["", "a", "b"]),
    described=st.booleans(),
)


def as_before(turn: Turn, rules: dict[str, str]) -> tuple[bool, bool]:
    """Whether memories are told and anything is learned, as the release before decided."""

    def is_named(name: str) -> bool:
        text = rules.get(name, "").strip()
        of_all = "*" in (part.strip() for part in text.split(","))  # now of a model without a name, too
        return bool(text) and (of_all or not turn.described or named(text, turn.model, turn.base_model))

    only = rules.get("models_on", "").strip()
    if is_named("models_off") or (only and not named(only, turn.model, turn.base_model)):
        return False, False
    return not is_named("learn_only"), not is_named("recall_only")


def in_force(presets: dict[str, str], saved: dict[str, Any]) -> Valves:
    """Settings as a server has them that starts with this environment and valves.json."""
    environment = Environment.read({f"MEMORY_{name.upper()}": value for name, value in presets.items()})
    bound = environment.settings(stored=lambda: None)
    assert bound.problems == ()
    loaded = lenient(bound)(**saved)
    assert loaded.dropped == []
    return bound.strict_from(loaded)


@given(turn=TURNS, presets=RULES, saved=RULES)
@example(HELLO, {}, {"models_off": "*"})
def test_the_four_lists_decide_as_before(turn: Turn, presets: dict[str, str], saved: dict[str, str]) -> None:
    taken = in_force(presets, saved)
    decision = decide(turn, taken)
    meant = {name: text for name, text in saved.items() if text.strip()}
    assert (decision.read, decision.write) == as_before(turn, {**presets, **meant})
    again = in_force(presets, taken.model_dump())
    assert again.model_dump() == taken.model_dump(), "what is saved has the new names, and means the same"


@pytest.mark.parametrize(
    ("presets", "saved", "advanced"),
    [
        ({"users_at_once": "5"}, {}, "users_at_once=5"),
        ({}, {"retry_max_hours": 0.5}, "retry_max_hours=0.5"),
        ({}, {"users_at_once": "3", "batch_max_exchanges": 4}, "batch_max_exchanges=4; users_at_once=3"),
        ({"users_at_once": "5"}, {"retry_max_hours": 9}, "users_at_once=5; retry_max_hours=9"),
        ({"users_at_once": "5"}, {"users_at_once": 6}, "users_at_once=6"),
        ({"advanced": "users_at_once=5"}, {"retry_max_hours": 9}, "users_at_once=5; retry_max_hours=9"),
        ({"users_at_once": "5"}, {"advanced": "users_at_once=6"}, "users_at_once=6"),
    ],
)
def test_numbers(presets: dict[str, str], saved: dict[str, Any], advanced: str) -> None:
    assert in_force(presets, saved).advanced == advanced


def test_each_is_told_until_it_is_called_by_its_new_name() -> None:
    taken = in_force({"models_off": "gpt-*"}, {"recall_only": "b", "users_at_once": 3})
    assert taken.notices == [
        f"{name} is now {now}; it was taken over, and the next release no longer reads it."
        for name, now in [
            ("MEMORY_MODELS_OFF", "models_recall and models_remember"),
            ("recall_only", "models_remember"),
            ("users_at_once", "advanced"),
        ]
    ]
    saved = type(taken)(**json.loads(taken.model_dump_json()))
    assert [notice.split()[0] for notice in saved.notices] == ["MEMORY_MODELS_OFF"]
    assert in_force({}, {"models_recall": "b"}).notices == []


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"users_at_once": 0}, "users_at_once must be a whole number from 1 to 32, not '0'."),
        ({"users_at_once": [2]}, "users_at_once must be a whole number from 1 to 32."),
        ({"models_off": "a b"}, "models_off must be ids of models or patterns like gpt-*, not 'a b'."),
        ({"models_off": {}}, "models_off must be ids of models or patterns like gpt-*."),
    ],
)
def test_what_cannot_be_meant_is_refused_or_left_out_and_told(given_: dict[str, Any], sentence: str) -> None:
    bound = Valves.bound({}, stored=lambda: None)
    with pytest.raises(SettingsError) as refused:
        bound(**given_)
    assert str(refused.value) == sentence
    assert f"NOT SAVED: {sentence}" in json.dumps(bound.schema())
    loaded = lenient(bound)(**given_, memories_per_turn=3)
    assert loaded.dropped == [sentence]
    assert loaded.memories_per_turn == 3


def test_of_both_names_none_allows_what_the_other_excludes() -> None:
    both = {"models_off": "a, b", "models_recall": "*, !b"}
    both |= {"advanced": "users_at_once=5", "retry_max_hours": "9"}
    for taken in (in_force(both, {}), in_force({}, both), Valves(**both)):
        assert taken.models_recall == "*, !b, !a"
        assert taken.models_remember == "!a, !b"
        assert taken.advanced == "users_at_once=5; retry_max_hours=9"


def test_a_number_that_advanced_names_too_is_refused_and_left_out_of_a_file() -> None:
    both = {"users_at_once": 9, "advanced": "retry_max_hours=2; users_at_once=5"}
    with pytest.raises(SettingsError, match=r"^users_at_once must be unset where advanced names it, too\.$"):
        Valves(**both)
    loaded = lenient(Valves)(**both)
    assert loaded.advanced_numbers.users_at_once == 5
    assert loaded.dropped == ["users_at_once must be unset where advanced names it, too."]
    assert Valves(**{**both, "users_at_once": "5"}).advanced_numbers.users_at_once == 5


@pytest.mark.parametrize(
    ("new", "both"),
    [("!gpt-4-mini", "!gpt-4-mini, llama*"), ("gpt-*", "!*"), ("llama*, gpt-*", "llama*"), ("", "llama*")],
)
def test_a_former_list_of_models_is_not_widened_by_todays(new: str, both: str) -> None:
    assert in_force({"models_on": "llama*", "models_recall": new}, {}).models_recall == both


def test_a_form_that_was_read_before_the_old_name_was_set_is_taken() -> None:
    """Scripts send what they have read, and one name more: the same each day."""
    bound = Valves.bound({}, stored=lambda: None)
    first = bound(models_off="gpt-*")
    assert first.models_recall == first.models_remember == "!gpt-*"
    assert bound(**json.loads(first.model_dump_json()), models_off="gpt-*").model_dump() == first.model_dump()


NAMES = ", ".join(Advanced.model_fields)
UNREAD = f"be like 'users_at_once=8; retry_max_hours=72' with any of {NAMES}, not "


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("users_at_once=many", "give users_at_once a whole number from 1 to 32, not 'many'"),
        ("users_at_once=33", "give users_at_once a whole number from 1 to 32, not '33'"),
        ("retry_max_hours=nan", "give retry_max_hours a number from 0 to 8760, not 'nan'"),
        ("users_at_once=1; users_at_once=2", "name users_at_once once, not twice"),
        *((text, f"{UNREAD}{text!r}") for text in ("users_at_once", "=", "threads=4")),
    ],
)
def test_advanced_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Valves(advanced=text)
    assert str(refused.value) == f"advanced must {sentence}."


def test_advanced_numbers_have_defaults() -> None:
    numbers = Valves(advanced=" retry_max_hours = 1.5\n users_at_once=4 ;").advanced_numbers
    assert (numbers.users_at_once, numbers.batch_max_exchanges, numbers.retry_max_hours) == (4, 8, 1.5)
