"""What holds where a command is given, kept with it: its answer is made when that is not told any more."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..config.policy import decide
from ..config.scoping import scope_of
from ..config.settings import Valves
from ..core.locales import Locale, locale
from ..core.scope import FOLDER, PERSONA
from ..core.turn import Turn
from .language import language_of


@dataclass(frozen=True, slots=True)
class Here:
    """Of one chat and its model.

    reason: why not all of memory holds there, in `policy.decide`'s words, but for the user's own switches.
    told, learned: whether its model is told memories, and whether what is said there is remembered.
    scope: among which memories it is kept. admin: whether the user is one.
    language: the code of theirs. email: their address. model: its id.
    """

    reason: str = ""
    told: bool = True
    learned: bool = True
    scope: str = ""
    admin: bool = False
    language: str = ""
    email: str = ""
    model: str = ""

    @property
    def words(self) -> Locale:
        return locale(self.language)

    @classmethod
    def of(cls, turn: Turn, settings: Valves) -> Here:
        decision = decide(turn, settings)
        scope = scope_of(turn, settings)
        code = language_of(turn)
        return cls(
            decision.reason, decision.read, decision.write, scope, turn.is_admin, code, turn.email, turn.model
        )

    @classmethod
    def read(cls, kept: str) -> Here:
        """What `written` gave; of a command from before it was kept, nothing is known."""
        return cls(**json.loads(kept)) if kept else cls()

    def written(self) -> str:
        return json.dumps(asdict(self))

    def described(self) -> list[str]:
        """Sentences: what does not hold, and why; what is special."""
        words = self.words
        lines = []
        if self.reason:
            kind = "only told" if self.told else "only learned" if self.learned else "not here"
            lines.append(words.say(kind, why=words.label("reason", self.reason)))
        if self.learned and self.scope.startswith(FOLDER):
            lines.append(words.say("in folder"))
        if self.learned and self.scope.startswith(PERSONA):
            lines.append(words.say("in persona"))
        return lines
