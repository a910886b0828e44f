"""Who may know what: in which chats a memory is known, and what teams know."""

from __future__ import annotations

from collections import Counter

from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.scope import TEAM, shared_by
from ...language.names import teller
from .memories import own_id, scope_name
from .parts import Visit, back
from .rendering import Answer, View

_MOST = 500  # memories of teams


def listed(visit: Visit) -> View:
    counts = Counter(memory.scope for memory in visit.parts.listing.of(visit.user_id))
    of_teams = visit.parts.tools.control.of_teams(visit.teams)
    mine = shared_by(visit.user_id)
    shared = []
    for memory in of_teams[:_MOST]:
        told_by = teller(memory, visit.user_id, visit.person.name, visit.words)
        shared.append((memory, memory.scope.removeprefix(TEAM), told_by, memory.batch == mine))
    scopes = [(scope or "user", scope_name(scope, visit.words), n) for scope, n in counts.most_common()]
    values = {"scopes": scopes, "teams": visit.teams, "shared": shared, "more": len(of_teams) - len(shared)}
    return View("sharing.html", values)


def share(visit: Visit) -> Answer:
    team = visit.form.get("team", "")
    if team not in visit.teams:
        raise Refused(message("page: not in the team"))
    visit.parts.tools.control.share(visit.asked(), own_id(visit), team)
    return back("sharing", "shared")


def withdraw(visit: Visit) -> Answer:
    wanted = visit.form.get("id", "")
    if wanted not in {memory.id for memory in visit.parts.tools.control.of_teams(visit.teams)}:
        raise Refused(message("memory gone"), message("memory gone, hint team"))
    visit.parts.tools.control.withdraw(visit.asked(), wanted)
    return back("sharing", "withdrawn")
