"""Whose memories a turn sees, and among which it keeps what is said, by the settings."""

from __future__ import annotations

from ..core.scope import FOLDER, PERSONA, USER, View, read_teams
from ..core.turn import Turn
from .model_patterns import named
from .settings import Valves


def reading_view(turn: Turn, settings: Valves) -> View:
    """The view of what recall may find for a turn."""
    scopes = {USER, _folder_of(turn, settings), _persona_of(turn, settings)}
    return View(frozenset(scopes), teams_of(turn, settings))


def scope_of(turn: Turn, settings: Valves) -> str:
    """The scope in which a turn is remembered. What a persona is told belongs to that persona alone."""
    return _persona_of(turn, settings) or _folder_of(turn, settings)


def teams_of(turn: Turn, settings: Valves) -> tuple[str, ...]:
    """The teams that a turn's user is in."""
    return teams_of_person(turn.user_id, turn.email, settings)


def is_read_channel(channel: str, name: str, settings: Valves) -> bool:
    """Whether a channel of Open WebUI is one that is to be read, by its id or its name."""
    return "*" in _channels(settings) or is_named_channel(channel, name, settings)


def is_named_channel(channel: str, name: str, settings: Valves) -> bool:
    """The same, where it is not only one of all."""
    return not _channels(settings).isdisjoint({channel.casefold(), name.strip().casefold()} - {""})


def _channels(settings: Valves) -> set[str]:
    return {part.strip().lstrip("#").casefold() for part in settings.webui_channels.split(",")} - {""}


def teams_of_person(user_id: str, email: str, settings: Valves) -> tuple[str, ...]:
    """The teams that a user is in."""
    names = {user_id, email.lower()} - {""}
    return tuple(team for team, people in read_teams(settings.teams).items() if not names.isdisjoint(people))


def _folder_of(turn: Turn, settings: Valves) -> str:
    return FOLDER + turn.folder if turn.folder and settings.folder_memories == "own" else USER


def _persona_of(turn: Turn, settings: Valves) -> str:
    return PERSONA + turn.model if named(settings.personas, turn.model) else USER
