"""All that reads what users, models and imports say: for the tests of growth, and for bench/hostile.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from owui_memory.commands import faults, imported, markup, numbers, verbs, work
from owui_memory.commands import parse as slash
from owui_memory.core import locales
from owui_memory.core.exchange import Exchange
from owui_memory.core.text import plain
from owui_memory.interfaces import intake
from owui_memory.interfaces import strip_commands as asides
from owui_memory.interfaces.body import with_blocks
from owui_memory.language import (
    credential_names,
    credential_values,
    credentials,
    forget_subject,
    forgetting,
    guess,
    scripts,
    self_reference,
    sentences,
    spans,
    speech,
    words,
)
from owui_memory.language import dedupe as sameness
from owui_memory.language import forget_requests as wishes
from owui_memory.language import prompt_injection as orders
from owui_memory.language import sanitize as inert
from owui_memory.language import secrets as redact
from owui_memory.models import json_answer, model_text, text_limit
from owui_memory.models.tokens import estimated_tokens
from owui_memory.recall import block, rank, search
from owui_memory.remember import admission, echoes, gate, material, operations, prompt
from tests.harness.growth import Work, fragments_of, patterns_of
from tests.harness.samples import NOW

_USER = {"id": "ada"}
_BLOCK = block.render(['- (today) "The user likes tea."'])

# What the patterns do not show: openings, names, and characters of other scripts and none.
FRAGMENTS = (
    *(
        "x",
        "x ",
        " ",
        "\n",
        "\t",
        "\0",
        "\r\n",
        ".",
        "?",
        "\"'",
        "-",
        "_",
        "/",
        "\\",
        "é",
        "ß",
        "ж",
        "字",
        "か",
    ),
    *(
        "ไ",
        "अ",
        "\u0301",
        "😀",
        "\u200b",
        "\u200d",
        "\u202e",
        "\ud83d",
        "\ud83da",
        "İ",
        "1",
        "1 ",
        "1. ",
        "1,",
    ),
    *(
        "<",
        ">",
        "<>",
        "[",
        "](",
        "![",
        "[x](",
        "&",
        "&amp;",
        "{",
        "}",
        "{}",
        '{"',
        "`",
        "```",
        "``` ",
        "~~~\n",
        ">",
    ),
    *("<think>", "</think>", "<think>\n", "<think></think>", "<thinking><think>", "<reasoning", "<details "),
    *(
        "see <details type= ",
        '<details type="reasoning" done="true" duration="3">\n',
        "<details>",
        "</details>",
    ),
    *("<details type=x></details>", asides.NOTES, f"{asides.NOTES}</details>", "</details>\n \n"),
    *(
        _BLOCK,
        _BLOCK[:-1],
        _BLOCK.partition("- ")[0],
        "<user_memories>",
        "<user_memories>\n",
        "</user_memories>",
    ),
    *("\n- ", "- ", "\nUSER: ", "\nUSER: /memory\n", "\nUSER: /memory", "\n</chat_history>", "\nASSISTANT: "),
    *(
        "/memory ",
        "/memory",
        "/ memory",
        "//",
        "/memory import\n",
        '{"memory": "I like tea."}\n',
        "1-2,",
        "#1 ",
    ),
    *(
        "wlan-",
        "password ",
        "password: ",
        "my pin is ",
        "sk-",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "4111 1111 ",
    ),
    *(
        "DE89 3704 ",
        "a:b@",
        "://a:",
        "http://",
        "www.",
        "I am ",
        "I live in Lisbon. ",
        "forget ",
        "please forget ",
    ),
    *("ignore all previous ", "From: a@b.c\n", "> ", "12:30 ", "Ada: ", "\x1b[", "\x1b]", "&#0", "user_"),
)


@dataclass(frozen=True)
class Reader:
    """Something that is given a text. modules: whose patterns it uses. chars: up to which it is measured."""

    name: str
    work: Work
    modules: tuple[ModuleType, ...] = ()
    chars: int = 16_000

    def fragments(self) -> Iterator[str]:
        """What may be hard for it, in no order, each once."""
        own = (text for pattern in patterns_of(*self.modules) for text in fragments_of(pattern))
        yield from dict.fromkeys([*FRAGMENTS, *own])


def _message(role: str, content: object) -> dict[str, Any]:
    return {"role": role, "content": content}


def _inlet(*messages: dict[str, Any], **metadata: str) -> object:
    asked = intake.read_asked({"messages": list(messages), "metadata": metadata}, _USER)
    return with_blocks(asked.body, block.Blocks(_BLOCK))


def _outlet(*messages: dict[str, Any]) -> object:
    return intake.read_finished({"messages": list(messages), "id": "m", "chat_id": "c"}, _USER)


def _part(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _operations(text: str) -> None:
    with suppress(ValueError):
        operations.read_operations(text)


def _exchange(text: str) -> Exchange:
    return Exchange("k", "ada", "c", text, text, 1.0)


HI = _message("user", "Hi")
ASIDES = (asides, spans, slash, block)

# Whole bodies, as they come: of any length.
_BODIES = (
    Reader("inlet: message", lambda text: _inlet(_message("user", text)), ASIDES),
    Reader("inlet: message in parts", lambda text: _inlet(_message("user", _part(text))), ASIDES),
    Reader("inlet: earlier message", lambda text: _inlet(_message("user", text), HI), ASIDES),
    Reader("inlet: earlier answer", lambda text: _inlet(HI, _message("assistant", text), HI), ASIDES),
    Reader("inlet: system prompt", lambda text: _inlet(_message("system", text), HI), ASIDES),
    Reader("inlet: task", lambda text: _inlet(_message("user", text), task="title_generation"), ASIDES),
    Reader("inlet: command", lambda text: _inlet(_message("user", f"/memory remember {text}")), ASIDES),
    Reader("inlet: names", lambda text: _inlet(HI, chat_id=text, message_id=text, folder_id=text), ASIDES),
    Reader("outlet: answer", lambda text: _outlet(HI, _message("assistant", text)), ASIDES),
    Reader(
        "outlet: message", lambda text: _outlet(_message("user", text), _message("assistant", "x")), ASIDES
    ),
    Reader(
        "outlet: command",
        lambda text: _outlet(_message("user", f"/memory {text}"), _message("assistant", "x")),
    ),
)

BODIES = tuple(replace(reader, chars=256_000) for reader in _BODIES)

_SPEECH = (gate, material, speech, sentences)

_SECRETS = (redact, credentials, credential_names, credential_values)

# What the intake lets through, with its bound.
TEXTS = (
    Reader("plain", plain),
    Reader(
        "words", lambda text: (words.terms_of(text), words.content_words(text), words.words(text)), (words,)
    ),
    Reader(
        "telling words",
        lambda text: (words.telling(text), words.denials(text), words.mark_of(text)),
        (words,),
    ),
    Reader("query", lambda text: rank.stems_asked(search.query_of(text)), (words,)),
    Reader("wish", wishes.forget_request, (wishes,)),
    Reader("request to forget", lambda text: (forgetting.asks_to_forget(text), forgetting.to_forget(text))),
    Reader(
        "memory in words",
        lambda text: forget_subject.is_meant("forget my dog", text),
        (wishes, forget_subject),
    ),
    Reader("tokens", estimated_tokens),
    Reader("shown in a prompt", block.shown, (inert, block)),
    Reader("self-reference", self_reference.speaks_of_self, (scripts, self_reference)),
    Reader("inert", inert.inert, (inert,)),
    Reader("one line", inert.one_line, (inert,)),
    Reader("disarmed", inert.disarmed, (inert,)),
    Reader("shown in an answer", markup.shown, (markup,)),
    Reader("code in an answer", lambda text: (markup.code(text), markup.fenced(text)), (markup,)),
    Reader("secrets", redact.masked, _SECRETS),
    Reader(
        "secret at the end",
        lambda text: redact.masked(f"{text} my password is hunter2"),
        _SECRETS,
    ),
    Reader("orders to a model", orders.gives_orders, (orders, inert)),
    Reader("gate", lambda text: gate.judge(_exchange(text)), _SPEECH, 4_000),
    Reader("gate, after an answer", lambda text: gate.judge(_exchange("Yes."), _exchange(text)), (speech,)),
    Reader("statements", lambda text: gate.statements(text, text), _SPEECH, 4_000),
    Reader("said by the user", gate.said_by_user, (gate, material)),
    Reader(
        "prompt", lambda text: prompt.reconcile_prompt([_exchange(text)], [], NOW, ""), (prompt, material)
    ),
    Reader(
        "sameness", lambda text: (sameness.same(text, text, 0.9), sameness.says(text, text, 0.9)), (sameness,)
    ),
    Reader("an LLM's answer", _operations, (operations, json_answer, model_text)),
    Reader(
        "text of an LLM",
        lambda text: (model_text.model_text(text), model_text.has_words(text)),
        (model_text,),
    ),
    Reader(
        "echo of the prompt",
        lambda text: echoes.unsaid(text, ["I like tea."], ["The user likes tea."]),
        (echoes,),
    ),
    Reader("cut for an embedder", lambda text: text_limit.shortened(text, 500), (text_limit,)),
    Reader("admission", admission.refusal),
    Reader("quoted words of a command", work._QUOTED.fullmatch, (work,)),
    Reader("numbers of a command", numbers.numbers_in, (numbers,)),
    Reader("words of a command", lambda text: (verbs.glued(text[:32]), slash.meant_by(text, text))),
    Reader("language of a message", guess.language_in, (guess,)),
    Reader(
        "text of a catalogue",
        lambda text: (locales.code_of(text), locales.ENGLISH.say("known", text=text)),
        (locales,),
    ),
    Reader("import", imported.rows_in, (imported,)),
    Reader("error of a backend", faults.without_addresses, (faults,)),
)
