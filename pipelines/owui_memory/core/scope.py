"""Whose memories a chat sees, and among which it keeps what is said there.

A memory's scope is "" (its user's, in every chat), `folder:ID` (what a project is about), `persona:MODEL`
(what a workspace model was told), or `team:NAME`. The first three are a user's own, and lie among the user's
memories; a team's lie under an id of the team's own, which no user can have. So do the passages of a user's
past chats (kind "episode") and of their documents (kind "document"): under ids beside the user's, so that
facts are found, listed and counted apart. Documents for all users are those of the user EVERYONE. What is
learned of a channel lies under the channel's id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from .text import plain

USER = ""
FOLDER, PERSONA, TEAM = "folder:", "persona:", "team:"

_OWNER = "team/"  # begins the id that a team's memories lie under
_PAST, _DOCUMENTS = "past/", "documents/"  # and those of a user's past chats and documents
_CHANNEL = "channel/"  # and those of a channel
EVERYONE = "everyone"
WEBUI = "open-webui"  # the source of Open WebUI's own channels
_SHARED_BY = "shared by "
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LONGEST_NAME = 500  # of a folder or a model
_SOURCE = re.compile(r"[a-z0-9-]{1,40}")
_LONGEST_CHANNEL = 200
_OF_THE_USER = ("profile", "preference")  # kinds that no project changes


@dataclass(frozen=True, slots=True)
class View:
    """What a chat may see: the user's memories with these scopes, and all memories of these teams.

    past: passages of the user's past chats as well, with the same scopes. documents: those of documents, the
    user's and everyone's.
    """

    scopes: frozenset[str] = frozenset({USER})
    teams: tuple[str, ...] = ()
    past: bool = False
    documents: bool = False

    def sees(self, scope: str) -> bool:
        """Whether the view includes memories of this scope."""
        return scope in self.scopes or (scope.startswith(TEAM) and scope.removeprefix(TEAM) in self.teams)

    def finds(self, kind: str) -> bool:
        """Whether the view includes memories of this kind."""
        return {"episode": self.past, "document": self.documents}.get(kind, True)


def writing_view(scope: str) -> View:
    """The view of what may be changed and counts as known: for a persona only its own, and never a team's."""
    return View(frozenset({scope} if scope.startswith(PERSONA) else {USER, scope}))


def scope_for(scope: str, kind: str) -> str:
    """The scope of a new memory. Who the user is belongs to every project."""
    return USER if scope.startswith(FOLDER) and kind in _OF_THE_USER else scope


def is_of_another_team(scope: str, teams: Collection[str]) -> bool:
    """Whether a scope is that of a team other than these."""
    return scope.startswith(TEAM) and scope.removeprefix(TEAM) not in teams


def team_owner(team: str) -> str:
    """The id that a team's memories lie under."""
    return _OWNER + team


def shared_by(user_id: str) -> str:
    """The name of the batch of what a user has shared with a team."""
    return f"{_SHARED_BY}{user_id}"


def sharer_in(batch: str) -> str:
    """The user who shared the memories of this batch, or "" if the batch is not a sharing."""
    return batch.removeprefix(_SHARED_BY) if batch.startswith(_SHARED_BY) else ""


def team_in(owner: str) -> str:
    """The team that this id belongs to, or "" if it is not a team's."""
    return owner.removeprefix(_OWNER) if owner.startswith(_OWNER) else ""


def past_owner(user_id: str) -> str:
    """The id that the passages of a user's past chats lie under."""
    return _PAST + user_id


def past_in(owner: str) -> str:
    """The user whose past chats lie under this id, or "" if it is no such id."""
    return owner.removeprefix(_PAST) if owner.startswith(_PAST) else ""


def documents_owner(user_id: str) -> str:
    """The id that the passages of a user's documents lie under."""
    return _DOCUMENTS + user_id


def documents_in(owner: str) -> str:
    """The user whose documents lie under this id, or "" if it is no such id."""
    return owner.removeprefix(_DOCUMENTS) if owner.startswith(_DOCUMENTS) else ""


def is_source(name: str) -> bool:
    """Whether this can be the name of where channels are observed, like `discord`."""
    return bool(_SOURCE.fullmatch(name))


def channel_owner(source: str, channel: str) -> str:
    """The id that a channel's memories lie under. channel: its id in the source, anything."""
    fits = channel.isprintable() and not any(map(str.isspace, channel)) and channel == plain(channel)
    if not (fits and 0 < len(channel) <= _LONGEST_CHANNEL) or channel.startswith("~"):
        channel = "~" + blake2b(channel.encode(errors="surrogatepass"), digest_size=20).hexdigest()
    return f"{_CHANNEL}{source}/{channel}"


def channel_in(owner: str) -> str:
    """The source and the channel whose memories lie under this id, or "" if it is no such id."""
    return owner.removeprefix(_CHANNEL) if owner.startswith(_CHANNEL) else ""


def owners_of(user_id: str) -> tuple[str, str, str]:
    """All ids that something of a user lies under: facts, past chats, documents."""
    return user_id, past_owner(user_id), documents_owner(user_id)


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


def own_scope(value: object) -> str:
    """The value if it is a scope of a user's own memories, else that of every chat."""
    is_own = isinstance(value, str) and is_scope(value) and not value.startswith(TEAM)
    return str(value) if is_own else USER


def is_scope(scope: str) -> bool:
    """Whether a memory can have this scope."""
    kind = next((kind for kind in (FOLDER, PERSONA, TEAM) if scope.startswith(kind)), "")
    name = scope.removeprefix(kind)
    if kind == TEAM:
        return bool(_NAME.fullmatch(name))
    return bool(name and len(name) <= _LONGEST_NAME and name.isprintable()) if kind else not scope
