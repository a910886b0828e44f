"""What says the same is kept once; what only looks it is kept twice, however near an embedder finds it."""

import itertools

import pytest

from owui_memory.language.dedupe import same, wording
from tests.harness.hang import work_ends
from tests.harness.inputs import cases
from tests.unit.remember.mind import Mind, add, batch

PAIRS = cases("remember/pairs.txt")
# With the likeness that an embedder may find between them, and whether they say the same.
AS_NEAR = [
    ("I live in Lisbon.", "i live in Lisbon", 0.0, True),
    ("मैं यहाँ रहता हूँ।", "मैं यहाँ रहता हूँ", 0.0, True),
    ("I live in Lisbon now.", "I now live in Lisbon.", 0.90, True),
    ("我住在里斯本。", "我住在波尔图。", 1.0, False),
    ("Der Nutzer isst gar kein Fleisch.", "Der Nutzer isst kein Fleisch.", 0.97, True),
]


def test_a_true_duplicate_is_the_same_and_what_only_looks_it_is_not() -> None:
    both_ways = {name: [*pairs, *([two, one] for one, two in pairs)] for name, pairs in PAIRS.items()}
    assert [pair for pair in both_ways["different"] if same(*pair, 0.99)] == []
    assert [pair for pair in both_ways["same"] if not same(*pair, 0.9)] == []
    assert [same(one, two, meaning) for one, two, meaning, _ in AS_NEAR] == [one[3] for one in AS_NEAR]


OPPOSITES = {
    "My {} knee hurts.": ("left", "right", "other"),
    "I see Tom {} lunch.": ("before", "after", "during", "without"),
    "My {} sister is a nurse.": ("older", "younger", "twin"),
    "I want to {} a car.": ("buy", "sell", "rent"),
    "I run in the {}.": ("morning", "evening", "afternoon"),
    "I {} olives.": ("love", "hate", "eat", "sell"),
    "My exam is on {}.": ("Monday", "Tuesday", "Thursday", "2027-01-03", "2027-01-04"),
    "I have {} children.": ("two", "three", "4", "5", "no", "13"),
    "My brother is called {}.": ("Jon", "John", "Jan", "Johan"),
    "The tank holds {}.": ("5 l", "5 ml", "50 l", "5 gal", "-5 l", "5.5 l", "$5", "5 %"),
    "I {} in Rome.": ("live", "lived", "don't live", "never live"),
    "Ich fahre {} Wien.": ("nach", "von", "ohne", "über"),
    "Mein {} Arm schmerzt.": ("linker", "rechter"),
    "Mi hermano {} se llama Juan.": ("mayor", "menor"),
    "J'arrive {} midi.": ("avant", "après"),
    "Lavoro di {}.": ("giorno", "notte", "mattina"),
    "Moro {} dos meus pais.": ("perto", "longe"),
    "Я {} рыбу.": ("люблю", "ненавижу", "не люблю"),
    "我{}茶。": ("喜欢", "讨厌", "不喜欢", "卖", "买"),
    "私は{}が好きです。": ("犬", "猫", "夏", "冬"),
}


def test_one_telling_word_makes_another_sentence() -> None:
    each = [
        (shape.format(one), shape.format(two))
        for shape, words in OPPOSITES.items()
        for one, two in itertools.permutations(words, 2)
    ]
    assert [pair for pair in each if same(*pair, 0.995)] == []


TWO_ROLES = (
    "{} is taller than {}.",
    "{} loves {}.",
    "I prefer {} to {}.",
    "I moved from {} to {}.",
    "{} ist älter als {}.",
    "{} vive con el hermano de {}.",
    "{} aime {}.",
    "{} lavora per {}.",
    "{} ligou para {}.",
    "{} старше, чем {}.",
    "{}比{}高。",
    "{}は{}が好きです。",
)


def test_who_does_what_to_whom_matters() -> None:
    pairs = [("Anna", "Ben"), ("Kim", "Lee")]
    swapped = [(shape.format(*pair), shape.format(*pair[::-1])) for shape in TWO_ROLES for pair in pairs]
    assert [sentences for sentences in swapped if same(*sentences, 0.995)] == []


def test_signs_tell_something_and_punctuation_does_not() -> None:
    assert (
        len({wording(text) for text in ("C", "C++", "C#", "c%", "$c", "-5", "5", "5°", "1/2", "1.2")}) == 10
    )
    assert wording("Rex, the dog!") == wording("rex the dog")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("My left knee hurts.", "My right knee hurts."),
        ("I have two cats and one dog.", "I have one cat and two dogs."),
        ("I prefer tea over coffee.", "I prefer coffee over tea."),
        ("I code in C++.", "I code in C."),
    ],
)
def test_an_llm_may_add_what_only_looks_known(mind: Mind, first: str, second: str) -> None:
    mind.hears(batch(first, name="b1"), add(first))
    assert mind.hears(batch(second, name="b2"), add(second)) == 1
    assert mind.texts() == sorted((first, second))


@pytest.mark.parametrize("again", ["I'm living in Lisbon now.", "The user lives in Lisbon."])
def test_an_llm_adds_no_true_duplicate(mind: Mind, again: str) -> None:
    mind.knows("I live in Lisbon.")
    assert mind.hears(batch("I live in Lisbon."), add(again)) == 0


def test_an_llm_may_say_both_in_one_answer(mind: Mind) -> None:
    said = batch("My left knee hurts, and my right knee hurts.")
    both = ("The user's left knee hurts.", "The user's right knee hurts.")
    assert mind.hears(said, *(add(text) for text in both)) == 2


def test_any_text_is_compared_in_one_pass() -> None:
    for fragment in ("the user ", "I'm ", "a's ", "5.", "-5 ", "的", "ʘ", "' ", "\u0301", "of "):
        for length in (1000, 1990, 10_000_000):
            text = fragment * (length // len(fragment))
            with work_ends(fragment):
                assert same(text, text, 0.0)
                same(text, f"{text}x", 0.99)
