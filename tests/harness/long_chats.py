"""A chat of a thousand turns: talk about this and that, with facts planted in it that are asked for later."""

import random
from dataclasses import dataclass

_PEOPLE = ("Aurelio", "Birgit", "Cosmin", "Dagny", "Emre", "Fumiko", "Gwen", "Hamid", "Ines", "Jorun")
_KIN = ("cousin", "neighbour", "dentist", "landlord", "piano teacher")
_THINGS = (
    ("lives in", "Where does {who} live?"),
    ("drives", "What car does {who} drive?"),
    ("is allergic to", "What is {who} allergic to?"),
    ("collects", "What does {who} collect?"),
    ("works as", "What does {who} work as?"),
)
_VALUES = {
    "lives in": "Tromso Uzes Matera Sibiu Galway Nara Tartu Evora Ghent Piran",
    "drives": "Lancia Wartburg Saab Trabant Daihatsu Rover Tatra Simca Hillman Talbot",
    "is allergic to": "celery lupin mustard sesame kiwi latex wasps nickel mites pollen",
    "collects": "thimbles barometers sextants fountain-pens teapots kites maps bells corks dice",
    "works as": "falconer cooper glazier notary luthier farrier actuary diver sommelier cartographer",
}
_WORDS = """
anchor basket candle dolphin engine feather garden hammer island jacket kettle ladder magnet needle orchard
pepper quartz ribbon saddle tunnel umbrella valley window xylophone yogurt zipper abacus bridge compass drum
envelope fountain glacier harbour icicle juniper keyboard lantern meadow nutmeg oyster paddle quilt rocket
sponge thunder violin walnut bamboo cactus
""".split()  # noqa: SIM905 - read as text


@dataclass(frozen=True)
class Planted:
    """A fact, the question for it, and the word that answers it."""

    said: str
    question: str
    answer: str


def planted(count: int = 50) -> list[Planted]:
    """As many different facts about the user's people."""
    facts = []
    for number in range(count):
        kin, person = _KIN[number % 5], _PEOPLE[number // 5 % 10]
        verb, question = _THINGS[(number + number // 5) % 5]
        value = _VALUES[verb].split()[(number * 3 + number // 10) % 10]
        who = f"my {kin} {person}"
        article = "a " if verb in ("drives", "works as") else ""
        facts.append(Planted(f"By the way, {who} {verb} {article}{value}.", question.format(who=who), value))
    return facts


def filler(number: int) -> str:
    """What is talked about otherwise, each time in other words."""
    one, two, three = random.Random(number).sample(_WORDS, 3)
    return f"How does the {one} compare with the {two} when it comes to the {three} (question {number})?"


def answer(number: int) -> str:
    """A model's answer of some sixty words."""
    named = random.Random(number).sample(_WORDS, 12)
    parts = [
        f"the {one} matters more than the {two}" for one, two in zip(named[::2], named[1::2], strict=True)
    ]
    said = "; ".join(parts)
    return f"Of course ({number}): {said}. Compare both before you decide, and look again a day later."


def turns(count: int, facts: list[Planted]) -> list[tuple[str, str]]:
    """So many messages with their answers; the facts come in the first nine tenths, evenly."""
    every = max(int(count * 0.9) // max(len(facts), 1), 1)
    said = []
    for number in range(count):
        at, rest = divmod(number, every)
        fact = facts[at].said + " " if rest == every // 2 and at < len(facts) else ""
        said.append((fact + filler(number), answer(number)))
    return said
