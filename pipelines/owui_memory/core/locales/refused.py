"""What a user asked for cannot be done, told in their language."""

from __future__ import annotations

from typing import Self

from ..errors import Drop
from . import Message


class Refused(Drop):
    """What a user asked for cannot be done. `str()` is English; chats tell it in their user's language."""

    def __init__(self, sentence: Message, hint: Message | None = None) -> None:
        super().__init__(str(sentence), hint=str(hint) if hint else "")
        self.sentence, self.next_step = sentence, hint

    def again(self) -> Self:
        return self
