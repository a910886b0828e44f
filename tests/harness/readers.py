"""All that reads what users, models and imports say: for the tests of growth, and for bench/hostile.py."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from owui_memory.channels import claims, reading
from owui_memory.channels import passages as channel_passages
from owui_memory.commands import faults, imported, markup, numbers, verbs, work
from owui_memory.commands import parse as slash
from owui_memory.context import abstract, asking, extract
from owui_memory.context.turns import Past
from owui_memory.core import locales
from owui_memory.core.errors import Drop, MemoryFault
from owui_memory.core.exchange import Exchange
from owui_memory.core.memory import Candidate, Memory, Reply
from owui_memory.core.scope import read_teams
from owui_memory.core.text import plain
from owui_memory.digests import draft, template
from owui_memory.digests.sources import Source
from owui_memory.documents import digest_files, folders
from owui_memory.documents import extract as documents
from owui_memory.interfaces import intake, webui_channels
from owui_memory.interfaces import strip_commands as asides
from owui_memory.interfaces.body import with_blocks
from owui_memory.interfaces.proxy import dialects
from owui_memory.language import (
    borne_out,
    credential_names,
    credential_values,
    credentials,
    guess,
    markdown,
    over,
    past,
    scripts,
    self_reference,
    sentences,
    spans,
    speech,
    subject,
    words,
)
from owui_memory.language import dedupe as sameness
from owui_memory.language import forget_requests as wishes
from owui_memory.language import prompt_injection as orders
from owui_memory.language import sanitize as inert
from owui_memory.language import secrets as redact
from owui_memory.language.names import name_of
from owui_memory.manage.history import archive, conversations, entries, formats, memory_stores
from owui_memory.manage.history.archive import Part
from owui_memory.models import json_answer, model_text, text_limit, tokens
from owui_memory.recall import block, rank, search
from owui_memory.recall.select import Gate, select
from owui_memory.recall.suppressed import suppressed
from owui_memory.remember import admission, echoes, gate, material, operations, passages, prompt, reflection
from tests.harness.growth import Work, fragments_of, patterns_of
from tests.harness.samples import NOW, memory

_USER = {"id": "ada"}
_BLOCK = block.render(['- (today) "The user likes tea."'])

# What the patterns do not show: openings, names, and characters of other scripts and none; and more of it for
# some readers.
_GIVEN: dict[str, list[str]] = json.loads(
    Path(__file__).parents[1].joinpath("fixtures/fragments.json").read_text()
)
FRAGMENTS = (
    *_GIVEN["everywhere"],
    *(asides.NOTES, f"{asides.NOTES}</details>", _BLOCK, _BLOCK[:-1], _BLOCK.partition("- ")[0]),
)
CHARS = 100_000  # a pattern that goes back to the start for each of them takes minutes


@dataclass(frozen=True)
class Reader:
    """Something that is given a text. modules: whose patterns it uses. more: names of further fragments."""

    name: str
    work: Work
    modules: tuple[ModuleType, ...] = ()
    more: tuple[str, ...] = ()
    chars: int = CHARS

    def fragments(self) -> Iterator[str]:
        """What may be hard for it, in no order, each once."""
        own = (text for pattern in patterns_of(*self.modules) for text in fragments_of(pattern))
        more = (text for name in self.more for text in _GIVEN[name])
        yield from dict.fromkeys([*more, *FRAGMENTS, *own])


def _message(role: str, content: object) -> dict[str, Any]:
    return {"role": role, "content": content}


def _inlet(*messages: dict[str, Any], **metadata: str) -> object:
    body, _ = intake.read_asked({"messages": list(messages), "metadata": metadata}, _USER)
    return with_blocks(body, block.Blocks(_BLOCK))


def _outlet(*messages: dict[str, Any]) -> object:
    return intake.read_finished({"messages": list(messages), "id": "m", "chat_id": "c"}, _USER)


def _part(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _in_a_channel(text: str) -> object:
    user = {"id": text, "name": text}
    posted = {"id": "m", "created_at": 1, "updated_at": 1, "user_id": "ada", "content": text, "user": user}
    return webui_channels.read_posted(posted)


def _digested(text: str) -> None:
    with suppress(Drop):
        template.Template.read("mine", f"---\n{text}\n---\n{text}")
    line = {"text": text, "from": [1]}
    digest_files.without(f"- {text} [1]\n{text}\n1. memory: a boat", ["a boat", text])
    for answer in (text, json.dumps({"sections": [{"title": text, "lines": [line]}]})):
        draft.checked(answer, [Source("memories", "I row at dawn.", "2026-11-01")])


def _borne_out(text: str) -> None:
    """As a statement, and as what it is to come from."""
    for said, statement in ((text, "The heron release ships on Friday."), ("It ships.", text), (text, text)):
        borne_out.bears_out([(said, "Grace")], statement)
        borne_out.begins_as_said([(said, "Grace")], statement)


def _channel(text: str) -> None:
    """As a message, a name, a memory, and in an answer."""
    said = [claims.Said("m1", "u1", text, text, 1.0, ""), claims.Said("m2", "u1", "", "It ships.", 1.0, "")]
    known = [Memory("1", text)]
    reading.channel_prompt(text, said, known, {"u1": "ada"}, "")
    operation = {"op": "replace", "id": 1, "text": text, "from": [1, 2]}
    digest_files.without(f"- {text} [1]\n{text}\n1. memory: a boat", ["a boat", text])
    for answer in (text, json.dumps({"operations": [operation, {**operation, "op": "add", "about": 1}]})):
        with suppress(operations.UnreadableAnswerError):
            list(reading.learned(answer, said, known, {"u1": "ada"}))
    channel: Any = SimpleNamespace(user_id="channel/discord/general", source="discord", name=text)
    none: Any = None
    list(channel_passages.passages_of(claims.Claim(none, channel, "batch", 1, 0.0, tuple(said))))


def _reflections(text: str) -> None:
    """As an answer, as a text in one, and as a memory, of which long ones are not shown."""
    told = {"merge": [{"ids": [1, 2], "text": text}], "outdated": [{"id": 1, "by": 2}, {"id": text}]}
    both = [Memory("1", text[:500], kind="plan"), Memory("2", "I drink tea.", kind="plan")]
    reflection.shown_of([Memory("3", text), *both])
    digest_files.without(f"- {text} [1]\n{text}\n1. memory: a boat", ["a boat", text])
    for answer in (text, json.dumps(told)):
        with suppress(operations.UnreadableAnswerError):
            reflection.proposed(answer, both, 200, NOW.date())


def _operations(text: str) -> None:
    with suppress(ValueError):
        operations.read_operations(text)


def _exchange(text: str) -> Exchange:
    return Exchange("k", "ada", "c", text, text, 1.0)


def _cut(text: str) -> None:
    with suppress(Drop):
        text_limit.TextLimit().cut(text)


def _teams(text: str) -> None:
    with suppress(ValueError):
        read_teams(text)


def _judged(text: str) -> None:
    items = rank.ranked([Candidate(memory(text), 0.5, None)], text, NOW)
    Gate.of(items, 0.42, (0.0, 0.0), text)
    select(items, least_worth=0.0, most=8, room=10**6, cost=lambda _: 1)


def _recalled(text: str) -> None:
    """All that recall does with a message and with memories, but for what the backend does."""
    query = search.query_of(text)
    many = (replace(memory(f"{n} {text[:1000]}", name=str(n)), chat="c", ordinal=n) for n in range(10))
    items = rank.ranked([Candidate(one, 0.5, None) for one in many], query, NOW)
    Gate.of(items, 0.42, (0.0, 0.0), query)
    cost = lambda one: tokens.estimated_tokens(block.line(one, NOW))  # noqa: E731
    select(items, least_worth=0.0, most=50, room=10**6, cost=cost)
    suppressed(text, items)


def _prompt(text: str) -> None:
    dialect = dialects.DIALECTS["/completions"]
    dialect.learned({"prompt": text})
    dialect.opened({"prompt": text})


def _abstract(text: str) -> None:
    with suppress(MemoryFault):
        asking.taken(abstract.Abstract(), [Past("Hi", "", "~1", "p")], Reply(text, "m"))


def _extract(text: str) -> None:
    past = [Past(text[:2_000], text[:600], "~1", "p")] * (len(text) // 2_000)
    made = extract.extracted(abstract.Abstract(), past, 500, tokens.estimated_tokens)
    asking.prompt_of(made, past)


HI = _message("user", "Hi")
ASIDES = (asides, spans, slash, block, abstract)

# Whole bodies, as they come: of any length.
_BODIES = (
    Reader("proxy: prompt", _prompt, (dialects,)),
    Reader("question about the past", lambda text: past.past_question(text, NOW.date()), (past,)),
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

BODIES = tuple(replace(reader, chars=1_000_000) for reader in _BODIES)

_SPEECH = (gate, material, speech, sentences)

_SECRETS = (redact, credentials, credential_names, credential_values)


# What the intake lets through, with its bound.
def _archived(text: str) -> object:
    """All that readers of archives make of a text in any place."""
    raw = text.encode(errors="replace")
    told: dict[str, Any] = {"title": f"Prompted {text}", "time": "2025-01-01T00:00:00Z", "header": "Gemini"}
    told["safeHtmlItem"] = [{"html": text}]
    values = [told, {"conversations_memory": text}, {"mapping": {text: {"message": text}}, "title": text}]
    packed = json.dumps(values).encode()
    found = [
        list(formats._read(Part("x.json", io.BytesIO(one)), formats._Prompts()))
        for one in (raw, packed, packed[:-9])
    ]
    return found, entries.id_in(text), entries.time_in(text), conversations.of_gemini(told)


TEXTS = (
    Reader("plain", plain),
    Reader("Open WebUI's channel: message", _in_a_channel, (webui_channels,)),
    Reader("archives", _archived, (archive, conversations, entries, memory_stores)),
    Reader(
        "words", lambda text: (words.terms_of(text), words.content_words(text), words.words(text)), (words,)
    ),
    Reader(
        "telling words",
        lambda text: (words.telling(text), words.denials(text), words.mark_of(text)),
        (words,),
    ),
    Reader("query", lambda text: rank.stems_asked(search.query_of(text)), (words,)),
    Reader("wish", wishes.forget_request, (wishes,), more=("recall",)),
    Reader("request to forget", lambda text: (wishes.asks_to_forget(text), wishes.means_everything(text))),
    Reader(
        "memory in words", lambda text: wishes.is_meant("forget my dog", text), (wishes,), more=("recall",)
    ),
    Reader("without its subject", subject.without_user, (subject,)),
    Reader("what is over", lambda text: over.ends(text, "I live in Bonn."), (over,)),
    Reader("what is over, in Japanese", lambda text: over.ends("もう飲まない", f"{text}の"), (over,)),
    Reader("what a text says is over", over.what_is_over, (over,)),
    Reader("tokens", tokens.estimated_tokens, (tokens,)),
    Reader("shown in a prompt", block.shown, (inert, block)),
    Reader("self-reference", self_reference.speaks_of_self, (scripts, self_reference)),
    Reader("inert", inert.inert, (inert,), more=("inert",)),
    Reader("one line", inert.one_line, (inert,)),
    Reader("disarmed", inert.disarmed, (inert,)),
    Reader("shown in an answer", markdown.shown, (markdown,)),
    Reader("code in an answer", lambda text: (markup.code(text), markup.fenced(text)), (markup,)),
    Reader("secrets", redact.masked, _SECRETS, more=("secrets",)),
    Reader("secret at the end", lambda text: redact.masked(f"{text} my password is hunter2"), _SECRETS),
    Reader(
        "orders to a model",
        lambda text: (orders.gives_orders(text), orders.is_wish(text)),
        (orders, inert),
        more=("orders",),
    ),
    Reader("gate", lambda text: gate.judge(_exchange(text)), _SPEECH, more=("gate",)),
    Reader("gate, after an answer", lambda text: gate.judge(_exchange("Yes."), _exchange(text)), (speech,)),
    Reader("statements", lambda text: gate.statements(text, text), _SPEECH, more=("gate",)),
    Reader("passages", lambda text: passages.passages(_exchange(text)), (passages,), ("gate",)),
    Reader("said by the user", gate.said_by_user, (gate, material)),
    Reader("prompt", lambda text: prompt.reconcile_prompt([_exchange(text)], [], ""), (prompt, material)),
    Reader(
        "sameness", lambda text: (sameness.same(text, text, 0.9), sameness.says(text, text, 0.9)), (sameness,)
    ),
    Reader("abstract of an LLM", _abstract, (asking, abstract), more=("operations",)),
    Reader("abstract of sentences", _extract, more=("gate",)),
    Reader("digest", _digested, (draft, template, digest_files), more=("operations",)),
    Reader("statement and its sources", _borne_out, (borne_out,), more=("operations",)),
    Reader("channel", _channel, (reading,), more=("operations",)),
    Reader("reflection", _reflections, (reflection,), more=("operations",)),
    Reader("an LLM's answer", _operations, (operations, json_answer, model_text), more=("operations",)),
    Reader(
        "text of an LLM",
        lambda text: (model_text.model_text(text), model_text.has_words(text)),
        (model_text,),
        more=("model_text",),
    ),
    Reader(
        "echo of the prompt",
        lambda text: echoes.unsaid(text, ["I like tea."], ["The user likes tea."]),
        (echoes,),
        more=("model_text",),
    ),
    Reader(
        "cut for an embedder",
        lambda text: text_limit.shortened(text, 500),
        (text_limit,),
        more=("model_text",),
    ),
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
    Reader("name", name_of, (), ("recall",)),
    Reader("name of a digest", folders.is_digest, (folders,)),
    Reader("document", lambda text: list(documents.by_headings(text)), (documents,)),
    Reader("teams", _teams, (), ("recall",)),
    Reader("line of the block", lambda text: block.line(memory(text), NOW), (), ("recall",)),
    Reader("relevance", _judged, (), ("recall",)),
    Reader("recall", _recalled, (), ("recall",)),
    Reader("text without half surrogates", model_text.unbroken, (), ("model_text",)),
    Reader("last value", lambda text: json_answer.last_value(text, "memory"), (), ("model_text",)),
    Reader("learned limit", _cut, (), ("model_text",)),
    Reader("command", slash.read_command, (slash,)),
)
