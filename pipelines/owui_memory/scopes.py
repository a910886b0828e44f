"""Whose memories a chat sees, and among which it keeps what is said there.

A memory's scope is "" (its user's, in every chat), `folder:ID` (what a project is about), `persona:MODEL`
(what a workspace model was told), or `team:NAME`. The first three are a user's own, and lie among the user's
memories; a team's lie under an id of the team's own, which no user can have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .inert import one_line
from .locales import ENGLISH, Locale
from .patterns import named
from .remember.orders import gives_orders

if TYPE_CHECKING:
    from .backends.base import Memory
    from .chat.body import Turn
    from .settings import Valves

USER = ""
FOLDER, PERSONA, TEAM = "folder:", "persona:", "team:"

_OWNER = "team/"  # begins the id that a team's memories lie under
_SHARED_BY = "shared by "
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LONGEST_NAME = 500  # of a folder or a model
_OF_THE_USER = ("profile", "preference")  # kinds that no project changes
_NAME_CHARS, _LOOKED_CHARS = 40, 200  # of a person's name, told and looked at
# Names that would let somebody else's memory pass for the user's own, or for a part of the prompt.
_NOBODYS = re.compile(
    r"\b(?:user|assistant|system|developer|tool|model|memor(?:y|ies)|team|i|me|my|mine|you|your|yours|"
    r"(?:be)?nutzer|usuario|usuário|utilisateur|utente|gebruiker|użytkownik|пользователь|користувач)\b"
    r"|用户|用戶|使用者|ユーザー|사용자",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class View:
    """What may be seen: a user's memories with these scopes, and all of these teams'."""

    scopes: frozenset[str] = frozenset({USER})
    teams: tuple[str, ...] = ()

    def sees(self, scope: str) -> bool:
        """Whether a memory with this scope is among them."""
        return scope in self.scopes or (scope.startswith(TEAM) and scope.removeprefix(TEAM) in self.teams)


def reading_view(turn: Turn, settings: Valves) -> View:
    """What recall may find for a turn."""
    scopes = {USER, _folder_of(turn, settings), _persona_of(turn, settings)}
    return View(frozenset(scopes), teams_of(turn, settings))


def scope_of(turn: Turn, settings: Valves) -> str:
    """Among which memories it is kept what a turn says: what a persona is told is the persona's alone."""
    return _persona_of(turn, settings) or _folder_of(turn, settings)


def writing_view(scope: str) -> View:
    """What the same may change, and counts as known: of a persona only its own; never a team's."""
    return View(frozenset({scope} if scope.startswith(PERSONA) else {USER, scope}))


def scope_for(scope: str, kind: str) -> str:
    """The scope of a new memory. Who the user is holds in every project, too."""
    return USER if scope.startswith(FOLDER) and kind in _OF_THE_USER else scope


def teams_of(turn: Turn, settings: Valves) -> tuple[str, ...]:
    """The teams that a turn's user is in."""
    names = {turn.user_id, turn.email.lower()} - {""}
    return tuple(team for team, people in read_teams(settings.teams).items() if not names.isdisjoint(people))


def is_of_another_team(scope: str, teams: Collection[str]) -> bool:
    """Whether it is a team's, and none of these."""
    return scope.startswith(TEAM) and scope.removeprefix(TEAM) not in teams


def team_owner(team: str) -> str:
    """The id that a team's memories lie under."""
    return _OWNER + team


def shared_by(user_id: str) -> str:
    """The batch that what a user has shared with a team is of."""
    return f"{_SHARED_BY}{user_id}"


def sharer_in(batch: str) -> str:
    """The user who has shared what is of this batch, "" where it is none of a sharing."""
    return batch.removeprefix(_SHARED_BY) if batch.startswith(_SHARED_BY) else ""


def team_in(owner: str) -> str:
    """The team whose id this is, "" if it is no team's."""
    return owner.removeprefix(_OWNER) if owner.startswith(_OWNER) else ""


def read_teams(text: str) -> Mapping[str, frozenset[str]]:
    """Teams and who is in them, by user id or e-mail address: `design: ada@example.org bob@example.org; ...`.

    Raises:
        ValueError: what is wrong, in a sentence.
    """
    teams: dict[str, frozenset[str]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, people = part.partition(":")
        name = name.strip()
        if not colon or not _NAME.fullmatch(name):
            raise ValueError("a team's name has letters, digits, _ and - only, and a colon behind it")
        if name in teams:
            raise ValueError(f"the team {name} is there twice")
        teams[name] = frozenset(person.lower() if "@" in person else person for person in people.split())
    return teams


def name_of(person: str) -> str:
    """A person's name as it may be told: a few words of letters and digits; "" where it is no name."""
    person = unicodedata.normalize("NFKC", one_line(person[:_LOOKED_CHARS]))
    kept = "".join(char if char.isalnum() or char in ".'’-" or _is_mark(char) else " " for char in person)
    name = " ".join(kept.split())[:_NAME_CHARS].strip(" .'’-")
    if not any(map(str.isalpha, name)) or _NOBODYS.search(name) or gives_orders(person):
        return ""
    return name


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def teller(memory: Memory, reader_id: str, reader_name: str = "", locale: Locale = ENGLISH) -> str:
    """Who has told it, where that is another than its reader: "Ada, team family"; "" for the reader's own.

    What a reader has shared is their own, too.
    """
    if not memory.scope.startswith(TEAM) or memory.batch == shared_by(reader_id):
        return ""
    team = memory.scope.removeprefix(TEAM)
    name = name_of(memory.by)
    if not name:
        return locale.say("nameless in team", team=team)
    same = name.casefold() == name_of(reader_name).casefold()
    return locale.say("namesake in team" if same else "member in team", name=name, team=team)


def is_scope(scope: str) -> bool:
    """Whether a memory can have it."""
    kind = next((kind for kind in (FOLDER, PERSONA, TEAM) if scope.startswith(kind)), "")
    name = scope.removeprefix(kind)
    if kind == TEAM:
        return bool(_NAME.fullmatch(name))
    return bool(name and len(name) <= _LONGEST_NAME and name.isprintable()) if kind else not scope


def _folder_of(turn: Turn, settings: Valves) -> str:
    return FOLDER + turn.folder if turn.folder and settings.folder_memories == "own" else USER


def _persona_of(turn: Turn, settings: Valves) -> str:
    return PERSONA + turn.model if named(settings.personas, turn.model) else USER
