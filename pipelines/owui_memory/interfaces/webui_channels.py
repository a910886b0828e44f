"""Open WebUI's own channels: which there are, what is posted in them, and posting there under a name of ours.

It is posted by a webhook of the channel, so that members see who speaks, and that it is no member.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from ..channels.message import LONGEST_CHARS
from ..core.errors import Drop, Retry, TellAdmin
from ..core.text import plain
from .body import mapping
from .webui import Bounds, TooLargeError, WebUi, quoted

NAME = "Memory"  # of the webhook
_PAGES = (100, 10, 1)  # messages of a page; fewer, where these are too large
_MOST_BYTES = 16 << 20  # of a page
_MENTION = re.compile(r"<([@#])[A-Z]:([^|<>]{1,200})(?:\|([^|<>]{1,200}))?>")
_NS = 1e9
_HINT = "Switch channels on there, and set webui_api_key to a key of an admin who is a member of the channel."


class GoneError(Drop):
    """There is no such channel, or message."""


@dataclass(frozen=True, slots=True)
class WebuiChannel:
    """A channel. is_direct: of people who write to each other alone."""

    id: str
    name: str
    is_direct: bool


@dataclass(frozen=True, slots=True)
class Posted:
    """A message. text: "" for what no member wrote. at: Unix time in seconds.

    changed: a number that every edit makes another one. parent: the id of the message whose thread it is in,
    or "". replies: how many there are in its own thread, and when the newest came. webhook: by which, or "".
    """

    id: str
    author: str
    author_name: str
    text: str
    at: float
    changed: int
    parent: str
    reply_to: str
    replies: tuple[int, int]
    webhook: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages, the newest first. passed: places of the list that they take, 0 at its end."""

    messages: tuple[Posted, ...]
    passed: int


class WebuiChannels(WebUi):
    """The channels that the key may read. Methods block.

    Raises:
        GoneError: what is asked about is not there.
        TellAdmin: the key may not see it.
        Retry: Open WebUI cannot be reached, or answers nonsense.
    """

    def channels(self) -> list[WebuiChannel]:
        """All that are not in an archive."""
        listed = self._told("channels/list")
        if not isinstance(listed, list):
            raise _nonsense()
        return [
            WebuiChannel(one["id"], _text(one.get("name"), 200), one.get("type") == "dm")
            for one in listed
            if isinstance(one, dict)
            and _is_id(one.get("id"))
            and not (one.get("archived_at") or one.get("deleted_at"))
        ]

    def is_there(self, channel: str) -> bool:
        """Whether there is such a channel, which may be read."""
        try:
            self._told(f"channels/{quoted(channel)}")
        except GoneError:
            return False
        return True

    def page(self, channel: str, skip: int, thread: str = "") -> Page:
        """Some messages after so many newer ones: of a channel, without threads, or of one thread in it."""
        path = f"channels/{quoted(channel)}/messages" + (f"/{quoted(thread)}/thread" if thread else "")
        for limit in _PAGES:
            try:
                listed = self._told(path, {"skip": skip, "limit": limit}, Bounds(_MOST_BYTES))
            except TooLargeError:
                continue
            if not isinstance(listed, list):
                raise _nonsense()
            found = [posted for one in listed if (posted := read_posted(one)) and posted.id != thread]
            return Page(tuple(found), len(listed) - any(mapping(one).get("id") == thread for one in listed))
        return Page((), 1)  # one that is longer than anything we read

    def message(self, channel: str, message: str) -> Posted | None:
        """One message; None where it is not there any more."""
        try:
            path = f"channels/{quoted(channel)}/messages/{quoted(message)}"
            return read_posted(self._told(path, bounds=Bounds(_MOST_BYTES)))
        except GoneError:
            return None

    def webhook(self, channel: str) -> tuple[str, str]:
        """The id and the token of our webhook in a channel, which is made where there is none."""
        path = f"channels/{quoted(channel)}/webhooks"
        hooks = self._told(path)
        named = [one for one in hooks if mapping(one).get("name") == NAME] if isinstance(hooks, list) else []
        hook = named[0] if named else self._told(f"{path}/create", form={"name": NAME})
        if not (_is_id(mapping(hook).get("id")) and _is_id(mapping(hook).get("token"))):
            raise _nonsense()
        return str(hook["id"]), str(hook["token"])

    def say(self, channel: str, text: str) -> None:
        """Post something under our own name."""
        id_, token = self.webhook(channel)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs addresses: here the token
        self._told(f"channels/webhooks/{quoted(id_)}/{quoted(token)}", form={"content": text})

    def _told(
        self, path: str, query: dict[str, Any] | None = None, bounds: Bounds | None = None, form: Any = None
    ) -> Any:
        status, answer = self._asked(path, query, bounds, form)
        if status == 200:
            return answer
        if status == 404 and isinstance(mapping(answer).get("detail"), str):
            raise GoneError("There is no such channel in Open WebUI, or no such message.")
        if status in (401, 403):
            raise TellAdmin("Open WebUI does not let this key read the channel.", hint=_HINT)
        raise _nonsense()


def read_posted(listed: Any) -> Posted | None:
    """A message as it is listed; None for what is none."""
    item: Any = mapping(listed)
    id_, at, changed = (item.get(name) for name in ("id", "created_at", "updated_at"))
    if not _is_id(id_) or not isinstance(at, int) or not 0 < at < 1 << 63:
        return None
    meta, author, content = mapping(item.get("meta")), item.get("user_id"), item.get("content")
    webhook = meta.get("webhook")
    # A model's answer bears the id of whoever asked for it, and a webhook's message that of who made it.
    by_member = _is_id(author) and not (item.get("app_id") or meta.get("model_id") or webhook)
    count, latest = item.get("reply_count"), item.get("latest_reply_at")
    return Posted(
        id=id_,
        author=author if by_member else "",
        author_name=_text(mapping(item.get("user")).get("name"), 200),
        text=_readable(_text(content, LONGEST_CHARS)) if by_member else "",
        at=at / _NS,
        changed=changed if isinstance(changed, int) else 0,
        parent=_text(item.get("parent_id"), 200),
        reply_to=_text(item.get("reply_to_id"), 200),
        replies=(count if isinstance(count, int) else 0, latest if isinstance(latest, int) else 0),
        webhook=_text(mapping(webhook).get("id"), 200),
    )


def _readable(text: str) -> str:
    """With mentions as members see them."""
    return _MENTION.sub(lambda found: found[1] + (found[3] or found[2]), text).strip()


def _text(value: Any, most: int) -> str:
    return plain(value[:most]) if isinstance(value, str) else ""


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _nonsense() -> Retry:
    return Retry("Open WebUI's answer about channels is not what is expected of it.", hint=_HINT)
