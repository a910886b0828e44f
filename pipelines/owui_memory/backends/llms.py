"""The LLM that reads the chats, and a second one for when the first is down, refuses or is slow."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..chat_servers import AnsweredBy
from ..errors import Doubtful, Drop, MemoryFault, TellAdmin, TooSlow
from ..ops.breaker import Breaker
from ..ops.costs import count_call
from ..ops.health import Health
from ..ops.metrics import Metrics
from ..ops.nearness import is_local_model
from ..recall.tokens import estimated_tokens
from ..settings import Valves
from . import providers
from .base import Message, Part, Reply
from .faults import translated
from .json_answer import last_value
from .limits import ANSWER_BYTES, bounded, hang_up, left_behind
from .model_text import has_words, model_text

if TYPE_CHECKING:
    from .readers import Readers

_FAILURES, _PAUSE_S = 3, 30.0  # so many in a row, then an LLM is left alone for so long
_MOST_TOKENS = 10_000_000  # of one call: what is said beyond is no count
_MEM0S_KEY, _MOST_MEMORIES, _LONGEST_CHARS = "memory", 20, 2000  # of one answer of mem0's extraction
_JSON_MODE = {"response_format": {"type": "json_object"}}

# Where providers tell the tokens in and out: OpenAI and its like, Anthropic, Ollama.
_USAGE = (
    ("prompt_tokens", "completion_tokens"),
    ("input_tokens", "output_tokens"),
    ("prompt_eval_count", "eval_count"),
)


class Llms:
    """Stands in mem0's `Memory` for its LLM. Threads may share it."""

    def __init__(self, llms: Sequence[Llm], metrics: Metrics, readers: Readers | None = None) -> None:
        """readers: who decides which LLM reads what; None where all is read by `llms`."""
        self._llms, self._metrics, self.readers = tuple(llms), metrics, readers
        self._answered: Llm | None = None
        self._reading = threading.local()  # .llms: those that this thread has chosen

    @classmethod
    def open(
        cls,
        settings: Valves,
        metrics: Metrics | None = None,
        *,
        timeout_s: float | None = None,
        pause_s: float = _PAUSE_S,
    ) -> Llms:
        """The LLMs that the settings name: none, one or two; with auto those that answer the chats.

        timeout_s: instead of the settings'.

        Raises:
            TellAdmin: see `providers.llm`.
        """
        from .readers import Readers

        metrics = metrics or Metrics()
        timeout_s = timeout_s or settings.llm_timeout_s

        def first(named: Valves) -> Llm:
            return Llm("LLM", named, providers.FIRST, metrics, timeout_s, pause_s)

        second: Llm | None = None
        if settings.has_llm and settings.fallback_llm_provider != "none":
            second = Llm("second LLM", settings, providers.FALLBACK, metrics, timeout_s, pause_s)
        if settings.llm_provider == "auto":
            local = is_local_model(settings, providers.FALLBACK) if second else False
            return cls([], metrics, Readers(settings, first, (second, local) if second else None))
        if settings.llm_provider == "none":
            return cls([], metrics)
        return cls([first(settings), *([second] if second else [])], metrics)

    @property
    def llms(self) -> tuple[Llm, ...]:
        """Those there are, in the order in which they are asked; with auto those that were asked so far."""
        return self.readers.llms if self.readers else self._llms

    @contextmanager
    def reading(self, answered: AnsweredBy, *, local_only: bool, patient: bool) -> Iterator[str]:
        """Inside, `ask` asks whoever may read what this model answered. The first one's name; "" for nobody.

        local_only: the setting. patient: whether to come again where it cannot be told now.

        Raises:
            Retry: it cannot be told now.
        """
        llms = self._llms
        if self.readers:
            llms = self.readers.of(answered, local_only=local_only, patient=patient)
        self._reading.llms = llms
        try:
            yield llms[0].model_name if llms else ""
        finally:
            self._reading.llms = None

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The answer of the first LLM that gives one, in JSON where the provider can be told so.

        Raises:
            MemoryFault: the first LLM's, when none answers; Drop at once, for no LLM may take such input.
        """
        fault: MemoryFault | None = None
        for llm in getattr(self._reading, "llms", None) or self._llms:
            try:
                answer = llm.ask(messages)
            except MemoryFault as failed:
                fault, self._answered = fault or failed, None
                if isinstance(failed, Drop):
                    raise
            else:
                self._answered = llm
                if fault:
                    self._metrics.failed("asking the first LLM", fault)
                return Reply(answer, llm.model_name)
        raise fault or TellAdmin("There is no LLM.", hint="Choose an llm_provider.")

    def generate_response(self, messages: Sequence[Message], **_: Any) -> str:
        """As `ask`, by the name that mem0 calls to extract memories; what it could not read is a fault.

        Raises:
            MemoryFault: as `ask`; Doubtful where there is no JSON as mem0 wants it.
        """
        answer = self.ask(messages).text
        found = last_value(answer, _MEM0S_KEY)
        if found is None and answer.strip() in ("{}", "[]"):
            return answer
        if found is None:
            hint = "It is asked again later; a larger model, or one with JSON mode, may be needed."
            raise Doubtful('The LLM\'s answer has no JSON object with a list "memory".', hint=hint)
        listed = found.value if isinstance(found.value, list) else []
        kept = [item for item in listed[:_MOST_MEMORIES] if _says(item)]
        # mem0 takes tags of reasoning out of the whole: those in a text are to stay.
        return json.dumps({_MEM0S_KEY: kept}).replace("<", r"\u003c")

    def hang_up(self) -> None:
        """End the calls under way, each with a MemoryFault."""
        for llm in self.llms:
            hang_up(providers.http_client(llm.model))

    def part(self) -> Part:
        """The status' line, from the last calls: asking only to see costs money."""
        if self.readers:
            return self.readers.part()
        if not self.llms:
            return Part("LLM", True, "none: the user's own sentences are kept")
        first, *others = self.llms
        if first.fault is None:
            return Part("LLM", True, ", then ".join(llm.name for llm in self.llms))
        told = [f"{first.name}: {first.fault}"]
        for second in others:
            if second is self._answered:
                told.append(f"{second.name} answers instead.")
            if second.fault:
                told.append(f"{second.name}: {second.fault}")
        return Part("LLM", False, " ".join(told), first.fault.hint)


class Llm:
    """One of mem0's LLMs. `fault` is why its last call failed, if it did; `health` is of all its calls.

    `settings` with `prefix` before their names are those that it was made of.
    """

    def __init__(
        self, part: str, settings: Valves, prefix: str, metrics: Metrics, timeout_s: float, pause_s: float
    ) -> None:
        from mem0.utils.factory import LlmFactory

        provider, config = providers.llm(settings, prefix)
        self.part, self.prefix, self.settings = part, prefix, settings
        self._address = str(getattr(settings, f"{prefix}_base_url"))
        self.model_name = str(config.get("model") or provider)
        self.name = f"{provider} {config.get('model', '')}".strip()
        with translated(part, self._address):
            self.model = LlmFactory.create(provider, config)
        self._is_limited = providers.bound_client(self.model, timeout_s, config)
        self._timeout_s = timeout_s
        self.health = Health()
        self.fault: MemoryFault | None = None
        self._breaker = Breaker(_FAILURES, pause_s)
        self._metrics = metrics
        self._has_json_mode = True
        self._answered = threading.local()
        if self._is_limited:
            # mem0 returns the answer's text only; the tokens stand beside it.
            # Not a method: the client must not hold what holds it, see `providers.bound_client`.
            hooks = providers.http_client(self.model).event_hooks
            hooks["response"].append(partial(_keep_usage, self._answered))

    def ask(self, messages: Sequence[Message], *, exchanges: bool = True) -> str:
        """Its answer. While it is left alone, its last fault at once. `exchanges`: see `costs.count_call`.

        Raises:
            MemoryFault: see `faults`.
        """
        if (fault := self.fault) and not self._breaker.allows():
            raise fault.again()
        began = self._breaker.clock()
        try:
            with self.health.call():
                answer = self._answer([dict(message) for message in messages], exchanges)
        except MemoryFault as fault:
            self.fault = fault
            if isinstance(fault, Drop | Doubtful):
                self._breaker.succeeded()  # it is the input's fault, or may be
            else:
                self._breaker.failed(began)
            raise
        self.fault = None
        self._breaker.succeeded()
        return answer

    def _answer(self, messages: list[dict[str, str]], exchanges: bool) -> str:
        if not self._has_json_mode:
            return self._call(messages, exchanges)
        try:
            return self._call(messages, exchanges, **_JSON_MODE)
        except Drop:  # some servers refuse JSON mode as a bad request
            answer = self._call(messages, exchanges)
            self._has_json_mode = False
            return answer

    def _call(self, messages: list[dict[str, str]], exchanges: bool, **options: Any) -> str:
        def call() -> tuple[str, tuple[int, int] | None]:
            self._answered.usage = None
            answer = _text_in(self.model.generate_response(messages, **options))
            return answer, self._answered.usage

        with translated(self.part, self._address, slow=TooSlow):
            if self._is_limited:
                with bounded(self._timeout_s):
                    answer, usage = call()
            else:
                answer, usage = left_behind(self._timeout_s, call)
        tokens_in, tokens_out = usage or (
            sum(estimated_tokens(message["content"]) for message in messages),
            estimated_tokens(answer),
        )
        estimated = usage is None
        count_call(
            self._metrics, self.model_name, tokens_in, tokens_out, estimated=estimated, exchanges=exchanges
        )
        if not answer.strip():
            hint = "It is asked again later. Its log may say why, or that its tokens went into thinking."
            raise Doubtful(f"The {self.part} answered nothing.", hint=hint)
        return answer


def _says(item: Any) -> bool:
    """Whether this is a memory as mem0 takes it, and of some words."""
    text = item.get("text") if isinstance(item, dict) else None
    return isinstance(text, str) and len(text) <= _LONGEST_CHARS and has_words(text)


def _text_in(answer: Any) -> str:
    """The text that one of mem0's LLMs has returned, which may be a list of parts."""
    if isinstance(answer, list):
        answer = "".join(
            str(part.get("text") or "") if isinstance(part, dict) else str(part) for part in answer
        )
    return model_text(str(answer or ""))[:ANSWER_BYTES]


def _keep_usage(answered: threading.local, response: Any) -> None:
    if response.is_success:
        response.read()
        answered.usage = _usage(response.text)


def _usage(text: str) -> tuple[int, int] | None:
    """Tokens in and out, as the provider counts them in its answer; None where it does not."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    told = (body.get("usage") or body) if isinstance(body, dict) else None
    if isinstance(told, dict):
        for name_in, name_out in _USAGE:
            tokens_in, tokens_out = told.get(name_in), told.get(name_out)
            if isinstance(tokens_in, int) and isinstance(tokens_out, int):
                return min(max(tokens_in, 0), _MOST_TOKENS), min(max(tokens_out, 0), _MOST_TOKENS)
    return None
