"""A folded line under an answer: which memories were used for it, and what was learned since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from sqlalchemy import Engine, func, select

from ..backends.backend_holder import BackendHolder
from ..core.change import Change
from ..core.locales import ENGLISH, Locale, locale
from ..core.memory import Memory
from ..language.markdown import shown
from ..language.names import teller
from ..recall.why import Explanation, Explanations
from ..remember.journal import Journal
from ..state import journal, noted, put_row, reading
from ..state.cuts_table import CutsTable
from ..state.switches_table import NoteSwitches
from .language import language_of_text
from .markup import NOTES, quoted

_MOST = 10  # memories of each kind that are named


class Notes:
    """For all users. Threads may share it."""

    def __init__(
        self, engine: Engine, live: BackendHolder, is_others: Callable[[str, str], bool] = lambda *_: False
    ) -> None:
        """is_others: whether a chat, named behind its user, is known to be somebody else's, who reads it."""
        self._is_others = is_others
        self._engine, self._reading, self._live = engine, reading(engine), live
        self._cuts = CutsTable(engine)
        self._explanations, self._journal = Explanations(engine), Journal(engine)
        self._switches = NoteSwitches(engine)

    def under(self, user_id: str, chat_id: str, asked: str) -> str:
        """The note for the answer to a message; "" if there is nothing to tell. Blocks.

        It is in the language that the message was read in, where that is kept, else in that of its words.
        """
        if not self._switches.wants(user_id) or self._is_others(user_id, chat_id):
            return ""
        kept = self._explanations.of_chat(chat_id, user_id)
        last = kept[-1] if kept and asked.startswith(kept[-1].query) else None
        words = locale(last.language if last and last.language else language_of_text(asked))
        used, learned = self._used(user_id, last, words), self._learned(user_id)
        shortened = self._cuts.tell(user_id, chat_id)
        if not used and not learned and not shortened:
            return ""
        counts = [words.say("note, used", n=len(used))] if used else []
        counts += [words.say("note, learned", n=len(learned))] if learned else []
        counts += [words.say("note, shortened")] if shortened else []
        counted = reduce(lambda some, one: words.say("join", some=some, next=one), counts)
        lines = [NOTES, f"<summary>{words.say('note, summary', counts=counted)}</summary>", ""]
        lines += _listed(words, "note, used list", used)
        lines += _listed(words, "note, learned list", [_told(change, words) for change in learned])
        lines += [words.say("note, shortened text"), ""] if shortened else []
        return "\n".join([*lines, "</details>"])

    def _used(self, user_id: str, last: Explanation | None, words: Locale) -> list[str]:
        """The memories that the model had for this message."""
        backend = self._live.get()
        if last is None:
            return []
        ids = last.used_ids
        there = {memory.id: memory for memory in backend.get_all(ids)} if ids else {}
        return [_said(there[memory_id], user_id, words) for memory_id in ids if memory_id in there]

    def _learned(self, user_id: str) -> list[Change]:
        """What was changed since it was last told; nothing the first time."""
        last = select(noted.c.change).where(noted.c.user_id == user_id)
        newest = select(func.max(journal.c.id)).where(journal.c.user_id == user_id)
        with self._reading.connect() as connection:
            before, now = connection.scalar(last), connection.scalar(newest) or 0
        if before == now:
            return []
        with self._engine.begin() as connection:
            put_row(connection, noted, {"user_id": user_id, "change": now})
        return self._journal.learned(user_id, before, now) if before is not None else []


def _said(memory: Memory, user_id: str, words: Locale = ENGLISH) -> str:
    """What a memory says, and who says it where that is another."""
    text, told_by = quoted(memory.text, words), teller(memory, user_id, locale=words)
    return words.say("note, told by", who=shown(told_by), text=text) if told_by else text


def _told(change: Change, words: Locale) -> str:
    if change.op == "replace":
        before, after = quoted(change.before, words), quoted(change.after, words)
        return words.say("note: replace", before=before, after=after)
    return words.say(f"note: {change.op}", text=quoted(change.after or change.before, words))


def _listed(words: Locale, title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from (f"**{words.say(title)}**", "", *(f"- {item}" for item in items[:_MOST]))
        if len(items) > _MOST:
            yield f"- {words.say('note, others', n=len(items) - _MOST)}"
        yield ""
