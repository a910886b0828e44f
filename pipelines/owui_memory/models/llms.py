"""The LLM that reads the chats, and a second one for when the first is down, refuses or is slow."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..config.settings import Valves
from ..core.chat_servers import AnsweredBy
from ..core.errors import Drop, MemoryFault, RetryFew, TellAdmin
from ..core.events import Emit, Job, failed, ignore
from ..core.memory import Check, Message, Reply
from . import providers
from .data_residency import is_local_model
from .json_answer import last_value
from .limits import hang_up
from .llm import Llm
from .model_text import has_words
from .readers import Readers

_PAUSE_S = 30.0  # that an LLM is left alone after several failures in a row
_MEM0S_KEY, _MOST_MEMORIES, _LONGEST_CHARS = "memory", 20, 2000  # of one answer of mem0's extraction


class Llms:
    """Stands in mem0's `Memory` for its LLM. Threads may share it."""

    def __init__(self, llms: Sequence[Llm], emit: Emit, readers: Readers | None = None) -> None:
        """readers: who decides which LLM reads what; None where all is read by `llms`."""
        self._llms, self._emit, self.readers = tuple(llms), emit, readers
        self._answered: Llm | None = None
        self._reading = threading.local()  # .llms: those that this thread has chosen

    @classmethod
    def open(
        cls,
        settings: Valves,
        emit: Emit = ignore,
        *,
        timeout_s: float | None = None,
        pause_s: float = _PAUSE_S,
    ) -> Llms:
        """The LLMs that the settings name: none, one or two; with auto those that answer the chats.

        timeout_s: instead of the settings'.

        Raises:
            TellAdmin: see `providers.llm`.
        """
        timeout_s = timeout_s or settings.llm_timeout_s

        def first(named: Valves) -> Llm:
            return Llm("LLM", named, providers.FIRST, emit, timeout_s, pause_s)

        second: Llm | None = None
        if settings.has_llm and settings.fallback_llm_provider != "none":
            second = Llm("second LLM", settings, providers.FALLBACK, emit, timeout_s, pause_s)
        if settings.llm_provider == "auto":
            local = is_local_model(settings, providers.FALLBACK) if second else False
            return cls([], emit, Readers(settings, first, (second, local) if second else None))
        if settings.llm_provider == "none":
            return cls([], emit)
        return cls([first(settings), *([second] if second else [])], emit)

    @property
    def llms(self) -> tuple[Llm, ...]:
        """Those there are, in the order in which they are asked; with auto those that were asked so far."""
        return self.readers.llms if self.readers else self._llms

    @contextmanager
    def reading(
        self, answered: AnsweredBy, *, local_only: bool, patient: bool, apart: bool = False
    ) -> Iterator[str]:
        """Inside, `ask` asks whoever may read what this model answered. The first one's name; "" for nobody.

        local_only: the setting. patient: whether to come again where it cannot be told now. apart: what is
        read is no chat's: local LLMs only, where there are any.

        Raises:
            Retry: it cannot be told now.
        """
        llms = self._llms
        if self.readers:
            llms = self.readers.of(answered, local_only=local_only, patient=patient)
        elif apart and (local := tuple(one for one in llms if is_local_model(one.settings, one.prefix))):
            llms = local
        self._reading.llms = llms
        try:
            yield llms[0].model_name if llms else ""
        finally:
            self._reading.llms = None

    def ask(self, messages: Sequence[Message], *, for_exchanges: bool = False) -> Reply:
        """The answer of the first LLM that gives one, in JSON where the provider can be told so.

        for_exchanges: see `Usage`.

        Raises:
            MemoryFault: the first LLM's, when none answers; Drop at once, for no LLM may take such input.
        """
        fault: MemoryFault | None = None
        for llm in getattr(self._reading, "llms", None) or self._llms:
            try:
                answer = llm.ask(messages, for_exchanges=for_exchanges)
            except MemoryFault as error:
                fault, self._answered = fault or error, None
                if isinstance(error, Drop):
                    raise
            else:
                self._answered = llm
                if fault:
                    self._emit(failed(Job.FIRST_LLM, fault))
                return Reply(answer, llm.model_name, llm.finish, llm.tokens)
        raise fault or TellAdmin("There is no LLM.", hint="Choose an llm_provider.")

    def generate_response(self, messages: Sequence[Message], **_: Any) -> str:
        """As `ask`, by the name that mem0 calls to extract memories; what it could not read is a fault.

        Raises:
            MemoryFault: as `ask`; RetryFew where there is no JSON as mem0 wants it.
        """
        answer = self.ask(messages, for_exchanges=True).text
        found = last_value(answer, _MEM0S_KEY)
        if found is None and answer.strip() in ("{}", "[]"):
            return answer
        if found is None:
            hint = "It is asked again later; a larger model, or one with JSON mode, may be needed."
            raise RetryFew('The LLM\'s answer has no JSON object with a list "memory".', hint=hint)
        listed = found.value if isinstance(found.value, list) else []
        kept = [item for item in listed[:_MOST_MEMORIES] if _says(item)]
        # mem0 takes tags of reasoning out of the whole: those in a text are to stay.
        return json.dumps({_MEM0S_KEY: kept}).replace("<", r"\u003c")

    def hang_up(self) -> None:
        """End the calls under way, each with a MemoryFault."""
        for llm in self.llms:
            hang_up(providers.http_client(llm.model))

    def part(self) -> Check:
        """The status' line, from the last calls: asking only to see costs money."""
        if self.readers:
            return self.readers.part()
        if not self.llms:
            return Check("LLM", True, "none: the user's own sentences are kept")
        first, *others = self.llms
        if first.fault is None:
            return Check("LLM", True, ", then ".join(llm.name for llm in self.llms))
        details = [f"{first.name}: {first.fault}"]
        for second in others:
            if second is self._answered:
                details.append(f"{second.name} answers instead.")
            if second.fault:
                details.append(f"{second.name}: {second.fault}")
        return Check("LLM", False, " ".join(details), first.fault.hint)


def _says(item: Any) -> bool:
    """Whether this is a memory as mem0 takes it, and of some words."""
    text = item.get("text") if isinstance(item, dict) else None
    return isinstance(text, str) and len(text) <= _LONGEST_CHARS and has_words(text)
