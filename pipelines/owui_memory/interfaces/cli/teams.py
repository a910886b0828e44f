"""What teams know: shared on a user's behalf, and withdrawn whoever has shared it."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import Drop
from ...core.scope import TEAM, read_teams, sharer_in, team_owner
from .commands import OF_TEAMS, Json, PageNumber, Team, User, Which, Whole, command
from .instance import Instance, asked_for
from .memories import numbered, paged, say_pages, show
from .output import answer, as_json, say


@command("team", OF_TEAMS)
def list_(
    instance: Instance, team: Team, page: PageNumber = 0, whole: Whole = False, to_json: Json = False
) -> None:
    """List what a team knows, newest first."""
    known = _teams(instance)
    with instance.control() as control:
        memories = control.of_teams([team])
    if not memories and team not in known:
        raise _unknown(team, known)
    shown = paged(memories, page, whole, to_json)
    instance.number(team_owner(team), shown.items, shown.first)
    if to_json:
        as_json(numbered(team_owner(team), shown.items, shown.first))
    elif not memories:
        say(f"Nobody has shared anything with {team} yet.")
    else:
        show(shown.items, shown.first)
        say_pages(shown, "memories")


@command("share", OF_TEAMS)
def share(instance: Instance, user_id: User, which: Which, team: Team, to_json: Json = False) -> None:
    """Share with a team what a user's memory says now."""
    if team not in (known := _teams(instance)):
        raise _unknown(team, known)
    with instance.control() as control:
        (memory_id,) = instance.ids(control, user_id, [which])
        text = control.share(asked_for(user_id), memory_id, team)
    answer(to_json, {"team": team, "memory": text}, f"Team {team} now knows: {text}")


@command("withdraw", OF_TEAMS)
def withdraw(instance: Instance, team: Team, which: Which, to_json: Json = False) -> None:
    """Take back what was shared with a team. The number is that of `team`."""
    with instance.control() as control:
        (memory_id,) = instance.ids(control, team_owner(team), [which])
        memory = control.of_ids([memory_id]).get(memory_id)
        if memory is None or memory.scope != TEAM + team:
            raise Drop("That memory no longer exists.", hint="`team` shows the memories that there are.")
        text = control.withdraw(asked_for(sharer_in(memory.batch)), memory_id)
    answer(to_json, {"team": team, "memory": text}, f"Withdrawn from {team}: {text}")


def _teams(instance: Instance) -> Sequence[str]:
    return list(read_teams(instance.settings.teams))


def _unknown(team: str, known: Sequence[str]) -> Drop:
    there = f"There are: {', '.join(known)}." if known else "The setting `teams` names no team."
    return Drop(f"There is no team {team}.", hint=there)
