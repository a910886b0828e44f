"""Signs that somebody speaks of themselves, or asks to remember: words and verb forms of thirty languages.

They only ever rescue: a text that has one is looked at. What lacks them is judged by its shape, and in a
script that is not known here, nothing is made of the lack. A word that means something else in another
language rescues there too; that is why the commonest of those (German "im", Romanian "am") are left out.
"""

# ruff: noqa: SIM905  (lists of words, a language or two a line, are read and corrected as text)

from __future__ import annotations

from ..language.detection import known_scripts
from ..language.scripts import script, words_of

# A verb that states, in the commonest languages; an imperative would stand first.
_STATES = frozenset(
    """is are was were has had lives works likes loves hates ist sind war waren hat hatte est sont était ont
      es está son eran tiene era é são foi tem è erano ha är har hade er jest są ma""".split()
)
_POINTS = frozenset(
    "that this it what das dies es was c ça ce esto eso isso isto questo quello det to".split()
)


def known_script(text: str) -> bool:
    """Whether the lack of a sign says something: most letters are of scripts that a language here has."""
    if text.isascii():
        return True
    found = [char for char in text if char.isalpha()]
    return 2 * sum(script(char) in known_scripts() for char in found) >= len(found)


def names_and_states(sentence: str) -> bool:
    """Whether it begins with who it is about and a verb that states: "Clara is allergic to nuts"."""
    words = words_of(sentence)[:2]
    if len(words) < 2 or words[0].lower() in _POINTS:
        return False
    return words[0][0].isupper() and words[1] in _STATES


def tells_of_others(sentence: str) -> bool:
    """Whether it states something of others: a number, a name within it, a verb that is no imperative's."""
    words = words_of(sentence)
    if not words or words[0].lower() in _POINTS:
        return False
    named = any(word[0].isupper() and word != "I" for word in words[1:])
    return named or any(char.isdigit() for char in sentence) or any(word in _STATES for word in words[1:5])
