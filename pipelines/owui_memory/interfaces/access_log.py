"""uvicorn writes the address of each request into its log: here without secrets and what users search for."""

from __future__ import annotations

import logging

HOOKS, _OWN = "/hooks/open-webui/", "/memory/"


def keep_private() -> None:
    """From now on, in this process."""
    for name in ("uvicorn.access", "uvicorn.error"):  # the latter has those of web sockets
        logging.getLogger(name).addFilter(_private)


def _private(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(_cut(arg) if isinstance(arg, str) else arg for arg in record.args)
    return True


def _cut(address: str) -> str:
    if HOOKS in address:
        return f"{address.partition(HOOKS)[0]}{HOOKS}***"
    path, mark, _ = address.partition("?")
    return f"{path}?***" if mark and path.startswith(_OWN) else address
