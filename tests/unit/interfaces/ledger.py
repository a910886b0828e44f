"""Whose is what: restated from the documentation, in a few lists, and not from the code.

Each statement holds a word that nothing else holds, so that it is known wherever it turns up.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

_SYLLABLES = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
_WORD = re.compile(r"\bVex(?:[bdfgklmnprstvz][aeiou]){4}\b")

# A statement of each kind, as it is said in a chat.
SAYINGS = {
    "fact": "The green locker {} holds paint, brushes and ladders.",
    "profile": "I live in Berlin, near {}.",
    "preference": "I prefer short answers, as {} does.",
}


def word(number: int) -> str:
    """The number-th word."""
    digest = blake2b(str(number).encode(), digest_size=4).digest()
    return "Vex" + "".join(_SYLLABLES[byte % len(_SYLLABLES)] for byte in digest)


def words_in(text: str) -> set[str]:
    """The words of statements in a text."""
    return set(_WORD.findall(text))


@dataclass(eq=False)
class Own:
    """A memory of a user. `only_in`: the folder or persona that it stays in. `past`: its earlier words."""

    owner: str
    word: str
    kind: str
    only_in: tuple[str, str] | None = None
    alive: bool = True
    erased: bool = False
    lives: int = 1  # one more with each time that it is brought back, as another entry
    past: set[str] = field(default_factory=set)

    def says(self, word: str) -> None:
        self.past.add(self.word)
        self.word = word

    def is_told(self, folder: str, model: str) -> bool:
        return self.only_in in (None, ("folder", folder), ("persona", model))


@dataclass(eq=False)
class Shared:
    """What a team knows."""

    team: str
    word: str
    by: str
    alive: bool = True


class Ledger:
    """What everybody has, and who is in which team."""

    def __init__(self) -> None:
        self.own: list[Own] = []
        self.shared: list[Shared] = []
        self.members: dict[str, set[str]] = {}
        self._off: dict[tuple[str, str], bool] = {}

    # Who may see what

    def mine(self, user: str) -> set[str]:
        """What commands show: all of a user's own, wherever it was said."""
        return {one.word for one in self.own if one.owner == user and one.alive}

    def once_mine(self, user: str) -> set[str]:
        """What was a user's at any time, but for what they had forgotten for good."""
        return {
            word for one in self.own if one.owner == user and not one.erased for word in (one.word, *one.past)
        }

    def teams_of(self, user: str) -> list[str]:
        return [team for team, people in self.members.items() if user in people]

    def ours(self, user: str) -> set[str]:
        """What the teams know that a user is in now."""
        teams = self.teams_of(user)
        return {one.word for one in self.shared if one.alive and one.team in teams}

    def told(self, user: str, folder: str, model: str) -> set[str]:
        """What a model may know of a user in a chat of this folder."""
        mine = (one for one in self.own if one.owner == user and one.alive)
        return {one.word for one in mine if one.is_told(folder, model)} | self.ours(user)

    def corrected(self, user: str, folder: str, model: str) -> set[str]:
        """What such a model may have been told before it was changed: a correction says so."""
        mine = (one for one in self.own if one.owner == user and one.alive)
        return {word for one in mine if one.is_told(folder, model) for word in one.past}

    def is_on(self, user: str, chat: str) -> bool:
        """A chat's own switch goes first."""
        return not self._off.get((user, chat), self._off.get((user, ""), False))

    # What happens

    def learns(self, user: str, word: str, kind: str, folder: str = "", model: str = "") -> None:
        """What a persona is told is the persona's; facts of a folder stay there; the rest is known in all."""
        only_in = None
        if model.lower().startswith("tutor-"):
            only_in = ("persona", model)
        elif folder and kind == "fact":
            only_in = ("folder", folder)
        self.own.append(Own(user, word, kind, only_in))

    def find(self, user: str, word: str) -> list[Own]:
        return [one for one in self.own if one.owner == user and one.alive and one.word == word]

    def forgets(self, memories: Iterable[Own]) -> None:
        for one in memories:
            one.alive, one.erased = False, True

    def forgets_everything(self, user: str) -> None:
        self.forgets(one for one in self.own if one.owner == user)
        for one in self.shared:
            one.alive &= one.by != user
        self._off = {key: off for key, off in self._off.items() if key[0] != user}

    def switches(self, user: str, chat: str, *, on: bool) -> None:
        self._off[user, chat] = not on

    def undone(self, user: str, what: str, word: str) -> None:
        """As the user is told of what was taken back."""
        mine = [one for one in self.own if one.owner == user and not one.erased]
        if what == "no longer remembered":
            for one in self.find(user, word):
                one.alive = False
        elif what == "remembered again":
            for one in mine:
                if one.word == word and not one.alive:
                    one.alive, one.lives = True, one.lives + 1
                    return
        else:
            for one in mine:
                if one.alive and word in one.past:
                    one.says(word)
                    return
