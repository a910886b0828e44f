"""What admins see: how memory fares, and how much there is of whom; never what anybody said."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ...config.marks import MASK
from ...config.prices import costs, read_prices
from ...core.locales import message
from ...core.locales.refused import Refused
from ...core.scope import team_in
from .parts import Visit, back
from .rendering import Answer, View

_DAYS = 7  # of costs
_BATCHES = 200  # of the queue that are shown
_IN_QUERIES = ("pass", "key", "token", "secret")
ALL = "all"  # in place of a batch's name


def server(visit: Visit) -> View:
    """The self-check of all parts, and what the LLMs have cost."""
    prices, today = read_prices(visit.settings.llm_prices), datetime.now(UTC).date()
    ledger = visit.parts.ledger
    ledger.flush()
    rows = []
    for ago in range(_DAYS):
        day = today - timedelta(days=ago)
        for model, used in ledger.of(day).items():
            price = costs({model: (used.tokens_in, used.tokens_out)}, prices)
            rows.append((day.isoformat(), model, used, price))
    return View("admin.html", {"checks": visit.parts.status(), "costs": rows})


def users(visit: Visit) -> View:
    """Who has how many memories, by id."""
    page = visit.page_of(visit.parts.users.all())
    rows = [(team_in(one.owner), one.owner, one.memories, one.passages) for one in page.items]
    return View("users.html", {"page": page, "rows": rows})


def queue(visit: Visit) -> View:
    """What waits to be remembered, and what was given up."""
    outbox = visit.parts.tools.outbox
    some = [(dead, one) for dead in (True, False) for one in outbox.listed(_BATCHES, dead=dead)]
    return View("queue.html", {"counts": outbox.counts(), "batches": some, "all": ALL})


def retry(visit: Visit) -> Answer:
    """Try again what was given up: a batch, or all."""
    outbox, wanted = visit.parts.tools.outbox, visit.form.get("batch", "")
    names = [one.name for one in outbox.listed(1_000_000, dead=True)] if wanted == ALL else [wanted]
    if not sum(map(outbox.revive, names)):
        raise Refused(message("page: no such batch"))
    return back("queue", "tried again")


def settings(visit: Visit) -> View:
    """Every setting with its value, secrets masked, and where that comes from."""
    values = visit.settings.model_dump(mode="json")
    rows = [
        (name, field.title, _written(values[name]), visit.settings.origin_of(name))
        for name, field in type(visit.settings).model_fields.items()
    ]
    return View("settings.html", {"rows": rows})


def _written(value: Any) -> str:
    value = _without_userinfo(value)
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_userinfo(value: Any) -> Any:
    """The same with names and passwords before hosts masked, in addresses and in JSON that holds some."""
    if isinstance(value, list):
        return [_without_userinfo(one) for one in value]
    if isinstance(value, dict):
        return {name: _without_userinfo(one) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    with contextlib.suppress(ValueError):
        if value.lstrip()[:1] in ("[", "{"):
            return json.dumps(_without_userinfo(json.loads(value)), ensure_ascii=False)
    scheme, mark, rest = value.partition("://")
    _, at, rest = rest.rpartition("@")  # a password may have any character
    rest, asks, query = rest.partition("?")
    if asks and any(word in query.lower() for word in _IN_QUERIES):
        query = MASK
    return f"{scheme}{mark}{f'{MASK}@' if at else ''}{rest}{asks}{query}" if mark else value
