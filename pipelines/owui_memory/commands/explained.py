"""The answer to `/memory why`: lists, which fit a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from ..core.locales import ENGLISH, Locale
from ..core.memory import DOCUMENT, EPISODE, Memory
from ..core.reason import Reason
from ..core.scope import is_of_another_team
from ..core.turn import chat_kind_of
from ..language.markdown import shown
from ..language.names import teller
from ..manage.memories import Control
from ..recall.select import INJECTED, INJECTED_BEFORE
from ..recall.why import Explanation, Weighed
from ..remember.passages import USER
from .faults import without_addresses
from .markup import quoted, rest

_TOLD_CHARS = 200  # of a passage that was quoted
_DEADLINE = re.compile(r"the deadline of ([0-9]{1,9}) ms passed")  # as the filter says it


class Explained:
    """One answer."""

    def __init__(self, said: Mapping[str, str], words: Locale, *, admin: bool) -> None:
        """said: what the memories say, by id. admin: else no addresses are told."""
        self._said, self._words, self._say, self._admin = said, words, words.say, admin

    def lines(self, one: Explanation | None, zone: tzinfo, chat_id: str) -> Iterator[str]:
        """None: nothing is kept of what was asked for."""
        if one is None:
            yield self._nothing_kept(chat_id)
        elif one.looked:
            yield from self._of_a_message(one)
        else:
            at = datetime.fromtimestamp(one.at, zone).strftime(self._say("day and time"))
            yield self._say("why, not looked", at=at, why=self._reason(one.left_alone))

    def _of_a_message(self, one: Explanation) -> Iterator[str]:
        parts, since = told_of(one), dict(one.standing)
        always, told, quoted_now, before, left_out = parts
        yield from (self._say("why, message", text=quoted(one.query, self._words)), "")
        if always or told:
            yield from (self._say("why, used"), "")
            yield from (f"- {self._say('why, always told', text=self._text(id_))}" for id_ in always)
            yield from (self._weighed(weighed, since) for weighed in told)
        elif not quoted_now:
            yield self._nothing_used(one)
        if quoted_now:
            yield from (*([""] if always or told else []), self._say("why, quoted"), "")
            yield from (self._weighed(weighed, {}) for weighed in quoted_now)
        if before:
            yield from ("", self._say("why, before"), "")
            for id_ in before:
                yield f"- {self._say('why, since', text=self._text(id_), number=since[id_])}"
            yield from ("", self._say("why, stays"))
        if left_out:
            yield from ("", self._say("why, left out"), "")
            yield from (self._weighed(weighed, {}) for weighed in left_out)
            yield from rest(self._words, len(left_out) + one.more, len(left_out))
        if not one.searched:
            yield from ("", self._say("why, not searched"))
        if one.forgotten:
            yield from ("", self._say("why, not told any more", count=len(one.forgotten)))
        if one.left_alone:
            yield from ("", self._say("why, not remembered", why=self._reason(one.left_alone)))

    def _nothing_kept(self, chat_id: str) -> str:
        chat_kind = chat_kind_of(chat_id)
        kinds = {"temporary": "why, temporary", "api": "why, no chat"}
        return self._say(kinds.get(chat_kind, "why, nothing kept"))

    def _nothing_used(self, one: Explanation) -> str:
        if one.standing:
            return self._say("why, nothing more")
        if not one.searched:
            return self._say("why, none used")
        return self._say("why, none relevant" if one.weighed else "why, none near")

    def _reason(self, why: str) -> str:
        return reason(why, self._words, admin=self._admin)

    def _weighed(self, one: Weighed, since: Mapping[str, int]) -> str:
        """since: the numbers of the messages that memories were told with."""
        number = since.get(one.memory_id) if one.outcome == INJECTED_BEFORE else None
        outcome = self._words.label("outcome", one.outcome)
        line = self._say(
            "why, weighed",
            text=self._text(one.memory_id),
            outcome=self._say("why, told since", number=number) if number else outcome,
            nearness=self._words.label("nearness", nearness(one.meaning)),
            overlap=self._words.label("overlap", overlap(one.keyword)),
        )
        return f"- {line}"

    def _text(self, memory_id: str) -> str:
        text = self._said.get(memory_id)
        return self._say("why, forgotten since") if text is None else quoted(text, self._words)


class Told(NamedTuple):
    """What a message was told, and what not. always: ids of the profile; before: of what is in the prompt."""

    always: tuple[str, ...]
    now: tuple[Weighed, ...]
    quoted: tuple[Weighed, ...]
    before: tuple[str, ...]
    left_out: tuple[Weighed, ...]


def told_of(one: Explanation) -> Told:
    """The same explanation by what became of each memory; each stands in one place."""
    now = tuple(weighed for weighed in one.weighed if weighed.outcome in (INJECTED, INJECTED_BEFORE))
    now_ids = {weighed.memory_id for weighed in now}
    always = tuple(memory_id for memory_id in one.profile if memory_id not in now_ids)
    used, since = {*always, *now_ids}, dict(one.standing)
    quoted_now = tuple(weighed for weighed in one.quoted if weighed.outcome == INJECTED)
    seen = used | {weighed.memory_id for weighed in quoted_now}
    before = tuple(memory_id for memory_id in since if memory_id not in seen)
    left_out = tuple(weighed for weighed in one.weighed if weighed.memory_id not in {*used, *since})
    return Told(always, now, quoted_now, before, left_out)


def texts_of(
    control: Control, one: Explanation, user_id: str, teams: Sequence[str], words: Locale
) -> dict[str, str]:
    """What the memories that it tells of say now, by id, if they are there and this user may see them."""
    ids = one.memory_ids
    now = dict(zip(ids, control.now_called(ids), strict=True))
    there = control.of_ids(list(now.values()))
    return {id_: _said_by(there[now[id_]], user_id, teams, words) for id_ in ids if now[id_] in there}


def _said_by(memory: Memory, user_id: str, teams: Sequence[str], words: Locale) -> str:
    """What a memory says, and who says it where that is another."""
    if memory.kind == DOCUMENT:
        return f"{memory.title}: {memory.text[:_TOLD_CHARS]}"
    if memory.kind == EPISODE:
        return words.say(f"said by: {memory.role or USER}", text=memory.text[:_TOLD_CHARS])
    if is_of_another_team(memory.scope, teams):
        return words.say("of another team")
    told_by = teller(memory, user_id, locale=words)
    return f"{told_by}: {memory.text}" if told_by else memory.text


def reason(why: str, words: Locale, *, admin: bool, show: Callable[[str], str] = shown) -> str:
    """A reason of `config.policy` or of the filter, at the end of a sentence. admin: with addresses.

    show: makes what is no text of ours fit to be read.
    """
    own_doing = why in (Reason.USER_SWITCHED_OFF, Reason.MEMORY_SWITCH_OFF)
    if words is not ENGLISH or own_doing:  # in English the others read as on the command line
        if words.has(f"reason: {why}"):
            return words.label("reason", why)
        if deadline := _DEADLINE.fullmatch(why):
            return words.say("reason: the deadline passed", limit=int(deadline[1]))
    return show(why if admin else without_addresses(why)).rstrip(".")


def nearness(meaning: float) -> str:
    """A relevance, in words. What has less than 0.12 is told only where it has words of the message."""
    for least, said in ((0.6, "very near"), (0.35, "near"), (0.12, "somewhat near")):
        if meaning >= least:
            return said
    return "far"


def overlap(keyword: float) -> str:
    """A share of the best BM25, in words."""
    for least, said in ((0.75, "most words"), (0.25, "some words"), (0.001, "few words")):
        if keyword >= least:
            return said
    return "no words"
