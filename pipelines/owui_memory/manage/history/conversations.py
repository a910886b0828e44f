"""Chats of ChatGPT, Claude, Gemini and Open WebUI, as their exports have them, one value at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import unescape
from itertools import chain
from typing import Any

from .entries import (
    Chat,
    Entry,
    Fact,
    Flaw,
    Role,
    Said,
    branch,
    id_in,
    listed,
    mapping,
    name_of,
    objects,
    text_in,
    texts_in,
    time_in,
    title_in,
)

_MOST_MESSAGES = 20_000  # of a chat


# ChatGPT: conversations.json, each with a tree of nodes.


def is_chatgpt(value: Mapping[str, Any]) -> bool:
    """Whether it is a chat as ChatGPT exports it."""
    return isinstance(value.get("mapping"), dict)


def read_chatgpt(value: Mapping[str, Any]) -> Iterator[Entry]:
    """The branch that ends in `current_node`; without one, in the newest node that nothing follows."""
    nodes: Mapping[str, Any] = mapping(value["mapping"])
    last = value.get("current_node")
    if not isinstance(nodes.get(last) if isinstance(last, str) else None, dict):
        leaves = [name for name, node in nodes.items() if not listed(mapping(node).get("children"))]
        last = max(leaves, key=lambda name: time_in(_message(nodes[name]).get("create_time")), default=None)
    nodes_said = branch(nodes, last, "parent")
    said = tuple(one for node in nodes_said[-_MOST_MESSAGES:] for one in _of_chatgpt(node))
    at = time_in(value.get("create_time"), value.get("update_time"))
    chat_id = id_in(value.get("conversation_id"), value.get("id")) or name_of(value.get("title"), at)
    yield Chat(chat_id, title_in(value.get("title")), said, at)


def _message(node: Any) -> Mapping[str, Any]:
    return mapping(mapping(node).get("message"))


def _of_chatgpt(node: Mapping[str, Any]) -> Iterator[Said]:
    """What was said; no tools, nothing hidden, no pictures."""
    message = _message(node)
    content, meta = mapping(message.get("content")), mapping(message.get("metadata"))
    role = mapping(message.get("author")).get("role")
    told = content.get("content_type", "text") in ("text", "multimodal_text")
    is_hidden = meta.get("is_visually_hidden_from_conversation") is True or message.get("weight") == 0
    to_all = message.get("recipient", "all") in ("all", None)
    if role not in ("user", "assistant") or not told or is_hidden or not to_all:
        return
    parts = [mapping(part).get("text", part) for part in listed(content.get("parts"))]  # what was spoken, too
    if text := texts_in(parts):
        id_ = id_in(message.get("id"), node.get("id"))
        yield Said(id_, role, text, time_in(message.get("create_time")), id_in(node.get("parent")))


# Claude: conversations.json, each with a list of messages, which are a tree where there are parents.


def is_claude(value: Mapping[str, Any]) -> bool:
    """Whether it is a chat as Claude exports it."""
    return isinstance(value.get("chat_messages"), list)


def read_claude(value: Mapping[str, Any]) -> Iterator[Entry]:
    """The branch that ends in the last message."""
    messages = [one for one in objects(value["chat_messages"]) if isinstance(one.get("uuid"), str)]
    loose = [one for one in objects(value["chat_messages"]) if not isinstance(one.get("uuid"), str)]
    nodes = {str(one["uuid"]): one for one in messages}
    last = value.get("current_leaf_message_uuid")
    if messages and not (isinstance(last, str) and last in nodes):  # of what was deleted since, too
        last = messages[-1]["uuid"]
    shown = branch(nodes, last, "parent_message_uuid")
    if not any(
        isinstance(one.get("parent_message_uuid"), str) and one["parent_message_uuid"] in nodes
        for one in messages
    ):
        shown = messages  # of an export without parents
    said = tuple(one for message in [*shown, *loose][-_MOST_MESSAGES:] for one in _of_claude(message))
    at = time_in(value.get("created_at"), value.get("updated_at"))
    yield Chat(
        id_in(value.get("uuid")) or name_of(value.get("name"), at), title_in(value.get("name")), said, at
    )


def _of_claude(message: Mapping[str, Any]) -> Iterator[Said]:
    roles: Mapping[Any, Role] = {"human": "user", "user": "user", "assistant": "assistant"}
    sender = message.get("sender")
    role = roles.get(sender) if isinstance(sender, str) else None
    blocks = [one.get("text") for one in objects(message.get("content")) if one.get("type") == "text"]
    text = texts_in(blocks) or text_in(message.get("text")).strip()
    if role and text:
        follows = id_in(message.get("parent_message_uuid"))
        yield Said(id_in(message.get("uuid")), role, text, time_in(message.get("created_at")), follows)


# Gemini: Google Takeout's MyActivity.json, one record for each prompt, and no chats.

_PROMPTED = re.compile(
    r"\s*(?:Prompted(?: with:)?|Asked(?: Gemini:| Bard:)?|Said|Branched|Answered|Eingegebener Prompt:|"
    r"Prompt eingegeben:|Requête\s?:|Petición:|Prompt:)\s+",
)
_OTHER_ACTIVITY = re.compile(
    r"\s*(?:Created|Used|Added|Gave|Selected|Shared|Deleted|Viewed|Visited|Searched|Edited|Pinned|Renamed|"
    r"Exported|Updated)\s"
)
_ATTACHED = re.compile(r"Attached \d{1,4} files?\.?$")
_ATTACHED_CHARS = 24
_PARAGRAPHS = frozenset(("p", "br", "li", "div", "h1", "h2", "h3", "h4", "tr", "pre", "ul", "ol", "table"))
_HTML_CHARS = 1_000_000
_TAG = re.compile(r"<([^<>\s][^<>]*+)>")  # html.parser takes hours for a megabyte of tags that do not end


def is_gemini(value: Mapping[str, Any]) -> bool:
    """Whether it is a record of activity; `read_gemini` tells whether it is Gemini's."""
    return isinstance(value.get("title"), str) and isinstance(value.get("time"), str) and "header" in value


def of_gemini(value: Mapping[str, Any]) -> tuple[Said, ...] | Flaw:
    """The prompt and its answer; nothing of another activity."""
    labels = [value.get("header"), *listed(value.get("products"))]
    if not any(isinstance(one, str) and re.search("gemini|bard", one, re.IGNORECASE) for one in labels):
        return Flaw("", "an activity in another Google product")
    title, at = text_in(value["title"]), time_in(value["time"])
    answer = texts_in(_words(one.get("html")) for one in objects(value.get("safeHtmlItem")))
    begins = _PROMPTED.match(title)
    if not at or _OTHER_ACTIVITY.match(title) or not (begins or answer):
        return Flaw("", "an activity that is no prompt")
    prompt = title[begins.end() if begins else 0 :].strip()
    prompt = (prompt[:-_ATTACHED_CHARS] + _ATTACHED.sub("", prompt[-_ATTACHED_CHARS:])).strip()
    id_ = name_of(value["time"], title)
    said = Said(id_, "user", prompt, at), Said(f"{id_}-answer", "assistant", answer, at)
    return tuple(one for one in said if one.text) if prompt else Flaw("", "an activity that is no prompt")


def gemini_chats(said: list[tuple[Said, ...]]) -> Iterator[Chat]:
    """Chats of all prompts, one a day: by itself each prompt tells which one it is in."""
    days: dict[str, list[tuple[Said, ...]]] = {}
    for turn in sorted(said, key=lambda turn: turn[0].at):
        days.setdefault(f"{datetime.fromtimestamp(turn[0].at, UTC):%Y-%m-%d}", []).append(turn)
    for day, turns in days.items():
        yield Chat(day, f"Gemini, {day}", tuple(chain.from_iterable(turns)), turns[0][0].at)


def _tag(found: re.Match[str]) -> str:
    name = found[1].split(None, 1)[:1]
    return "\n" if name and name[0].rstrip("/").lower() in _PARAGRAPHS else ""


def _words(html: Any) -> str:
    """The text of some HTML, a paragraph a line."""
    if not isinstance(html, str):
        return ""
    try:
        text = unescape(_TAG.sub(_tag, html[:_HTML_CHARS]))
    except ValueError:  # the number of a character has thousands of digits
        return ""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))


# Open WebUI: an export of chats, or what its API answers.


def is_open_webui(value: Mapping[str, Any]) -> bool:
    """Whether it is a chat of Open WebUI's."""
    chat = mapping(value.get("chat") if isinstance(value.get("chat"), dict) else value)
    return isinstance(chat.get("history"), dict) or (
        chat is not value and isinstance(chat.get("messages"), list)
    )


def read_open_webui(value: Mapping[str, Any]) -> Iterator[Entry]:
    """The branch that ends in `currentId`."""
    chat = mapping(value.get("chat") if isinstance(value.get("chat"), dict) else value)
    history = mapping(chat.get("history"))
    nodes = mapping(history.get("messages"))
    last = history.get("currentId") or value.get("current_message_id")
    shown = branch(nodes, last, "parentId") or list(objects(chat.get("messages")))
    said = tuple(one for node in shown[-_MOST_MESSAGES:] for one in _of_open_webui(node))
    at = time_in(value.get("created_at"), chat.get("timestamp"), value.get("updated_at"))
    title = title_in(value.get("title") or chat.get("title"))
    chat_id = id_in(value.get("id"), chat.get("id")) or name_of(title, at)
    owner, folder = id_in(value.get("user_id")), id_in(value.get("folder_id"))
    yield Chat(chat_id, title, said, at, owner, folder)


def _of_open_webui(node: Mapping[str, Any]) -> Iterator[Said]:
    role, content = node.get("role"), node.get("content")
    if role not in ("user", "assistant"):
        return
    parts = content if isinstance(content, list) else [content]
    text = texts_in(mapping(part).get("text", part) for part in parts)
    if not text and role == "assistant":  # newer answers are lists of items
        items = [one for one in objects(node.get("output")) if one.get("type") == "message"]
        text = texts_in(part.get("text") for item in items for part in objects(item.get("content")))
    if text:
        parent = node.get("parentId")
        models = listed(node.get("models"))
        model = node.get("model") if role == "assistant" else models[0] if models else ""
        yield Said(
            id_in(node.get("id")),
            role,
            text,
            time_in(node.get("timestamp")),
            id_in(parent) or ("start" if "parentId" in node else ""),
            title_in(model),
        )


def is_webui_memory(value: Mapping[str, Any]) -> bool:
    """Whether it is one of Open WebUI's own memories; prompts, notes and the like look similar."""
    others = {"role", "command", "name", "title"}
    return isinstance(value.get("content"), str) and "user_id" in value and others.isdisjoint(value)


def read_webui_memory(value: Mapping[str, Any]) -> Iterator[Entry]:
    """The memory, as it is."""
    at = time_in(value.get("updated_at"), value.get("created_at"))
    yield Fact(text_in(value["content"]), at, owner=id_in(value.get("user_id")))
