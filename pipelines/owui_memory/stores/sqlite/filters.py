"""mem0's filters as SQL over `memories AS m`, with the meaning mem0's Qdrant store gives them.

A condition on a list-valued field holds when one element fulfils it; a missing field fulfils none, nor
does null fulfil `ne` and `nin`; "*" is no condition at all. `a.b` reaches into nested objects.
"""

# ruff: noqa: S608  (only operators from fixed tables are put together, all values are bound)
from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...core.errors import Drop

Filters = Mapping[str, Any]
Clause = tuple[str, list[Any]]

_RANGE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_LOGIC = {"AND": "AND", "OR": "OR", "NOT": "NOT", "$and": "AND", "$or": "OR", "$not": "NOT"}


def user_of(filters: Filters | None) -> str | None:
    """The one user the filters ask for, or None when they do not say it as a plain id."""
    user = (filters or {}).get("user_id")
    return user if isinstance(user, str) and user not in ("", "*") else None


def where(filters: Filters | None) -> Clause:
    """A boolean SQL expression and its bound values; "1" for no filters. Drop on a malformed filter."""
    user = user_of(filters)
    rest = {key: value for key, value in (filters or {}).items() if key != "user_id" or user is None}
    clauses = [_clause(rest)]
    if user is not None:
        clauses.insert(0, ("m.user_id = ?", [user]))
    return _joined("AND", clauses) or ("1", [])


def _clause(filters: Filters) -> Clause | None:
    clauses: list[Clause | None] = []
    seen: set[str] = set()
    for key, value in filters.items():
        logic = _LOGIC.get(key)
        if logic is None:
            clauses.append(_field(key, value))
        elif logic not in seen:  # mem0 hands over both OR and its own $or for the same conditions
            seen.add(logic)
            clauses.append(_group(logic, value))
    return _joined("AND", clauses)


def _group(logic: str, value: object) -> Clause | None:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise Drop(f"The filter {logic} needs a list of filters.")
    clauses = [_clause(item) for item in value]
    if logic != "NOT":
        return _joined(logic, clauses)
    some = _joined("OR", clauses)
    return some and (f"NOT {some[0]}", some[1])


def _joined(word: str, clauses: list[Clause | None]) -> Clause | None:
    present = [clause for clause in clauses if clause is not None]
    if not present:
        return None
    sql = f" {word} ".join(clause[0] for clause in present)
    return f"({sql})", [bound for clause in present for bound in clause[1]]


def _field(key: str, value: object) -> Clause | None:
    if value == "*":
        return None
    if isinstance(value, list):
        value = {"in": value}
    elif not isinstance(value, Mapping):
        value = {"eq": value}
    sql, bound = _condition(key, value)
    # Members of an object have names for keys; elements of a list have numbers, a single value has none.
    each = f"SELECT 1 FROM json_each(m.payload, ?) AS e WHERE typeof(e.key) <> 'text' AND {sql}"
    return f"EXISTS ({each})", [_path(key), *bound]


def _condition(key: str, ops: Mapping[str, Any]) -> Clause:
    """SQL over `e`, one value of the field."""
    if ops and ops.keys() <= _RANGE.keys():
        return _range(key, ops)
    if ops.keys() & _RANGE.keys():
        raise Drop(f"The filter on {key} mixes a range with another operator; combine them with AND.")
    if len(ops) == 1:
        ((op, value),) = ops.items()
        if op in ("eq", "ne"):
            return _among([value], negated=op == "ne")
        if op in ("in", "nin") and isinstance(value, list):
            return _among(value, negated=op == "nin")
        if op == "contains" and isinstance(value, str):
            return "e.type = 'text' AND instr(e.value, ?) > 0", [value]
        if op == "icontains" and isinstance(value, str):
            return "e.type = 'text' AND instr(casefold(e.value), ?) > 0", [value.casefold()]
    raise Drop(
        f"The filter on {key} is not understood; it takes one of "
        "eq, ne, gt, gte, lt, lte, in, nin, contains, icontains with a fitting value."
    )


def _among(values: list[Any], *, negated: bool) -> Clause:
    try:
        listed = json.dumps(values, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise Drop("A filter value is of a kind that JSON cannot hold.") from None
    # SQLite reads JSON true as 1; the types keep them apart.
    same = "l.value IS e.value AND (l.type IN ('true', 'false')) = (e.type IN ('true', 'false'))"
    exists = f"EXISTS (SELECT 1 FROM json_each(?) AS l WHERE {same})"
    return f"e.type <> 'null' AND NOT {exists}" if negated else exists, [listed]


def _range(key: str, ops: Mapping[str, Any]) -> Clause:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in ops.values()):
        tests = [f"e.value {_RANGE[op]} ?" for op in ops]
        return " AND ".join(["e.type IN ('integer', 'real')", *tests]), list(ops.values())
    try:
        # isoformat writes the zone as SQLite reads it (+05:30, not +0530); julianday brings both to UTC.
        moments = [datetime.fromisoformat(value).isoformat() for value in ops.values()]
    except (TypeError, ValueError):
        raise Drop(f"The range filter on {key} needs numbers, or dates in ISO form.") from None
    tests = [f"julianday(e.value) {_RANGE[op]} julianday(?)" for op in ops]
    # SQLite would take a bare number for a Julian day, and "now" for the present.
    is_date = "e.type = 'text' AND e.value GLOB '[0-9][0-9][0-9][0-9]-[0-9]*'"
    return " AND ".join([is_date, *tests]), moments


def _path(key: str) -> str:
    if '"' in key:
        raise Drop("A filter field's name must not hold a quotation mark.")
    return "$" + "".join(f'."{part}"' for part in key.split("."))
