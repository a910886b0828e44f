"""How long the state database keeps what it keeps only for a while: see docs/privacy.md."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Column, ColumnElement, Engine, delete, or_, select, true, tuple_, update

from ...config.settings import Valves
from ...core.turn import HASHED
from ...recall.injected import KEPT_S as INJECTED_S
from ...recall.injected import KEPT_WITHOUT_CHAT_S
from ...state import (
    command_turns,
    commands,
    cuts,
    decisions,
    deletions,
    erasures,
    imports,
    injected,
    outbox,
    reading,
    recalls,
    shown,
    token_ratios,
    webui_seen,
)
from ...state.permissions import KEPT_S as PERMISSION_S
from .erase import Eraser
from .erasures import DONE

_DAY_S = 24 * 3600.0
_YEAR_S = 365 * _DAY_S
_AT_ONCE = 500  # rows in a transaction: others write in between


@dataclass(frozen=True)
class Rule:
    """Rows whose time, a column in Unix seconds, is older than `kept_s` seconds are deleted.

    which: only these. blank: the values that such rows get instead.
    """

    column: Column[float]
    kept_s: float
    which: ColumnElement[bool] = field(default_factory=true)
    blank: Mapping[str, str] = field(default_factory=dict)


RULES = (
    Rule(decisions.c.created_at, PERMISSION_S),
    Rule(injected.c.injected_at, INJECTED_S),
    Rule(injected.c.injected_at, KEPT_WITHOUT_CHAT_S, injected.c.chat_id.startswith(HASHED)),
    Rule(cuts.c.at, INJECTED_S),
    Rule(cuts.c.at, KEPT_WITHOUT_CHAT_S, cuts.c.chat_id.startswith(HASHED)),
    Rule(token_ratios.c.at, _YEAR_S),
    Rule(recalls.c.at, 7 * _DAY_S),
    Rule(
        commands.c.asked_at,
        _DAY_S,
        or_(commands.c.text != "", commands.c.answer != ""),
        {"text": "", "answer": ""},
    ),
    # That a command was carried out, or a message read, is known for longer than anybody asks again.
    Rule(commands.c.asked_at, _YEAR_S),
    Rule(command_turns.c.asked_at, _YEAR_S),
    Rule(outbox.c.created_at, _YEAR_S, outbox.c.state == "done"),
    Rule(shown.c.at, _YEAR_S),
    Rule(deletions.c.at, _YEAR_S, deletions.c.done),
    Rule(webui_seen.c.seen_at, _YEAR_S),
    Rule(imports.c.begun_at, _YEAR_S),  # as what it brought, by which it is taken back
    Rule(erasures.c.asked_at, 90 * _DAY_S, erasures.c.passes == DONE),  # servers that were away learn of it
)


def prune(engine: Engine) -> int:
    """Deletes rows that are too old; returns how many. Blocks, and lets others write in between."""
    return sum(_prune(engine, rule) for rule in RULES)


def prune_all(engine: Engine, eraser: Eraser, settings: Callable[[], Valves]) -> int:
    """The same, and passages of past chats that are older than the settings say."""
    pruned, days = prune(engine), settings().episode_days
    return pruned + (eraser.erase_passages_before(time.time() - days * _DAY_S) if days else 0)


def _prune(engine: Engine, rule: Rule) -> int:
    table = rule.column.table
    key = table.primary_key.columns
    old = select(*key).where(rule.column < time.time() - rule.kept_s, rule.which).limit(_AT_ONCE)
    pruned = 0
    while True:
        with reading(engine).connect() as connection:
            if connection.execute(old).first() is None:
                return pruned
        these = tuple_(*key).in_(old)
        change = update(table).where(these).values(rule.blank) if rule.blank else delete(table).where(these)
        with engine.begin() as connection:
            pruned += connection.execute(change).rowcount
