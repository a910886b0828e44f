"""The answer to `/memory why`: lists, which fit a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo

from ..recall.select import TOLD, TOLD_BEFORE
from ..recall.why import Explanation, Weighed
from . import texts
from .body import place_of
from .markup import rest, shown
from .policy import MEMORY_SWITCH_OFF, SWITCHED_OFF

# Reasons that are the user's own doing, as they are told to them.
_TO_ITS_USER = {
    SWITCHED_OFF.reason: "you have switched memory off here, and `/memory on` switches it on",
    MEMORY_SWITCH_OFF: "your Memory switch is off, under Settings > Personalization",
}


def explained(
    one: Explanation | None, said: Mapping[str, str], zone: tzinfo, chat_id: str, *, admin: bool = False
) -> str:
    """said: what the memories say, by id. admin: else no addresses are told."""
    if one is None:
        return _nothing_kept(chat_id)
    if not one.looked:
        at = datetime.fromtimestamp(one.at, zone)
        what = "No memories were used for the last message"
        return f"{what} ({at:%Y-%m-%d %H:%M}): {to_its_user(one.left_alone, admin=admin)}."
    return "\n".join(_of_a_message(one, said, admin))


def to_its_user(reason: str, *, admin: bool) -> str:
    """A reason of `chat.policy` or of the filter, at the end of a sentence. admin: else without addresses."""
    told = _TO_ITS_USER.get(reason)
    return told or shown(reason if admin else texts.without_addresses(reason)).rstrip(".")


def _of_a_message(one: Explanation, said: Mapping[str, str], admin: bool) -> Iterator[str]:
    told = [weighed for weighed in one.weighed if weighed.outcome in (TOLD, TOLD_BEFORE)]
    told_ids = {weighed.memory_id for weighed in told}
    always = [memory_id for memory_id in one.profile if memory_id not in told_ids]
    used, since = {*always, *told_ids}, dict(one.standing)
    before = [memory_id for memory_id in since if memory_id not in used]
    left_out = [weighed for weighed in one.weighed if weighed.memory_id not in {*used, *since}]
    yield from (f"Of the message “{shown(one.query)}”", "")
    if used:
        yield from ("**Used for the answer**", "")
        yield from (f"- {_text_of(memory_id, said)}: told in every conversation" for memory_id in always)
        yield from (_weighed(weighed, said, since) for weighed in told)
    else:
        yield _nothing_used(one)
    if before:
        yield from ("", "**In the prompt from earlier messages**", "")
        yield from (f"- {_text_of(one_id, said)}: since your message {since[one_id]}" for one_id in before)
        yield from ("", "What a chat was told stays in its prompt. Commands are not counted as messages.")
    if left_out:
        yield from ("", "**Left out**", "")
        yield from (_weighed(weighed, said, {}) for weighed in left_out)
        yield from rest(len(left_out) + one.more, len(left_out))
    if not one.searched:
        yield from ("", texts.NOT_SEARCHED)
    if one.forgotten:
        yield from ("", f"Not told any more, because forgotten or taken back since: {len(one.forgotten)}.")
    if one.left_alone:
        yield from ("", f"What was said is not remembered: {to_its_user(one.left_alone, admin=admin)}.")


def _nothing_kept(chat_id: str) -> str:
    place = place_of(chat_id)
    if place == "temporary":
        return "Temporary chats are left alone: nothing is told or learned there, nor kept of why."
    if place == "api":
        return "This is no chat of its own: nothing is kept of why."
    return "No memories were looked for in this chat yet, or that is more than a week ago."


def _nothing_used(one: Explanation) -> str:
    if one.standing:
        return "Nothing more was relevant enough to be added for this message."
    if not one.searched:
        return "No memory was used."
    if not one.weighed:
        return "No memory came near it, so none was used."
    return "Nothing was relevant enough, so no memory was used."


def _weighed(one: Weighed, said: Mapping[str, str], since: Mapping[str, int]) -> str:
    """since: the numbers of the messages that memories were told with."""
    number = since.get(one.memory_id) if one.outcome == TOLD_BEFORE else None
    outcome = f"told since your message {number}" if number else one.outcome
    near = f"{_nearness(one.meaning)} in meaning, {_overlap(one.keyword)} in common"
    return f"- {_text_of(one.memory_id, said)}: {outcome} ({near})"


def _text_of(memory_id: str, said: Mapping[str, str]) -> str:
    text = said.get(memory_id)
    return "(forgotten since)" if text is None else f"“{shown(text)}”"


def _nearness(meaning: float) -> str:
    """A cosine, in words."""
    for least, said in ((0.6, "very near"), (0.4, "near"), (0.2, "somewhat near")):
        if meaning >= least:
            return said
    return "far"


def _overlap(keyword: float) -> str:
    """A share of the best BM25, in words."""
    for least, said in ((0.75, "most words"), (0.25, "some words"), (0.001, "few words")):
        if keyword >= least:
            return said
    return "no words"
