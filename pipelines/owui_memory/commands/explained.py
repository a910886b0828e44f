"""The answer to `/memory why`: lists, which fit a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo

from ..core.locales import ENGLISH, Locale
from ..core.reason import Reason
from ..core.turn import chat_kind_of
from ..recall.select import INJECTED, INJECTED_BEFORE
from ..recall.why import Explanation, Weighed
from .faults import without_addresses
from .markup import quoted, rest, shown

_DEADLINE = re.compile(r"the deadline of ([0-9]{1,9}) ms passed")  # as the filter says it


def explained(
    one: Explanation | None,
    said: Mapping[str, str],
    zone: tzinfo,
    chat_id: str,
    words: Locale,
    *,
    admin: bool = False,
) -> str:
    """said: what the memories say, by id. admin: else no addresses are told."""
    return "\n".join(_Explained(said, words, admin=admin).lines(one, zone, chat_id))


class _Explained:
    """One answer. said: what the memories say, by id."""

    def __init__(self, said: Mapping[str, str], words: Locale, *, admin: bool) -> None:
        self._said, self._words, self._say, self._admin = said, words, words.say, admin

    def lines(self, one: Explanation | None, zone: tzinfo, chat_id: str) -> Iterator[str]:
        if one is None:
            yield self._nothing_kept(chat_id)
        elif one.looked:
            yield from self._of_a_message(one)
        else:
            at = datetime.fromtimestamp(one.at, zone).strftime(self._say("day and time"))
            yield self._say("why, not looked", at=at, why=self._reason(one.left_alone))

    def _of_a_message(self, one: Explanation) -> Iterator[str]:
        told = [weighed for weighed in one.weighed if weighed.outcome in (INJECTED, INJECTED_BEFORE)]
        told_ids = {weighed.memory_id for weighed in told}
        always = [memory_id for memory_id in one.profile if memory_id not in told_ids]
        used, since = {*always, *told_ids}, dict(one.standing)
        quoted_now = [weighed for weighed in one.quoted if weighed.outcome == INJECTED]
        seen = used | {weighed.memory_id for weighed in quoted_now}
        before = [memory_id for memory_id in since if memory_id not in seen]
        left_out = [weighed for weighed in one.weighed if weighed.memory_id not in {*used, *since}]
        yield from (self._say("why, message", text=quoted(one.query, self._words)), "")
        if used:
            yield from (self._say("why, used"), "")
            yield from (f"- {self._say('why, always told', text=self._text(id_))}" for id_ in always)
            yield from (self._weighed(weighed, since) for weighed in told)
        elif not quoted_now:
            yield self._nothing_used(one)
        if quoted_now:
            yield from (*([""] if used else []), self._say("why, quoted"), "")
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

    def _reason(self, reason: str) -> str:
        """A reason of `config.policy` or of the filter, at the end of a sentence."""
        own_doing = reason in (Reason.USER_SWITCHED_OFF, Reason.MEMORY_SWITCH_OFF)
        if self._words is not ENGLISH or own_doing:  # in English the others read as on the command line
            if self._words.has(f"reason: {reason}"):
                return self._words.label("reason", reason)
            if deadline := _DEADLINE.fullmatch(reason):
                return self._say("reason: the deadline passed", limit=int(deadline[1]))
        return shown(reason if self._admin else without_addresses(reason)).rstrip(".")

    def _weighed(self, one: Weighed, since: Mapping[str, int]) -> str:
        """since: the numbers of the messages that memories were told with."""
        number = since.get(one.memory_id) if one.outcome == INJECTED_BEFORE else None
        outcome = self._words.label("outcome", one.outcome)
        line = self._say(
            "why, weighed",
            text=self._text(one.memory_id),
            outcome=self._say("why, told since", number=number) if number else outcome,
            nearness=self._words.label("nearness", _nearness(one.meaning)),
            overlap=self._words.label("overlap", _overlap(one.keyword)),
        )
        return f"- {line}"

    def _text(self, memory_id: str) -> str:
        text = self._said.get(memory_id)
        return self._say("why, forgotten since") if text is None else quoted(text, self._words)


def _nearness(meaning: float) -> str:
    """A relevance, in words. What has less than 0.12 is told only where it has words of the message."""
    for least, said in ((0.6, "very near"), (0.35, "near"), (0.12, "somewhat near")):
        if meaning >= least:
            return said
    return "far"


def _overlap(keyword: float) -> str:
    """A share of the best BM25, in words."""
    for least, said in ((0.75, "most words"), (0.25, "some words"), (0.001, "few words")):
        if keyword >= least:
            return said
    return "no words"
