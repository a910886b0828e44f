"""What holds where a command is given, kept with it: its answer is made when that is not told any more."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..scopes import FOLDER, PERSONA, scope_of
from ..settings import Valves
from . import texts
from .body import Turn
from .policy import decide


@dataclass(frozen=True, slots=True)
class Here:
    """Of one chat and its model.

    reason: why not all of memory holds there, in `policy.decide`'s words, but for the user's own switches.
    told, learned: whether its model is told memories, and whether what is said there is remembered.
    scope: among which memories it is kept. admin: whether the user is one.
    """

    reason: str = ""
    told: bool = True
    learned: bool = True
    scope: str = ""
    admin: bool = False

    @classmethod
    def of(cls, turn: Turn, settings: Valves) -> Here:
        decision = decide(turn, settings)
        scope = scope_of(turn, settings)
        return cls(decision.reason, decision.read, decision.write, scope, turn.is_admin)

    @classmethod
    def read(cls, kept: str) -> Here:
        """What `written` gave; of a command from before it was kept, nothing is known."""
        return cls(**json.loads(kept)) if kept else cls()

    def written(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    def described(self) -> list[str]:
        """Sentences: what does not hold, and why; what is special."""
        lines = []
        if self.reason:
            why = texts.REASONS.get(self.reason, self.reason)
            if self.told:
                lines.append(texts.ONLY_TOLD.format(why=why))
            elif self.learned:
                lines.append(texts.ONLY_LEARNED.format(why=why))
            else:
                lines.append(texts.NOT_HERE.format(why=why))
        if self.learned and self.scope.startswith(FOLDER):
            lines.append(texts.IN_FOLDER)
        if self.learned and self.scope.startswith(PERSONA):
            lines.append(texts.IN_PERSONA)
        return lines
