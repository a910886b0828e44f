"""mem0's filters as SQL over `memories AS m`: the text that a field must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.errors import Drop

Filters = Mapping[str, Any]


def user_of(filters: Filters | None) -> str | None:
    """The one user the filters ask for, or None."""
    user = (filters or {}).get("user_id")
    return user if isinstance(user, str) and user not in ("", "*") else None


def where(filters: Filters | None) -> tuple[str, list[str]]:
    """A boolean SQL expression and its bound values. "*" is any value.

    Raises:
        Drop: a filter is something else than a text.
    """
    conditions, bound = ["1"], []
    for field, value in (filters or {}).items():
        if not isinstance(value, str) or not field.isidentifier():
            raise Drop(
                f'The filter on {field} is not understood; it takes a text that the field has, or "*".'
            )
        if field == "user_id" and value not in ("", "*"):
            conditions.append("m.user_id = ?")
            bound.append(value)
        elif value != "*":
            conditions.append("json_extract(m.payload, ?) = ?")
            bound += [f"$.{field}", value]
    return " AND ".join(conditions), bound
