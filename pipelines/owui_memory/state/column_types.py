"""What columns hold of what people and clients write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, String, Text, TypeDecorator

from ..core.text import plain


class PlainText(TypeDecorator[str]):
    """What somebody wrote, as it comes back from mem0 and PostgreSQL, too: see `plain`."""

    impl: Any = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and plain(value)


class Id(PlainText):
    """Ids, which API clients choose, and other short texts."""

    impl = String
    cache_ok = True
