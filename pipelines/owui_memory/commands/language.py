"""In which language a user is answered: that of their interface, else of what they wrote, else English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.latest import Latest
from ..core.locales import ENGLISH, Locale, locale
from ..language.guess import language_in
from .parse import DID_YOU_MEAN, read_command
from .verbs import VERBS

if TYPE_CHECKING:
    from ..core.turn import Turn

_USERS = 5_000


def language_of(turn: Turn) -> str:
    """The code of a turn's language. Open WebUI tells that of the interface; API clients do not."""
    return turn.language or language_of_text(turn.text)


def language_of_text(text: str) -> str:
    """The code of the language that a message is in: of a command its verb tells it, or its name."""
    command = read_command(text)
    if command is None:
        return language_in(text) or ENGLISH.code
    if command.verb == DID_YOU_MEAN:
        command = read_command(command.rest) or command
    said = command.rest if command.verb in VERBS else f"{command.verb} {command.rest}"
    return command.language or language_in(said) or ENGLISH.code


class Languages:
    """The language that each user was answered in last: outlets are not told it.

    In memory only: after a restart, or on another server, the words of the message tell.
    """

    def __init__(self) -> None:
        self._last = Latest[str, str](_USERS)

    def note(self, turn: Turn) -> Locale:
        """The texts for a turn; its language is kept for the outlet."""
        code = language_of(turn)
        self._last[turn.user_id] = code
        return locale(code)

    def of(self, user_id: str, text: str) -> Locale:
        """The texts for the outlet of a message."""
        return locale(self._last.get(user_id) or language_of_text(text))
