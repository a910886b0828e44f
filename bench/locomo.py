"""LoCoMo (Maharana et al. 2024): months of conversation between two people, with questions about it.

The data is for research only and no part of this project: a benchmark is given its path, a JSON list of
conversations in the format of the original, github.com/snap-research/locomo.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from owui_memory.core.exchange import Exchange

ADVERSARIAL = 5  # the category of questions that the conversation does not answer

_SESSION = re.compile(r"session_(\d+)")
_DIA_ID = re.compile(r"D:?(\d+):0*(\d+)")  # some are written D:11:26 or D30:05, some several in one string


@dataclass(frozen=True)
class Turn:
    """What one of the two says at once; `dia_id` is D<session>:<turn>."""

    dia_id: str
    speaker: str
    text: str


@dataclass(frozen=True)
class Session:
    """A chat. `said_at`: Unix time, the session's date read as UTC."""

    number: int
    said_at: float
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Question:
    """`evidence`: dia_ids of the turns that answer it.

    Categories: 1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial.
    """

    text: str
    answer: str
    evidence: tuple[str, ...]
    category: int


@dataclass(frozen=True)
class Conversation:
    """All sessions of two people. As chats, `speaker_a` is the user and `speaker_b` the assistant."""

    name: str
    speaker_a: str
    speaker_b: str
    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]

    @property
    def turns(self) -> list[Turn]:
        """Of all sessions, in order."""
        return [turn for session in self.sessions for turn in session.turns]

    def chats(self) -> list[list[Exchange]]:
        """The sessions as chats: what `speaker_a` says until the other speaks, and the whole answer to it.

        What `speaker_b` says first in a session answers nobody and is left out.
        """
        return [chat for session in self.sessions if (chat := self._chat(session))]

    def _chat(self, session: Session) -> list[Exchange]:
        runs = [list(turns) for _, turns in groupby(session.turns, key=lambda turn: turn.speaker)]
        chat_id = f"{self.name}-session-{session.number}"
        return [
            Exchange(
                key="\n".join((self.name, chat_id, said[0].dia_id)),
                user_id=self.name,
                chat_id=chat_id,
                user_text=_text(said),
                assistant_text=_text(answer),
                said_at=session.said_at,
            )
            for said, answer in zip(runs, [*runs[1:], []], strict=True)
            if said[0].speaker == self.speaker_a
        ]


def load(path: Path) -> list[Conversation]:
    """The conversations of a file."""
    return [_conversation(one) for one in json.loads(path.read_text())]


def _conversation(raw: dict[str, Any]) -> Conversation:
    talk = raw["conversation"]
    numbers = sorted(int(match[1]) for key in talk if (match := _SESSION.fullmatch(key)))
    return Conversation(
        name=raw["sample_id"],
        speaker_a=talk["speaker_a"],
        speaker_b=talk["speaker_b"],
        sessions=tuple(_session(talk, number) for number in numbers),
        questions=tuple(_question(one) for one in raw["qa"]),
    )


def _session(talk: dict[str, Any], number: int) -> Session:
    date = datetime.strptime(talk[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y")
    turns = (Turn(one["dia_id"], one["speaker"], one["text"]) for one in talk[f"session_{number}"])
    return Session(number, date.replace(tzinfo=UTC).timestamp(), tuple(turns))


def _question(raw: dict[str, Any]) -> Question:
    found = _DIA_ID.findall(" ".join(raw.get("evidence", ())))
    return Question(
        text=raw["question"],
        answer=str(raw.get("answer", raw.get("adversarial_answer", ""))),
        evidence=tuple(dict.fromkeys(f"D{session}:{turn}" for session, turn in found)),
        category=raw["category"],
    )


def _text(turns: list[Turn]) -> str:
    return "\n".join(turn.text for turn in turns)
