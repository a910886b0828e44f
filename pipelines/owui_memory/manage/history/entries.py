"""What an archive holds, whatever program wrote it, and small readers of its values."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, Literal

from ...core.text import TEXT_CHARS, capped, plain

_ID = re.compile(r"[A-Za-z0-9._~-]{1,80}")
_OFFSET = re.compile(r"[+-]\d\d:?\d\d$")
_TITLE_CHARS = 200
_DAY_S = 86_400.0
_MILLISECONDS = 1e11  # a Unix time that is larger is one of milliseconds

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a chat. at: Unix seconds, 0 if that is not known; follows: as in `core.turn.Turn`."""

    id: str
    role: Role
    text: str
    at: float = 0.0
    follows: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as its user last saw it: its current branch. owner: its user's id there, "" if it has none."""

    id: str
    title: str
    said: tuple[Said, ...]
    at: float = 0.0
    owner: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the other program remembers of its user. expires: its last day, or "".

    at: when it was said last, first_at: when it became known; Unix seconds, 0 if that is not known.
    is_prose: a line of a longer text, which may say several things.
    """

    text: str
    at: float = 0.0
    kind: str = "fact"
    owner: str = ""
    expires: str = ""
    first_at: float = 0.0
    scope: str = ""
    is_prose: bool = False


# Why something is not read: each is said in English, and translated ("page, import: ").
Unread = Literal[
    "it is damaged",
    "it is too large",
    "it is far larger than its archive",
    "it is packed in a way that cannot be read",
    "it takes longer, or more memory, than may be used",
    "its end is missing",
    "a part of it is no JSON",
    "a part of it is too large",
    "there is too much in it",
    "there are too many files in it",
    "there are too many prompts in it",
    "there is more in it than may be read",
    "nothing that is known",
    "a page, which tells nothing that is not elsewhere",
    "a page; in Takeout choose JSON as the format of My Activity, and export once more",
    "a chat in which its user says nothing",
    "a block that is not about the user",
    "a passage of a past chat, which only an import without a user brings back",
    "an activity in another Google product",
    "an activity that is no prompt",
    "no long_term_memory of text-generation-webui, or a damaged one",
]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that cannot be read, or is none of what is imported. where: a file, "" for the archive."""

    where: str
    reason: Unread


Entry = Chat | Fact | Flaw


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects in a list."""
    return (one for one in listed(value) if isinstance(one, dict))


def text_in(value: Any) -> str:
    """A text, as much of it as is looked at; "" for anything else."""
    return plain(capped(value)) if isinstance(value, str) else ""


def texts_in(parts: Iterable[Any], *, most: int = TEXT_CHARS) -> str:
    """The texts among some parts of a message, one below the other."""
    return capped("\n".join(filter(None, map(text_in, parts))), most).strip()


def day_in(value: Any) -> str:
    """A day as YYYY-MM-DD, of a time too; "" for anything else."""
    try:
        return date.fromisoformat(value[:10]).isoformat() if isinstance(value, str) else ""
    except ValueError:
        return ""


def title_in(value: Any) -> str:
    """A title, on one line."""
    return " ".join(text_in(value).split())[:_TITLE_CHARS]


def id_in(*values: Any) -> str:
    """The first of some ids that is one, made such that it can be part of a key; "" if none is."""
    for value in values:
        if isinstance(value, str | int) and not isinstance(value, bool) and (text := str(value)[:10_000]):
            return text if _ID.fullmatch(text) else name_of(text)
    return ""


def name_of(*parts: object) -> str:
    """A name that is the same for the same parts."""
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(str(part).encode(errors="surrogatepass") + b"\0")
    return digest.hexdigest()


def time_in(*values: Any) -> float:
    """The first of some values that is a time of the past: Unix seconds; 0 if none is."""
    for value in values:
        at = _time(value)
        if 0 < at < time.time() + _DAY_S:
            return at
    return 0.0


def _time(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            at = float(value)
        except OverflowError:
            return 0.0
        return 0.0 if not math.isfinite(at) else at / 1000 if at > _MILLISECONDS else at
    if not isinstance(value, str) or len(value) > 64:
        return 0.0
    try:
        if value[20:22] in ("AM", "PM"):  # as Letta tells agents the time
            zone = _OFFSET.search(value)
            given = f"{value[:22]} {zone[0] if zone else '+0000'}"
            return datetime.strptime(given, "%Y-%m-%d %I:%M:%S %p %z").timestamp()
        read = datetime.fromisoformat(value.strip().replace(" UTC", "+00:00"))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def branch(nodes: Mapping[str, Any], last: Any, parent: str) -> list[Mapping[str, Any]]:
    """The nodes of a tree from the root to the last one. parent: where each names the one before."""
    chain: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    while isinstance(last, str) and last not in seen and isinstance(nodes.get(last), dict):
        seen.add(last)
        chain.append(nodes[last])
        last = nodes[last].get(parent)
    return chain[::-1]
