"""One LLM of mem0's: what it is asked, within a time and with its tokens counted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..config.settings import Valves
from ..core.breaker import Breaker
from ..core.errors import Drop, MemoryFault, RetryFew, TooSlow
from ..core.events import Emit, Event, EventKind, Usage
from ..core.memory import Message
from . import providers
from .faults import translated
from .health import Health
from .limits import ANSWER_BYTES, bounded, left_behind
from .model_text import model_text
from .tokens import estimated_tokens

_FAILURES = 3  # in a row, then an LLM is left alone for a while
_MOST_TOKENS = 10_000_000  # of one call: what is said beyond is no count
_JSON_MODE = {"response_format": {"type": "json_object"}}

# Where providers tell the tokens in and out: OpenAI and its like, Anthropic, Ollama.
_USAGE = (
    ("prompt_tokens", "completion_tokens"),
    ("input_tokens", "output_tokens"),
    ("prompt_eval_count", "eval_count"),
)


class Llm:
    """One of mem0's LLMs. `fault` is why its last call failed, if it did; `health` is of all its calls.

    `settings` with `prefix` before their names are those that it was made of.
    """

    def __init__(
        self, part: str, settings: Valves, prefix: str, emit: Emit, timeout_s: float, pause_s: float
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
        self._emit = emit
        self._has_json_mode = True
        self._answered = threading.local()
        if self._is_limited:
            # mem0 returns the answer's text only; the tokens stand beside it.
            # Not a method: the client must not hold what holds it, see `providers.bound_client`.
            hooks = providers.http_client(self.model).event_hooks
            hooks["response"].append(partial(_keep_usage, self._answered))

    def ask(self, messages: Sequence[Message], *, for_exchanges: bool = False) -> str:
        """Its answer. While it is left alone, its last fault at once. for_exchanges: see `Usage`.

        Raises:
            MemoryFault: see `faults`.
        """
        if (fault := self.fault) and not self._breaker.allows():
            raise fault.again()
        began = self._breaker.clock()
        try:
            with self.health.call():
                answer = self._answer([dict(message) for message in messages], for_exchanges)
        except MemoryFault as fault:
            self.fault = fault
            if isinstance(fault, Drop | RetryFew):
                self._breaker.succeeded()  # it is the input's fault, or may be
            else:
                self._breaker.failed(began)
            raise
        self.fault = None
        self._breaker.succeeded()
        return answer

    @property
    def finish(self) -> str:
        """Why its last answer to this thread ended, "" where that is not told."""
        return str(getattr(self._answered, "finish", ""))

    @property
    def tokens(self) -> tuple[int, int]:
        """That its last answer to this thread took, in and out."""
        tokens: tuple[int, int] = getattr(self._answered, "tokens", (0, 0))
        return tokens

    def _answer(self, messages: list[dict[str, str]], for_exchanges: bool) -> str:
        if not self._has_json_mode:
            return self._call(messages, for_exchanges)
        try:
            return self._call(messages, for_exchanges, **_JSON_MODE)
        except Drop:  # some servers refuse JSON mode as a bad request
            answer = self._call(messages, for_exchanges)
            self._has_json_mode = False
            return answer

    def _call(self, messages: list[dict[str, str]], for_exchanges: bool, **options: Any) -> str:
        def call() -> tuple[str, tuple[int, int] | None]:
            self._answered.usage, self._answered.finish = None, ""
            answer = _text_in(self.model.generate_response(messages, **options))
            return answer, self._answered.usage

        began = time.monotonic()
        with translated(self.part, self._address, slow=TooSlow):
            if self._is_limited:
                with bounded(self._timeout_s):
                    answer, usage = call()
            else:
                answer, usage = left_behind(self._timeout_s, call)
        took_s = time.monotonic() - began
        tokens_in, tokens_out = usage or (
            sum(estimated_tokens(message["content"]) for message in messages),
            estimated_tokens(answer),
        )
        estimated = usage is None
        self._answered.tokens = (tokens_in, tokens_out)
        self._emit(
            Event(
                EventKind.LLM_CALLED,
                usage=Usage(self.model_name, tokens_in, tokens_out, estimated, for_exchanges, took_s),
            )
        )
        if not answer.strip():
            hint = "It is asked again later. Its log may say why, or that its tokens went into thinking."
            raise RetryFew(f"The {self.part} answered nothing.", hint=hint)
        return answer


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
        try:
            body = json.loads(response.text)
        except (ValueError, RecursionError):
            return
        answered.usage, answered.finish = _usage(body), _finish(body)


def _finish(body: Any) -> str:
    """Why the answer ended, in the provider's word, in small letters; "" where it does not say."""
    if not isinstance(body, dict):
        return ""
    listed = body.get("choices") or body.get("candidates")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else body
    names = ("finish_reason", "finishReason", "stop_reason", "done_reason")
    return next((told.lower() for name in names if isinstance(told := first.get(name), str)), "")


def _usage(body: Any) -> tuple[int, int] | None:
    """Tokens in and out, as the provider counts them in its answer; None where it does not."""
    told = (body.get("usage") or body) if isinstance(body, dict) else None
    if isinstance(told, dict):
        for name_in, name_out in _USAGE:
            tokens_in, tokens_out = told.get(name_in), told.get(name_out)
            if isinstance(tokens_in, int) and isinstance(tokens_out, int):
                return min(max(tokens_in, 0), _MOST_TOKENS), min(max(tokens_out, 0), _MOST_TOKENS)
    return None
